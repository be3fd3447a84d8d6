// Group commit: changes that wait at the same time share one transaction and one sync of the disk.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "coder_users/store/errors.hpp"
#include "coder_users/store/fair_mutex.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store {

template <class Error>
std::exception_ptr store_error(const char* text) noexcept {
    try {
        return std::make_exception_ptr(Error(text));
    } catch (...) {  // out of memory
        return std::current_exception();
    }
}

/// The error that is being handled, as an object of its own: several threads may be told of one
/// failure, and a thrown object belongs to one of them.
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

/// Runs changes on the one writing connection, from any thread at once. The first thread to come
/// leads: it runs its own change and those of all who wait by then, commits once, and answers all.
/// Who comes during the commit is the next group. A change that comes alone costs what it would
/// cost without any group.
class GroupCommit {
 public:
    using Change = std::function<void(Tx&)>;
    /// The connection for the next transaction; `anew`: a sync has failed on the one before.
    using Ready = std::function<Tx&(bool anew)>;

    /// `exclusive`, if any, is held while a group runs.
    /// `committed` is told whose sessions may have changed, before anybody hears of a change; it
    /// must not throw.
    GroupCommit(Ready ready, FairMutex* exclusive, std::function<void(const Concerned&)> committed)
        : ready_(std::move(ready)), exclusive_(exclusive), committed_(std::move(committed)) {
        group_.reserve(largest_group);
        kept_.reserve(largest_group);
    }

    /// Runs `change`, maybe on another thread, and returns after its COMMIT. What it throws goes
    /// through, and nothing of it stays. Busy, Unavailable or another exception of the store when
    /// the transaction fails; after Unavailable the change may be there or not.
    void run(const Change& change) { join(change, false); }

    /// Runs `work` between two groups, in no transaction. What it throws goes through.
    void run_alone(const Change& work) { join(work, true); }

    /// How many changes wait for a group that has not begun.
    std::size_t waiting() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return waiting_.size();
    }

 private:
    enum class State { waiting, leads, done };

    /// On the stack of the thread that wants it.
    struct Waiting {
        const Change& change;
        const bool alone;
        std::exception_ptr error = {};
        std::condition_variable decided = {};
        State state = State::waiting;
    };

    static constexpr std::size_t largest_group = 64;  // nobody waits for more than this

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

    /// One group, with the lock given away meanwhile; then the next in line leads.
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

    // Under the lock: without it the other thread could be gone before it is notified.
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

    /// The leader, if it wants to be alone: it is always the first in line.
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
            // Out of memory SQLite may leave a snapshot open in no transaction: this ends it, too.
            if (!tx_->in_transaction()) tx_->execute("BEGIN");
            tx_->execute("ROLLBACK");
            single.change(*tx_);
        } catch (...) {
            single.error = std::current_exception();
        }
        committed_({true});
    }

    /// False: all who wait have been told why. One after the other they would wait for the same
    /// time-out again.
    bool begin(Waiting& first) {
        try {
            tx_ = &ready_(sync_failed_);
            sync_failed_ = false;
            if (tx_->in_transaction())
                tx_->execute("ROLLBACK");  // one that failed for want of memory
            tx_->execute("BEGIN IMMEDIATE");
            open_ = true;
        } catch (const std::exception&) {
            first.error = copied_store_error();
            while (Waiting* const next = take_next()) next->error = copied_store_error();
        }
        return open_;
    }

    /// The first change of a transaction needs no savepoint: without it there is nothing to keep.
    void run_one(Waiting& one) {
        const bool nested = !kept_.empty();
        try {
            if (nested) tx_->execute("SAVEPOINT one");
            one.change(*tx_);
            if (!tx_->in_transaction()) throw Unavailable("the transaction was rolled back");
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

    /// Of the exception that is being handled.
    static bool is_failed_sync() noexcept {
        try {
            throw;
        } catch (const SyncFailed&) {
            return true;
        } catch (...) {
            return false;
        }
    }

    /// Takes back the change that failed, and all before it when SQLite has done so or nothing less
    /// works: on a full or failing disk it rolls the whole transaction back by itself.
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
        try {
            tx_->execute("COMMIT");
            open_ = false;
            committed_(tx_->take_concerned());
        } catch (const std::exception&) {
            sync_failed_ = is_failed_sync();
            for (Waiting* each : kept_) each->error = copied_store_error();
            roll_back();
            committed_({true});  // who knows
        }
        kept_.clear();
    }

    void roll_back() {
        open_ = false;
        if (tx_) tx_->take_concerned();
        try {
            if (tx_->in_transaction()) tx_->execute("ROLLBACK");
        } catch (const std::exception&) {
            // for want of memory: the next group tries again before it begins
        }
    }

    const Ready ready_;
    FairMutex* const exclusive_;
    const std::function<void(const Concerned&)> committed_;

    mutable std::mutex mutex_;
    std::deque<Waiting*> waiting_;
    bool led_ = false;

    // Of the leader alone.
    Tx* tx_ = nullptr;
    bool sync_failed_ = false;
    std::vector<Waiting*> group_;
    std::vector<Waiting*> kept_;  ///< whose change is in the open transaction
    bool open_ = false;
};

}}}  // namespace coder_users::v0::store
