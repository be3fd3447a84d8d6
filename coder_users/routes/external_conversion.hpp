// A password account comes back from its provider (docs/contract/external_login.md, "End of a
// conversion").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/format/audit_diff.hpp"
#include "coder_users/format/json_members.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/convert_login.hpp"
#include "coder_users/routes/external_account.hpp"
#include "coder_users/rules/jwt.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// What the convert cookie says.
struct ConversionRequest {
    std::string deployment_id, user_id, state, to_type;
};

/// docs/contract/external_login.md, "End of a conversion", step 4. Throws the 400 of a cookie that
/// this server did not sign, or not lately.
inline ConversionRequest conversion_request(const Call& call, std::string_view cookie) {
    const ApiError invalid(400, "Convert to oauth cookie is not valid. Please try again.");
    const auto claims = rules::verified_jwt_claims(cookie, convert_key(call.backend));
    if (!claims) throw ApiError(invalid);
    const format::Json json = format::parse_json(*claims);  // it is this server's own
    const std::int64_t now = micros(call.now) / 1'000'000;
    const std::int64_t expires_at = format::integer_member(json, "exp").value_or(0);
    if (expires_at <= now || format::integer_member(json, "iat").value_or(expires_at) > now)
        throw ApiError(invalid);
    const auto text = [&](const char* name) {
        return format::text_member(json, name).value_or("");
    };
    return {text("iss"), text("sub"), text("state"), text("to_login_type")};
}

/// docs/contract/external_login.md, "End of a conversion", steps 3 to 7.
inline void refuse_conversion(const Call& call, const std::string& cookie, const std::string& state,
                              const User& user, LoginType type) {
    if (cookie.empty())
        throw ApiError(400,
                       "Convert to oauth cookie not found. Missing signed jwt to authorize this "
                       "action. Please try again.");
    const ConversionRequest asked = conversion_request(call, cookie);
    if (asked.deployment_id != call.backend.deployment_id)
        throw ApiError(403, "Request to convert login type failed. Issuer mismatch.");
    if (!rules::equal_constant_time(asked.state, state))
        throw ApiError(403, "Request to convert login type failed. State mismatch.");
    if (asked.user_id != user.id || user.login_type != LoginType::password ||
        asked.to_type != to_string(type))
        throw ApiError(403, "Request to convert login type from " +
                                std::string(to_string(user.login_type)) + " to " +
                                std::string(to_string(type)) + " failed");
}

/// The password session that came with the request ends, if it is the account's own.
inline void end_password_session(store::Tx& tx, const Call& call, const User& user) {
    if (!call.presented) return;
    const ApiKey& key = call.presented->key;
    if (key.user_id == user.id && key.login_type == LoginType::password)
        store::api_keys::remove(tx, key.id);
}

/// Changes the login type of the account that asked for it. Throws ApiError, PageRefusal.
inline void convert_account(Call& call, LoginType type, const ExternalUser& who,
                            const std::string& cookie, const std::string& state) {
    write(call, [&](store::Tx& tx) {
        const FoundAccount found = find_account(tx, type, who);
        if (!found.user)
            throw ApiError(400, "The oidc account with the email \"" + who.email +
                                    "\" does not match the email of the account you are trying to "
                                    "convert. Contact your administrator to resolve this issue.");
        if (!who.email_verified) throw email_not_verified(who.email);
        const User& before = *found.user;
        refuse_conversion(call, cookie, state, before, type);
        if (before.status == UserStatus::suspended) throw account_suspended();
        User after = before;
        after.login_type = type;
        store::users::set_login_type(tx, after.id, type);
        store_link(tx, call.backend, after.id, type, who);
        end_password_session(tx, call, after);
        AuditNote note{after.id, after.id, after.username, 307,
                       format::user_diff(&before, &after, false)};
        note.kind = {"user", "write"};
        record(tx, call, std::move(note));
    });
}

}}}  // namespace coder_users::v0::routes
