// Internal: may change at any time.
// Pool: a bounded number of sessions, lent in the order in which they are asked for.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "coder_users/internal/store/postgres/session.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// Any thread may use it. All sessions must be given back before the pool ends.
class Pool {
 public:
    using End = Session::Clock::time_point;
    using Connect = std::function<std::unique_ptr<Session>(End end)>;

    /// `connect` makes a session.
    Pool(std::size_t most, Connect connect) : most_(most), connect_(std::move(connect)) {
        idle_.reserve(most);  // so that give_back() does not allocate
        all_.reserve(most);
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Returns a session whose exchanges are over at `end`. Throws Busy when all stay lent until
    /// then, and Unavailable when none can be made. `anew`: whether it is to be made for this call,
    /// and whether it was. While the server stands still one caller at a time waits for it, and the
    /// others are told at once.
    std::unique_ptr<Session> borrow(bool& anew, End end) {
        std::unique_lock<std::mutex> lock(mutex_);
        refuse_while_stalled();
        take_turn(lock, end);
        if (stalled_) {
            if (trying_) pass_turn();
            refuse_while_stalled();
            trying_ = anew = true;
        }
        while (!anew && !idle_.empty()) {
            auto session = std::move(idle_.back());
            idle_.pop_back();
            if (session->is_quiet()) {
                session->set_end(end);
                return session;
            }
            drop(lock, std::move(session));
        }
        lock.unlock();
        anew = true;
        try {
            auto session = connect_(end);
            lock.lock();
            stalled_ = trying_ = false;
            all_.push_back(session.get());
            return session;
        } catch (const Stalled&) {
            lock.lock();
            stalled_ = true;
            stop_trying();
            throw;
        } catch (...) {
            if (!lock.owns_lock()) lock.lock();
            stop_trying();
            throw;
        }
    }

    /// Takes a session back. One that is lost, or that is in a transaction, is closed; when one is
    /// lost, those that wait for work are closed, too, since they were likely made with it.
    void give_back(std::unique_ptr<Session> session) noexcept {
        const auto now = Session::Clock::now();
        const std::lock_guard<std::mutex> lock(mutex_);
        if (session->is_lost()) close_idle();
        if (session->is_stalled()) stalled_ = true;
        if (session->is_lost() || session->in_transaction()) {
            forget(session.get());
            session.reset();
        } else {
            session->idle_since = now;
            idle_.push_back(std::move(session));
            while (now - idle_.front()->idle_since > longest_idle) {
                forget(idle_.front().get());
                idle_.erase(idle_.begin());
            }
        }
        pass_turn();
    }

    /// How many callers wait for a session.
    std::size_t waiting() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return waiting_.size();
    }

    /// Leaves the sessions to the process that this one is a copy of. Another thread of that
    /// process may hold the lock for ever in this one; then they stay open.
    void let_go() noexcept {
        const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
        if (!lock) return;
        for (const Session* each : all_) each->let_go();
    }

 private:
    static constexpr std::chrono::minutes longest_idle{5};

    /// A caller that waits; it is on the stack of its thread.
    struct Waiting {
        std::condition_variable called = {};
        bool has_turn = false;
    };

    void refuse_while_stalled() const {
        if (stalled_ && trying_) throw Busy("the database does not answer");
    }
    void stop_trying() {
        trying_ = false;
        pass_turn();
    }

    void take_turn(std::unique_lock<std::mutex>& lock, End end) {
        if (lent_ < most_) {
            ++lent_;
            return;
        }
        Waiting self;
        waiting_.push_back(&self);
        self.called.wait_until(lock, end, [&] { return self.has_turn; });
        if (self.has_turn) return;
        waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &self));
        throw Busy("all connections to the database are in use");
    }

    // The turn of a caller goes to the one that has waited longest.
    void pass_turn() {
        if (waiting_.empty()) {
            --lent_;
            return;
        }
        Waiting* const next = waiting_.front();
        waiting_.pop_front();
        next->has_turn = true;
        next->called.notify_one();
    }

    void close_idle() noexcept {
        for (const auto& each : idle_) forget(each.get());
        idle_.clear();
    }
    void forget(const Session* session) noexcept {
        all_.erase(std::remove(all_.begin(), all_.end(), session), all_.end());
    }
    void drop(std::unique_lock<std::mutex>& lock, std::unique_ptr<Session> session) {
        forget(session.get());
        lock.unlock();
        session.reset();
        lock.lock();
    }

    const std::size_t most_;
    const Connect connect_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Session>> idle_;  // the one that was used last is the last
    std::vector<const Session*> all_;
    std::deque<Waiting*> waiting_;
    std::size_t lent_ = 0;
    bool stalled_ = false;  // no answer came in time, and no session could be made since
    bool trying_ = false;   // a caller finds out whether one can be made
};

/// A session on loan.
class Lease {
 public:
    Lease(Pool& pool, Pool::End end, bool anew = false)
        : pool_(&pool), is_new_(anew), session_(pool.borrow(is_new_, end)) {}
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
        if (session_) pool_->give_back(std::move(session_));
    }

    Session& session() const { return *session_; }
    bool is_new() const { return is_new_; }

 private:
    Pool* pool_;
    bool is_new_;
    std::unique_ptr<Session> session_;
};

}}}}  // namespace coder_users::v0::store::postgres
