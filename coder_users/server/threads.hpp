// Waiting for the end of what several threads do.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace coder_users { inline namespace v0 { namespace server {

/// Counts what is under way, so that its owner can wait for the end of it. From any thread.
class OngoingWork {
 public:
    void begin() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++count_;
    }
    /// The last thing that a piece of work does.
    void end() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--count_ == 0) none_.notify_all();
    }
    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        none_.wait(lock, [this] { return count_ == 0; });
    }

 private:
    std::mutex mutex_;
    std::condition_variable none_;
    std::size_t count_ = 0;
};

}}}  // namespace coder_users::v0::server
