// Internal: may change at any time.
// A password account becomes one that logs in through a provider: it asks, and comes back from
// there (docs/contract/external_login.md, "POST /users/{user}/convert-login" and "End of a
// conversion").
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/login/external_account.hpp"
#include "coder_users/internal/login/password.hpp"
#include "coder_users/internal/login/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/passcodes.hpp"
#include "coder_users/internal/wire/conversion_claims.hpp"

namespace coder_users { inline namespace v0 { namespace login {

namespace about {
inline constexpr Operation convert_login =
    Operation("convert-user-from-password-to-oauth-authentication")
        .needs("user:read", "user:update_personal")
        .in(Lane::hash)
        .permits(Action::act_as_user)
        .audited_with_refusals("convert_login", "create");
/// What a callback turns out to be that comes back with a convert cookie.
inline constexpr Operation complete_conversion =
    Operation("").for_anybody().in(Lane::provider).audited("user", "write");
}  // namespace about

inline constexpr std::chrono::seconds convert_lifetime = std::chrono::minutes(5);
inline constexpr std::string_view convert_prefix = "convert-";
inline constexpr std::size_t state_size = 32;

/// Whether a text begins as the state of a conversion does.
inline bool is_conversion(std::string_view state) { return starts_with(state, convert_prefix); }

/// Whether a text is such a state as convert_login() makes them.
inline bool is_convert_state(std::string_view text) {
    if (text.size() != convert_prefix.size() + state_size || !is_conversion(text)) return false;
    for (const char c : text.substr(convert_prefix.size()))
        if (!is_letter(c) && !is_digit(c)) return false;
    return true;
}

/// The key of the convert cookie, derived so that it says nothing about the one it comes from.
inline std::string convert_key(const Backend& backend) {
    return rules::hmac_sha512(backend.secret_key, "coder_users convert cookie");
}

/// `github` or `oidc`. Throws the 400 of any other text.
inline LoginType conversion_target(const std::string& text) {
    const auto type = login_type_named(text);
    if (!type) throw ApiError(400, "Unknown login type \"" + text + "\".");
    if (*type != LoginType::github && *type != LoginType::oidc)
        throw ApiError(400, "Cannot convert to login type \"" + text + "\".");
    return *type;
}

/// A conversion that may be completed at the provider.
struct Conversion {
    std::string user_id;
    LoginType to_type = LoginType::oidc;
    std::string state;
    Time expires_at = never;
    std::string signed_claims;  ///< for the cookie that proves all this on the way back
};

inline std::string sign_conversion(const Acting& acting, const Conversion& conversion) {
    return rules::sign_jwt(
        wire::write_conversion_claims(
            {acting.backend.deployment_id, conversion.user_id, conversion.state,
             std::string(to_string(LoginType::password)),
             std::string(to_string(conversion.to_type)), micros(acting.now) / 1'000'000,
             micros(conversion.expires_at) / 1'000'000}),
        convert_key(acting.backend));
}

/// Asks for a conversion. Nothing changes but the audit log.
inline Conversion convert_login(const Acting& acting, const operations::UserRef& who,
                                const std::string& to_type, const std::string& password) {
    const Options& options = acting.backend.options;
    const auto check = [&] {
        check_fields({{rules::fields::to_type, to_type}, {rules::fields::password, password}});
    };
    const auto wanted_type = [&](const User&) { return to_type; };
    const auto ask = [&](const operations::Target& target) {
        Conversion conversion;
        conversion.to_type = conversion_target(to_type);
        if (target->login_type != LoginType::password)
            throw ApiError(400, "User account must have password based authentication.");
        const std::string hash = acting.backend.store.read(
            [&](store::Connection& c) { return store::users::hashed_password(c, target->id); });
        if (!operations::verify_password(acting, password, {target->email, hash}))
            throw wrong_credentials();
        if (options.disable_password_auth)
            throw ApiError(403, "Password authentication is disabled.");
        conversion.user_id = target->id;
        conversion.expires_at = add(acting.now, convert_lifetime);
        conversion.state =
            std::string(convert_prefix) + rules::random_base62(state_size, acting.backend.random);
        operations::change(
            acting, about::convert_login, Asked::not_needed(), target, [&](Change& now) {
                if (store::users::hashed_password(now.tx, now.target().id) != hash)
                    throw wrong_credentials();
                now.record(
                    {now.target().id, to_type, 201,
                     AuditDiff()
                         .field("from_login_type", std::string_view(),
                                to_string(LoginType::password))
                         .field("to_login_type", std::string_view(), to_string(conversion.to_type))
                         .field("expires_at", never, conversion.expires_at)
                         .take()});
            });
        conversion.signed_claims = sign_conversion(acting, conversion);
        return conversion;
    };
    return operations::on_user(acting, about::convert_login, who, check, wanted_type, ask);
}

/// docs/contract/external_login.md, "End of a conversion", step 4. Throws the 400 of a cookie that
/// this server did not sign, or not lately.
inline wire::ConversionClaims conversion_claims(const Acting& acting, std::string_view cookie) {
    const ApiError invalid(400, "Convert to oauth cookie is not valid. Please try again.");
    const auto text = rules::verified_jwt_claims(cookie, convert_key(acting.backend));
    if (!text) throw ApiError(invalid);
    wire::ConversionClaims claims = wire::read_conversion_claims(*text);
    const std::int64_t now = micros(acting.now) / 1'000'000;
    if (claims.expires_at <= now || claims.issued_at > now) throw ApiError(invalid);
    return claims;
}

/// What the browser brings back: the convert cookie ("": none) and the state.
struct ReturnedConversion {
    std::string cookie;
    std::string state;
};

/// docs/contract/external_login.md, "End of a conversion", steps 3 to 7.
inline void refuse_conversion(const Acting& acting, const ReturnedConversion& returned,
                              const User& user, LoginType type) {
    if (returned.cookie.empty())
        throw ApiError(400,
                       "Convert to oauth cookie not found. Missing signed jwt to authorize this "
                       "action. Please try again.");
    const wire::ConversionClaims asked = conversion_claims(acting, returned.cookie);
    if (asked.deployment_id != acting.backend.deployment_id)
        throw ApiError(403, "Request to convert login type failed. Issuer mismatch.");
    if (!rules::equal_constant_time(asked.state, returned.state))
        throw ApiError(403, "Request to convert login type failed. State mismatch.");
    if (asked.user_id != user.id || user.login_type != LoginType::password ||
        asked.to_type != to_string(type))
        throw ApiError(403, "Request to convert login type from " +
                                std::string(to_string(user.login_type)) + " to " +
                                std::string(to_string(type)) + " failed");
}

/// Changes the login type of the account that asked for it, and ends every session that its
/// password opened, and its one-time passcode. Throws ApiError, PageRefusal.
inline void complete_conversion(const Acting& acting, LoginType type, const ExternalUser& who,
                                const ReturnedConversion& returned) {
    const auto convert = [&](Change& now) {
        const FoundAccount found = find_locked_account(now.tx, type, who);
        if (!found.user)
            throw ApiError(400, "The oidc account with the email \"" + who.email +
                                    "\" does not match the email of the account you are trying to "
                                    "convert. Contact your administrator to resolve this issue.");
        if (!who.email_verified) throw email_not_verified(who.email);
        const User& before = *found.user;
        refuse_conversion(acting, returned, before, type);
        if (before.status == UserStatus::suspended) throw account_suspended();
        User after = before;
        after.login_type = type;
        store::users::set_login_type(now.tx, after.id, type);
        store_link(now.tx, acting.backend, after.id, type, who);
        store::api_keys::remove_of_user(now.tx, after.id, LoginType::password);
        const Time passcode = store::passcodes::remove(now.tx, after.id);
        now.record_as(after, {after.id, after.username, 307,
                              user_diff(&before, &after, false, {passcode, never})});
    };
    operations::change(acting, about::complete_conversion, Asked::not_needed(), convert);
}

}}}  // namespace coder_users::v0::login
