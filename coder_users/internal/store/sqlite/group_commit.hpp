// Internal: may change at any time.
// Group commit: changes that wait at the same time share one transaction and one sync of the disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/store/errors.hpp"
#include "coder_users/internal/store/sqlite/fair_mutex.hpp"
#include "coder_users/internal/store/sqlite/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store {

template <class Error>
std::exception_ptr store_error(const char* text) noexcept {
    try {
        return std::make_exception_ptr(Error(text));
    } catch (...) {  // out of memory
        return std::current_exception();
    }
}

/// Copies the error that is being handled: several threads may be told of one failure, and each
/// needs an exception object of its own.
inline std::exception_ptr copied_store_error() noexcept {
    try {
        throw;
    } catch (const Busy& error) {
        return store_error<Busy>(error.what());
    } catch (const DiskFull& error) {
        return store_error<DiskFull>(error.what());
    } catch (const SyncFailed& error) {
        return store_error<SyncFailed>(error.what());
    } catch (const Damaged& error) {
        return store_error<Damaged>(error.what());
    } catch (const Unavailable& error) {
        return store_error<Unavailable>(error.what());
    } catch (const std::bad_alloc& error) {
        return store_error<Unavailable>(error.what());
    } catch (const std::exception& error) {
        return store_error<std::runtime_error>(error.what());
    }
}

/// Runs changes on the one writing connection; any thread may call it. The first thread to come
/// leads: it runs its own change and those of all threads that wait by then, commits once, and
/// answers all of them. Changes that come during the commit form the next group. A change that
/// comes alone costs no more than without groups.
class GroupCommit {
 public:
    using Tx = sqlite::Tx;
    using Change = std::function<void(Tx&)>;
    /// Returns the connection for the next transaction. `anew`: a sync on the previous one has
    /// failed.
    using Ready = std::function<Tx&(bool anew)>;

    /// Holds `exclusive`, unless nullptr, while a group runs; this is for databases in memory,
    /// which no other program can change. Calls `committed` with the users whose cached keys may be
    /// stale, before any caller learns of its change; it must not throw.
    GroupCommit(Ready ready, FairMutex* exclusive, std::function<void(const Concerned&)> committed)
        : ready_(std::move(ready)), exclusive_(exclusive), committed_(std::move(committed)) {
        group_.reserve(largest_group);
        kept_.reserve(largest_group);
    }

    /// Runs `change`, perhaps on another caller's thread, and returns after its COMMIT. Rethrows
    /// what `change` throws; then nothing of it is stored. Throws Busy, Unavailable or another
    /// exception of the store when the transaction fails; after Unavailable the change may be
    /// stored or not.
    void run(const Change& change) { join(change, false); }

    /// Runs `work` between two groups, outside any transaction. Rethrows what it throws.
    void run_alone(const Change& work) { join(work, true); }

    /// How long commits took, failed ones, too, and how many changes each held.
    const Latencies& commit_times() const { return commit_times_; }
    const GroupSizes& group_sizes() const { return group_sizes_; }

    /// The number of changes that wait and belong to no running group yet.
    std::size_t waiting() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return waiting_.size();
    }

 private:
    enum class State { waiting, leads, done };

    /// A change that waits; it is on the stack of its caller.
    struct Waiting {
        const Change& change;
        const bool alone;
        std::exception_ptr error = {};
        std::condition_variable decided = {};
        State state = State::waiting;
    };

    static constexpr std::size_t largest_group = 64;  // bounds how long the first of a group waits

    void join(const Change& change, bool alone) {
        Waiting self{change, alone};
        std::unique_lock<std::mutex> lock(mutex_);
        waiting_.push_back(&self);
        if (led_)
            self.decided.wait(lock, [&] { return self.state != State::waiting; });
        else
            led_ = true;
        if (self.state != State::done) lead(lock);
        lock.unlock();
        if (self.error) std::rethrow_exception(self.error);
    }

    /// Runs one group with the lock released, then makes the first waiting thread the leader.
    void lead(std::unique_lock<std::mutex>& lock) {
        lock.unlock();
        run_group();
        lock.lock();
        for (Waiting* each : group_) answer(*each, State::done);
        group_.clear();
        if (waiting_.empty())
            led_ = false;
        else
            answer(*waiting_.front(), State::leads);
    }

    // The caller holds the lock: without it the other thread could end before it is notified.
    static void answer(Waiting& who, State state) {
        who.state = state;
        who.decided.notify_one();
    }

    void run_group() noexcept {
        const auto alone =
            exclusive_ ? std::unique_lock<FairMutex>(*exclusive_) : std::unique_lock<FairMutex>();
        if (Waiting* const single = take_alone()) return run_outside(*single);
        while (Waiting* const next = take_next()) {
            if (open_ || begin(*next)) run_one(*next);
        }
        if (open_) commit();
    }

    Waiting* take_next() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (waiting_.empty() || group_.size() == largest_group || waiting_.front()->alone)
            return nullptr;
        return take_first();
    }

    /// Returns the leader if it wants to run alone; the leader is always first in line.
    Waiting* take_alone() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return waiting_.front()->alone ? take_first() : nullptr;
    }

    Waiting* take_first() {
        group_.push_back(waiting_.front());
        waiting_.pop_front();
        return group_.back();
    }

    void run_outside(Waiting& single) {
        try {
            tx_ = &ready_(sync_failed_);
            sync_failed_ = false;
            // When SQLite runs out of memory it may leave a snapshot open outside any transaction;
            // this ends that, too.
            if (!tx_->in_transaction()) tx_->execute("BEGIN");
            tx_->execute("ROLLBACK");
            single.change(*tx_);
        } catch (...) {
            single.error = std::current_exception();
        }
        committed_({true});
    }

    /// Returns false after failing all waiting changes, since each would wait for the same time-out
    /// in turn.
    bool begin(Waiting& first) {
        try {
            tx_ = &ready_(sync_failed_);
            sync_failed_ = false;
            if (tx_->in_transaction())
                tx_->execute("ROLLBACK");  // its rollback failed for lack of memory
            tx_->execute("BEGIN IMMEDIATE");
            if (!exclusive_ && tx_->changed_by_others()) committed_({true});
            open_ = true;
        } catch (const std::exception&) {
            first.error = copied_store_error();
            while (Waiting* const next = take_next()) next->error = copied_store_error();
        }
        return open_;
    }

    /// The first change of a transaction needs no savepoint: when it fails, nothing else is lost.
    void run_one(Waiting& one) {
        const bool nested = !kept_.empty();
        try {
            if (nested) tx_->execute("SAVEPOINT one");
            tx_->run_inside(one.change);
            if (nested) tx_->execute("RELEASE one");
            kept_.push_back(&one);
        } catch (const DiskFull&) {
            one.error = std::current_exception();
            undo<DiskFull>(nested);
        } catch (...) {
            one.error = std::current_exception();
            sync_failed_ = sync_failed_ || is_failed_sync();
            undo<Unavailable>(nested);
        }
    }

    /// Whether the exception that is being handled is a failed sync.
    static bool is_failed_sync() noexcept {
        try {
            throw;
        } catch (const SyncFailed&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    /// Undoes the failed change. Undoes all changes of the group when SQLite has already rolled
    /// back the whole transaction, as it does on a full or failing disk, or when the savepoint
    /// cannot be restored.
    template <class Error>
    void undo(bool nested) {
        try {
            if (nested && tx_->in_transaction()) {
                tx_->execute("ROLLBACK TO one");
                tx_->execute("RELEASE one");
                return;
            }
        } catch (const std::exception&) {
        }
        roll_back();
        for (Waiting* each : kept_)
            each->error = store_error<Error>("rolled back with another change of the transaction");
        kept_.clear();
    }

    void commit() {
        const auto begun = std::chrono::steady_clock::now();
        group_sizes_.add(static_cast<std::int64_t>(kept_.size()));
        try {
            tx_->execute("COMMIT");
            note_commit_since(begun);
            open_ = false;
            committed_(tx_->take_concerned());
        } catch (const std::exception&) {
            note_commit_since(begun);
            sync_failed_ = is_failed_sync();
            for (Waiting* each : kept_) each->error = copied_store_error();
            roll_back();
            committed_({true});  // the commit may have succeeded or not
        }
        kept_.clear();
    }

    void note_commit_since(std::chrono::steady_clock::time_point begun) noexcept {
        const auto took = std::chrono::steady_clock::now() - begun;
        commit_times_.add(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
    }

    void roll_back() {
        open_ = false;
        if (tx_) tx_->take_concerned();
        try {
            if (tx_->in_transaction()) tx_->execute("ROLLBACK");
        } catch (const std::exception&) {
            // out of memory: the next group tries again before it begins
        }
    }

    const Ready ready_;
    FairMutex* const exclusive_;
    const std::function<void(const Concerned&)> committed_;

    Latencies commit_times_;
    GroupSizes group_sizes_;

    mutable std::mutex mutex_;
    std::deque<Waiting*> waiting_;
    bool led_ = false;

    // Only the leader uses these.
    Tx* tx_ = nullptr;
    bool sync_failed_ = false;
    std::vector<Waiting*> group_;
    std::vector<Waiting*> kept_;  ///< changes in the open transaction
    bool open_ = false;
};

}}}  // namespace coder_users::v0::store
