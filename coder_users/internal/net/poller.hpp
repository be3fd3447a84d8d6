// Internal: may change at any time.
// One epoll set, in which any number of threads wait for sockets, and those that wait behind it.
#pragma once

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
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
    Poller()
        : set_(::epoll_create1(EPOLL_CLOEXEC)),
          wake_(::eventfd(0, EFD_CLOEXEC)),
          again_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        epoll_event event = make_event(EPOLLIN, woken);
        epoll_event once = make_event(EPOLLIN | EPOLLET, looks_again);  // wakes one for each write
        if (!set_ || !wake_ || !again_ ||
            ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0 ||
            ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, again_.get(), &once) != 0)
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

    /// Lets a socket wait for nothing but its turn, which comes when no event has happened, or
    /// after eight that have. Call it from a thread that goes on to wait() or look_again(): it
    /// wakes nobody.
    void defer(int fd, std::uint64_t key) noexcept {
        try {
            const std::lock_guard<std::mutex> lock(mutex_);
            deferred_.push_back(key);
            ++deferred_count_;
        } catch (const std::exception&) {  // out of memory
            arm(fd, Interest::writable, key);
        }
    }

    /// Sleeps until an event happens or a turn has come, and returns its key.
    std::uint64_t wait() noexcept {
        for (;;) {
            if (events_in_a_row_ >= 8)
                if (const auto key = next_deferred()) return *key;
            epoll_event event;
            const bool sleeps = deferred_count_ == 0;
            if (::epoll_wait(set_.get(), &event, 1, sleeps ? -1 : 0) == 1) {
                if (event.data.u64 == looks_again) continue;
                if (!sleeps) ++events_in_a_row_;
                return event.data.u64;
            }
            if (const auto key = next_deferred()) return *key;
        }
    }

    /// Lets a thread that waits give the deferred sockets their turns. For a thread that has called
    /// defer() and does not go on to wait().
    void look_again() noexcept {
        if (deferred_count_ > 0) write_to(again_);
    }

    /// Wakes all threads that wait now or later, because nobody reads the byte.
    void wake() noexcept { write_to(wake_); }
    /// A descriptor that is readable after wake().
    int wake_fd() const { return wake_.get(); }

 private:
    static constexpr std::uint64_t looks_again = woken - 1;

    static void write_to(const FileDescriptor& eventfd) noexcept {
        const std::uint64_t one = 1;
        while (::write(eventfd.get(), &one, sizeof one) < 0 && errno == EINTR) continue;
    }
    static epoll_event make_event(std::uint32_t events, std::uint64_t key) {
        epoll_event event{};
        event.events = events;
        event.data.u64 = key;
        return event;
    }
    std::optional<std::uint64_t> next_deferred() noexcept {
        if (deferred_count_ == 0) return std::nullopt;
        const std::lock_guard<std::mutex> lock(mutex_);
        if (deferred_.empty()) return std::nullopt;
        const std::uint64_t key = deferred_.front();
        deferred_.pop_front();
        --deferred_count_;
        events_in_a_row_ = 0;
        return key;
    }
    bool control(int operation, int fd, Interest interest, std::uint64_t key) noexcept {
        epoll_event event = make_event(static_cast<std::uint32_t>(interest) | EPOLLONESHOT, key);
        return ::epoll_ctl(set_.get(), operation, fd, &event) == 0;
    }

    FileDescriptor set_, wake_, again_;
    std::atomic<std::size_t> deferred_count_{0}, events_in_a_row_{0};
    std::mutex mutex_;  // guards the next one
    std::deque<std::uint64_t> deferred_;
};

}}}  // namespace coder_users::v0::net
