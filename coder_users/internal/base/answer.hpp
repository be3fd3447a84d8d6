// Internal: may change at any time.
// An answer as the front sends it: a response, more fields of its head, and for a long body the
// source of its rest.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/header_text.hpp"
#include "coder_users/internal/base/long_body.hpp"

namespace coder_users { inline namespace v0 {

/// A response. `rest` makes what follows on the body of a long one; nullptr: the body is complete.
struct Answer {
    Response response;
    HeaderText fields = {};  ///< besides those of `response`: most answers have no others
    std::unique_ptr<LongBody> rest;
    bool cut = false;  ///< a test lets the connection end instead

    Answer(Response whole, std::unique_ptr<LongBody> more = nullptr)
        : response(std::move(whole)), rest(std::move(more)) {}
};

/// The response with all fields; 503 when memory runs out, and does so again.
inline Response whole_response(Answer answer) noexcept {
    auto& headers = answer.response.headers;
    const std::size_t own = headers.size();
    for (int tries = 0; tries < 2; ++tries) try {
            headers.resize(own);
            headers.reserve(own + 8);
            answer.fields.for_each(
                [&](auto name, auto value) { headers.emplace_back(name, value); });
            return std::move(answer.response);
        } catch (const std::exception&) {
        }
    return Response{503, {}, ""};
}

}}  // namespace coder_users::v0
