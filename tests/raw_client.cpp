#include "raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "texts.hpp"

template class std::vector<std::string>;
template class std::vector<std::pair<std::string, std::string>>;

namespace coder_users_test {

namespace {

sockaddr_storage address(const std::string& text, int port) {
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
socklen_t size(const sockaddr_storage& a) {
    return a.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}
Answer parse_head(std::string_view head) {
    Answer answer;
    const std::string status(head.substr(0, 9) == "HTTP/1.1 " ? head.substr(9, 3) : "0");
    answer.status = std::atoi(status.c_str());
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const std::size_t next = head.find("\r\n", at + 2);
        const std::string_view line = head.substr(at + 2, next - at - 2);
        const std::size_t colon = line.find(':');
        const std::size_t value = line.find_first_not_of(' ', colon + 1);
        answer.headers.emplace_back(
            lower_case(std::string(line.substr(0, colon))),
            value == std::string_view::npos ? "" : std::string(line.substr(value)));
        at = next;
    }
    return answer;
}

}  // namespace

bool ask_again(bool (*is_so)(const void*), const void* about, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!is_so(about)) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

Answer::Answer() = default;
Answer::Answer(const Answer&) = default;
Answer::Answer(Answer&&) noexcept = default;
Answer& Answer::operator=(const Answer&) = default;
Answer& Answer::operator=(Answer&&) noexcept = default;
Answer::~Answer() = default;

std::string header_of(const HeaderList& headers, std::string_view name, std::string_view absent) {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return std::string(absent);
}

std::string Answer::header(std::string_view name) const { return header_of(headers, name); }
std::vector<std::string> Answer::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [key, value] : headers)
        if (key == name) values.push_back(value);
    return values;
}
bool Answer::has(std::string_view name) const { return !all(name).empty(); }

RawClient::RawClient(int port) : RawClient(port, ClientOptions()) {}
RawClient::RawClient(int port, ClientOptions options) : options_(std::move(options)) {
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
RawClient::RawClient(RawClient&& other) noexcept
    : options_(std::move(other.options_)),
      fd_(std::exchange(other.fd_, -1)),
      input_(std::move(other.input_)) {}
RawClient::~RawClient() {
    if (fd_ >= 0) ::close(fd_);
}

bool RawClient::send(std::string_view bytes) {
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

Answer RawClient::read(bool answers_head) { return read_by(options_.deadline, answers_head); }
Answer RawClient::read_by(std::chrono::milliseconds deadline, bool answers_head) {
    const auto end = Clock::now() + deadline;
    std::size_t head = 0;
    while ((head = input_.find("\r\n\r\n")) == std::string::npos)
        if (!receive(end)) return {};
    Answer answer = parse_head(std::string_view(input_).substr(0, head));
    input_.erase(0, head + 4);
    const bool bodiless =
        answers_head || answer.status < 200 || answer.status == 204 || answer.status == 304;
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

bool RawClient::at_end() { return at_end_by(options_.deadline); }
bool RawClient::at_end_by(std::chrono::milliseconds deadline) {
    return input_.empty() && !receive(Clock::now() + deadline) && ended_;
}

std::string RawClient::read_all() {
    while (receive(Clock::now() + options_.deadline)) continue;
    return std::exchange(input_, {});
}

void RawClient::half_close() { ::shutdown(fd_, SHUT_WR); }
void RawClient::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(std::exchange(fd_, -1));
}

void RawClient::check(int result, const char* what) {
    if (result == 0) return;
    const std::string reason = std::strerror(errno);
    ::close(std::exchange(fd_, -1));
    throw std::runtime_error(std::string(what) + ": " + reason);
}
void RawClient::set_option(int level, int name, int value) {
    ::setsockopt(fd_, level, name, &value, sizeof value);
}
bool RawClient::ready(short events, Clock::time_point end) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    pollfd p{fd_, events, 0};
    return ::poll(&p, 1, static_cast<int>((std::max)(left, milliseconds(0)).count())) > 0;
}
bool RawClient::receive(Clock::time_point end) {
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
bool RawClient::take_line(Clock::time_point end, std::string& line) {
    std::size_t size = 0;
    while ((size = input_.find("\r\n")) == std::string::npos)
        if (!receive(end)) return false;
    line = input_.substr(0, size);
    input_.erase(0, size + 2);
    return true;
}
bool RawClient::read_chunks(Clock::time_point end, std::string& body) {
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

std::string request_text(std::string_view method, std::string_view target) {
    return request_text(method, target, {});
}
std::string request_text(std::string_view method, std::string_view target,
                         const HeaderList& headers, std::string_view body) {
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

Answer request(int port, std::string_view method, std::string_view target) {
    return request(port, method, target, {});
}
Answer request(int port, std::string_view method, std::string_view target,
               const HeaderList& headers, std::string_view body) {
    RawClient client(port);
    client.send(request_text(method, target, headers, body));
    return client.read(method == "HEAD");
}

}  // namespace coder_users_test
