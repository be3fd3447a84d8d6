// Internal: may change at any time.
// A failure that is not the client's fault and whose reason only the log shows.
#pragma once

#include <string>
#include <utility>

#include "coder_users/errors.hpp"

namespace coder_users { inline namespace v0 {

/// Is answered with status 500 and `message`; `reason` goes to the log only.
class LoggedFailure : public ApiError {
 public:
    LoggedFailure(std::string message, std::string reason, std::string detail = {})
        : ApiError(500, std::move(message), std::move(detail)), reason_(std::move(reason)) {}
    const std::string& reason() const noexcept { return reason_; }

 private:
    std::string reason_;
};

}}  // namespace coder_users::v0
