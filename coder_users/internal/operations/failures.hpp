// Internal: may change at any time.
// Turns every exception of an operation into the refusal that the caller gets.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/errors.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Throws what the caller gets in place of the exception that is being handled. ApiError passes; a
/// taken name or address becomes 409; any other exception becomes 500 or 503, and its text goes to
/// the log with the request id, because clients must not see it.
[[noreturn]] inline void refuse_caught(Log& log, Time now, FunctionRef<std::string()> request_id) {
    const auto failed = [&](LogLevel level, const char* reason, const ApiError& refusal) {
        log.write_failure(
            {level, now, "request failed", {{"reason", reason}, {"id", request_id()}}});
        return refusal;
    };
    const auto internal = [] { return ApiError(500, "An internal server error occurred."); };
    try {
        throw;
    } catch (const LoggedFailure& error) {
        failed(LogLevel::error, error.reason().c_str(), error);
        throw;
    } catch (const ApiError&) {
        throw;
    } catch (const store::Duplicate& error) {
        const std::string& column = error.column();
        throw user_exists({column == "users.email_folded", column == "users.username_folded"});
    } catch (const store::UnstorableText&) {
        throw ApiError(400, "A text holds the character U+0000, which cannot be stored.");
    } catch (const store::Busy& error) {
        throw failed(LogLevel::warning, error.what(), unavailable());
    } catch (const store::Unavailable& error) {
        throw failed(LogLevel::error, error.what(), unavailable());
    } catch (const rules::CryptoUnavailable& error) {
        throw failed(LogLevel::error, error.what(), unavailable());
    } catch (const std::bad_alloc& error) {
        throw failed(LogLevel::error, error.what(), unavailable());
    } catch (const std::exception& error) {
        throw failed(LogLevel::error, error.what(), internal());
    } catch (...) {
        throw failed(LogLevel::error, "not a std::exception", internal());
    }
}

/// Runs `run()`, and turns what it throws into a refusal as refuse_caught() does. `request_id` is a
/// text, or makes one.
template <class RequestId, class Run>
auto refusing(Log& log, Time now, const RequestId& request_id, Run&& run) -> decltype(run()) {
    try {
        return run();
    } catch (...) {
        refuse_caught(log, now, [&]() -> std::string {
            if constexpr (std::is_invocable_v<const RequestId&>)
                return request_id();
            else
                return request_id;
        });
    }
}

}}}  // namespace coder_users::v0::operations
