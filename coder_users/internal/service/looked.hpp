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
    Looked(http::Dispatcher& dispatcher, Lanes& lanes, const Request& request, Url&& url)
        : dispatcher_(dispatcher), seen_{request, std::move(url)} {
        dispatcher_.look(seen_);
        lane = lanes.pool_of(seen_.lane);
        if (lane) holder = seen_.caller();
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
    http::Dispatcher& dispatcher_;
    http::Seen seen_;
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
