// Renewing the token of a login provider once it has expired (docs/contract/http.md, "Checks of
// a session", check 9). Where: the front sends a request whose session needs this to the lane of
// the providers, so that a provider that hangs holds no thread that anything else waits for.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/external_account.hpp"
#include "coder_users/routes/github.hpp"
#include "coder_users/routes/oidc.hpp"
#include "coder_users/routes/oidc_provider.hpp"
#include "coder_users/routes/single_flight.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/store/links.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// How a renewal ended, for all who waited for it.
struct RefreshOutcome {
    enum class Kind { renewed, refused, store_failed } kind = Kind::renewed;
    std::string reason = {};
};

/// What external login keeps between requests. May be used from any thread at once.
class ExternalLogin {
 public:
    /// Both outlive it.
    ExternalLogin(const Options& options, ProviderAccess& way)
        : access(way), oidc(options.oidc, way) {}

    ProviderAccess& access;
    OidcProvider oidc;
    SingleFlight<RefreshOutcome> refreshes;  ///< by user id: a user has one link
};

/// A new token for an old refresh token. Throws ProviderFailure.
inline ProviderTokens renewed_tokens(const Backend& backend, LoginType type,
                                     const std::string& refresh_token, Time now) {
    ExternalLogin& external = *backend.external_login;
    const Options& options = backend.options;
    Form form{{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}};
    ProviderTokens tokens;
    if (type == LoginType::github) {
        if (!options.github.configured()) throw ProviderFailure("GitHub login is not configured");
        tokens = github_tokens(options.github, external.access, std::move(form), now);
    } else {
        if (!options.oidc.configured()) throw ProviderFailure("OIDC login is not configured");
        const TokenAnswer got =
            ask_oidc_for_tokens(options.oidc, external.oidc, external.access, std::move(form));
        tokens = parse_tokens(got.answer, got.json, now);
    }
    if (tokens.refresh_token.empty()) tokens.refresh_token = refresh_token;
    return tokens;
}

/// Whether the token of this link has to be renewed.
inline bool refresh_due(const store::links::Link& link, Time now) {
    return !link.sealed_refresh_token.empty() && link.token_expires_at != never &&
           link.token_expires_at <= now;
}

/// Renews and stores. Throws ProviderFailure and what the store throws.
inline void renew_link(const Backend& backend, const std::string& user_id, Time now) {
    const auto find = [&](store::Connection& c) { return store::links::find(c, user_id); };
    const auto link = backend.store.read(find);
    if (!link || !refresh_due(*link, now)) return;  // somebody else was faster
    const auto refresh_token = opened_token(backend, link->sealed_refresh_token, user_id);
    if (!refresh_token) throw ProviderFailure("the stored refresh token cannot be read");
    const ProviderTokens tokens = renewed_tokens(backend, link->login_type, *refresh_token, now);
    store::links::Link renewed = *link;
    renewed.sealed_access_token = sealed_token(backend, tokens.access_token, user_id);
    renewed.sealed_refresh_token = sealed_token(backend, tokens.refresh_token, user_id);
    renewed.token_expires_at = tokens.expires_at;
    backend.store.write([&](store::Tx& tx) {
        const auto current = find(tx);  // a login meanwhile brought newer tokens
        if (current && current->sealed_refresh_token == link->sealed_refresh_token)
            store::links::put(tx, renewed);
    });
}

/// Renews the provider token of this user if it has expired: once, however many requests want it.
/// May wait for the provider. Throws 503, or the 401 of docs/contract/http.md, "Checks of a
/// session", check 9.
inline void refresh_provider_token(const Backend& backend, const std::string& user_id, Time now) {
    using Kind = RefreshOutcome::Kind;
    const RefreshOutcome outcome = backend.external_login->refreshes.run(user_id, [&] {
        try {
            renew_link(backend, user_id, now);
            return RefreshOutcome{};
        } catch (const ProviderFailure& failure) {
            return RefreshOutcome{Kind::refused, failure.what()};
        } catch (const std::exception& error) {
            return RefreshOutcome{Kind::store_failed, error.what()};
        }
    });
    if (outcome.kind == Kind::refused) throw rules::refresh_failed(outcome.reason);
    if (outcome.kind == Kind::store_failed) throw store::Unavailable(outcome.reason);
}

}}}  // namespace coder_users::v0::routes
