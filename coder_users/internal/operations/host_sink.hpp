// Internal: may change at any time.
// What the host is told, in its order: a place is reserved inside the transaction and filled after
// the commit.
#pragma once

#include <cstdint>
#include <utility>

#include "coder_users/events.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Takes events or passcodes for the host. Any thread may call any function.
template <class Told>
class HostSink {
 public:
    /// A place in the order. 0: the queue is full, and what is told will be dropped.
    using Place = std::uint64_t;

    virtual ~HostSink() = default;
    /// Call it inside the transaction, after its locks: what waits for these is committed later, so
    /// changes of one user have their places in the order of their commits.
    virtual Place reserve() noexcept = 0;
    virtual void publish(Place place, Told told) noexcept = 0;
    /// The transaction was rolled back.
    virtual void cancel(Place place) noexcept = 0;
};

using EventSink = HostSink<Event>;
using PasscodeSink = HostSink<Passcode>;

/// Something to tell whose transaction is not committed yet. The destructor cancels its place
/// unless publish() was called.
template <class Told>
class Announcement {
 public:
    Announcement(HostSink<Told>& sink, Told told)
        : sink_(&sink), told_(std::move(told)), place_(sink.reserve()) {}
    Announcement(Announcement&& other) noexcept
        : sink_(std::exchange(other.sink_, nullptr)),
          told_(std::move(other.told_)),
          place_(other.place_) {}
    Announcement& operator=(Announcement&&) = delete;
    ~Announcement() {
        if (sink_) sink_->cancel(place_);
    }

    void publish() noexcept {
        if (HostSink<Told>* const sink = std::exchange(sink_, nullptr))
            sink->publish(place_, std::move(told_));
    }

 private:
    HostSink<Told>* sink_;
    Told told_;
    typename HostSink<Told>::Place place_;
};

}}}  // namespace coder_users::v0::operations
