// Internal: may change at any time.
// Key texts: making them, finding them in a request, and the refusals of wrong ones.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/model.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr std::size_t key_id_size = 10;
inline constexpr std::size_t key_secret_size = 22;
inline constexpr std::string_view session_cookie_name = "coder_session_token";
/// The same with the prefix for which browsers demand Secure, Path=/ and no Domain.
inline constexpr std::string_view host_session_cookie_name = "__Host-coder_session_token";

// The 401 refusals of docs/contract/http.md, "Checks of a session", in the order of the table.

inline constexpr const char* signed_out_message =
    "You are signed out or your session has expired. Please sign in again to continue.";

inline ApiError signed_out(std::string detail) {
    return {401, signed_out_message, std::move(detail)};
}
inline ApiError token_missing() {
    return signed_out(
        "Cookie \"coder_session_token\" or header \"Coder-Session-Token\" must be provided.");
}
inline ApiError token_malformed(const char* what, std::size_t expected, std::size_t got) {
    return signed_out(std::string("Invalid API key format: ") + what + ", expected " +
                      std::to_string(expected) + " got " + std::to_string(got));
}
/// The same for an unknown id and a wrong secret, so that neither can be guessed alone.
inline ApiError key_invalid() { return signed_out("API key is invalid."); }
inline ApiError key_expired(Time expires_at) {
    return signed_out("API key expired at \"" + to_rfc3339(expires_at) + "\".");
}
inline ApiError user_suspended() {
    return {401,
            "User is not active (status = \"suspended\"). Contact an admin to reactivate your "
            "account."};
}
inline ApiError link_missing() {
    return signed_out("You must re-authenticate with the login provider.");
}
inline ApiError refresh_failed(std::string error) {
    return {401,
            "Could not refresh expired Oauth token. Try re-authenticating to resolve this issue.",
            std::move(error)};
}

/// Draws letters and digits, each equally likely: bytes that would favour some are drawn again.
inline std::string random_base62(std::size_t size, const Random& random) {
    constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr std::size_t fair = 256 / alphabet.size() * alphabet.size();
    std::string out;
    while (out.size() < size) {
        const auto bytes = random_bytes<32>(random);
        for (const std::size_t byte : bytes)
            if (byte < fair && out.size() < size) out += alphabet[byte % alphabet.size()];
    }
    return out;
}

/// A key before it is stored. The store gets `id` and `hashed_secret`; only the client gets the
/// secret.
struct NewKey {
    std::string id;
    std::string secret;
    std::string hashed_secret;  ///< SHA-256 of the secret's characters, in lower-case hex

    std::string token() const { return id + '-' + secret; }
};

inline NewKey make_key(const Random& random) {
    std::string id = random_base62(key_id_size, random);
    std::string secret = random_base62(key_secret_size, random);
    std::string hashed_secret = sha256_hex(secret);
    return {std::move(id), std::move(secret), std::move(hashed_secret)};
}

/// Makes a key of the user that is valid from now on, has scope `all` and was never used.
inline ApiKey new_api_key(std::string id, std::string user_id, LoginType type, Duration lifetime,
                          Time now) {
    ApiKey key;
    key.id = std::move(id);
    key.user_id = std::move(user_id);
    key.created_at = key.updated_at = now;
    key.expires_at = add(now, lifetime);
    key.login_type = type;
    key.lifetime_seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
    return key;
}

/// The two parts of a key text; views into it.
struct TokenParts {
    std::string_view id;
    std::string_view secret;
};

/// Throws the 401 for a malformed key text; an empty one counts as absent.
inline TokenParts split_token(std::string_view token) {
    if (token.empty()) throw token_missing();
    const auto dashes = static_cast<std::size_t>(std::count(token.begin(), token.end(), '-'));
    if (dashes != 1) throw token_malformed("incorrect amount of API key parts", 2, dashes + 1);
    const std::size_t dash = token.find('-');
    const TokenParts parts{token.substr(0, dash), token.substr(dash + 1)};
    if (parts.id.size() != key_id_size)
        throw token_malformed("invalid API key ID length", key_id_size, parts.id.size());
    if (parts.secret.size() != key_secret_size)
        throw token_malformed("invalid API key secret length", key_secret_size,
                              parts.secret.size());
    return parts;
}

/// The key text that a request presents, a part of what it was found in. The cross-origin rule
/// applies only to one from the cookie.
struct PresentedToken {
    std::string_view token;
    bool from_cookie = false;
};

/// The key text after `Bearer`, in any letter case; empty for other schemes.
inline std::string_view bearer_token(std::string_view authorization) {
    authorization = trim(authorization);
    const std::size_t end = (std::min)(authorization.find_first_of(" \t"), authorization.size());
    if (!same_folded(authorization.substr(0, end), "bearer")) return {};
    return trim(authorization.substr(end));
}

/// The first cookie of this name in a Cookie header that is not empty; empty when there is none.
inline std::string_view find_cookie(std::string_view cookies, std::string_view name) {
    while (!cookies.empty()) {
        const std::size_t end = cookies.find(';');
        const std::string_view pair = cookies.substr(0, end);
        cookies.remove_prefix(end == std::string_view::npos ? cookies.size() : end + 1);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        if (trim(pair.substr(0, equals)) != name) continue;
        std::string_view value = trim(pair.substr(equals + 1));
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        if (!value.empty()) return value;
    }
    return {};
}

/// Takes the first source that is not empty: `Coder-Session-Token`, `Authorization`, `Cookie`
/// (repeated Cookie fields are joined by "; "), in which the session cookie has the name
/// `cookie_name`. Nothing when no source holds a key text.
inline std::optional<PresentedToken> find_token(
    std::optional<std::string_view> session_token, std::optional<std::string_view> authorization,
    std::optional<std::string_view> cookies, std::string_view cookie_name = session_cookie_name) {
    const std::string_view own = trim(session_token.value_or(""));
    if (!own.empty()) return PresentedToken{own, false};
    const std::string_view bearer = bearer_token(authorization.value_or(""));
    if (!bearer.empty()) return PresentedToken{bearer, false};
    const std::string_view cookie = find_cookie(cookies.value_or(""), cookie_name);
    if (!cookie.empty()) return PresentedToken{cookie, true};
    return std::nullopt;
}

inline bool is_expired(const ApiKey& key, Time now) { return key.expires_at <= now; }

/// The earlier of `end` and `longest_session` after the key was made. Tokens have no such limit,
/// nor has anything when it is 0.
inline Time limited_end(const ApiKey& key, Time end, Duration longest_session) {
    if (key.login_type == LoginType::token || longest_session.count() == 0) return end;
    return (std::min)(end, add(key.created_at, longest_session));
}

/// When the key ends if it is not used.
inline Time end_of(const ApiKey& key, Duration longest_session) {
    return limited_end(key, key.expires_at, longest_session);
}

/// Throws the refusal of a known key that does not count now: docs/contract/http.md, "Checks of a
/// session", checks 6 to 8. `longest_session` is that of end_of().
inline void refuse_session(const SharedIdentity& identity, Duration longest_session, Time now) {
    const Time ends = end_of(identity.key, longest_session);
    if (ends <= now) throw key_expired(ends);
    if (identity.user->status == UserStatus::suspended) throw user_suspended();
    if (!identity.linked) throw link_missing();
}

/// What a successful use changes in a key. If `changed`, the user's last_seen_at is set, too.
struct KeyUse {
    bool changed = false;
    Time last_used = never;
    Time expires_at = never;
};

/// Applies docs/contract/http.md, "Effects of a use", to a key that is not expired. `slide` is
/// false when the host switched the renewal of sessions off; `longest_session` is that of end_of().
inline KeyUse use_key(const ApiKey& key, Time now, bool slide, Duration longest_session) {
    constexpr Duration hour = std::chrono::hours(1);
    constexpr std::int64_t longest = (end_of_time - never) / std::chrono::seconds(1);
    KeyUse use{false, key.last_used, key.expires_at};
    if (now - key.last_used > hour) {
        use.last_used = now;
        use.changed = true;
    }
    const Duration lifetime = std::chrono::seconds((std::min)(key.lifetime_seconds, longest));
    if (slide && key.login_type != LoginType::token && key.lifetime_seconds >= 3600 &&
        key.expires_at - now <= lifetime - hour) {
        const Time slid = limited_end(key, add(now, lifetime), longest_session);
        use.expires_at = (std::max)(key.expires_at, slid);
        use.changed = use.changed || use.expires_at != key.expires_at;
    }
    return use;
}

}}}  // namespace coder_users::v0::rules
