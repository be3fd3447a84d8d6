// The fence around cpp-httplib: a bound listener, the words of a status, and a client.
#pragma once

#include <fcntl.h>
#include <httplib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/base/file_descriptor.hpp"
#include "coder_users/server/body_end.hpp"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "coder_users: link the CMake target httplib::httplib (CPPHTTPLIB_OPENSSL_SUPPORT is missing)"
#endif

namespace coder_users { inline namespace v0 { namespace server {

/// Binds through cpp-httplib. That is all it is for: cpp-httplib's own accept loop ends for good
/// after a single failed accept.
class HttpBinder : private httplib::Server {
 public:
    HttpBinder() {
        // Without this cpp-httplib sets SO_REUSEPORT, and a port that is taken is no error.
        set_socket_options([](socket_t fd) {
            const int yes = 1;
            ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        });
    }

    /// An invalid descriptor and errno when it fails.
    FileDescriptor bind(const std::string& address, int port) {
        if (port == 0 ? bind_to_any_port(address) < 0 : !bind_to_port(address, port))
            return FileDescriptor();
        return FileDescriptor(svr_sock_.exchange(INVALID_SOCKET));
    }
};

inline std::string authority(const std::string& host, int port) {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// A listening socket on a numeric address or a host name; port 0 is any free one. Throws
/// std::runtime_error that names address, port and the system's reason.
inline FileDescriptor listen_on(const std::string& address, int port) {
    const auto fail = [&](const char* reason) {
        throw std::runtime_error("cannot listen on " + authority(address, port) + ": " + reason);
    };
    if (port < 0 || port > 65535) fail("not a port");
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (const int error = ::getaddrinfo(address.c_str(), nullptr, &hints, &found))
        fail(::gai_strerror(error));
    ::freeaddrinfo(found);
    FileDescriptor listener = HttpBinder().bind(address, port);
    if (!listener) fail(std::strerror(errno));
    // cpp-httplib's backlog is 5. Whom a burst finds no room for is only heard of again after
    // seconds.
    ::listen(listener.get(), SOMAXCONN);
    ::fcntl(listener.get(), F_SETFL, ::fcntl(listener.get(), F_GETFL) | O_NONBLOCK);
    return listener;
}

inline int bound_port(int listener) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size);
    // The port stands at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);
}

/// Appends a whole answer, or the first part of one that goes on in chunks, to what is to be sent.
/// cpp-httplib's own writer is not used: its versions differ in what they add, and it sorts
/// repeated fields. May throw std::bad_alloc.
inline void append_answer(std::string& out, const Response& response, bool to_head, bool close,
                          BodyEnd end) {
    std::size_t size = 128 + (to_head ? 0 : response.body.size());
    for (const auto& [name, value] : response.headers) size += name.size() + value.size() + 4;
    out.reserve(out.size() + size);
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(httplib::status_message(response.status)).append("\r\n");
    for (const auto& [name, value] : response.headers) {
        // A line end in a value would be the start of a header that nobody wrote.
        const auto ends_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
        if (std::any_of(value.begin(), value.end(), ends_line)) continue;
        out.append(name).append(": ").append(value).append("\r\n");
    }
    if (end == BodyEnd::by_last_chunk)
        out += "Transfer-Encoding: chunked\r\n";
    else if (end == BodyEnd::by_length && response.status != 204)
        out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    if (close) out += "Connection: close\r\n";
    out += "\r\n";
    if (to_head || response.status == 204) return;
    const std::size_t begin = out.size();
    out += response.body;
    if (end == BodyEnd::by_last_chunk) make_chunk(out, begin);
}

/// Sends a request to a server at `url` and waits for the answer. Throws std::runtime_error when
/// none comes.
inline Response send_over_http(const std::string& url, const coder_users::Request& request) {
    httplib::Client client(url);
    httplib::Request sent;
    sent.method = request.method;
    sent.path = request.target;
    for (const auto& [name, value] : request.headers) sent.headers.emplace(name, value);
    sent.body = request.body;
    const httplib::Result result = client.send(sent);
    if (!result)
        throw std::runtime_error("no answer from " + url + ": " +
                                 httplib::to_string(result.error()));
    Response response{result->status, {}, result->body};
    for (const auto& [name, value] : result->headers) response.headers.emplace_back(name, value);
    return response;
}

}}}  // namespace coder_users::v0::server
