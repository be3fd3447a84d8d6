// Internal: may change at any time.
// The system calls on a connection's socket. The caller must own the connection; no call waits.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstddef>

#include "coder_users/internal/net/connections.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// `blocked`: the socket is not ready for more; `failed`: the connection is broken.
enum class IoStep { done, blocked, failed };

/// Sends as much of the output as the socket takes.
inline IoStep send_output(Connection& c) {
    while (c.sent < c.output.size()) {
        const ssize_t size = ::send(c.socket.get(), c.output.data() + c.sent,
                                    c.output.size() - c.sent, MSG_NOSIGNAL);
        if (size > 0) {
            c.sent += static_cast<std::size_t>(size);
        } else if (errno != EINTR) {
            return errno == EAGAIN ? IoStep::blocked : IoStep::failed;
        }
    }
    c.output.clear();
    c.sent = 0;
    if (c.output.capacity() > 4096) c.output.shrink_to_fit();
    return IoStep::done;
}

/// Reads once. `size` is 0 at the end of the peer's data and unless the result is `done`.
template <std::size_t N>
IoStep receive(Connection& c, char (&bytes)[N], std::size_t& size) {
    size = 0;
    for (;;) {
        const ssize_t result = ::recv(c.socket.get(), bytes, N, 0);
        if (result < 0 && errno == EINTR) continue;
        if (result < 0) return errno == EAGAIN ? IoStep::blocked : IoStep::failed;
        size = static_cast<std::size_t>(result);
        c.peer_ended = size == 0;
        return IoStep::done;
    }
}

/// Reads and discards. `done`: the peer will send nothing more.
inline IoStep swallow_input(Connection& c) {
    char bytes[16384];
    for (int i = 0; i < 64 && !c.peer_ended; ++i) {
        std::size_t size;
        const IoStep step = receive(c, bytes, size);
        if (step != IoStep::done) return step;
    }
    return c.peer_ended ? IoStep::done : IoStep::blocked;
}

/// Whether the client has probably left. One that has only shut down its sending side looks the
/// same, so a client counts as gone only after it has waited for a second.
inline bool gone(const Connection& c, std::chrono::steady_clock::duration waited) {
    char byte;
    const ssize_t size = ::recv(c.socket.get(), &byte, 1, MSG_PEEK);
    if (size == 0) return waited > std::chrono::seconds(1);
    return size < 0 && errno != EAGAIN && errno != EINTR;
}

}}}  // namespace coder_users::v0::net
