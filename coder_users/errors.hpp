// The exceptions that a host meets: ApiError, a refusal as clients get it, and LineError, a mistake
// in a text with its line.
#pragma once

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/config.hpp"

namespace coder_users { inline namespace v0 {

/// A rule that a field breaks, as answers list it.
struct Validation {
    std::string field;
    std::string detail;
};

/// A refusal with the status and the texts that the client gets. The texts hold no secrets and tell
/// nothing about the inside of the server.
class CODER_USERS_API ApiError : public std::exception {
 public:
    /// `status` is an HTTP status from 400 to 599.
    ApiError(int status, std::string message, std::string detail = {},
             std::vector<Validation> validations = {})
        : status_(status),
          message_(std::move(message)),
          detail_(std::move(detail)),
          validations_(std::move(validations)),
          what_(text_of(message_, detail_, validations_)) {}

    /// All that the refusal says, as one text: "Validation failed. username: Validation failed for
    /// tag ...".
    const char* what() const noexcept override { return what_.c_str(); }
    /// The HTTP status.
    int status() const noexcept { return status_; }
    /// One sentence for people.
    const std::string& message() const noexcept { return message_; }
    /// More about the reason; may be "".
    const std::string& detail() const noexcept { return detail_; }
    /// The rules that are broken, at most one for each field; often empty.
    const std::vector<Validation>& validations() const noexcept { return validations_; }

 private:
    static std::string text_of(std::string text, const std::string& detail,
                               const std::vector<Validation>& validations) {
        if (!detail.empty()) text.append(" ").append(detail);
        for (const Validation& each : validations)
            text.append(" ").append(each.field).append(": ").append(each.detail);
        return text;
    }

    int status_;
    std::string message_;
    std::string detail_;
    std::vector<Validation> validations_;
    std::string what_;
};

/// A mistake in one line of an export or a seed. what() is "line 3: " followed by the reason, and
/// holds no secrets.
class CODER_USERS_API LineError : public std::runtime_error {
 public:
    /// `line` counts from 1. `reason` must not quote secrets.
    LineError(std::size_t line, const std::string& reason)
        : std::runtime_error("line " + std::to_string(line) + ": " + reason), line_(line) {}
    /// Counts from 1.
    std::size_t line() const noexcept { return line_; }

 private:
    std::size_t line_;
};

}}  // namespace coder_users::v0
