// Waiting for sockets: one epoll set that any number of threads wait in at once.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "coder_users/base/file_descriptor.hpp"

namespace coder_users { inline namespace v0 { namespace server {

enum class Interest : std::uint32_t {
    readable = EPOLLIN | EPOLLRDHUP,
    writable = EPOLLOUT,
};

/// All member functions may be called from any thread at once.
class Poller {
 public:
    /// The key that wait() returns from wake() on.
    static constexpr std::uint64_t woken = ~std::uint64_t{0};

    /// Throws std::system_error when the system has no room for it.
    Poller() : set_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC)) {
        epoll_event event = make_event(EPOLLIN, woken);
        if (!set_ || !wake_ || ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0)
            throw std::system_error(errno, std::generic_category(), "cannot make an epoll set");
    }

    /// A socket gives one event and is silent then until it is armed again. False when the
    /// system has no room for it.
    bool add(int fd, Interest interest, std::uint64_t key) noexcept {
        return control(EPOLL_CTL_ADD, fd, interest, key);
    }
    bool arm(int fd, Interest interest, std::uint64_t key) noexcept {
        return control(EPOLL_CTL_MOD, fd, interest, key);
    }

    /// Sleeps until there is an event and returns its key.
    std::uint64_t wait() noexcept {
        epoll_event event;
        while (::epoll_wait(set_.get(), &event, 1, -1) != 1) continue;  // interrupted
        return event.data.u64;
    }

    /// All who wait now or later are woken: the byte is never read.
    void wake() noexcept {
        const std::uint64_t one = 1;
        while (::write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) continue;
    }
    /// Readable from wake() on.
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

}}}  // namespace coder_users::v0::server
