// Internal: may change at any time.
// The queues to the host, of events and of passcodes: ordered, bounded, each with a thread of its
// own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "coder_users/internal/base/signals.hpp"
#include "coder_users/internal/operations/host_sink.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// What a queue reports.
enum class QueueTrouble {
    failed,          ///< the receiver has thrown
    dropped_at_end,  ///< some were not delivered before the queue was closed
};

/// Passes what the host is told to `receiver`, one at a time, on the queue's thread, with the
/// number of those that were dropped before it. What the receiver throws is reported to `complain`,
/// which may throw nothing but std::bad_alloc.
template <class Told>
class HostQueue final : public operations::HostSink<Told> {
 public:
    using Place = typename operations::HostSink<Told>::Place;
    using Receiver = std::function<void(Told, std::size_t missed)>;
    using Complaint = std::function<void(QueueTrouble, const std::string& reason)>;

    HostQueue(Receiver receiver, std::size_t most, Complaint complain)
        : receiver_(std::move(receiver)), complain_(std::move(complain)), most_(most) {
        const SignalsBlocked quiet;
        thread_ = std::thread([this] { deliver_until_closed(); });
    }
    ~HostQueue() override { close(std::chrono::steady_clock::now()); }
    HostQueue(const HostQueue&) = delete;
    HostQueue& operator=(const HostQueue&) = delete;

    Place reserve() noexcept override {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (slots_.size() >= most_) return 0;
        try {
            slots_.emplace_back();
        } catch (const std::exception&) {
            return 0;
        }
        return first_ + slots_.size() - 1;
    }

    void publish(Place place, Told told) noexcept override {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (place == 0) {
            ++missed_;
            return;
        }
        Slot& slot = slots_[place - first_];
        slot.told = std::move(told);
        slot.decided = true;
        drop_cancelled();
        wake_.notify_one();
    }

    void cancel(Place place) noexcept override {
        if (place == 0) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        slots_[place - first_].decided = true;
        drop_cancelled();
        wake_.notify_one();
    }

    /// Lets the receiver go on until `end`, drops the rest, and waits for what it is working on.
    /// Call it after the last reserve(). May be called any number of times.
    void close(std::chrono::steady_clock::time_point end) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!closes_at_) closes_at_ = end;
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

 private:
    struct Slot {
        std::optional<Told> told;  ///< empty: not committed yet, or cancelled
        bool decided = false;
    };

    // The functions below need the mutex.

    void drop_cancelled() {
        while (!slots_.empty() && slots_.front().decided && !slots_.front().told) drop_first();
    }
    void drop_first() {
        slots_.pop_front();
        ++first_;
    }
    bool any_ready() const { return !slots_.empty() && slots_.front().decided; }
    bool out_of_time() const {
        return closes_at_ && std::chrono::steady_clock::now() >= *closes_at_;
    }

    void deliver_until_closed() {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return any_ready() || closes_at_; });
            if (!any_ready() || out_of_time()) break;
            Told told = std::move(*slots_.front().told);
            drop_first();
            drop_cancelled();
            const std::size_t missed = std::exchange(missed_, 0);
            lock.unlock();
            hand_over(std::move(told), missed);
            lock.lock();
        }
        const std::size_t lost = slots_.size() + missed_;
        slots_.clear();
        lock.unlock();
        if (lost > 0) complain(QueueTrouble::dropped_at_end, std::to_string(lost).c_str());
    }

    void hand_over(Told told, std::size_t missed) noexcept {
        try {
            receiver_(std::move(told), missed);
        } catch (const std::exception& error) {
            complain(QueueTrouble::failed, error.what());
        } catch (...) {  // a host's function may throw anything
            complain(QueueTrouble::failed, "not a std::exception");
        }
    }

    void complain(QueueTrouble trouble, const char* reason) noexcept {
        try {
            complain_(trouble, reason);
        } catch (const std::exception&) {
            // there is no memory for the log line
        }
    }

    const Receiver receiver_;
    const Complaint complain_;
    const std::size_t most_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Slot> slots_;
    Place first_ = 1;  ///< the place of slots_.front()
    std::size_t missed_ = 0;
    std::optional<std::chrono::steady_clock::time_point> closes_at_;
    std::thread thread_;
};

}}}  // namespace coder_users::v0::service
