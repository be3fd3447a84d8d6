// Internal: may change at any time.
// The store: an engine, what was not stored yet, and a thread that stores it in batches and removes
// old rows.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/commit_fault.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/engine.hpp"
#include "coder_users/internal/store/long_reading.hpp"
#include "coder_users/internal/store/need.hpp"
#include "coder_users/internal/store/store_options.hpp"
#include "coder_users/internal/store/sweeper.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Owns the database while it lives. Any thread may call any member function, but a function that
/// read() or write() runs must not call either of them again.
class Store {
 public:
    /// Opens the database, or creates it; brings an older one to the current schema. Throws
    /// std::runtime_error that names the database and the cause. Whoever makes a store includes
    /// store/open_engine.hpp.
    inline explicit Store(StoreOptions options);

    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    /// Stores pending activity.
    ~Store() {
        {
            const std::lock_guard<std::mutex> lock(closing_mutex_);
            closing_ = true;
        }
        round_wanted_.notify_one();
        rounds_.join();
    }

    /// Whether this opening has made the database.
    bool is_new() const { return engine_->is_new(); }
    /// Lets a database that is_new() go at the end, because what it was made for has failed.
    void discard() { engine_->discard(); }

    /// Leaves what a fork() of the owning process has, too, to that process.
    void let_go() noexcept { engine_->let_go(); }

    bool in_memory() const { return engine_->in_memory(); }
    /// Whether several servers may use the database at the same time.
    bool shared() const { return engine_->shared(); }
    /// Throws Busy or Unavailable unless the database answers and takes changes.
    void require_ready() { engine_->require_ready(); }
    /// The absolute path, ":memory:", or an address without secrets.
    const std::string& name() const { return engine_->name(); }

    /// Notes a use of a key: every read shows it from now on, and it is stored within a second.
    void note_use(const ApiKey& key, Time last_used, Time expires_at, Time now) {
        activity_.note(key.id, {last_used, expires_at, key.expires_at}, key.user_id, now);
        wake();
    }

    /// Runs `fn(Connection&)` on one consistent state. Throws Damaged once damage was noticed.
    template <class Fn>
    auto read(Fn&& fn) {
        return result_of<Connection&>(fn, [&](const auto& run) { engine_->read(run); });
    }

    /// Keeps one consistent state open for as long as the caller wants. Throws Busy when there are
    /// too many long readings or a slow one. The reading may outlive the store, which ends it.
    LongReading begin_long_reading() {
        store_activity();  // pending uses would be dropped from memory before a long reading ends
        return engine_->begin_long_reading();
    }
    /// Runs `fn` as LongReading::use() does.
    template <class Fn>
    auto read(LongReading& reading, Fn&& fn) {
        return result_of<Connection&, std::optional<Query>&>(
            fn, [&](const auto& run) { engine_->read(reading, run); });
    }

    /// Returns what api_keys::read_checked_key() reads, as it is now; nullptr for an unknown key.
    /// Recent uses of the key may be missing; identity_of() adds them.
    Engine::CheckedKey find_checked_key(std::string_view key_id) {
        return engine_->find_checked_key(key_id);
    }
    Shared<SharedIdentity> identity_of(const Engine::CheckedKey& session) const {
        return activity_.laid_over(part_of(session, session->identity));
    }

    /// The same as api_keys::find_checked_key() reads in a change, whose transaction is `tx`;
    /// nullptr for an unknown id.
    Shared<SharedIdentity> identity_in(Tx& tx, std::string_view key_id) {
        if (const auto kept = engine_->find_kept_key(tx, key_id)) return identity_of(kept);
        auto found = api_keys::find_checked_key(tx, key_id);
        if (!found) return nullptr;
        return std::make_shared<const SharedIdentity>(std::move(found->identity));
    }

    /// Runs `fn(Tx&)` in a writing transaction and returns after its COMMIT. Changes that wait at
    /// the same time may share one transaction, each in a savepoint, so `fn` may run on another
    /// caller's thread while this one waits. It may run more than once, as that of an essential
    /// change does on a full disk: an earlier run is rolled back. When `fn` throws, nothing of it
    /// is stored, other changes go on, and the exception is rethrown. Throws Busy, Unavailable or
    /// Duplicate when the store fails; after Unavailable the change may be stored or not.
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
                if (options_.repeat_changes) tx.run_and_undo([&] { fn(tx); });
                return fn(tx);
            },
            need);
    }

    /// Like write(), for what no operation asked for: no test lets it fail or runs it twice.
    template <class Fn>
    auto write_aside(Fn&& fn) {
        return write_surely(fn);
    }

    /// Returns the whole present database, pending activity included, as the bytes of a file.
    /// Throws std::runtime_error where databases are no files.
    std::string image() {
        store_activity();
        return engine_->image();
    }

    /// Replaces the whole database by what image() returned, and forgets all cached and pending
    /// data. Throws std::invalid_argument for bytes that are no such database.
    void replace_everything(const std::string& image) {
        const std::lock_guard<std::mutex> no_activity(activity_mutex_);
        const auto replaced = [&] { activity_.clear(); };
        engine_->replace_everything(image, replaced);
    }

    /// How many changes wait for their transaction to begin.
    std::size_t waiting_writes() const { return engine_->waiting_writes(); }

    /// Commits: how long they took, in microseconds, and how many changes each held.
    const Latencies& commit_times() const { return engine_->commit_times(); }
    const GroupSizes& group_sizes() const { return engine_->group_sizes(); }
    /// How often find_checked_key() found the key in the cache, and how often it did not.
    std::uint64_t cache_hits() const { return engine_->cache_hits(); }
    std::uint64_t cache_misses() const { return engine_->cache_misses(); }
    /// The size of the log in bytes.
    std::int64_t log_size() const { return engine_->log_size(); }

    /// How many users have been seen since their rows were last written.
    std::size_t seen_count() const { return activity_.seen().size(); }

    /// Stores pending activity now, for reads that use only rows. Reports a failure to
    /// on_failed_round and keeps what is pending.
    void store_activity() noexcept { stored_activity(); }

 private:
    // Writes without asking fail_write, which is for the changes of operations only.
    template <class Fn>
    auto write_surely(Fn&& fn, Need need = Need::ordinary) {
        return result_of<Tx&>(fn, [&](const auto& run) { engine_->write(run, need); });
    }

    // Lets `call` run `fn` for the engine, which knows nothing of what it returns.
    template <class... Arguments, class Fn, class Call>
    static auto result_of(Fn& fn, Call&& call)
        -> std::decay_t<decltype(fn(std::declval<Arguments>()...))> {
        using Result = std::decay_t<decltype(fn(std::declval<Arguments>()...))>;
        if constexpr (std::is_void_v<Result>) {
            call([&](Arguments... arguments) { fn(arguments...); });
        } else {
            std::optional<Result> result;
            call([&](Arguments... arguments) { result.emplace(fn(arguments...)); });
            return std::move(*result);
        }
    }

    // Returns whether there was any and it is stored.
    bool stored_activity() noexcept {
        try {
            if (engine_->damaged()) return false;  // it was reported when it was found
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

    void begin_rounds() {
        try {
            const SignalsBlocked quiet;
            rounds_ = std::thread([this] { run_rounds_until_closed(); });
        } catch (const std::exception& error) {
            discard();
            throw std::runtime_error("cannot open " + name() + ": " + error.what());
        }
    }

    void run_rounds_until_closed() {
        constexpr std::chrono::milliseconds gathering{500};
        std::unique_lock<std::mutex> lock(closing_mutex_);
        for (;;) {
            wait_for_round(lock);
            lock.unlock();
            engine_->begin_round();
            lock.lock();
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
            return closing_ || activity_.any() || engine_->wants_round() || sweeper_.under_way();
        };
        if (sweeper_.is_on())
            round_wanted_.wait_for(lock, std::chrono::milliseconds(500), wanted);
        else
            round_wanted_.wait(lock, wanted);
    }

    void run_round() noexcept {
        const bool wrote = stored_activity();
        activity_.end_round();
        engine_->end_round(wrote);
        if (sweeper_.is_on()) sweep_some();
    }

    void sweep_some() noexcept {
        try {
            sweeper_.run_some(closing_);
        } catch (const std::exception& error) {
            tell("old rows not removed", error.what());
        }
    }

    const StoreOptions options_;
    Activity activity_;
    std::mutex activity_mutex_;  // held from reading what is pending until it is marked as stored

    std::mutex closing_mutex_;
    std::condition_variable round_wanted_;
    std::atomic<bool> closing_{false};
    const std::unique_ptr<Engine> engine_;
    Sweeper sweeper_{options_, *engine_};  // used by rounds_ alone
    std::thread rounds_;
};

}}}  // namespace coder_users::v0::store
