// Internal: may change at any time.
// Refusals that more than one room gives: those of the protocol, before a request reaches any
// route, and the common ones of operations.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// A status with its texts, which must be literals.
struct Refusal {
    int status;
    std::string_view message;
    std::string_view detail;  ///< may be ""
};

/// A refusal that says when another try makes sense.
class RetryLater : public ApiError {
 public:
    RetryLater(int status, std::string message, Duration wait)
        : ApiError(status, std::move(message)), wait_(wait) {}
    RetryLater(const ApiError& refusal, Duration wait) : ApiError(refusal), wait_(wait) {}

    /// For the header Retry-After: whole seconds, rounded up.
    std::int64_t seconds() const noexcept { return (wait_.count() + 999'999) / 1'000'000; }

 private:
    Duration wait_;
};

inline ApiError as_error(const Refusal& refusal) {
    return {refusal.status, std::string(refusal.message), std::string(refusal.detail)};
}

inline constexpr Refusal not_http{400, "Request is not valid HTTP.", ""};
inline constexpr Refusal url_not_valid{400, "Request URL is not valid.",
                                       "Path or query cannot be decoded."};
inline constexpr Refusal too_slow{408, "Request took too long.", ""};
inline constexpr Refusal body_too_large{413, "Request body is too large.", ""};
inline constexpr Refusal line_too_long{414, "Request line is too long.", ""};
inline constexpr Refusal encoding_not_supported{415, "Content-Encoding is not supported.", ""};
inline constexpr Refusal head_too_large{431, "Request header is too large.", ""};
inline constexpr Refusal overloaded{503, "The server is temporarily unable to answer.", ""};

// Refusals that many operations share (docs/contract/http.md, "Status codes").

inline ApiError forbidden() { return {403, "Forbidden."}; }

inline ApiError not_found(std::string detail = {}) {
    return {404, "Resource not found or you do not have access to this resource",
            std::move(detail)};
}

inline ApiError unavailable() { return {503, "The server is temporarily unable to answer."}; }

}}  // namespace coder_users::v0
