// A small blocking HTTP client on raw loopback sockets: sends any bytes, reads one answer at a
// time, and never waits longer than its deadline.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace coder_users_test {

/// Asks again and again until it is so; false when it is not in time.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// What came back. A status of 0 means that no whole answer came before the end of the connection
/// or the deadline.
struct Answer {
    int status = 0;
    HeaderList headers;  ///< names in lower case, in the order received
    std::string body;

    /// The first value of a header (its name in lower case); "" when it is absent.
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers)
            if (key == name) return value;
        return {};
    }
    std::vector<std::string> all(std::string_view name) const {
        std::vector<std::string> values;
        for (const auto& [key, value] : headers)
            if (key == name) values.push_back(value);
        return values;
    }
    bool has(std::string_view name) const { return !all(name).empty(); }
};

struct ClientOptions {
    std::string host = "127.0.0.1";  ///< a numeric address, such as "::1"
    std::string source;              ///< the client's own address, such as "127.0.0.2"; "": any
    int receive_buffer = 0;          ///< SO_RCVBUF; 0: the system's choice
    std::chrono::milliseconds deadline{5'000};  ///< of every read and write
};

/// One connection. Not for use by several threads at once.
class RawClient {
 public:
    /// Throws std::runtime_error when the connection cannot be made.
    explicit RawClient(int port, ClientOptions options = {}) : options_(std::move(options)) {
        const sockaddr_storage peer = address(options_.host, port);
        fd_ = ::socket(peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        set_option(IPPROTO_TCP, TCP_NODELAY, 1);
        if (options_.receive_buffer) set_option(SOL_SOCKET, SO_RCVBUF, options_.receive_buffer);
        if (!options_.source.empty()) {
            const sockaddr_storage own = address(options_.source, 0);
            check(::bind(fd_, reinterpret_cast<const sockaddr*>(&own), size(own)), "bind");
        }
        check(::connect(fd_, reinterpret_cast<const sockaddr*>(&peer), size(peer)), "connect");
    }
    RawClient(RawClient&& other) noexcept
        : options_(std::move(other.options_)),
          fd_(std::exchange(other.fd_, -1)),
          input_(std::move(other.input_)) {}
    RawClient& operator=(RawClient&&) = delete;
    ~RawClient() {
        if (fd_ >= 0) ::close(fd_);
    }

    /// False when the peer has closed or the deadline has passed; the rest is then not sent.
    bool send(std::string_view bytes) {
        const auto end = Clock::now() + options_.deadline;
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n > 0)
                bytes.remove_prefix(static_cast<std::size_t>(n));
            else if (errno != EINTR && (errno != EAGAIN || !ready(POLLOUT, end)))
                return false;
        }
        return true;
    }

    /// The next answer, 1xx ones included. An answer to HEAD has no body.
    Answer read(bool answers_head = false) { return read_by(options_.deadline, answers_head); }
    Answer read_by(std::chrono::milliseconds deadline, bool answers_head = false) {
        const auto end = Clock::now() + deadline;
        std::size_t head = 0;
        while ((head = input_.find("\r\n\r\n")) == std::string::npos)
            if (!receive(end)) return {};
        Answer answer = parse_head(std::string_view(input_).substr(0, head));
        input_.erase(0, head + 4);
        const bool bodiless = answers_head || answer.status < 200 || answer.status == 204;
        if (!bodiless && answer.header("transfer-encoding") == "chunked")
            return read_chunks(end, answer.body) ? answer : Answer{};
        const std::string length = answer.header("content-length");
        const std::size_t wanted = bodiless         ? 0
                                   : length.empty() ? SIZE_MAX
                                                    : std::strtoull(length.c_str(), nullptr, 10);
        while (input_.size() < wanted)
            if (!receive(end)) {
                if (length.empty()) break;
                return {};
            }
        answer.body = input_.substr(0, wanted);
        input_.erase(0, answer.body.size());
        return answer;
    }

    /// Whether the server has ended the connection (FIN or reset) with nothing left to read.
    bool at_end() { return at_end_by(options_.deadline); }
    bool at_end_by(std::chrono::milliseconds deadline) {
        return input_.empty() && !receive(Clock::now() + deadline) && ended_;
    }

    /// Whether that end was a reset.
    bool was_reset() const { return was_reset_; }

    /// Everything until the end of the connection or the deadline.
    std::string read_all() {
        while (receive(Clock::now() + options_.deadline)) continue;
        return std::exchange(input_, {});
    }

    void half_close() { ::shutdown(fd_, SHUT_WR); }
    /// Closes with RST instead of FIN.
    void reset() {
        const linger now{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        ::close(std::exchange(fd_, -1));
    }
    int fd() const { return fd_; }

 private:
    using Clock = std::chrono::steady_clock;

    static sockaddr_storage address(const std::string& text, int port) {
        sockaddr_storage out{};
        auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
        const auto net_port = htons(static_cast<std::uint16_t>(port));
        if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
            v4->sin_family = AF_INET, v4->sin_port = net_port;
        } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
            v6->sin6_family = AF_INET6, v6->sin6_port = net_port;
        } else {
            throw std::runtime_error("not a numeric address: " + text);
        }
        return out;
    }
    static socklen_t size(const sockaddr_storage& a) {
        return a.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    }
    void check(int result, const char* what) {
        if (result == 0) return;
        const std::string reason = std::strerror(errno);
        ::close(std::exchange(fd_, -1));
        throw std::runtime_error(std::string(what) + ": " + reason);
    }
    void set_option(int level, int name, int value) {
        ::setsockopt(fd_, level, name, &value, sizeof value);
    }
    bool ready(short events, Clock::time_point end) {
        using std::chrono::milliseconds;
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        pollfd p{fd_, events, 0};
        return ::poll(&p, 1, static_cast<int>((std::max)(left, milliseconds(0)).count())) > 0;
    }
    /// Appends what comes to `input_`; false at the end of the connection or the deadline.
    bool receive(Clock::time_point end) {
        char bytes[65536];
        while (!ended_ && fd_ >= 0 && ready(POLLIN, end)) {
            const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
            if (n > 0) {
                input_.append(bytes, static_cast<std::size_t>(n));
                return true;
            }
            ended_ = n == 0 || errno != EINTR;
            was_reset_ = n < 0 && errno == ECONNRESET;
        }
        return false;
    }
    /// The next line without its end; false when none comes.
    bool take_line(Clock::time_point end, std::string& line) {
        std::size_t size = 0;
        while ((size = input_.find("\r\n")) == std::string::npos)
            if (!receive(end)) return false;
        line = input_.substr(0, size);
        input_.erase(0, size + 2);
        return true;
    }
    /// False when the last chunk does not come, or a chunk is malformed.
    bool read_chunks(Clock::time_point end, std::string& body) {
        for (std::string line; take_line(end, line);) {
            const std::size_t size = std::strtoull(line.c_str(), nullptr, 16);
            while (input_.size() < size + 2)
                if (!receive(end)) return false;
            body.append(input_, 0, size);
            if (input_.compare(size, 2, "\r\n") != 0) return false;
            input_.erase(0, size + 2);
            if (size == 0) return line == "0";
        }
        return false;
    }
    static std::string lower(std::string_view text) {
        std::string out(text);
        for (char& c : out)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return out;
    }
    static Answer parse_head(std::string_view head) {
        Answer answer;
        const std::string status(head.substr(0, 9) == "HTTP/1.1 " ? head.substr(9, 3) : "0");
        answer.status = std::atoi(status.c_str());
        for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
            const std::size_t next = head.find("\r\n", at + 2);
            const std::string_view line = head.substr(at + 2, next - at - 2);
            const std::size_t colon = line.find(':');
            const std::size_t value = line.find_first_not_of(' ', colon + 1);
            answer.headers.emplace_back(
                lower(line.substr(0, colon)),
                value == std::string_view::npos ? "" : std::string(line.substr(value)));
            at = next;
        }
        return answer;
    }

    ClientOptions options_;
    int fd_ = -1;
    bool ended_ = false, was_reset_ = false;
    std::string input_;
};

/// The bytes of a request with Host and, where it has or may have a body, Content-Length.
inline std::string request_text(std::string_view method, std::string_view target,
                                const HeaderList& headers = {}, std::string_view body = {}) {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    bool host = false;
    for (const auto& [name, value] : headers) {
        text += name + ": " + value + "\r\n";
        host = host || name == "Host" || name == "host";
    }
    if (!host) text += "Host: localhost\r\n";
    if (!body.empty() || method == "POST" || method == "PUT" || method == "PATCH")
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text.append("\r\n").append(body);
}

/// One request on a connection of its own.
inline Answer request(int port, std::string_view method, std::string_view target,
                      const HeaderList& headers = {}, std::string_view body = {}) {
    RawClient client(port);
    client.send(request_text(method, target, headers, body));
    return client.read(method == "HEAD");
}

}  // namespace coder_users_test
