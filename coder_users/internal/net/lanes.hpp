// Internal: may change at any time.
// A lane: a bounded pool of threads with a bounded queue; other threads may take turns in it, too.
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

#include "coder_users/internal/base/signals.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// Runs at most `width` pieces of work at once, in the order in which they came. That counts jobs
/// on the pool's threads and calls of run_here() together; at most `waiting` more may wait. Threads
/// are made when needed and end after they had nothing to do for `idle`. Any thread may call any
/// member function, but work of the pool must not call stop() or the destructor.
class LanePool {
 public:
    LanePool(std::size_t width, std::size_t waiting,
             std::chrono::milliseconds idle = std::chrono::seconds(3))
        : width_((std::max)(width, std::size_t{1})), waiting_(waiting), idle_time_(idle) {}
    ~LanePool() { stop(); }
    LanePool(const LanePool&) = delete;
    LanePool& operator=(const LanePool&) = delete;

    /// Queues a job, which must not throw. Returns false when the lane is full or stopped, or the
    /// system is short of memory or threads. Every queued job is run, even after stop(): a job that
    /// should not work then has to check for itself.
    bool try_submit(std::function<void()> job) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (stopping_ || full() || !enqueue({std::move(job), nullptr})) return false;
        if (start_waiting() || !threads_.empty()) return true;
        queue_.pop_back();  // there is no thread and none can be made
        return false;
    }

    /// Waits for its turn and runs `work()` on the caller's thread; rethrows what it throws.
    /// Returns false, without running it, when the lane is full or is stopped while it waits. Work
    /// of the pool must not call this on its own pool.
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

    /// Accepts no more work, turns away waiting callers of run_here(), and returns when all other
    /// work has ended. May be called repeatedly.
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

    /// The number of threads at present.
    std::size_t threads() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return threads_.size();
    }

    /// How many jobs and callers wait for their turn.
    std::size_t waiting() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return queue_.size();
    }

 private:
    using Handle = std::list<std::thread>::iterator;

    /// A caller of run_here() who waits for its turn.
    struct Turn {
        std::condition_variable decided;
        bool granted = false, refused = false;
    };
    struct Waiting {
        std::function<void()> job;  ///< empty for a caller of run_here()
        Turn* turn;
    };

    // Call all private functions except work(), enter() and leave() with the mutex held.

    bool enqueue(Waiting waiting) noexcept {
        try {
            queue_.push_back(std::move(waiting));
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    bool full() const { return running_ >= width_ && queue_.size() >= waiting_; }

    /// Gives free places to waiting work. Returns false when it needs a thread that cannot be made.
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
            mine.clear();  // destroy what the job holds before another takes its place
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
    std::list<Waiting> ready_;  ///< jobs whose turn has come, until a thread takes them
    std::size_t running_ = 0;   ///< jobs and callers whose turn it is
    std::size_t idle_ = 0;      ///< threads without a job
    std::size_t callers_ = 0;   ///< callers in run_here(), waiting or running
    bool stopping_ = false;
    std::list<std::thread> threads_;
    std::list<std::thread> retired_;  ///< threads that end; the next one to end joins them
};

}}}  // namespace coder_users::v0::net
