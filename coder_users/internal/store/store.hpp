// Internal: may change at any time.
// The store: one writing connection, a pool of reading ones, and a thread that stores activity in
// batches, looks whether another program has written to the file, and removes old rows.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/commit_fault.hpp"
#include "coder_users/internal/store/image.hpp"
#include "coder_users/internal/store/key_cache.hpp"
#include "coder_users/internal/store/migrate.hpp"
#include "coder_users/internal/store/need.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/fair_mutex.hpp"
#include "coder_users/internal/store/sqlite/integrity.hpp"
#include "coder_users/internal/store/sqlite/reader_pool.hpp"
#include "coder_users/internal/store/sqlite/transaction.hpp"
#include "coder_users/internal/store/sqlite/tx.hpp"
#include "coder_users/internal/store/sqlite/writer.hpp"
#include "coder_users/internal/store/store_options.hpp"
#include "coder_users/internal/store/sweep.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Owns the database file while it lives. Any thread may call any member function, but a function
/// that read() or write() runs must not call either of them again.
class Store {
 public:
    /// Opens the database, or creates it; brings an older one to the current schema. Throws
    /// std::runtime_error that names path and cause.
    explicit Store(StoreOptions options)
        : options_(std::move(options)),
          readers_(options_.readers, options_.long_turn, [this] { return new_reader(); }),
          sessions_(options_.cached_sessions, options_.cached_session_bytes) {
        try {
            begin();
        } catch (const std::exception& error) {
            if (lock_ && new_) delete_files();
            const std::string text = error.what();
            if (text.find(name_) != std::string::npos) throw std::runtime_error(text);
            throw std::runtime_error("cannot open " + name_ + ": " + text);
        }
    }

    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Stores pending activity and leaves no -wal file.
    ~Store() {
        {
            const std::lock_guard<std::mutex> lock(closing_mutex_);
            closing_ = true;
        }
        round_wanted_.notify_one();
        rounds_.join();
        const ReaderPool::Shut nobody_reads(readers_);
        writer_->close(damaged_);
        if (new_ && unwanted_) delete_files();
    }

    /// Whether this opening has made the file.
    bool is_new() const { return new_; }
    /// Lets a file that is_new() go at the end, because what it was made for has failed.
    void discard() { unwanted_ = true; }

    /// Closes the lock file, which a fork() of the owning process has, too.
    void let_go() noexcept {
        if (lock_) lock_->let_go();
    }

    bool in_memory() const { return !lock_; }
    /// The absolute path, or ":memory:".
    const std::string& name() const { return name_; }

    /// Notes a use of a key: every read shows it from now on, and it is stored within a second.
    void note_use(const ApiKey& key, Time last_used, Time expires_at, Time now) {
        activity_.note(key.id, {last_used, expires_at, key.expires_at}, key.user_id, now);
        wake();
    }

    /// Runs `fn(Connection&)` on one consistent state. Throws Damaged once damage was noticed.
    template <class Fn>
    auto read(Fn&& fn) {
        return unless_damaged([&] {
            const Reading reading(readers_, in_memory() ? &memory_mutex_ : nullptr);
            Transaction transaction(reading.connection(), "BEGIN");
            return transaction.run([&] { return fn(reading.connection()); });
        });
    }

    /// Keeps one consistent state open for as long as the caller wants. Throws Busy when there are
    /// too many long readings or a slow one. The reading may outlive the store, which ends it.
    LongReading begin_long_reading() {
        store_activity();  // pending uses would be dropped from memory before a long reading ends
        return unless_damaged([&] { return readers_.begin_long(); });
    }
    /// Runs `fn` as LongReading::use() does.
    template <class Fn>
    auto read(LongReading& reading, Fn&& fn) {
        return unless_damaged([&] { return reading.use(fn); });
    }

    /// Returns what api_keys::read_checked_key() reads, from the cache if no change has affected it
    /// since. What another program changes counts within a second. Recent uses of the key may be
    /// missing; identity_of() adds them.
    KeyCache::Key find_checked_key(std::string_view key_id) {
        if (auto kept = may_use_cache() ? sessions_.find(key_id) : nullptr) {
            cache_hits_.add();
            return kept;
        }
        cache_misses_.add();
        const std::uint64_t changes = sessions_.changes();
        auto found = read([&](Connection& c) { return api_keys::read_checked_key(c, key_id); });
        return found ? sessions_.keep(std::move(*found), changes) : nullptr;
    }
    Shared<SharedIdentity> identity_of(const KeyCache::Key& session) const {
        return activity_.laid_over(part_of(session, session->identity));
    }

    /// Runs `fn(Tx&)` in a writing transaction and returns after its COMMIT. Changes that wait at
    /// the same time share one transaction, each in a savepoint, so `fn` may run on another
    /// caller's thread while this one waits. That of an essential change may run more than once: on
    /// a full disk a run is rolled back. When `fn` throws, nothing of it is stored, other changes
    /// go on, and the exception is rethrown. Throws Busy, Unavailable or Duplicate when the store
    /// fails; after Unavailable the change may be stored or not.
    template <class Fn>
    auto write(Fn&& fn, Need need = Need::ordinary) {
        using testing::CommitFault;
        const CommitFault fault =
            options_.test_data ? CommitFaults::of_this_thread() : CommitFault::none;
        if (fault == CommitFault::disk_full && need == Need::ordinary)
            throw DiskFull("a test lets the disk be full");
        return write_surely(
            [&](Tx& tx) {
                if (fault == CommitFault::fail || (options_.fail_write && options_.fail_write()))
                    throw Unavailable("a test lets this change fail");
                if (options_.repeat_changes) {
                    tx.run("SAVEPOINT first_run");
                    fn(tx);
                    tx.run("ROLLBACK TO first_run");
                    tx.run("RELEASE first_run");
                }
                return fn(tx);
            },
            need);
    }

    /// Returns the whole present database, pending activity included, as Connection::image() does.
    std::string image() {
        store_activity();
        std::string bytes;
        writer_->run_alone([&](Tx& tx) { bytes = tx.image(); });
        return bytes;
    }

    /// Replaces the whole database by what image() returned, and forgets all cached and pending
    /// data. Throws std::invalid_argument as check_image_header().
    void replace_everything(const std::string& image) {
        check_image_header(image, options_.test_data);
        const std::lock_guard<std::mutex> no_activity(activity_mutex_);
        Connection source(":memory:", opened::to_write | opened::in_memory, activity_);
        source.show(image);
        writer_->run_alone([&](Tx& tx) {
            source.copy_to(tx);
            activity_.clear();  // before the cache drops its keys, so that no read shows it
        });
    }

    /// How many changes wait for their transaction to begin.
    std::size_t waiting_writes() const { return writer_->waiting(); }

    /// Commits of the writing connection: how long they took, and how many changes each held.
    const GroupCommit& groups() const { return writer_->groups(); }
    /// How often find_checked_key() found the key in the cache, and how often it did not.
    std::uint64_t cache_hits() const { return cache_hits_.value(); }
    std::uint64_t cache_misses() const { return cache_misses_.value(); }
    /// The size of the log in bytes.
    std::int64_t log_size() const {
        struct stat log {};
        return in_memory() || ::stat((name_ + "-wal").c_str(), &log) != 0 ? 0 : log.st_size;
    }

    /// How many users have been seen since their rows were last written.
    std::size_t seen_count() const { return activity_.seen().size(); }

    /// Stores pending activity now, for reads that use only rows. Reports a failure to
    /// on_failed_round and keeps what is pending.
    void store_activity() noexcept { stored_activity(); }

 private:
    // Returns whether there was any and it is stored.
    bool stored_activity() noexcept {
        try {
            if (damaged_) return false;  // the damage was reported when it was found
            const std::lock_guard<std::mutex> one_at_a_time(activity_mutex_);
            const ActivityBatch batch = activity_.pending();
            if (batch.empty()) return false;
            write_surely([&](Tx& tx) { api_keys::store_uses(tx, batch); });
            activity_.mark_stored(batch);
            return true;
        } catch (const std::exception& error) {
            tell("activity not stored", error.what());
            return false;
        }
    }

    // No other program can change a database in memory.
    bool is_watched() const { return !in_memory() && sessions_.on(); }

    bool may_use_cache() {
        if (damaged_) return false;
        if (!is_watched()) return true;
        if (watch_.note_use() && !watch_.is_on()) wake();
        return watch_.is_on();
    }

    // Begins a transaction, which finds out whether another program has changed something.
    bool look_for_other_programs() noexcept {
        try {
            write_surely([](Tx&) {}, Need::revocation);  // writes nothing, so a full disk is no bar
            return true;
        } catch (const std::exception&) {
            return false;  // as long as it is unknown, the cache is not used
        }
    }

    void wake() {
        {
            const std::lock_guard<std::mutex> lock(closing_mutex_);  // no wake-up may be missed
        }
        round_wanted_.notify_one();
    }

    void tell(const char* what, const char* reason) noexcept {
        try {
            if (options_.on_failed_round) options_.on_failed_round(what, reason);
        } catch (const std::exception&) {
            // there is no memory to report it
        }
    }

    // Writes without asking fail_write, which is for the changes of operations only.
    template <class Fn>
    auto write_surely(Fn&& fn, Need need = Need::ordinary)
        -> std::decay_t<decltype(fn(std::declval<Tx&>()))> {
        using Result = std::decay_t<decltype(fn(std::declval<Tx&>()))>;
        if constexpr (std::is_void_v<Result>) {
            unless_damaged([&] { writer_->run([&](Tx& tx) { fn(tx); }, need); });
        } else {
            std::optional<Result> result;
            unless_damaged([&] { writer_->run([&](Tx& tx) { result.emplace(fn(tx)); }, need); });
            return std::move(*result);
        }
    }

    void begin() {
        std::unique_ptr<Tx> writer = open();
        const auto committed = [this](const Concerned& whom) {
            sessions_.forget(whom);
            readers_.end_overdue();
        };
        if (in_memory())
            writer_.emplace(std::move(writer), nullptr, "", readers_, &memory_mutex_, committed);
        else
            writer_.emplace(
                std::move(writer), [this] { return new_writer(); }, name_ + ".reserve", readers_,
                nullptr, committed);
        const SignalsBlocked quiet;
        rounds_ = std::thread([this] { run_rounds_until_closed(); });
    }

    std::unique_ptr<Tx> open() {
        constexpr int flags = opened::to_write | opened::or_made | opened::by_one_thread;
        name_ = options_.database;
        if (name_ == ":memory:") {
            connection_name_ = "file:/coder_users_" + options_.memory_name + "?vfs=memdb";
            flags_ = flags | opened::by_uri;
            auto writer = new_writer();
            migrate(*writer, options_.test_data);
            return writer;
        }
        connection_name_ = name_ = absolute_path(name_);
        flags_ = flags | opened::through_no_link;
        const bool existed =
            take_database_file(name_, schema_version, options_.test_data, lock_) == FileState::ours;
        new_ = !existed;
        make_private(name_);
        struct stat log {};
        const bool unclean = ::stat((name_ + "-wal").c_str(), &log) == 0 && log.st_size > 0;
        auto writer = new_writer();
        writer->checkpoint_on_close(false);  // a file that is refused stays unchanged
        if (existed && unclean) check_integrity(*writer, name_);
        if (existed && options_.accept) options_.accept(*writer, name_);
        // A new file gets its schema in one transaction with a rollback journal: so its header
        // shows what it is before a write-ahead log exists.
        migrate(*writer, options_.test_data);
        writer->checkpoint_on_close(true);
        if (writer->first_text("PRAGMA journal_mode = WAL") != "wal")
            throw std::runtime_error("cannot switch to write-ahead logging");
        return writer;
    }

    // Nobody else can be using them, because the lock is held until they are gone.
    void delete_files() noexcept {
        for (const char* each : {"", "-wal", "-shm", "-journal", ".reserve", ".lock"})
            ::unlink((name_ + each).c_str());
    }

    std::unique_ptr<Tx> new_writer() {
        return std::make_unique<Tx>(connection_name_, flags_, activity_);
    }

    std::unique_ptr<Connection> new_reader() {
        auto connection = std::make_unique<Connection>(connection_name_, flags_, activity_);
        connection->run("PRAGMA query_only = ON");
        connection->run("PRAGMA wal_autocheckpoint = 0");  // only the writer checkpoints
        return connection;
    }

    template <class Fn>
    auto unless_damaged(Fn&& fn) -> decltype(fn()) {
        if (damaged_) throw Damaged(name_ + " is damaged: restore it and start again");
        try {
            return fn();
        } catch (const Damaged& error) {
            damaged_ = true;
            throw Damaged(name_ + ": " + error.what());
        }
    }

    void run_rounds_until_closed() {
        constexpr std::chrono::milliseconds gathering{500};
        std::unique_lock<std::mutex> lock(closing_mutex_);
        for (;;) {
            wait_for_round(lock);
            if (watch_.wanted() && !watch_.is_on()) {
                lock.unlock();
                watch_.begin(look_for_other_programs());
                lock.lock();
            }
            if (round_wanted_.wait_for(lock, gathering, [&] { return closing_.load(); })) break;
            lock.unlock();
            run_round();
            lock.lock();
        }
        lock.unlock();
        store_activity();
    }

    // Time for a sweep comes without anybody's doing.
    void wait_for_round(std::unique_lock<std::mutex>& lock) {
        const auto wanted = [&] {
            return closing_ || activity_.any() || watch_.wanted() || sweep_;
        };
        if (options_.retention.is_on())
            round_wanted_.wait_for(lock, std::chrono::milliseconds(500), wanted);
        else
            round_wanted_.wait(lock, wanted);
    }

    void run_round() noexcept {
        const bool looked = stored_activity() || (watch_.wanted() && look_for_other_programs());
        activity_.end_round();
        watch_.end_round(looked);
        if (options_.retention.is_on()) sweep_some();
    }

    // Begins a sweep every ten minutes. Goes on with it for a part of each round, so that activity
    // is stored in time and other changes find the writer free.
    void sweep_some() noexcept {
        constexpr std::chrono::minutes pause{10};
        constexpr std::chrono::milliseconds share{200};
        try {
            const Time now = options_.now();
            if (!sweep_ && (!swept_at_ || now < *swept_at_ || now - *swept_at_ >= pause)) {
                swept_at_ = now;
                sweep_.emplace(options_.retention, now);
            }
            const auto end = std::chrono::steady_clock::now() + share;
            while (sweep_ && !closing_ && std::chrono::steady_clock::now() < end) {
                sweep_->step([&](auto fn) { return read(fn); }, [&](auto fn) { write_surely(fn); });
                if (sweep_->done()) sweep_.reset();
            }
        } catch (const std::exception& error) {
            sweep_.reset();
            tell("old rows not removed", error.what());
        }
    }

    StoreOptions options_;
    std::string name_, connection_name_;
    int flags_ = 0;
    std::optional<OwnershipLock> lock_;
    bool new_ = false, unwanted_ = false;
    Activity activity_;
    std::mutex activity_mutex_;  // held from reading what is pending until it is marked as stored

    FairMutex memory_mutex_;
    std::atomic<bool> damaged_{false};
    ReaderPool readers_;
    KeyCache sessions_;
    Counter cache_hits_, cache_misses_;
    Watch watch_;
    std::optional<Writer> writer_;

    std::mutex closing_mutex_;
    std::condition_variable round_wanted_;
    std::atomic<bool> closing_{false};
    std::optional<Sweep> sweep_;  // used by rounds_ alone, like the next
    std::optional<Time> swept_at_;
    std::thread rounds_;
};

}}}  // namespace coder_users::v0::store
