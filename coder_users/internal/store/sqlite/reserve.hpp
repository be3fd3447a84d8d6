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
#include "coder_users/internal/store/need.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A file of 1 MiB in two parts. Logins may use up the one, and the other is for revocations alone:
/// however many logins come, there is room to end a session. Any thread may use it; it never
/// throws.
class Reserve {
 public:
    static constexpr int all_parts = 2;

    /// Reserves the space now if there is enough. "" for no reserve.
    explicit Reserve(std::string path) : path_(std::move(path)) { take(); }
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    ~Reserve() { resize(0); }

    /// How many parts are held, and not given up to those who may use them.
    int parts() const { return parts_; }

    /// Whether changes of this kind may use the disk.
    bool allows(Need need) const { return parts_ >= least_parts(need); }

    /// The same, after taking back what there is room for. Tries that at most every quarter of a
    /// second.
    bool allows_by_now(Need need) {
        if (allows(need)) return true;
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        if (allows(need) || now - asked_ < std::chrono::milliseconds(250)) return allows(need);
        asked_ = now;
        take();
        return allows(need);
    }

    /// Gives up one part for a change that found the disk full while `known` parts were held, if
    /// such a change may use one. Gives up none if another thread has done so since. Returns
    /// whether it is worth to try again.
    bool give_up(Need need, int known) noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (parts_ < known) return true;
        if (parts_ <= least_parts(need)) return false;
        resize(parts_ - 1);
        return true;
    }

 private:
    static constexpr off_t part_size = 512 << 10;

    static constexpr int least_parts(Need need) {
        return need == Need::ordinary ? all_parts : need == Need::login ? 1 : 0;
    }

    FileDescriptor opened() const noexcept {
        return FileDescriptor(
            ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    }

    // Takes as many parts as there is room for.
    void take() noexcept {
        const int held = parts_;
        for (int parts = all_parts; parts > held; --parts) {
            const FileDescriptor file = path_.empty() ? FileDescriptor() : opened();
            const int error = file ? ::posix_fallocate(file.get(), 0, parts * part_size) : errno;
            // When the file cannot be made for another reason, the server works without a reserve.
            parts_ = path_.empty() || (error != 0 && error != ENOSPC && error != EDQUOT) ? all_parts
                     : error == 0                                                        ? parts
                                                                                         : held;
            if (parts_ > held) return;
        }
        resize(held);  // a try that failed may have taken some room
    }

    void resize(int parts) noexcept {
        parts_ = parts;
        if (path_.empty()) return;
        if (parts == 0) {
            ::unlink(path_.c_str());
        } else if (const FileDescriptor file = opened()) {
            if (::ftruncate(file.get(), parts * part_size) != 0) ::unlink(path_.c_str());
        }
    }

    const std::string path_;
    std::mutex mutex_;
    std::atomic<int> parts_{0};
    std::chrono::steady_clock::time_point asked_{};
};

}}}  // namespace coder_users::v0::store
