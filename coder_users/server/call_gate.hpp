// The door for what must have ended before something is closed.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "coder_users/base/errors.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// Counts what is under way, so that nothing is closed under it. From any thread.
class CallGate {
 public:
    /// Leaves at the end of a scope that was entered.
    class Leave {
     public:
        explicit Leave(CallGate& gate) : gate_(gate) {}
        Leave(const Leave&) = delete;
        Leave& operator=(const Leave&) = delete;
        ~Leave() { gate_.leave(); }

     private:
        CallGate& gate_;
    };

    bool enter() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closed_) return false;
        ++inside_;
        return true;
    }
    void leave() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--inside_ == 0) left_.notify_all();
    }
    /// Lets nobody in any more.
    void shut() {
        const std::lock_guard<std::mutex> lock(mutex_);
        closed_ = true;
    }
    /// Waits until all are out. After shut().
    void wait_until_empty() {
        std::unique_lock<std::mutex> lock(mutex_);
        left_.wait(lock, [&] { return inside_ == 0; });
    }

 private:
    std::mutex mutex_;
    std::condition_variable left_;
    std::size_t inside_ = 0;
    bool closed_ = false;
};

}}}  // namespace coder_users::v0::server
