// Internal: may change at any time.
// What the front needs from the code that answers its requests.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/answer.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/net/lanes.hpp"

namespace coder_users { inline namespace v0 { namespace net {

/// A request that waits for its answer, with what look() found out about it.
class Pending {
 public:
    virtual ~Pending() = default;
    /// Call it only once.
    virtual Answer answer() noexcept = 0;

    /// The pool that runs answer(); nullptr: the thread that has read the request answers at once.
    /// The pool must outlive the front.
    LanePool* lane = nullptr;
};

/// Any thread of the front may call it. Answers have every header except Content-Length,
/// Transfer-Encoding and Connection, which the front adds; the front also leaves the body out where
/// HTTP does. What the rest of a long body uses must outlive the front.
class FrontHandler {
 public:
    virtual ~FrontHandler() = default;

    /// Examines a request once, before its lane. The request stays at its address until it is
    /// answered. `url` is empty when it cannot be decoded. May throw std::bad_alloc.
    virtual std::unique_ptr<Pending> look(const Request& request, std::optional<Url> url) = 0;

    /// Answers a request that is unusable or that no lane has room for. `request` holds what was
    /// read of it; its method may be "".
    virtual Response refuse(const Request& request, const Refusal& refusal) noexcept = 0;
};

}}}  // namespace coder_users::v0::net
