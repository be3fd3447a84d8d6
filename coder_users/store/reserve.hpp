// Room on the disk that is kept back for the changes that must work when it is full.
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

#include "coder_users/base/file_descriptor.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Whether a change works on a full disk, too, as far as the reserve goes: logins and revocations
/// do. Such a change may be run a second time, after all of it was taken back.
enum class Need { ordinary, essential };

/// A file of 1 MiB. May be used by any thread at once; never throws.
class Reserve {
 public:
    /// "": none is wanted. Takes the room at once if there is some.
    explicit Reserve(std::string path) : path_(std::move(path)) { take(); }
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    ~Reserve() { release(); }

    /// Whether others may use the disk: the room is held, or is taken back now. While it is out,
    /// the disk is asked no more often than every quarter of a second.
    bool held() {
        if (held_) return true;
        const std::lock_guard<std::mutex> lock(mutex_);
        if (held_) return true;
        const auto now = std::chrono::steady_clock::now();
        if (now - asked_ < std::chrono::milliseconds(250)) return false;
        asked_ = now;
        return take();
    }

    /// Whether the room was given away and is not back yet.
    bool is_out() const { return !held_; }

    /// Gives the room away.
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
        // Where the file cannot be made for another reason the server works without it.
        held_ = !no_room;
        return held_;
    }

    const std::string path_;
    std::mutex mutex_;
    std::atomic<bool> held_{false};
    std::chrono::steady_clock::time_point asked_{};
};

}}}  // namespace coder_users::v0::store
