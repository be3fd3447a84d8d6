// Internal: may change at any time.
// Renewing a user's token of a login provider once it has expired (docs/contract/http.md, "Checks
// of a session", check 9). A request whose session needs this runs in the lane of the providers, so
// that a provider that hangs holds no thread that anything else waits for.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/login/github.hpp"
#include "coder_users/internal/login/oidc.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/provider_link.hpp"
#include "coder_users/internal/login/providers.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/leases.hpp"
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
    // Nothing is stored where a login has brought newer tokens meanwhile.
    backend.store.write([&](store::Tx& tx) { store::links::renew(tx, renewed, *link); });
}

/// The turn of one server to renew tokens of a user, where several share the database: many
/// providers end all tokens of a user when a refresh token comes twice.
class RenewalTurn {
 public:
    /// Waits for the turn. Throws store::Busy at the deadline, as after the death of the server
    /// that has it: nothing is known of the token then.
    RenewalTurn(const operations::Backend& backend, const std::string& user_id, Deadline deadline)
        : backend_(backend), name_("renewal for " + user_id) {
        constexpr std::chrono::milliseconds pause{50};
        if (!backend.store.shared()) return;
        while (!take()) {
            if (std::chrono::steady_clock::now() + pause >= deadline)
                throw store::Busy("another server is renewing this token");
            std::this_thread::sleep_for(pause);
        }
    }
    RenewalTurn(const RenewalTurn&) = delete;
    RenewalTurn& operator=(const RenewalTurn&) = delete;
    ~RenewalTurn() {
        if (!backend_.store.shared()) return;
        try {
            backend_.store.write_aside(
                [&](store::Tx& tx) { store::leases::give_back(tx, name_, holder_); });
        } catch (const std::exception&) {  // it ends by itself
        }
    }

 private:
    bool take() {
        return backend_.store.write_aside([&](store::Tx& tx) {
            return store::leases::take(tx, name_, holder_, backend_.now(),
                                       backend_.options.deadlines.provider);
        });
    }

    const operations::Backend& backend_;
    const std::string name_;
    const std::string holder_ =
        backend_.store.shared() ? operations::new_uuid(backend_.random) : std::string();
};

/// Renews the provider token of this user if it has expired: once, however many requests want it.
/// May wait for the provider. Throws 503, or the 401 of docs/contract/http.md, "Checks of a
/// session", check 9.
inline void refresh_provider_token(const operations::Backend& backend, Providers& providers,
                                   const std::string& user_id, Time now, Deadline deadline) {
    using Kind = RefreshOutcome::Kind;
    const auto outcome = providers.refreshes.run(user_id, deadline, [&] {
        try {
            const RenewalTurn turn(backend, user_id, deadline);
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
