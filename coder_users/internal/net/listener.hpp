// Internal: may change at any time.
// Opens the listening socket of the front.
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/base/url.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// Listens on a numeric address or a host name; port 0 means any free port. Throws
/// std::runtime_error that names address, port and the system's reason.
inline FileDescriptor listen_on(const std::string& address, int port) {
    const auto failure = [&](const char* reason) {
        return std::runtime_error("cannot listen on " + authority(address, port) + ": " + reason);
    };
    if (port < 0 || port > 65535) throw failure("not a port");
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (const int error =
            ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found))
        throw failure(::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
    int error = 0;
    for (const addrinfo* at = all.get(); at; at = at->ai_next) {
        FileDescriptor listener(
            ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol));
        const int fd = listener.get(), yes = 1, no = 0;
        // No SO_REUSEPORT: with it a second server would take half of the clients instead of
        // failing. The backlog is as large as the system allows, because a connection dropped from
        // a full backlog retries only after seconds.
        const bool listens = listener &&
                             !::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) &&
                             (at->ai_family != AF_INET6 ||
                              !::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no)) &&
                             !::bind(fd, at->ai_addr, at->ai_addrlen) && !::listen(fd, SOMAXCONN);
        if (listens) return listener;
        error = errno;
    }
    throw failure(std::strerror(error));
}

/// Whether only this machine reaches the listener.
inline bool bound_to_loopback(int listener) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size);
    if (own.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(own).sin_addr;
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(own).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

inline int bound_port(int listener) {
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size);
    // The port is at the same offset for IPv4 and IPv6.
    return ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);
}

}}}  // namespace coder_users::v0::net
