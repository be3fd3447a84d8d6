// Internal: may change at any time.
// The queue of events to the host: ordered, bounded, with a thread of its own.
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
#include "coder_users/internal/operations/event_sink.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Passes events to `receiver`, one at a time, on the queue's thread. What the receiver throws is
/// reported to `complain`, which may throw nothing but std::bad_alloc.
class EventQueue final : public operations::EventSink {
 public:
    using Receiver = std::function<void(const Event&)>;
    using Complaint = std::function<void(const char* what, const std::string& reason)>;

    EventQueue(Receiver receiver, std::size_t most, Complaint complain)
        : receiver_(std::move(receiver)), complain_(std::move(complain)), most_(most) {
        const SignalsBlocked quiet;
        thread_ = std::thread([this] { deliver_until_closed(); });
    }
    ~EventQueue() override { close(std::chrono::milliseconds(0)); }
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

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

    void publish(Place place, Event event) noexcept override {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (place == 0) {
            ++missed_;
            return;
        }
        Slot& slot = slots_[place - first_];
        slot.event = std::move(event);
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

    /// Lets the receiver take events for `grace`, drops the rest, and waits for the event that it
    /// is working on. Call it after the last reserve(). May be called any number of times.
    void close(std::chrono::milliseconds grace) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!closes_at_) closes_at_ = std::chrono::steady_clock::now() + grace;
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

 private:
    struct Slot {
        std::optional<Event> event;  ///< empty: not committed yet, or cancelled
        bool decided = false;
    };

    // The functions below need the mutex.

    void drop_cancelled() {
        while (!slots_.empty() && slots_.front().decided && !slots_.front().event) drop_first();
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
            Event event = std::move(*slots_.front().event);
            drop_first();
            drop_cancelled();
            event.missed = std::exchange(missed_, 0);
            lock.unlock();
            hand_over(event);
            lock.lock();
        }
        const std::size_t lost = slots_.size() + missed_;
        slots_.clear();
        lock.unlock();
        if (lost > 0) complain("events dropped at the end", std::to_string(lost).c_str());
    }

    void hand_over(const Event& event) noexcept {
        try {
            receiver_(event);
        } catch (const std::exception& error) {
            complain("on_event failed", error.what());
        } catch (...) {  // a host's function may throw anything
            complain("on_event failed", "not a std::exception");
        }
    }

    void complain(const char* what, const char* reason) noexcept {
        try {
            complain_(what, reason);
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
