// Internal: may change at any time.
// Copies of the database on a schedule: one thread makes them, opens each, and removes old ones.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/service/backup.hpp"
#include "coder_users/internal/service/backup_folder.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// How the thread that makes the copies reaches the rest of the service.
struct BackupWork {
    std::function<Time()> now;
    /// Makes a copy that gets its name when it was found sound.
    std::function<Copied(const std::string& to, const Progress&)> copy;
    std::function<void(const Copied&)> verify;  ///< throws when the copy is of no use
};

/// Throws std::runtime_error when the newest copy in the folder that can be read is of another
/// deployment: two databases of one name would count and remove each other's copies.
inline void refuse_copies_of_another(const BackupFolder& folder, const std::string& deployment) {
    const std::set<Time> times = folder.times();
    for (auto time = times.rbegin(); time != times.rend(); ++time) {
        const auto found = data::deployment_of_copy(folder.file_at(*time));
        if (!found) continue;
        if (*found == deployment) return;
        throw std::runtime_error("cannot write backups into " + folder.path() + ": " +
                                 folder.file_at(*time) +
                                 " is of another database, and each needs a folder of its own");
    }
}

/// Makes a copy whenever the newest one in the folder is older than `Options::backup_every`, and
/// tries again a minute after one has failed. Any thread may call any member function.
class ScheduledBackups {
 public:
    struct Counts {
        std::optional<Time> newest = {};  ///< when the newest copy that is sound was begun
        std::uint64_t made = 0, failed = 0;
    };

    /// `log` must outlive this object.
    ScheduledBackups(BackupFolder folder, const Options& options, BackupWork work, Log& log)
        : folder_(std::move(folder)),
          every_(options.backup_every),
          pause_((std::min)(options.backup_every, std::chrono::seconds(60))),
          keep_(options.backup_keep),
          work_(std::move(work)),
          log_(log) {
        const SignalsBlocked quiet;
        thread_ = std::thread([this] { run(); });
    }
    ~ScheduledBackups() { close(); }
    ScheduledBackups(const ScheduledBackups&) = delete;
    ScheduledBackups& operator=(const ScheduledBackups&) = delete;

    /// Ends the copy that is being made, which leaves no file.
    void request_stop() noexcept {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
    }
    /// Does the same, and waits for it. May be called repeatedly, but by one thread only.
    void close() {
        request_stop();
        if (thread_.joinable()) thread_.join();
    }

    Counts counts() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return counts_;
    }

 private:
    struct Stopped : std::exception {};

    void run() {
        constexpr std::chrono::milliseconds look{250};
        look_for_newest(work_.now());
        std::unique_lock<std::mutex> lock(mutex_);
        while (!stopping_) {
            const Time now = work_.now();
            if (is_due(now)) {
                lock.unlock();
                make(now);
                lock.lock();
            }
            wake_.wait_for(lock, look, [this] { return stopping_; });
        }
    }

    /// Finds the newest sound copy that an earlier run has made.
    void look_for_newest(Time now) noexcept {
        try {
            std::set<Time> times = folder_.times();
            times.erase(times.upper_bound(now), times.end());
            for (auto time = times.rbegin(); time != times.rend(); ++time) {
                if (!is_sound(folder_.file_at(*time), now)) continue;
                const std::lock_guard<std::mutex> lock(mutex_);
                counts_.newest = *time;
                return;
            }
        } catch (const Stopped&) {
            return;
        } catch (const std::exception& error) {
            tell("old backups not read", error, now);
        }
    }
    bool is_sound(const std::string& file, Time now) {
        throw_if_stopping();
        try {
            work_.verify({file, file + ".key"});
            return true;
        } catch (const std::exception& error) {
            tell("old backup is of no use", error, now);
            return false;
        }
    }

    // A time that lies ahead was noted before the clock was set back.
    static bool is_over(std::optional<Time> since, Duration duration, Time now) {
        return !since || now < *since || now - *since >= duration;
    }
    bool is_due(Time now) const {
        return is_over(counts_.newest, every_, now) && is_over(failed_at_, pause_, now);
    }

    void make(Time now) noexcept {
        const Time second = from_micros(micros(now) / 1'000'000 * 1'000'000);
        try {
            const Copied copied =
                work_.copy(folder_.file_at(second),
                           [this](std::int64_t, std::int64_t) { throw_if_stopping(); });
            note_made(second);
            log_.write({LogLevel::info, now, "backup made", {{"file", copied.file}}});
        } catch (const Stopped&) {
            return;
        } catch (const std::exception& error) {
            note_failed(now);
            tell("backup failed", error, now);
            return;
        }
        try {
            folder_.keep_newest(keep_, second);
        } catch (const std::exception& error) {
            tell("old backups not removed", error, now);
        }
    }

    void throw_if_stopping() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopping_) throw Stopped();
    }

    void note_made(Time second) {
        const std::lock_guard<std::mutex> lock(mutex_);
        counts_.newest = second;
        ++counts_.made;
        failed_at_.reset();
    }
    void note_failed(Time now) {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++counts_.failed;
        failed_at_ = now;
    }
    void tell(const char* what, const std::exception& error, Time now) noexcept {
        try {
            log_.write_failure({LogLevel::error,
                                now,
                                what,
                                {{"folder", folder_.path()}, {"reason", error.what()}}});
        } catch (const std::exception&) {
            // there is no memory for the line
        }
    }

    const BackupFolder folder_;
    const Duration every_, pause_;
    const std::size_t keep_;
    const BackupWork work_;
    Log& log_;
    mutable std::mutex mutex_;  // guards what follows, but thread_
    std::condition_variable wake_;
    bool stopping_ = false;
    Counts counts_;
    std::optional<Time> failed_at_;
    std::thread thread_;
};

}}}  // namespace coder_users::v0::service
