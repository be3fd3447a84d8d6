// Internal: may change at any time.
// A login through a provider from its start to its end, without cookies and pages, which are HTTP's
// (docs/contract/external_login.md, "Steps of a login").
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/login/conversion.hpp"
#include "coder_users/internal/login/external_account.hpp"
#include "coder_users/internal/login/github.hpp"
#include "coder_users/internal/login/oidc.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/providers.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/store/used_states.hpp"

namespace coder_users { inline namespace v0 { namespace login {

inline bool is_github(LoginType type) { return type == LoginType::github; }

inline bool is_configured(const Options& options, LoginType type) {
    return is_github(type) ? options.github.configured() : options.oidc.configured();
}

/// What a start sends along, part of it to the provider and part of it to the browser.
struct StartedLogin {
    std::string state, pkce_verifier, nonce;
    std::string url;  ///< of the provider's login page, with all that it is told
};

/// The parameters that both providers get.
inline Form start_parameters(const Options& options, LoginType type, const StartedLogin& started,
                             const std::string& redirect_uri) {
    const std::vector<std::string> github_scopes{"read:user", "read:org", "user:email"};
    return {{"client_id", is_github(type) ? options.github.client_id : options.oidc.client_id},
            {"redirect_uri", redirect_uri},
            {"response_type", "code"},
            {"scope", join(is_github(type) ? github_scopes : options.oidc.scopes, " ")},
            {"state", started.state},
            {"code_challenge", rules::pkce_challenge(started.pkce_verifier)},
            {"code_challenge_method", "S256"}};
}

/// Adds a parameter, or gives the one of this name another value.
inline void set_parameter(Form& form, const std::string& name, const std::string& value) {
    for (auto& [known, content] : form) {
        if (known != name) continue;
        content = value;
        return;
    }
    form.emplace_back(name, value);
}

/// The address of the provider's login page.
inline std::string start_url(const Options& options, Providers& providers,
                             const ProviderCalls& calls, LoginType type,
                             const StartedLogin& started, const std::string& redirect_uri) {
    Form form = start_parameters(options, type, started, redirect_uri);
    std::string url;
    if (is_github(type)) {
        form.emplace_back("access_type", "offline");
        url = github_addresses(options.github).base + "/login/oauth/authorize";
    } else {
        form.emplace_back("nonce", started.nonce);
        for (const auto& [name, value] : options.oidc.auth_url_params)
            set_parameter(form, name, value);
        try {
            url = providers.oidc.discovery(calls).authorization_endpoint;
        } catch (const ProviderFailure& failure) {
            throw LoggedFailure("An internal server error occurred.", failure.what());
        }
    }
    return url + (url.find('?') == std::string::npos ? '?' : '&') + encode_parameters(form);
}

/// `merge_state`: the state of a conversion to complete, or any other text. `redirect_uri`: where
/// the provider sends the browser back to.
inline StartedLogin start_login(const Acting& acting, Providers& providers,
                                const ProviderCalls& calls, LoginType type,
                                const std::string& merge_state, const std::string& redirect_uri) {
    const rules::Random& random = acting.backend.random;
    StartedLogin started{
        is_convert_state(merge_state) ? merge_state : rules::random_base62(state_size, random),
        rules::random_base62(64, random), rules::random_base62(32, random), ""};
    started.url = start_url(acting.backend.options, providers, calls, type, started, redirect_uri);
    return started;
}

/// How long a browser keeps what its return needs.
inline constexpr std::chrono::minutes start_lifetime{10};

inline ApiError state_mismatched() { return {401, "State mismatched."}; }

/// Throws the 401 of a state that has come back before, to any of several servers on the database.
/// A single server leaves that to the provider, which takes a code once.
inline void use_state(const Acting& acting, const std::string& state) {
    store::Store& store = acting.backend.store;
    if (!store.shared()) return;
    const bool first = store.write_aside([&](store::Tx& tx) {
        return store::used_states::use(tx, rules::sha256_hex(state),
                                       add(acting.now, start_lifetime));
    });
    if (!first) throw state_mismatched();
}

/// What comes back to the callback.
struct ReturnedLogin {
    ReturnedCode code;
    ReturnedConversion conversion;  ///< its state is that of the login, too
};

/// From the code to a session. The token of the session; "" after a conversion, which ends those
/// that there are: the user logs in anew. Throws ApiError, PageRefusal; a refusal is recorded.
inline std::string finish_login(const Acting& acting, Providers& providers,
                                const ProviderCalls& calls, LoginType type,
                                const ReturnedLogin& returned) {
    const Options& options = acting.backend.options;
    ExternalUser who;
    const auto finish = [&]() -> std::string {
        if (is_github(type))
            find_github_user(options.github, calls, returned.code, acting.now, who);
        else
            find_oidc_user(options.oidc, providers.oidc, calls, returned.code, acting.now, who);
        if (!is_conversion(returned.conversion.state))
            return log_in_external(acting, type, who).token;
        complete_conversion(acting, type, who, returned.conversion);
        return "";
    };
    try {
        return finish();
    } catch (const store::Duplicate& error) {
        throw LoggedFailure("Failed to process OAuth login.", error.what());
    } catch (const ApiError& error) {
        record_external_refusal(acting, type, who, error.status());
        throw;
    }
}

}}}  // namespace coder_users::v0::login
