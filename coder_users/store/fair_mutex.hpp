// A lock for many readers and one writer in which neither waits for ever.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace coder_users { inline namespace v0 { namespace store {

/// As std::shared_mutex, but a writer that waits lets no later reader in before it: with the
/// standard one a stream of readers keeps it out for seconds.
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
