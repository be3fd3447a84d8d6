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
    using Connect = std::function<std::unique_ptr<Session>()>;

    /// `connect` makes a session; `deadline` is how long a caller waits for one that is lent.
    Pool(std::size_t most, std::chrono::milliseconds deadline, Connect connect)
        : most_(most), deadline_(deadline), connect_(std::move(connect)) {
        idle_.reserve(most);  // so that give_back() does not allocate
        all_.reserve(most);
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// Returns a session. Throws Busy when all stay lent until the deadline, and Unavailable when
    /// none can be made. `anew`: whether it is to be made for this call, and whether it was.
    std::unique_ptr<Session> borrow(bool& anew) {
        std::unique_lock<std::mutex> lock(mutex_);
        refuse_while_silent();
        take_turn(lock);
        while (!anew && !idle_.empty()) {
            auto session = std::move(idle_.back());
            idle_.pop_back();
            if (session->is_quiet()) return session;
            drop(lock, std::move(session));
        }
        lock.unlock();
        anew = true;
        try {
            auto session = connect_();
            lock.lock();
            all_.push_back(session.get());
            return session;
        } catch (const TooSlow&) {
            lock.lock();
            note_silence();
            pass_turn();
            throw;
        } catch (...) {
            if (!lock.owns_lock()) lock.lock();
            silent_ = probing_ = false;
            pass_turn();
            throw;
        }
    }

    /// Takes a session back. One that is lost, or that is in a transaction, is closed; when one is
    /// lost, those that wait for work are closed, too, since they were likely made with it.
    void give_back(std::unique_ptr<Session> session) noexcept {
        const auto now = Session::Clock::now();
        const std::lock_guard<std::mutex> lock(mutex_);
        if (session->is_slow())
            note_silence();
        else
            silent_ = probing_ = false;
        if (session->is_lost()) close_idle();
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
    static constexpr Session::Milliseconds between_probes{1'000};

    /// A caller that waits; it is on the stack of its thread.
    struct Waiting {
        std::condition_variable called = {};
        bool has_turn = false;
    };

    void take_turn(std::unique_lock<std::mutex>& lock) {
        if (lent_ < most_) {
            ++lent_;
            return;
        }
        Waiting self;
        waiting_.push_back(&self);
        self.called.wait_until(lock, Session::Clock::now() + deadline_,
                               [&] { return self.has_turn; });
        if (self.has_turn) return;
        waiting_.erase(std::find(waiting_.begin(), waiting_.end(), &self));
        probing_ = false;
        throw Busy("all connections to the database are in use");
    }

    // When the server does not answer, one caller tries whether it does again, and the others are
    // told at once: otherwise all threads would wait for it, and nothing else would be answered.
    void refuse_while_silent() {
        if (!silent_) return;
        if (probing_ || Session::Clock::now() < probe_at_)
            throw Busy("the database does not answer");
        probing_ = true;
    }
    void note_silence() {
        probe_at_ = Session::Clock::now() + (silent_ ? between_probes : Session::Milliseconds(0));
        silent_ = true;
        probing_ = false;
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
    const std::chrono::milliseconds deadline_;
    const Connect connect_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Session>> idle_;  // the one that was used last is the last
    std::vector<const Session*> all_;
    std::deque<Waiting*> waiting_;
    std::size_t lent_ = 0;
    bool silent_ = false, probing_ = false;
    Session::Clock::time_point probe_at_ = {};
};

/// A session on loan.
class Lease {
 public:
    explicit Lease(Pool& pool, bool anew = false)
        : pool_(&pool), is_new_(anew), session_(pool.borrow(is_new_)) {}
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
