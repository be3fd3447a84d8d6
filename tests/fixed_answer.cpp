#include "fixed_answer.hpp"

#include <sys/socket.h>

#include "loopback.hpp"

namespace coder_users_test {

FixedAnswer::FixedAnswer(const std::function<std::string(const std::string&)>& body)
    : listener_(listen_on_loopback()),
      url_("http://127.0.0.1:" + std::to_string(port_of(listener_))) {
    const std::string text = body(url_);
    thread_ = std::thread(
        [this, answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) +
                        "\r\nConnection: close\r\n\r\n" + text] { serve(answer); });
}
FixedAnswer::~FixedAnswer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
}

void FixedAnswer::serve(const std::string& answer) {
    for (;;) {
        const coder_users::FileDescriptor peer(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer) return;
        std::string request;
        char bytes[4096];
        for (ssize_t got; request.find("\r\n\r\n") == std::string::npos &&
                          (got = ::recv(peer.get(), bytes, sizeof bytes, 0)) > 0;)
            request.append(bytes, static_cast<std::size_t>(got));
        ++requests_;
        ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    }
}

std::string short_discovery(const std::string& url) {
    return R"({"issuer":")" + url + R"(","authorization_endpoint":")" + url +
           R"(/authorize","token_endpoint":")" + url + R"(/token","jwks_uri":")" + url +
           R"(/keys"})";
}

}  // namespace coder_users_test
