// Internal: may change at any time.
// An answer as the front sends it: a response, and for a long body the source of its rest.
#pragma once

#include <memory>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/long_body.hpp"

namespace coder_users { inline namespace v0 {

/// A response. `rest` makes what follows on the body of a long one; nullptr: the body is complete.
struct Answer {
    Response response;
    std::unique_ptr<LongBody> rest;
    bool cut = false;  ///< a test lets the connection end instead

    Answer(Response whole, std::unique_ptr<LongBody> more = nullptr)
        : response(std::move(whole)), rest(std::move(more)) {}
};

}}  // namespace coder_users::v0
