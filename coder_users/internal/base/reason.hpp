// Internal: may change at any time.
// Puts what a refusal says into one line, for logs and commands.
#pragma once

#include <string>

#include "coder_users/errors.hpp"

namespace coder_users { inline namespace v0 {

inline std::string reason_of(const ApiError& error) {
    if (!error.validations().empty())
        return "field \"" + error.validations().front().field +
               "\": " + error.validations().front().detail;
    return error.detail().empty() ? error.message() : error.detail();
}

}}  // namespace coder_users::v0
