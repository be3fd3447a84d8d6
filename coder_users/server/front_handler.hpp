// What the front asks of the pipeline behind it.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/base/long_body.hpp"
#include "coder_users/server/lanes.hpp"
#include "coder_users/server/refusal.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// A response and, of a long one, what follows on its body.
struct Answer {
    Response response;
    std::unique_ptr<LongBody> rest;

    Answer(Response whole, std::unique_ptr<LongBody> more = nullptr)
        : response(std::move(whole)), rest(std::move(more)) {}
};

/// Called from any of the front's threads at once. Answers hold every header but Content-Length,
/// Transfer-Encoding and Connection, which are the front's; it leaves the body out where HTTP does.
/// What an answer's rest needs outlives the front.
class FrontHandler {
 public:
    virtual ~FrontHandler() = default;

    /// The pool that a request waits in; nullptr: it is answered at once by the thread that has
    /// read it. The pool outlives the front. May throw std::bad_alloc.
    virtual LanePool* lane_of(const Request& request) = 0;

    virtual Answer answer(const Request& request) noexcept = 0;

    /// The answer to a request that is not usable (`request` holds what is known of it, its method
    /// may be ""), or that no lane has room for.
    virtual Response refuse(const Request& request, const Refusal& refusal) noexcept = 0;
};

}}}  // namespace coder_users::v0::server
