// GET /users/oauth2/github/callback and GET /users/oidc/callback: where a login through a provider
// starts, and where it comes back to (docs/contract/external_login.md, "Steps of a login").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/cookies.hpp"
#include "coder_users/routes/external_account.hpp"
#include "coder_users/routes/external_conversion.hpp"
#include "coder_users/routes/external_pages.hpp"
#include "coder_users/routes/github.hpp"
#include "coder_users/routes/oidc.hpp"
#include "coder_users/routes/token_refresh.hpp"
#include "coder_users/rules/redirect.hpp"
#include "coder_users/rules/token.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline constexpr std::string_view state_cookie = "oauth_state";
inline constexpr std::string_view redirect_cookie = "oauth_redirect";
inline constexpr std::string_view pkce_cookie = "oauth_pkce_verifier";
inline constexpr std::string_view nonce_cookie = "oauth_nonce";

inline constexpr std::string_view convert_prefix = "convert-";
inline constexpr std::size_t state_size = 32;

inline bool is_github(LoginType type) { return type == LoginType::github; }

/// A query parameter; "" when it is absent or empty.
inline std::string query_text(const Call& call, const char* name) {
    return call.url.parameter(name).value_or("");
}

/// A cookie of the request, "" when it is absent or empty.
inline std::string cookie_text(const Call& call, std::string_view name) {
    return std::string(rules::find_cookie(cookies_of(call.request).value_or(""), name));
}

/// Where the provider sends the browser back to: the configured URL, whatever the request says, and
/// the prefix below which the API is mounted.
inline std::string callback_url(const Call& call) {
    std::string url = call.backend.options.access_url;
    while (!url.empty() && url.back() == '/') url.pop_back();
    return url + call.request.api_prefix + call.route.path;
}

/// Whether a text is the state of a conversion, as post_convert_login() makes them.
inline bool is_convert_state(std::string_view text) {
    if (text.size() != convert_prefix.size() + state_size || !starts_with(text, convert_prefix))
        return false;
    for (const char c : text.substr(convert_prefix.size()))
        if (!is_letter(c) && !is_digit(c)) return false;
    return true;
}

/// What a start sends along, part of it to the provider and part of it to the browser.
struct StartedLogin {
    std::string state, pkce_verifier, nonce;
};

inline std::string challenge_of(std::string_view pkce_verifier) {
    const auto digest = rules::sha256(pkce_verifier);
    return rules::base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// The parameters that both providers get.
inline Form start_parameters(const Call& call, LoginType type, const StartedLogin& started) {
    const Options& options = call.backend.options;
    const std::vector<std::string> github_scopes{"read:user", "read:org", "user:email"};
    return {{"client_id", is_github(type) ? options.github.client_id : options.oidc.client_id},
            {"redirect_uri", callback_url(call)},
            {"response_type", "code"},
            {"scope", join(is_github(type) ? github_scopes : options.oidc.scopes, " ")},
            {"state", started.state},
            {"code_challenge", challenge_of(started.pkce_verifier)},
            {"code_challenge_method", "S256"}};
}

/// The address of the provider's login page.
inline std::string start_url(const Call& call, LoginType type, const StartedLogin& started) {
    Form form = start_parameters(call, type, started);
    std::string url;
    if (is_github(type)) {
        form.emplace_back("access_type", "offline");
        url = github_addresses(call.backend.options.github).base + "/login/oauth/authorize";
    } else {
        form.emplace_back("nonce", started.nonce);
        for (const auto& [name, value] : call.backend.options.oidc.auth_url_params)
            set_parameter(form, name, value);
        try {
            url = call.backend.external_login->oidc.discovery().authorization_endpoint;
        } catch (const ProviderFailure& failure) {
            throw LoggedFailure("An internal server error occurred.", failure.what());
        }
    }
    return url + (url.find('?') == std::string::npos ? '?' : '&') + encode_parameters(form);
}

inline Reply start_login(Call& call, LoginType type) {
    constexpr std::chrono::seconds lifetime = std::chrono::minutes(10);
    const Options& options = call.backend.options;
    const rules::Random& random = call.backend.random;
    const std::string merged = query_text(call, "oidc_merge_state");
    const StartedLogin started{
        is_convert_state(merged) ? merged : rules::random_base62(state_size, random),
        rules::random_base62(64, random), rules::random_base62(32, random)};
    Reply reply{307, "", {{"Location", start_url(call, type, started)}}, ""};
    const auto add = [&](std::string_view name, const std::string& value) {
        reply.headers.push_back(set_cookie(options, name, value, lifetime));
    };
    add(state_cookie, started.state);
    add(redirect_cookie, rules::local_redirect(query_text(call, "redirect")));
    add(pkce_cookie, started.pkce_verifier);
    if (!is_github(type)) add(nonce_cookie, started.nonce);
    return reply;
}

/// The provider's own refusal.
inline void refuse_provider_error(const Call& call) {
    const std::string error = query_text(call, "error");
    if (error.empty()) return;
    std::string detail = cut_text(query_text(call, "error_description"));
    const std::string uri = cut_text(query_text(call, "error_uri"));
    if (!uri.empty()) detail += (detail.empty() ? "error_uri: " : ", error_uri: ") + uri;
    throw ApiError(400, "Encountered error in oidc process: " + cut_text(error), detail);
}

/// docs/contract/external_login.md, "Steps of a login", steps 5 to 7: whether this browser started
/// this login.
inline ReturnedCode returned_code(const Call& call, LoginType type) {
    const std::string state = query_text(call, "state");
    if (state.empty()) throw ApiError(400, "State must be provided.");
    const std::string kept = cookie_text(call, state_cookie);
    if (kept.empty()) throw ApiError(401, "Cookie \"oauth_state\" must be provided.");
    ReturnedCode returned{query_text(call, "code"), callback_url(call),
                          cookie_text(call, pkce_cookie), cookie_text(call, nonce_cookie)};
    if (!rules::equal_constant_time(kept, state) || returned.pkce_verifier.empty() ||
        (!is_github(type) && returned.nonce.empty()))
        throw ApiError(401, "State mismatched.");
    return returned;
}

/// Every answer from here on makes the browser forget this login.
inline void clear_login_cookies(Call& call, LoginType type) {
    if (!call.answer_headers) return;
    const auto clear = [&](std::string_view name) {
        call.answer_headers->push_back(clear_cookie(call.backend.options, name));
    };
    for (const auto name : {state_cookie, redirect_cookie, pkce_cookie}) clear(name);
    if (!is_github(type)) clear(nonce_cookie);
    if (starts_with(query_text(call, "state"), convert_prefix)) clear(convert_cookie_name);
}

/// A refusal behind the exchange, about the account if there is one.
inline void record_external_refusal(Call& call, LoginType type, const ExternalUser& who,
                                    int status) {
    if (status != 400 && status != 401 && status != 403 && status != 409) return;
    call.backend.store.write([&](store::Tx& tx) {
        const FoundAccount found = find_account(tx, type, who);
        AuditNote note;
        if (found.user) {
            note.actor_id = found.user->id;
            note.resource_id = found.user->id;
        }
        note.status = status;
        record(tx, call, std::move(note));
    });
}

/// docs/contract/external_login.md, "Steps of a login", steps 9 to 11.
inline Reply finish_login(Call& call, LoginType type, const ReturnedCode& returned,
                          ExternalUser& who) {
    ExternalLogin& external = *call.backend.external_login;
    const Options& options = call.backend.options;
    if (is_github(type))
        find_github_user(options.github, external.access, returned, call.now, who);
    else
        find_oidc_user(options.oidc, external.oidc, external.access, returned, call.now, who);

    const std::string state = query_text(call, "state");
    std::string session;  // "" ends the one that is there: the user logs in anew
    try {
        if (starts_with(state, convert_prefix))
            convert_account(call, type, who, cookie_text(call, convert_cookie_name), state);
        else
            session = external_session(call, type, who);
    } catch (const store::Duplicate& error) {
        throw LoggedFailure("Failed to process OAuth login.", error.what());
    }
    return {307,
            "",
            {{"Location", rules::local_redirect(cookie_text(call, redirect_cookie))},
             set_session_cookie(options, session)},
            ""};
}

inline Reply external_callback(Call& call, LoginType type) {
    const Options& options = call.backend.options;
    if (!(is_github(type) ? options.github.configured() : options.oidc.configured()))
        throw ApiError(400, "The oauth2 method requested is not configured!");
    if (!call.backend.store.read(store::users::any_exist))
        return page({"Initial user required", "The initial user has not been created!"});
    if (query_text(call, "error").empty() && query_text(call, "code").empty())
        return start_login(call, type);

    clear_login_cookies(call, type);
    refuse_provider_error(call);
    const ReturnedCode returned = returned_code(call, type);
    ExternalUser who;
    try {
        return finish_login(call, type, returned, who);
    } catch (const PageRefusal& refusal) {
        record_external_refusal(call, type, who, refusal.status());
        return page(refusal);
    } catch (const ApiError& error) {
        record_external_refusal(call, type, who, error.status());
        throw;
    }
}

inline Reply get_github_callback(Call& call) { return external_callback(call, LoginType::github); }
inline Reply get_oidc_callback(Call& call) { return external_callback(call, LoginType::oidc); }

}}}  // namespace coder_users::v0::routes
