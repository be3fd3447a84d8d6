// Internal: may change at any time.
// The front of the server: accepts connections and serves them with a few threads.
#pragma once

#include <arpa/inet.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/net/connection_driver.hpp"
#include "coder_users/internal/net/handler.hpp"
#include "coder_users/internal/net/listener.hpp"
#include "coder_users/internal/net/standby.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// The peer's address as text. An IPv4 client of an IPv6 listener is shown as IPv4.
inline std::string numeric_address(const sockaddr_storage& peer) {
    char text[INET6_ADDRSTRLEN] = "";
    if (peer.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
        ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    } else if (peer.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6)) {
            ::inet_ntop(AF_INET, v6.s6_addr + 12, text, sizeof text);
        } else {
            ::inet_ntop(AF_INET6, &v6, text, sizeof text);
        }
    }
    return text;
}

/// Idle connections and those with incomplete requests wait in one epoll set and need no thread.
/// Workers read what has come, and answer complete requests or pass them to a lane; as many as
/// there are cores take turns at that, and the others stand by. One more thread accepts connections
/// and ends overdue ones. Serves only once: bind(), start(), request_stop(), join(). The handler
/// must outlive the front.
class Front {
 public:
    /// Throws std::system_error when the system cannot make an epoll set.
    Front(FrontHandler& handler, const Limits& limits, const Deadlines& deadlines)
        : driver_(handler, limits, deadlines),
          workers_(worker_count(limits)),
          standby_((std::max)(2u, std::thread::hardware_concurrency()), workers_) {}
    ~Front() {
        request_stop();
        join();
    }
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    /// Listens from now on: clients may connect and wait for start(). Throws std::runtime_error
    /// that names address, port and the system's reason.
    void bind(const std::string& address, int port) {
        listener_ = listen_on(address, port);
        port_ = bound_port(listener_.get());
    }
    int port() const { return port_; }
    /// Whether only this machine reaches it. Call it between bind() and start().
    bool on_loopback() const { return bound_to_loopback(listener_.get()); }

    /// Closes the listener, which a fork() of the serving process has, too. The other goes on.
    void let_go() noexcept { listener_.reset(); }

    /// Starts the threads that serve; does nothing after request_stop(). If the system cannot make
    /// all threads, ends the others and throws std::system_error.
    void start() {
        const SignalsBlocked quiet;
        try {
            for (std::size_t i = 0; i < workers_; ++i)
                threads_.emplace_back([this, i] { serve(i); });
            threads_.emplace_back([this] { keep(); });
        } catch (...) {
            request_stop();
            join();
            throw;
        }
    }

    /// Begins to stop and returns at once: accepts no more connections and requests, closes
    /// connections without a complete request, and lets running handlers answer. May be called
    /// repeatedly, from any thread and any handler, before, during and after start(). Not
    /// async-signal-safe.
    void request_stop() noexcept {
        const std::lock_guard<std::mutex> lock(stop_mutex_);
        driver_.stop();
        standby_.stop();
    }

    /// Waits until all threads have ended and no lane runs a request of this front, then closes all
    /// connections. Only the owner calls it, after request_stop() and never from a handler.
    void join() {
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
        driver_.in_lanes().wait_until_empty();
        driver_.table().close_all();
        listener_.reset();
        // Waits for a request_stop() in another thread that still holds the mutex.
        const std::lock_guard<std::mutex> lock(stop_mutex_);
    }

    std::size_t open_connections() const { return driver_.table().open_connections(); }
    /// The bytes of requests and answers in memory.
    std::size_t held_bytes() const { return driver_.table().held_bytes(); }

 private:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds sweep_interval{100};

    static std::size_t worker_count(const Limits& limits) {
        if (limits.workers > 0) return limits.workers;
        return (std::max)(4u, 2 * std::thread::hardware_concurrency());
    }

    void serve(std::size_t number) {
        while (standby_.take_turn(number)) {
            while (!driver_.stopping() && serve_one(number)) continue;
            driver_.poller().look_again();  // what this thread has deferred is for others now
        }
    }

    /// Returns false when another worker has taken the turn of this one meanwhile.
    bool serve_one(std::size_t number) {
        const std::uint64_t key = driver_.poller().wait();
        if (key == Poller::woken) return true;
        Connection* const c = driver_.table().claim(key);
        return !c || standby_.work(number, [&] { driver_.drive(*c); });
    }

    /// Accepts connections and ends overdue ones. Sleeps without a time-out while there are none.
    void keep() {
        Clock::time_point next_sweep = Clock::now();
        while (!driver_.stopping()) {
            const bool idle = driver_.table().open_connections() == 0 && !burst_;
            pollfd events[2] = {{driver_.poller().wake_fd(), POLLIN, 0},
                                {listener_.get(), POLLIN, 0}};
            ::poll(events, 2, idle ? -1 : static_cast<int>(sweep_interval.count()));
            if (events[1].revents) accept_waiting();
            if (Clock::now() < next_sweep) continue;
            driver_.end_expired();
            give_memory_back();
            next_sweep = Clock::now() + sweep_interval;
        }
        listener_.reset();  // new clients are refused instead of waiting in the backlog
    }

    /// Returns to the system what many large answers have left free in the heap.
    void give_memory_back() noexcept {
        constexpr std::size_t large = 16 << 20;
        burst_ = burst_ || held_bytes() > large;
        const bool over = burst_ && held_bytes() <= large / 16;
        // Trim also when claim_unread() has closed connections: during a burst the part of the heap
        // that belongs to each thread could otherwise grow to the whole limit.
        if (!driver_.table().take_relieved() && !over) return;
        burst_ = burst_ && !over;
#ifdef __GLIBC__
        ::malloc_trim(0);
#endif
    }

    void accept_waiting() {
        for (int i = 0; i < 64 && !driver_.stopping(); ++i) {
            sockaddr_storage peer{};
            socklen_t size = sizeof peer;
            FileDescriptor socket(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer),
                                            &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (!socket) return after_failed_accept(errno);
            const int yes = 1, unsent = 16384;
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            // Keeps unread answers here, where our limit counts them, and out of the system's
            // memory for sockets: when that runs short, every connection stalls for seconds.
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
            try {
                driver_.admit(std::move(socket), numeric_address(peer));
            } catch (const std::bad_alloc&) {  // closes the socket
            }
        }
    }

    /// A failure of one connection does not end the server. When the system is short of a resource
    /// the client stays in the backlog; the pause keeps retries from burning CPU.
    void after_failed_accept(int error) {
        if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) return;
        pollfd stop{driver_.poller().wake_fd(), POLLIN, 0};
        ::poll(&stop, 1, 50);
    }

    ConnectionDriver driver_;
    const std::size_t workers_;
    Standby standby_;
    FileDescriptor listener_;
    int port_ = 0;
    std::vector<std::thread> threads_;
    bool burst_ = false;  ///< used by keep() only: much memory was held a moment ago
    std::mutex stop_mutex_;
};

}}}  // namespace coder_users::v0::net
