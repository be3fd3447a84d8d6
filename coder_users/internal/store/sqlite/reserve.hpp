// Internal: may change at any time.
// Keeps disk space back for the changes that must work on a full disk.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <string>
#include <utility>

#include "coder_users/internal/base/file_descriptor.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Essential changes (logins and revocations) may use the reserve when the disk is full. They may
/// run twice: the first try is rolled back completely.
enum class Need { ordinary, essential };

/// A file of 1 MiB. Any thread may use it; it never throws.
class Reserve {
 public:
    /// Reserves the space now if there is enough. "" for no reserve.
    explicit Reserve(std::string path) : path_(std::move(path)) { take(); }
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    ~Reserve() { release(); }

    /// Whether ordinary changes may use the disk: the reserve is held, or can be taken back now.
    /// Tries that at most every quarter of a second.
    bool held() {
        if (held_) return true;
        const std::lock_guard<std::mutex> lock(mutex_);
        if (held_) return true;
        const auto now = std::chrono::steady_clock::now();
        if (now - asked_ < std::chrono::milliseconds(250)) return false;
        asked_ = now;
        return take();
    }

    /// Whether the reserve was given up and is not taken back yet.
    bool is_out() const { return !held_; }

    /// Gives the space up for others to use.
    void release() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (held_ && !path_.empty()) ::unlink(path_.c_str());
        held_ = false;
    }

 private:
    bool take() noexcept {
        constexpr off_t size = 1 << 20;
        if (path_.empty()) {
            held_ = true;
            return true;
        }
        const FileDescriptor file(
            ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
        const int error = file ? ::posix_fallocate(file.get(), 0, size) : errno;
        const bool no_room = error == ENOSPC || error == EDQUOT;
        if (no_room) ::unlink(path_.c_str());
        // When the file cannot be made for another reason, the server works without a reserve.
        held_ = !no_room;
        return held_;
    }

    const std::string path_;
    std::mutex mutex_;
    std::atomic<bool> held_{false};
    std::chrono::steady_clock::time_point asked_{};
};

}}}  // namespace coder_users::v0::store
