// Internal: may change at any time.
// Handlers for login with a password, logout, and conversion to a login provider.
#pragma once

#include <string>

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/cookies.hpp"
#include "coder_users/internal/login/conversion.hpp"
#include "coder_users/internal/login/password.hpp"
#include "coder_users/internal/login/session.hpp"
#include "coder_users/internal/wire/keys.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply post_login(Call& call) {
    const LoggedIn made =
        login::log_in(call.acting, {call.body.text("email"), call.body.text("password")});
    Reply reply = ok(wire::login(made.token), 201);
    reply.headers.push_back(set_session_cookie(call.options(), made.token));
    return reply;
}

inline Reply post_logout(Call& call) {
    login::log_out(call.acting);
    Reply reply = notice("Logged out!");
    reply.headers.push_back(set_session_cookie(call.options(), ""));
    return reply;
}

inline constexpr std::string_view convert_cookie = "coder_oauth_convert_jwt";

inline Reply post_convert_login(Call& call) {
    const login::Conversion asked = login::convert_login(
        call.acting, call.user(), call.body.text("to_type"), call.body.text("password"));
    Reply reply = ok(
        wire::login_conversion(asked.state, asked.expires_at, asked.to_type, asked.user_id), 201);
    reply.headers.push_back(
        set_cookie(call.options(), convert_cookie, asked.signed_claims, login::convert_lifetime));
    return reply;
}

}}}  // namespace coder_users::v0::http
