// Internal: may change at any time.
// A lane: a bounded pool of threads with a bounded queue, of which nobody gets more than a share;
// other threads may take turns in it, too.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/base/signals.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// Runs at most `width` pieces of work at once. That counts jobs on the pool's threads and calls of
/// run_here() together; at most `waiting` more may wait, each for `longest_wait`. All work has a
/// holder, such as the client who asked for it. A holder has at most a quarter of the width and a
/// quarter of the queue, but never less than one place of each; work of the holder "" has no such
/// bound. Work begins in the order in which it came, except that it does not wait for work of
/// others whose holder has its share. Threads are made when needed and end after they had nothing
/// to do for `idle`. Any thread may call any member function, but work of the pool must not call
/// stop() or the destructor.
class LanePool {
 public:
    /// Gets false when it has waited too long: it should say so, and do nothing else.
    using Job = std::function<void(bool in_time)>;

    LanePool(std::size_t width, std::size_t waiting,
             std::chrono::milliseconds longest_wait = std::chrono::hours(1),
             std::chrono::milliseconds idle = std::chrono::seconds(3))
        : width_((std::max)(width, std::size_t{1})),
          waiting_(waiting),
          longest_wait_((std::min)(longest_wait, longest_possible)),
          idle_time_(idle) {}
    ~LanePool() { stop(); }
    LanePool(const LanePool&) = delete;
    LanePool& operator=(const LanePool&) = delete;

    /// Queues a job, which must not throw. Returns false when the lane is full or stopped, its
    /// holder has its share, or the system is short of memory or threads. Every queued job is run,
    /// even after stop(): a job that should not work then has to check for itself.
    bool try_submit(Job job, const std::string& holder = {}) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto now = Clock::now();
        if (!enqueue(std::move(job), nullptr, holder, now)) return false;
        if (start_waiting(now) || !threads_.empty()) return true;
        take_out(std::prev(queue_.end()));  // there is no thread and none can be made
        return false;
    }

    /// Waits for its turn and runs `work()` on the caller's thread; rethrows what it throws.
    /// Returns false, without running it, when the lane is full or its holder has its share, when
    /// it has waited too long, or the lane is stopped while it waits. Work of the pool must not
    /// call this on its own pool.
    template <class Work>
    bool run_here(Work&& work, const std::string& holder = {}) {
        Turn turn;
        if (!enter(turn, holder)) return false;
        struct Leave {
            LanePool& pool;
            const Turn& turn;
            ~Leave() { pool.leave(turn); }
        } leave_at_end{*this, turn};
        std::forward<Work>(work)();
        return true;
    }

    /// Runs the jobs that have waited too long, which tells them so, on the caller's thread: when
    /// the lane's own threads are stuck, nobody else would.
    void end_overdue() {
        std::list<Waiting> overdue;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            const auto now = Clock::now();
            for (auto at = queue_.begin(); at != queue_.end() && is_overdue(*at, now);) {
                const auto each = at++;
                if (each->turn) continue;  // its thread notices by itself
                stop_counting_waiting(each->share);
                overdue.splice(overdue.end(), queue_, each);
            }
        }
        for (Waiting& each : overdue) each.job(false);
    }

    /// Accepts no more work, turns away waiting callers of run_here(), and returns when all other
    /// work has ended. May be called repeatedly.
    void stop() {
        std::unique_lock<std::mutex> lock(mutex_);
        stopping_ = true;
        turn_callers_away();
        start_waiting(Clock::now());
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

    /// How many jobs and callers have their turn.
    std::size_t running() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return running_;
    }

    /// How long those have waited who got their turn.
    Distribution waits() const { return waits_.read(); }

    /// How many holders have work that runs or waits.
    std::size_t holders() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return shares_.size();
    }

 private:
    using Clock = std::chrono::steady_clock;
    using Handle = std::list<std::thread>::iterator;

    static constexpr std::chrono::milliseconds longest_possible = std::chrono::hours(24 * 365);

    /// What one holder has of the lane.
    struct Share {
        std::size_t running = 0, waiting = 0;
    };
    // Not a hash table: clients cannot choose holders that make a tree slow.
    using Shares = std::map<std::string, Share>;

    /// A caller of run_here() who waits for its turn.
    struct Turn {
        std::condition_variable decided;
        bool granted = false, refused = false;
        Shares::iterator share = {};
    };
    struct Waiting {
        Job job;                 ///< empty for a caller of run_here()
        Turn* turn;              ///< of that caller
        Shares::iterator share;  ///< shares_.end() without a bound
        Clock::time_point since;
        bool in_time = true;
    };
    using Place = typename std::list<Waiting>::iterator;

    // Call all private functions except work(), enter() and leave() with the mutex held.

    static std::size_t quarter(std::size_t all) { return (std::max)(all / 4, std::size_t{1}); }

    bool may_run(Shares::iterator share) const {
        return running_ < width_ &&
               (share == shares_.end() || share->second.running < quarter(width_));
    }
    bool may_wait(Shares::iterator share) const {
        return queue_.size() < waiting_ &&
               (share == shares_.end() || share->second.waiting < quarter(waiting_));
    }

    bool enqueue(Job job, Turn* turn, const std::string& holder, Clock::time_point now) noexcept {
        if (stopping_) return false;
        try {
            const auto share = holder.empty() ? shares_.end() : shares_.try_emplace(holder).first;
            if (!may_run(share) && !may_wait(share)) {
                forget_if_idle(share);
                return false;
            }
            queue_.push_back({std::move(job), turn, share, now});
            if (share != shares_.end()) ++share->second.waiting;
            return true;
        } catch (const std::bad_alloc&) {
            forget_if_idle(shares_.find(holder));
            return false;
        }
    }

    void forget_if_idle(Shares::iterator share) {
        if (share != shares_.end() && !share->second.running && !share->second.waiting)
            shares_.erase(share);
    }
    void stop_counting_waiting(Shares::iterator share) {
        if (share == shares_.end()) return;
        --share->second.waiting;
        forget_if_idle(share);
    }
    void take_out(Place place) {
        stop_counting_waiting(place->share);
        queue_.erase(place);
    }
    void end_running(Shares::iterator share) {
        --running_;
        if (share == shares_.end()) return;
        --share->second.running;
        forget_if_idle(share);
    }

    bool is_overdue(const Waiting& waiting, Clock::time_point now) const {
        return now - waiting.since > longest_wait_;
    }

    /// Gives free places to waiting work. Returns false when it needs a thread that cannot be made.
    bool start_waiting(Clock::time_point now) {
        for (Place at = queue_.begin(); running_ < width_ && at != queue_.end();) {
            const Place next = at++;
            if (may_run(next->share) && !start(next, now)) return false;
        }
        return true;
    }

    bool start(Place place, Clock::time_point now) {
        const auto share = place->share;
        const auto waited = now - place->since;
        if (Turn* const turn = place->turn) {
            turn->granted = true;
            turn->share = share;
            turn->decided.notify_one();
            queue_.erase(place);
        } else {
            if (idle_ == ready_.size() && !add_thread()) return false;
            place->in_time = !is_overdue(*place, now);
            ready_.splice(ready_.end(), queue_, place);
            wake_.notify_one();
        }
        ++running_;
        waits_.add(std::chrono::duration_cast<std::chrono::microseconds>(waited).count());
        if (share == shares_.end()) return true;
        ++share->second.running;
        --share->second.waiting;
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
            mine.front().job(mine.front().in_time);
            const auto share = mine.front().share;
            mine.clear();  // destroy what the job holds before another takes its place
            lock.lock();
            ++idle_;
            end_running(share);
            start_waiting(Clock::now());
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

    bool enter(Turn& turn, const std::string& holder) {
        std::unique_lock<std::mutex> lock(mutex_);
        const auto now = Clock::now();
        if (!enqueue({}, &turn, holder, now)) return false;
        const Place place = std::prev(queue_.end());
        ++callers_;
        start_waiting(now);
        if (!turn.decided.wait_until(lock, now + longest_wait_,
                                     [&] { return turn.granted || turn.refused; }))
            take_out(place);
        if (!turn.granted) caller_left();
        return turn.granted;
    }

    void leave(const Turn& turn) {
        const std::lock_guard<std::mutex> lock(mutex_);
        end_running(turn.share);
        start_waiting(Clock::now());
        caller_left();
    }

    void caller_left() {
        if (--callers_ == 0) ended_.notify_all();
    }

    void turn_callers_away() {
        for (Place at = queue_.begin(); at != queue_.end();) {
            const Place each = at++;
            if (!each->turn) continue;
            each->turn->refused = true;
            each->turn->decided.notify_one();
            take_out(each);
        }
    }

    const std::size_t width_, waiting_;
    const std::chrono::milliseconds longest_wait_, idle_time_;
    Latencies waits_;

    mutable std::mutex mutex_;  // guards everything below
    std::condition_variable wake_, ended_;
    Shares shares_;
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
