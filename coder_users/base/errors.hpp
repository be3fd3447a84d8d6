// Refusals: the one exception type that carries an answer to the client.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/base/config.hpp"

namespace coder_users { inline namespace v0 {

/// One broken rule of one field, as the wire type Response lists it.
struct Validation {
    std::string field;
    std::string detail;
};

/// A refusal with the status and texts that the client gets. Its texts hold no secrets and nothing
/// of the server's inside. `what()` is the message.
class CODER_USERS_API ApiError : public std::exception {
 public:
    /// `status` is the one of HTTP, 400 to 599.
    ApiError(int status, std::string message, std::string detail = {},
             std::vector<Validation> validations = {})
        : status_(status),
          message_(std::move(message)),
          detail_(std::move(detail)),
          validations_(std::move(validations)) {}

    /// message().
    const char* what() const noexcept override { return message_.c_str(); }
    /// Of HTTP.
    int status() const noexcept { return status_; }
    /// One sentence for people.
    const std::string& message() const noexcept { return message_; }
    /// More about it; may be "".
    const std::string& detail() const noexcept { return detail_; }
    /// The broken rules, the first one of each field; often none.
    const std::vector<Validation>& validations() const noexcept { return validations_; }

 private:
    int status_;
    std::string message_;
    std::string detail_;
    std::vector<Validation> validations_;
};

// The refusals that several endpoints share (docs/contract/http.md, "Status codes").

inline ApiError forbidden() { return {403, "Forbidden."}; }

inline ApiError not_found(std::string detail = {}) {
    return {404, "Resource not found or you do not have access to this resource",
            std::move(detail)};
}

inline ApiError unavailable() { return {503, "The server is temporarily unable to answer."}; }

}}  // namespace coder_users::v0
