// Internal: may change at any time.
// Counts calls in progress, so that shutdown can wait for them.
#pragma once

#include <unistd.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stdexcept>

#include "coder_users/errors.hpp"

namespace coder_users { inline namespace v0 {

/// Counts calls in progress and lets none in after shut(). Any thread may use it, of the process
/// that made it.
class CallCounter {
 public:
    /// Calls leave() at the end of a scope, after enter() has returned true.
    class Leave {
     public:
        explicit Leave(CallCounter& counter) : counter_(counter) {}
        Leave(const Leave&) = delete;
        Leave& operator=(const Leave&) = delete;
        ~Leave() { counter_.leave(); }

     private:
        CallCounter& counter_;
    };

    /// Whether this process is a fork() of the one that made it. Its threads and locks are those of
    /// the other process, so nothing that depends on them works here.
    bool is_copy() const noexcept { return ::getpid() != maker_; }
    void refuse_copy() const {
        if (is_copy())
            throw std::logic_error(
                "coder_users: this Service was made before fork(); start it in the process that "
                "uses it");
    }

    /// Throws std::logic_error in a copy.
    bool enter() {
        refuse_copy();
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_) return false;
        ++inside_;
        return true;
    }
    void leave() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--inside_ == 0) left_.notify_all();
    }
    /// From now on enter() returns false.
    void shut() {
        const std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
    }
    /// Waits until every call has left. Call shut() first, else new ones may enter.
    void wait_until_empty() {
        std::unique_lock<std::mutex> lock(mutex_);
        left_.wait(lock, [&] { return inside_ == 0; });
    }

 private:
    const pid_t maker_ = ::getpid();
    std::mutex mutex_;
    std::condition_variable left_;
    std::size_t inside_ = 0;
    bool closed_ = false;
};

}}  // namespace coder_users::v0
