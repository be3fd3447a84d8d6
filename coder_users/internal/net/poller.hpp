// Internal: may change at any time.
// One epoll set, in which any number of threads wait for sockets.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "coder_users/internal/base/file_descriptor.hpp"

namespace coder_users { inline namespace v0 { namespace net {

enum class Interest : std::uint32_t {
    readable = EPOLLIN | EPOLLRDHUP,
    writable = EPOLLOUT,
};

/// Any thread may call any member function.
class Poller {
 public:
    /// The key that wait() returns after wake().
    static constexpr std::uint64_t woken = ~std::uint64_t{0};

    /// Throws std::system_error when the system cannot make an epoll set.
    Poller() : set_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC)) {
        epoll_event event = make_event(EPOLLIN, woken);
        if (!set_ || !wake_ || ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
            throw std::system_error(errno, std::generic_category(), "cannot make an epoll set");
    }

    /// Reports one event of the socket, then none until arm() is called. Returns false when the
    /// system has no space for another socket.
    bool add(int fd, Interest interest, std::uint64_t key) noexcept {
        return control(EPOLL_CTL_ADD, fd, interest, key);
    }
    bool arm(int fd, Interest interest, std::uint64_t key) noexcept {
        return control(EPOLL_CTL_MOD, fd, interest, key);
    }

    /// Sleeps until an event happens and returns its key.
    std::uint64_t wait() noexcept {
        epoll_event event;
        while (::epoll_wait(set_.get(), &event, 1, -1) != 1) continue;  // interrupted
        return event.data.u64;
    }

    /// Wakes all threads that wait now or later, because nobody reads the byte.
    void wake() noexcept {
        const std::uint64_t one = 1;
        while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) continue;
    }
    /// A descriptor that is readable after wake().
    int wake_fd() const { return wake_.get(); }

 private:
    static epoll_event make_event(std::uint32_t events, std::uint64_t key) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = key;
        return event;
    }
    bool control(int operation, int fd, Interest interest, std::uint64_t key) noexcept {
        epoll_event event = make_event(static_cast<std::uint32_t>(interest) | EPOLLONESHOT, key);
        return ::epoll_ctl(set_.get(), operation, fd, &event) == 0;
    }

    FileDescriptor set_, wake_;
};

}}}  // namespace coder_users::v0::net
