// An HTTP server on a loopback port that gives everybody the same answer.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "coder_users/base/file_descriptor.hpp"

namespace coder_users_test {

/// Answers 200 with what `body(url)` makes of its own URL, one connection at a time.
class FixedAnswer {
 public:
    explicit FixedAnswer(const std::function<std::string(const std::string&)>& body)
        : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
        ::listen(listener_.get(), 16);
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
        url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        const std::string text = body(url_);
        thread_ = std::thread(
            [this, answer = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) +
                            "\r\nConnection: close\r\n\r\n" + text] {
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
            });
    }
    FixedAnswer(const FixedAnswer&) = delete;
    FixedAnswer& operator=(const FixedAnswer&) = delete;
    ~FixedAnswer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }

    const std::string& url() const { return url_; }
    int requests() const { return requests_; }

 private:
    coder_users::FileDescriptor listener_;
    std::string url_;
    std::atomic<int> requests_{0};
    std::thread thread_;
};

/// A discovery document for the issuer `url`, as short as it may be.
inline std::string short_discovery(const std::string& url) {
    return R"({"issuer":")" + url + R"(","authorization_endpoint":")" + url +
           R"(/authorize","token_endpoint":")" + url + R"(/token","jwks_uri":")" + url +
           R"(/keys"})";
}

}  // namespace coder_users_test
