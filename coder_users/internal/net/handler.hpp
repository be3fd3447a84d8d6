// Internal: may change at any time.
// What the front needs from the code that answers its requests.
#pragma once

#include <memory>
#include <optional>
#include <string>
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
    /// Call one of the two, and only once.
    virtual Answer answer() noexcept = 0;
    /// Refuses the request, which the lane has no room for, or which has waited there too long.
    virtual Answer refuse(const Refusal& refusal) noexcept = 0;

    /// Call it on a thread of `lane`, before answer(): goes on with a look that had to wait.
    /// Returns whether the request now goes on to another lane, which `lane` then names. May throw
    /// std::bad_alloc.
    virtual bool moves_on() { return false; }

    /// The pool that runs answer(); nullptr: the thread that has read the request answers at once.
    /// The pool must outlive the front.
    LanePool* lane = nullptr;
    /// Of whose share of the lane it is; "": of nobody's.
    std::string holder = {};
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

    /// Answers a request that is unusable, or that there was no memory to look at. `request` holds
    /// what was read of it; its method may be "".
    virtual Answer refuse(const Request& request, const Refusal& refusal) noexcept = 0;

    /// Called ten times a second while connections are open, to end what has waited too long in a
    /// lane.
    virtual void end_overdue() {}
};

}}}  // namespace coder_users::v0::net
