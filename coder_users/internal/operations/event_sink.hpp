// Internal: may change at any time.
// The order of events: a place is reserved inside the transaction and filled after the commit.
#pragma once

#include <cstdint>
#include <utility>

#include "coder_users/events.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Any thread may call any function.
class EventSink {
 public:
    /// A place in the order. 0: the queue is full, and the event will be dropped.
    using Place = std::uint64_t;

    virtual ~EventSink() = default;
    /// Call it inside the transaction, because transactions are committed in their order.
    virtual Place reserve() noexcept = 0;
    virtual void publish(Place place, Event event) noexcept = 0;
    /// The transaction was rolled back.
    virtual void cancel(Place place) noexcept = 0;
};

/// An event whose transaction is not committed yet. The destructor cancels its place unless
/// publish() was called.
class Announcement {
 public:
    Announcement(EventSink& sink, Event event)
        : sink_(&sink), event_(std::move(event)), place_(sink.reserve()) {}
    Announcement(Announcement&& other) noexcept
        : sink_(std::exchange(other.sink_, nullptr)),
          event_(std::move(other.event_)),
          place_(other.place_) {}
    Announcement& operator=(Announcement&&) = delete;
    ~Announcement() {
        if (sink_) sink_->cancel(place_);
    }

    void publish() noexcept {
        if (EventSink* const sink = std::exchange(sink_, nullptr))
            sink->publish(place_, std::move(event_));
    }

 private:
    EventSink* sink_;
    Event event_;
    EventSink::Place place_;
};

}}}  // namespace coder_users::v0::operations
