// Internal: may change at any time.
// Shows the codes for new passwords to a test, before they go to the host.
#pragma once

#include <exception>
#include <utility>

#include "coder_users/internal/operations/host_sink.hpp"
#include "coder_users/test_hooks.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Passes on to `queue`, unless that is nullptr. Both arguments must outlive it.
class WatchedPasscodes final : public operations::PasscodeSink {
 public:
    WatchedPasscodes(testing::TestHooks& hooks, operations::PasscodeSink* queue)
        : hooks_(hooks), queue_(queue) {}

    Place reserve() noexcept override { return queue_ ? queue_->reserve() : 0; }
    void publish(Place place, Passcode told) noexcept override {
        try {
            hooks_.take(told);
        } catch (const std::exception&) {  // out of memory: the test does not see it
        }
        if (queue_) queue_->publish(place, std::move(told));
    }
    void cancel(Place place) noexcept override {
        if (queue_) queue_->cancel(place);
    }

 private:
    testing::TestHooks& hooks_;
    operations::PasscodeSink* const queue_;
};

}}}  // namespace coder_users::v0::service
