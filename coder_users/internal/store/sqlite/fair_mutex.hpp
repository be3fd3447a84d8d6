// Internal: may change at any time.
// A lock for many readers and one writer that lets both in soon.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace coder_users { inline namespace v0 { namespace store {

/// Like std::shared_mutex, but readers that come after a waiting writer wait for it: with the
/// standard one a stream of readers keeps the writer out for seconds.
class FairMutex {
 public:
    void lock() {
        const std::lock_guard<std::mutex> turn(turn_);
        mutex_.lock();
    }
    void unlock() { mutex_.unlock(); }
    void lock_shared() {
        const std::lock_guard<std::mutex> turn(turn_);
        mutex_.lock_shared();
    }
    void unlock_shared() { mutex_.unlock_shared(); }

 private:
    std::mutex turn_;
    std::shared_mutex mutex_;
};

}}}  // namespace coder_users::v0::store
