// Where events go: places taken in the order of transactions, filled after their commits.
#pragma once

#include <cstdint>
#include <utility>

#include "coder_users/base/event.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// May be used by any thread at once.
class EventSink {
 public:
    /// A place in the order; 0: there is none left, and the event will be dropped.
    using Place = std::uint64_t;

    virtual ~EventSink() = default;
    /// Called inside the transaction, whose order is that of the commits.
    virtual Place reserve() noexcept = 0;
    virtual void publish(Place place, Event event) noexcept = 0;
    /// Nothing came of it.
    virtual void cancel(Place place) noexcept = 0;
};

/// An event whose transaction is not committed yet. Gives its place back unless published.
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

}}}  // namespace coder_users::v0::routes
