// POST /users/{user}/convert-login: a password account asks to log in through a provider from now
// on.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/format/wire_keys.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/cookies.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/routes/session.hpp"
#include "coder_users/rules/jwt.hpp"
#include "coder_users/rules/password.hpp"
#include "coder_users/rules/token.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline constexpr std::string_view convert_cookie_name = "coder_oauth_convert_jwt";
inline constexpr std::chrono::seconds convert_lifetime = std::chrono::minutes(5);

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

/// What the callback needs to know of the account that asked.
inline std::string convert_claims(const Call& call, const std::string& state, LoginType type,
                                  Time expires_at) {
    format::JsonWriter json;
    json.begin_object()
        .member("iss", call.backend.deployment_id)
        .member("sub", call.target->id)
        .member("state", state)
        .member("from_login_type", to_string(call.target->login_type))
        .member("to_login_type", to_string(type))
        .member("iat", micros(call.now) / 1'000'000)
        .member("exp", micros(expires_at) / 1'000'000)
        .end_object();
    return json.take();
}

inline Reply post_convert_login(Call& call) {
    const Options& options = call.backend.options;
    const LoginType type = conversion_target(call.body.text("to_type"));
    if (call.target->login_type != LoginType::password)
        throw ApiError(400, "User account must have password based authentication.");
    const std::string hash = call.backend.store.read(
        [&](store::Connection& c) { return store::users::hashed_password(c, call.target->id); });
    if (!rules::password_matches(call.body.text("password"), hash, options.password_hash_cost))
        throw wrong_credentials();
    if (options.disable_password_auth) throw ApiError(403, "Password authentication is disabled.");

    const Time expires_at = add(call.now, convert_lifetime);
    const std::string state = "convert-" + rules::random_base62(32, call.backend.random);
    change(call, [&](store::Tx& tx) {
        if (store::users::hashed_password(tx, call.target->id) != hash) throw wrong_credentials();
        record(tx, call,
               {call.actor->user.id, call.target->id, std::string(to_string(type)), 201,
                format::AuditDiff()
                    .field("from_login_type", std::string_view(), to_string(LoginType::password))
                    .field("to_login_type", std::string_view(), to_string(type))
                    .field("expires_at", never, expires_at)
                    .take()});
    });
    Reply reply = ok(format::wire::login_conversion(state, expires_at, type, call.target->id), 201);
    reply.headers.push_back(set_cookie(
        options, convert_cookie_name,
        rules::sign_jwt(convert_claims(call, state, type, expires_at), convert_key(call.backend)),
        convert_lifetime));
    return reply;
}

inline std::string wanted_login_type(Call& call) { return call.body.text("to_type"); }

}}}  // namespace coder_users::v0::routes
