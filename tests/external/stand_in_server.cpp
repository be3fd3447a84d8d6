#include "stand_in_server.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/internal/base/url.hpp"
#include "loopback.hpp"
#include "texts.hpp"

namespace coder_users_test {

namespace {

/// One connection: plain, or TLS when there is a context.
class Peer {
 public:
    Peer(int fd, SSL_CTX* context) : fd_(fd), tls_(context ? SSL_new(context) : nullptr) {
        if (tls_) SSL_set_fd(tls_.get(), fd);
    }
    ~Peer() { tls_.reset(), ::close(fd_); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    bool greet() { return !tls_ || SSL_accept(tls_.get()) == 1; }
    void shut_down() { ::shutdown(fd_, SHUT_RDWR); }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto n = tls_
                               ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                               : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    bool receive(std::string& out) {
        char bytes[16384];
        const auto n =
            tls_ ? SSL_read(tls_.get(), bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
        if (n > 0) out.append(bytes, static_cast<std::size_t>(n));
        return n > 0;
    }
    /// Waits a moment; false when the peer has gone.
    bool linger(int milliseconds) {
        pollfd gone{fd_, POLLRDHUP, 0};
        return ::poll(&gone, 1, milliseconds) == 0;
    }

 private:
    struct Free {
        void operator()(SSL* tls) const { SSL_free(tls); }
    };
    int fd_;
    std::unique_ptr<SSL, Free> tls_;
};

bool read_request(Peer& peer, SeenRequest& seen) {
    std::string input;
    std::size_t head = 0;
    while ((head = input.find("\r\n\r\n")) == std::string::npos)
        if (!peer.receive(input)) return false;

    const std::size_t method = input.find(' '), target = input.find(' ', method + 1);
    seen.whole.method = seen.method = input.substr(0, method);
    seen.whole.target = seen.path = input.substr(method + 1, target - method - 1);
    const std::size_t query = seen.path.find('?');
    if (query != std::string::npos) {
        seen.query = parse_form(seen.path.substr(query + 1));
        seen.path.resize(query);
    }
    for (std::size_t at = input.find("\r\n"); at < head;) {
        const std::size_t next = input.find("\r\n", at + 2), colon = input.find(':', at + 2);
        const std::size_t value = input.find_first_not_of(' ', colon + 1);
        seen.headers[lower_case(input.substr(at + 2, colon - at - 2))] =
            input.substr(value, next - value);
        seen.whole.headers.emplace_back(input.substr(at + 2, colon - at - 2),
                                        input.substr(value, next - value));
        at = next;
    }
    const std::size_t size = std::strtoul(seen.headers["content-length"].c_str(), nullptr, 10);
    while (input.size() < head + 4 + size)
        if (!peer.receive(input)) return false;
    seen.whole.body = input.substr(head + 4);
    seen.form = parse_form(seen.whole.body);
    return true;
}

std::string text_of(const Reply& reply) {
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Answer\r\n";
    bool typed = false;
    for (const auto& [name, value] : reply.headers) {
        text += name + ": " + value + "\r\n";
        typed = typed || name == "Content-Type";
    }
    if (!typed) text += "Content-Type: application/json\r\n";
    text +=
        "Content-Length: " + std::to_string(reply.body.size()) + "\r\nConnection: close\r\n\r\n";
    return text + reply.body;
}

}  // namespace

Reply reply_of(const coder_users::Response& response) {
    return {response.status, response.body, response.headers};
}

std::string returned_query(
    const std::function<coder_users::Response(const coder_users::Request&)>& stand_in,
    const std::string& location) {
    coder_users::Request request;
    request.target = location;
    const coder_users::Response response = stand_in(request);
    for (const auto& [name, value] : response.headers)
        if (name == "Location") return value.substr(value.find('?') + 1);
    throw std::runtime_error("the stand-in sends nobody back from " + location);
}

std::string form_encoded(const std::string& text) { return coder_users::percent_encode(text); }

std::map<std::string, std::string> parse_form(const std::string& text) {
    const auto decoded = [](const std::string& part) {
        std::string out;
        for (std::size_t i = 0; i < part.size(); ++i)
            if (part[i] == '%') {
                out += static_cast<char>(std::stoi(part.substr(i + 1, 2), nullptr, 16));
                i += 2;
            } else {
                out += part[i] == '+' ? ' ' : part[i];
            }
        return out;
    };
    std::map<std::string, std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = (std::min)(text.find('&', at), text.size());
        const std::string pair = text.substr(at, end - at);
        const std::size_t equals = (std::min)(pair.find('='), pair.size());
        out.emplace(decoded(pair.substr(0, equals)),
                    equals < pair.size() ? decoded(pair.substr(equals + 1)) : "");
        at = end + 1;
    }
    return out;
}

struct StandInServer::Running {
    struct FreeContext {
        void operator()(SSL_CTX* unused) const { SSL_CTX_free(unused); }
    };

    Running(Handler answer, const std::string& certificate, const std::string& key)
        : handler(std::move(answer)) {
        if (!certificate.empty()) use_tls(certificate, key);
        acceptor = std::thread([this] { accept(); });
    }
    ~Running() {
        stopping = true;
        ::shutdown(listener.get(), SHUT_RDWR);
        acceptor.join();
        {
            const std::lock_guard<std::mutex> lock(mutex);
            for (Peer& peer : peers) peer.shut_down();
        }
        for (std::thread& thread : threads) thread.join();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    void use_tls(const std::string& certificate, const std::string& key) {
        context.reset(SSL_CTX_new(TLS_server_method()));
        BIO* in = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
        X509* x509 = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
        BIO_free(in);
        in = BIO_new_mem_buf(key.data(), static_cast<int>(key.size()));
        EVP_PKEY* pkey = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
        BIO_free(in);
        const bool good = SSL_CTX_use_certificate(context.get(), x509) == 1 &&
                          SSL_CTX_use_PrivateKey(context.get(), pkey) == 1;
        X509_free(x509), EVP_PKEY_free(pkey);
        if (!good) throw std::runtime_error("no TLS for a stand-in");
    }

    void accept() {
        sigset_t pipe;  // OpenSSL writes without MSG_NOSIGNAL; the threads below inherit this
        sigemptyset(&pipe), sigaddset(&pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
        while (!stopping) {
            const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            const std::lock_guard<std::mutex> lock(mutex);
            Peer& peer = peers.emplace_back(fd, context.get());
            threads.emplace_back([this, &peer] { serve(peer); });
        }
    }
    void serve(Peer& peer) {
        SeenRequest seen;
        if (peer.greet() && read_request(peer, seen)) send(peer, handler(seen));
        peer.shut_down();
    }
    void send(Peer& peer, const Reply& reply) {
        const std::string text = text_of(reply);
        switch (reply.pace) {
            case Reply::Pace::whole:
                peer.send(text);
                break;
            case Reply::Pace::byte_by_byte:
                for (const char byte : text)
                    if (stopping || !peer.send({&byte, 1}) || !peer.linger(300)) return;
                break;
            case Reply::Pace::never:
                while (!stopping && peer.linger(10)) continue;
                break;
        }
    }

    const Handler handler;
    coder_users::FileDescriptor listener = listen_on_loopback();
    const int port = port_of(listener);
    std::unique_ptr<SSL_CTX, FreeContext> context;
    std::atomic<bool> stopping{false};
    std::mutex mutex;
    std::list<Peer> peers;  // closed at the end, so that no number is shut down that is another's
    std::list<std::thread> threads;
    std::thread acceptor;
};

StandInServer::StandInServer(Handler handler, const std::string& certificate,
                             const std::string& key)
    : running_(std::make_unique<Running>(std::move(handler), certificate, key)) {}
StandInServer::~StandInServer() = default;

int StandInServer::port() const { return running_->port; }
std::string StandInServer::url() const {
    return (running_->context ? "https://127.0.0.1:" : "http://127.0.0.1:") +
           std::to_string(running_->port);
}

}  // namespace coder_users_test
