// Internal: may change at any time.
// The handlers to which login providers send browsers back, and which also start such logins
// (docs/contract/external_login.md, "Steps of a login").
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/cookies.hpp"
#include "coder_users/internal/http/pages.hpp"
#include "coder_users/internal/http/sessions.hpp"
#include "coder_users/internal/login/claims.hpp"
#include "coder_users/internal/login/external_login.hpp"
#include "coder_users/internal/operations/first_user.hpp"
#include "coder_users/internal/rules/redirect.hpp"
#include "coder_users/internal/rules/token.hpp"

namespace coder_users { inline namespace v0 { namespace http {

namespace about {
inline constexpr Operation begin_github_device =
    Operation("get-github-device-auth").for_anybody().since_release(2, 20);
}  // namespace about

inline constexpr std::string_view state_cookie = "oauth_state";
inline constexpr std::string_view redirect_cookie = "oauth_redirect";
inline constexpr std::string_view pkce_cookie = "oauth_pkce_verifier";
inline constexpr std::string_view nonce_cookie = "oauth_nonce";

/// Returns a cookie of the request; "" when it is absent or empty.
inline std::string cookie_text(const Call& call, std::string_view name) {
    return std::string(rules::find_cookie(cookies_of(call.request).value_or(""), name));
}

/// The URL to which the provider sends the browser back. It is made of the configured access URL,
/// because a client can forge the Host of a request.
inline std::string callback_url(const Call& call) {
    std::string url = call.options().access_url;
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url + call.request.api_prefix + call.route.path;
}

inline login::ProviderCalls provider_calls(const Call& call) {
    return {call.site.providers.access, call.provider_deadline};
}

/// Sends the browser to the provider, with the cookies that its return needs.
inline Reply send_to_provider(Call& call, LoginType type) {
    const login::StartedLogin started =
        login::start_login(call.acting, call.site.providers, provider_calls(call), type,
                           call.query("oidc_merge_state"), callback_url(call));
    Reply reply{307, "", {{"Location", started.url}}, ""};
    const auto add = [&](std::string_view name, const std::string& value) {
        reply.headers.push_back(set_cookie(call.options(), name, value, login::start_lifetime));
    };
    add(state_cookie, started.state);
    add(redirect_cookie, rules::local_redirect(call.query("redirect")));
    add(pkce_cookie, started.pkce_verifier);
    if (!login::is_github(type)) add(nonce_cookie, started.nonce);
    return reply;
}

/// Throws when the provider refused the login.
inline void refuse_provider_error(const Call& call) {
    const std::string error = call.query("error");
    if (error.empty()) return;
    std::string detail = cut_text(call.query("error_description"));
    const std::string uri = cut_text(call.query("error_uri"));
    if (!uri.empty()) detail += (detail.empty() ? "error_uri: " : ", error_uri: ") + uri;
    throw ApiError(400, "Encountered error in oidc process: " + cut_text(error), detail);
}

/// Checks that this browser started this login and ends it for the first time, and reads what it
/// brings back (docs/contract/external_login.md, "Steps of a login", steps 5 to 7).
inline login::ReturnedLogin returned_login(const Call& call, LoginType type) {
    std::string state = call.query("state");
    if (state.empty()) throw ApiError(400, "State must be provided.");
    const std::string kept = cookie_text(call, state_cookie);
    if (kept.empty()) throw ApiError(401, "Cookie \"oauth_state\" must be provided.");
    login::ReturnedCode code{call.query("code"), callback_url(call), cookie_text(call, pkce_cookie),
                             cookie_text(call, nonce_cookie)};
    if (!rules::equal_constant_time(kept, state) || code.pkce_verifier.empty() ||
        (!login::is_github(type) && code.nonce.empty()))
        throw login::state_mismatched();
    login::use_state(call.acting, state);
    return {std::move(code), {cookie_text(call, convert_cookie), std::move(state)}};
}

/// Makes every answer, also a refusal, delete the cookies of this login.
inline void clear_login_cookies(Call& call, LoginType type) {
    const auto clear = [&](std::string_view name) {
        call.answer_headers.push_back(clear_cookie(call.options(), name));
    };
    for (const auto name : {state_cookie, redirect_cookie, pkce_cookie}) clear(name);
    if (!login::is_github(type)) clear(nonce_cookie);
    if (login::is_conversion(call.query("state"))) clear(convert_cookie);
}

inline Reply external_callback(Call& call, LoginType type) {
    if (!login::is_configured(call.options(), type))
        throw ApiError(400, "The oauth2 method requested is not configured!");
    if (!operations::has_first_user(call.acting.backend))
        return page({"Initial user required", "The initial user has not been created!"});
    if (call.query("error").empty() && call.query("code").empty())
        return send_to_provider(call, type);

    clear_login_cookies(call, type);
    refuse_provider_error(call);
    const login::ReturnedLogin returned = returned_login(call, type);
    try {
        const std::string session = login::finish_login(call.acting, call.site.providers,
                                                        provider_calls(call), type, returned);
        return {307,
                "",
                {{"Location", rules::local_redirect(cookie_text(call, redirect_cookie))},
                 set_session_cookie(call.options(), session)},
                ""};
    } catch (const login::PageRefusal& refusal) {
        return page(refusal);
    }
}

inline Reply get_github_callback(Call& call) { return external_callback(call, LoginType::github); }
inline Reply get_oidc_callback(Call& call) { return external_callback(call, LoginType::oidc); }

inline Reply get_oidc_claims(Call& call) {
    return ok(wire::oidc_claims(login::last_claims(call.acting)));
}

/// Logins on a device without a browser are not offered.
inline Reply get_github_device(Call& call) {
    throw ApiError(400, call.options().github.configured()
                            ? "Device flow is not enabled for Github OAuth2."
                            : "Github OAuth2 is not enabled.");
}

}}}  // namespace coder_users::v0::http
