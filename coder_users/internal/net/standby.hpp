// Internal: may change at any time.
// Turns at serving: as many threads as there are cores have one, and the others stand by for those
// that are held up.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace coder_users { inline namespace v0 { namespace net {

/// Of a fixed number of threads some have turns and wait for work; the others stand by. When every
/// thread that has a turn is working, and one of them has worked on the same thing for a
/// millisecond or two, a thread that stands by takes its turn, as long as there is one. Each thread
/// has a number below `threads` and does this:
///
///     while (standby.take_turn(number))
///         do {
///             const auto work = wait_for_work();
///             kept = standby.work(number, [&] { do_it(work); });
///         } while (kept && !stopped);
///
/// so that work which takes long holds up no other, and short work costs no more switches between
/// threads than the cores make necessary. Any thread may call stop().
class Standby {
 public:
    /// At least one of each; there are never more turns than threads.
    Standby(std::size_t turns, std::size_t threads)
        : seats_((std::max)(threads, std::size_t{1})),
          turns_((std::min)((std::max)(turns, std::size_t{1}), seats_.size())),
          free_(turns_) {}

    /// Waits until the thread has a turn. Returns false when it has none because of stop().
    bool take_turn(std::size_t number) {
        std::unique_lock<std::mutex> lock(mutex_);
        next_.wait(lock, [this] { return stopped_ || free_ > 0 || !watched_; });
        if (stopped_) return false;
        if (free_ > 0) {
            --free_;
            seats_[number].has_turn = true;
            return true;
        }
        watched_ = true;
        const bool taken = watch(lock, number);
        watched_ = false;
        next_.notify_one();
        return taken;
    }

    /// Runs `job`, which must not throw, in the turn of the thread. Returns false when another
    /// thread has taken the turn meanwhile.
    template <class Job>
    bool work(std::size_t number, Job&& job) {
        Seat& seat = seats_[number];
        const std::uint64_t mine = seat.job.load(std::memory_order_relaxed) + 1;
        seat.job = mine;
        if (++working_ == turns_ && watcher_sleeps_) wake_watcher();
        job();
        // Another thread may be about to take the turn.
        std::uint64_t still = mine;
        if (!seat.job.compare_exchange_strong(still, mine + 1)) {
            seat.job = mine + 1;
            return false;
        }
        --working_;
        return true;
    }

    /// Wakes the threads that stand by. No thread gets a turn any more.
    void stop() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopped_ = true;
        next_.notify_all();
        watcher_.notify_all();
    }

 private:
    static constexpr std::chrono::milliseconds look_interval{1};
    /// In Seat::job: the turn went to another thread during the job.
    static constexpr std::uint64_t lost = 0;

    /// What one thread does. A cache line of its own, since each request writes it.
    struct alignas(64) Seat {
        std::atomic<std::uint64_t> job{2};  ///< a number that grows; odd while it works
        std::uint64_t seen = 0;             ///< guarded by the mutex: `job` at the last look
        bool has_turn = false;              ///< guarded by the mutex
    };

    /// Looks at those that have turns until one is to be replaced, and takes that one's turn.
    /// Sleeps as long as one of them has nothing to do. Returns false after stop().
    bool watch(std::unique_lock<std::mutex>& lock, std::size_t number) {
        while (!stopped_) {
            if (working_ < turns_) {
                watcher_sleeps_ = true;
                // Looked at again, in case all began to work before they could see the flag.
                if (working_ < turns_)
                    watcher_.wait(lock, [this] { return stopped_ || !watcher_sleeps_; });
                watcher_sleeps_ = false;
            }
            watcher_.wait_for(lock, look_interval, [this] { return stopped_; });
            if (!stopped_ && replace_one(number)) return true;
        }
        return false;
    }

    bool replace_one(std::size_t number) {
        const bool all_work = working_ == turns_;
        Seat* found = nullptr;
        for (Seat& seat : seats_) {
            if (!seat.has_turn) continue;
            std::uint64_t job = seat.job;
            const bool held_up = job % 2 == 1 && job == seat.seen;
            seat.seen = job;
            if (held_up && all_work) found = &seat;
        }
        if (!found) return false;
        std::uint64_t job = found->seen;
        if (!found->job.compare_exchange_strong(job, lost)) return false;  // it has just ended
        --working_;
        found->has_turn = false;
        seats_[number].has_turn = true;
        return true;
    }

    void wake_watcher() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        watcher_sleeps_ = false;
        watcher_.notify_one();
    }

    std::vector<Seat> seats_;
    const std::size_t turns_;
    std::atomic<std::size_t> working_{0};  ///< threads that work in turns of theirs
    std::atomic<bool> watcher_sleeps_{false};
    std::mutex mutex_;                 // guards the members below
    std::condition_variable next_;     ///< for threads that stand by, but for the watcher
    std::condition_variable watcher_;  ///< for the one that watches
    std::size_t free_;                 ///< turns that no thread has had yet
    bool watched_ = false;             ///< one of those that stand by is the watcher
    bool stopped_ = false;
};

}}}  // namespace coder_users::v0::net
