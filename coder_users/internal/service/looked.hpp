// Internal: may change at any time.
// Requests that wait for their answer: those that were looked at, and those that cannot be.
#pragma once

#include <utility>

#include "coder_users/internal/base/answer.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/http/dispatch.hpp"
#include "coder_users/internal/net/handler.hpp"
#include "coder_users/internal/service/lanes.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// A request with what look() found out. Everything that it is made of must outlive it.
class Looked final : public net::Pending {
 public:
    /// With `waiting` a look that waits for the store is not made yet, but by moves_on() in that
    /// lane.
    Looked(http::Dispatcher& dispatcher, Lanes& lanes, const Request& request, Url&& url,
           net::LanePool* waiting = nullptr)
        : dispatcher_(dispatcher), lanes_(lanes), seen_{request, std::move(url)} {
        dispatcher_.begin(seen_);
        if (waiting && dispatcher_.asks_store(seen_))
            lane = waiting;
        else
            find_lane();
    }
    bool moves_on() override {
        if (looked_) return false;
        find_lane();
        return lane != nullptr;
    }
    Answer answer() noexcept override {
        if (lane) dispatcher_.note_wait(seen_);
        return dispatcher_.answer(seen_);
    }
    Answer refuse(const Refusal& refusal) noexcept override {
        return dispatcher_.refuse(seen_, refusal);
    }

    /// Answers with what a test has ordered.
    Answer give(const Response& ordered) noexcept { return dispatcher_.give(seen_, ordered); }
    const http::Seen& seen() const { return seen_; }

 private:
    void find_lane() {
        dispatcher_.look(seen_);
        looked_ = true;
        lane = lanes_.pool_of(seen_.lane);
        if (lane) holder = seen_.caller();
    }

    http::Dispatcher& dispatcher_;
    Lanes& lanes_;
    http::Seen seen_;
    bool looked_ = false;
};

/// A request that is refused without a look at it.
class Refused final : public net::Pending {
 public:
    Refused(http::Dispatcher& dispatcher, const Request& request, const Refusal& refusal)
        : dispatcher_(dispatcher), request_(request), refusal_(refusal) {}
    Answer answer() noexcept override { return refuse(refusal_); }
    Answer refuse(const Refusal& refusal) noexcept override {
        return dispatcher_.refuse(request_, refusal);
    }

 private:
    http::Dispatcher& dispatcher_;
    const Request& request_;
    const Refusal refusal_;
};

}}}  // namespace coder_users::v0::service
