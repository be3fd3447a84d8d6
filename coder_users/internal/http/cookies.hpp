// Internal: may change at any time.
// Reads and writes cookies.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/token.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// Returns the cookies of a request. Several Cookie headers count as one.
inline std::optional<std::string> cookies_of(const Request& request) {
    std::optional<std::string> cookies;
    for (const auto& [name, value] : request.headers) {
        if (!same_folded(name, "Cookie")) continue;
        if (cookies)
            *cookies += "; " + value;
        else
            cookies = value;
    }
    return cookies;
}

/// Whether cookies have the attribute Secure.
inline bool has_secure_cookies(const Options& options) {
    const bool https = same_folded(options.access_url.substr(0, 8), "https://");
    return options.secure_auth_cookie.value_or(https);
}

/// The name of the session cookie.
inline std::string_view session_cookie(const Options& options) {
    return options.host_prefix_cookie ? rules::host_session_cookie_name
                                      : rules::session_cookie_name;
}

/// Makes a Set-Cookie header. Without `max_age` the cookie lasts until the browser ends.
inline std::pair<std::string, std::string> set_cookie(
    const Options& options, std::string_view name, std::string_view value,
    std::optional<std::chrono::seconds> max_age = std::nullopt) {
    std::string cookie = std::string(name) + '=' + std::string(value);
    cookie += "; Path=/; HttpOnly; SameSite=Lax";
    if (max_age) cookie += "; Max-Age=" + std::to_string(max_age->count());
    if (has_secure_cookies(options)) cookie += "; Secure";
    return {"Set-Cookie", std::move(cookie)};
}

/// Makes a header that deletes the cookie.
inline std::pair<std::string, std::string> clear_cookie(const Options& options,
                                                        std::string_view name) {
    return set_cookie(options, name, "", std::chrono::seconds(0));
}

/// Sets the session cookie, or deletes it when the token is "".
inline std::pair<std::string, std::string> set_session_cookie(const Options& options,
                                                              std::string_view token) {
    if (token.empty()) return clear_cookie(options, session_cookie(options));
    return set_cookie(options, session_cookie(options), token);
}

}}}  // namespace coder_users::v0::http
