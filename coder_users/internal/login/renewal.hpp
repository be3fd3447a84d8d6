// Internal: may change at any time.
// Renewing a user's token of a login provider once it has expired (docs/contract/http.md, "Checks
// of a session", check 9). A request whose session needs this runs in the lane of the providers, so
// that a provider that hangs holds no thread that anything else waits for.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/login/github.hpp"
#include "coder_users/internal/login/oidc.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/provider_link.hpp"
#include "coder_users/internal/login/providers.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/links.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// A new token for an old refresh token. Throws ProviderFailure.
inline ProviderTokens renewed_tokens(const operations::Backend& backend, Providers& providers,
                                     const ProviderCalls& calls, LoginType type,
                                     const std::string& refresh_token, Time now) {
    const Options& options = backend.options;
    const Form form = renewal_form(refresh_token);
    ProviderTokens tokens;
    if (type == LoginType::github) {
        if (!options.github.configured()) throw ProviderFailure("GitHub login is not configured");
        tokens = ask_github_for_tokens(options.github, calls, form, now).tokens;
    } else {
        if (!options.oidc.configured()) throw ProviderFailure("OIDC login is not configured");
        tokens = ask_oidc_for_tokens(options.oidc, providers.oidc, calls, form, now).tokens;
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
inline void renew_link(const operations::Backend& backend, Providers& providers,
                       const ProviderCalls& calls, const std::string& user_id, Time now) {
    const auto find = [&](store::Connection& c) { return store::links::find(c, user_id); };
    const auto link = backend.store.read(find);
    if (!link || !refresh_due(*link, now)) return;  // somebody else was faster
    const auto refresh_token = opened_token(backend, link->sealed_refresh_token, user_id);
    if (!refresh_token) throw ProviderFailure("the stored refresh token cannot be read");
    const ProviderTokens tokens =
        renewed_tokens(backend, providers, calls, link->login_type, *refresh_token, now);
    store::links::Link renewed = *link;
    renewed.sealed_access_token = sealed_token(backend, tokens.access_token, user_id);
    renewed.sealed_refresh_token = sealed_token(backend, tokens.refresh_token, user_id);
    renewed.token_expires_at = tokens.expires_at;
    backend.store.write([&](store::Tx& tx) {
        tx.lock_users("", user_id);
        const auto current = find(tx);  // a login meanwhile brought newer tokens
        if (current && current->sealed_refresh_token == link->sealed_refresh_token)
            store::links::put(tx, renewed);
    });
}

/// Renews the provider token of this user if it has expired: once, however many requests want it.
/// May wait for the provider. Throws 503, or the 401 of docs/contract/http.md, "Checks of a
/// session", check 9.
inline void refresh_provider_token(const operations::Backend& backend, Providers& providers,
                                   const std::string& user_id, Time now, Deadline deadline) {
    using Kind = RefreshOutcome::Kind;
    const auto outcome = providers.refreshes.run(user_id, deadline, [&] {
        try {
            renew_link(backend, providers, {providers.access, deadline}, user_id, now);
            return RefreshOutcome{};
        } catch (const ProviderFailure& failure) {
            return RefreshOutcome{Kind::refused, failure.what()};
        } catch (const std::exception& error) {
            return RefreshOutcome{Kind::store_failed, error.what()};
        }
    });
    if (!outcome) throw rules::refresh_failed(provider_too_slow);
    if (outcome->kind == Kind::refused) throw rules::refresh_failed(outcome->reason);
    if (outcome->kind == Kind::store_failed) throw store::Unavailable(outcome->reason);
}

}}}  // namespace coder_users::v0::login
