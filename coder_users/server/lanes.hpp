// A lane: a bounded pool of threads with a bounded queue, which callers on threads of their own
// can join as well.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "coder_users/base/signals.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// At most `width` pieces of work run at once, those on the pool's threads and those of run_here()
/// together, in the order in which they came; at most `waiting` more wait. Threads are made on
/// demand and end when they had nothing to do for `idle`. All member functions may be called from
/// any thread at once, stop() and the destructor not by work of the pool itself.
class LanePool {
 public:
    LanePool(std::size_t width, std::size_t waiting,
             std::chrono::milliseconds idle = std::chrono::seconds(3))
        : width_((std::max)(width, std::size_t{1})), waiting_(waiting), idle_time_(idle) {}
    ~LanePool() { stop(); }
    LanePool(const LanePool&) = delete;
    LanePool& operator=(const LanePool&) = delete;

    /// Takes a job, which must not throw; false when the lane is full or stopped, or the system
    /// short of memory or threads. Every job that was taken is run, those that stop() finds
    /// waiting too: a job that should not do its work then has to see for itself.
    bool try_submit(std::function<void()> job) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopping_ || full() || !enqueue({std::move(job), nullptr})) return false;
        if (start_waiting() || !threads_.empty()) return true;
        queue_.pop_back();  // no thread there and none to be had
        return false;
    }

    /// Waits for its turn and runs `work()` on the caller's thread; what it throws goes through.
    /// False when the lane is full, or is stopped meanwhile: `work` has not run then. Work of the
    /// pool must not call this on its own pool.
    template <class Work>
    bool run_here(Work&& work) {
        if (!enter()) return false;
        struct Leave {
            LanePool& pool;
            ~Leave() { pool.leave(); }
        } leave_at_end{*this};
        std::forward<Work>(work)();
        return true;
    }

    /// Takes nothing more, turns waiting callers of run_here() away and returns when all work has
    /// ended. Any number of times.
    void stop() {
        std::unique_lock<std::mutex> lock(mutex_);
        stopping_ = true;
        turn_callers_away();
        start_waiting();
        wake_.notify_all();
        ended_.wait(lock, [this] { return threads_.empty() && callers_ == 0; });
        std::list<std::thread> retired;
        retired.swap(retired_);
        lock.unlock();
        for (std::thread& thread : retired) thread.join();
    }

    /// How many threads there are now.
    std::size_t threads() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return threads_.size();
    }

    /// How much work waits for a place.
    std::size_t waiting() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return queue_.size();
    }

 private:
    using Handle = std::list<std::thread>::iterator;

    /// A caller of run_here() that waits.
    struct Turn {
        std::condition_variable decided;
        bool granted = false, refused = false;
    };
    struct Waiting {
        std::function<void()> job;  ///< empty: it is a caller's turn
        Turn* turn;
    };

    // All private functions but work(), enter() and leave() are called with the mutex held.

    bool enqueue(Waiting waiting) noexcept {
        try {
            queue_.push_back(std::move(waiting));
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    bool full() const { return running_ >= width_ && queue_.size() >= waiting_; }

    /// Gives free places to those who wait. False when that needs a thread that cannot be made.
    bool start_waiting() {
        while (running_ < width_ && !queue_.empty()) {
            if (Turn* const turn = queue_.front().turn) {
                turn->granted = true;
                turn->decided.notify_one();
                queue_.pop_front();
            } else {
                if (idle_ == ready_.size() && !add_thread()) return false;
                ready_.splice(ready_.end(), queue_, queue_.begin());
                wake_.notify_one();
            }
            ++running_;
        }
        return true;
    }

    bool add_thread() {
        const SignalsBlocked quiet;
        const std::size_t before = threads_.size();
        try {
            const Handle self = threads_.emplace(threads_.end());
            *self = std::thread([this, self] { work(self); });
        } catch (const std::exception&) {
            threads_.resize(before);
            return false;
        }
        ++idle_;
        return true;
    }

    void work(Handle self) {
        std::unique_lock<std::mutex> lock(mutex_);
        const auto due = [this] { return !ready_.empty() || (stopping_ && queue_.empty()); };
        while (wake_.wait_for(lock, idle_time_, due) && !ready_.empty()) {
            std::list<Waiting> mine;
            mine.splice(mine.end(), ready_, ready_.begin());
            --idle_;
            lock.unlock();
            mine.front().job();
            mine.clear();  // what the job holds goes before its place is given away
            lock.lock();
            ++idle_;
            --running_;
            start_waiting();
            if (stopping_) wake_.notify_all();
        }
        --idle_;
        std::list<std::thread> retired;
        retired.swap(retired_);
        retired_.splice(retired_.end(), threads_, self);
        if (threads_.empty()) ended_.notify_all();
        lock.unlock();
        for (std::thread& thread : retired) thread.join();
    }

    bool enter() {
        std::unique_lock<std::mutex> lock(mutex_);
        Turn turn;
        if (stopping_ || full() || !enqueue({nullptr, &turn})) return false;
        ++callers_;
        start_waiting();
        turn.decided.wait(lock, [&turn] { return turn.granted || turn.refused; });
        if (turn.refused) caller_left();
        return turn.granted;
    }

    void leave() {
        const std::lock_guard<std::mutex> lock(mutex_);
        --running_;
        start_waiting();
        caller_left();
    }

    void caller_left() {
        if (--callers_ == 0) ended_.notify_all();
    }

    void turn_callers_away() {
        queue_.remove_if([](const Waiting& waiting) {
            if (!waiting.turn) return false;
            waiting.turn->refused = true;
            waiting.turn->decided.notify_one();
            return true;
        });
    }

    const std::size_t width_, waiting_;
    const std::chrono::milliseconds idle_time_;

    mutable std::mutex mutex_;  // guards everything below
    std::condition_variable wake_, ended_;
    std::list<Waiting> queue_;
    std::list<Waiting> ready_;  ///< jobs that have a place and wait for a thread to wake up
    std::size_t running_ = 0;   ///< places taken
    std::size_t idle_ = 0;      ///< threads without a job
    std::size_t callers_ = 0;   ///< inside run_here()
    bool stopping_ = false;
    std::list<std::thread> threads_;
    std::list<std::thread> retired_;  ///< about to end; joined by the next one that does
};

}}}  // namespace coder_users::v0::server
