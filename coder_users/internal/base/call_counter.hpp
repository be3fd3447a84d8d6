// Internal: may change at any time.
// Counts calls in progress, so that shutdown can wait for them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stdexcept>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/fork_mark.hpp"

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
    bool is_copy() const noexcept { return mark_.is_copy(); }
    void refuse_copy() const {
        if (is_copy())
            throw std::logic_error(
                "coder_users: this Service was made before fork(); start it in the process that "
                "uses it");
    }

    /// Throws std::logic_error in a copy.
    bool enter() {
        refuse_copy();
        std::size_t state = state_;
        do {
            if (state & closed) return false;
        } while (!state_.compare_exchange_weak(state, state + one_call));
        return true;
    }
    void leave() {
        std::size_t state = state_;
        // While nobody waits, the last access to this object is the exchange: whoever begins to
        // wait afterwards may destroy it.
        while (!(state & awaited))
            if (state_.compare_exchange_weak(state, state - one_call)) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        state_ -= one_call;
        left_.notify_all();
    }
    /// From now on enter() returns false.
    void shut() { state_ |= closed; }
    /// Waits until every call has left. Call shut() first, else new ones may enter.
    void wait_until_empty() {
        std::unique_lock<std::mutex> lock(mutex_);
        state_ |= awaited;
        left_.wait(lock, [&] { return state_ < one_call; });
    }

 private:
    static constexpr std::size_t closed = 1, awaited = 2, one_call = 4;

    const ForkMark mark_;
    std::atomic<std::size_t> state_{0};  ///< calls inside, times `one_call`, and the two flags
    std::mutex mutex_;                   ///< held by whoever leaves while somebody waits
    std::condition_variable left_;
};

}}  // namespace coder_users::v0
