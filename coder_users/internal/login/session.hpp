// Internal: may change at any time.
// The life of a session: opened by a login, checked and used by requests, ended by a logout.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/digest.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/login/providers.hpp"
#include "coder_users/internal/login/renewal.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace login {

using operations::Acting;
using operations::Asked;
using operations::Backend;
using operations::Change;
using operations::Lane;
using operations::Operation;

namespace about {
inline constexpr Operation log_out = Operation("log-out-user")
                                         .needs("api_key:delete")
                                         .touches(operations::KeyTouches::presented_key)
                                         .in(Lane::write)
                                         .audited("api_key", "logout")
                                         .tells_of(EventKind::logged_out)
                                         .is_revocation();
}  // namespace about

/// Thrown in a transaction: what was looked up before it is not what is stored any more.
struct Outdated {};

/// Stores the key of a new session, and removes what expired long ago of the user's other ones.
inline ApiKey insert_session(Change& now, const Acting& acting, const User& user, LoginType type,
                             const rules::NewKey& made) {
    ApiKey key = rules::new_api_key(made.id, user.id, type, acting.backend.options.session_duration,
                                    acting.now);
    key.expires_at = rules::end_of(key, acting.backend.options.session_max_life);
    operations::note_client(key, acting);
    store::api_keys::insert(now.tx, key, made.hashed_secret);
    store::api_keys::remove_long_expired_sessions(now.tx, user.id, acting.now);
    return key;
}

/// The reasons why a known key does not count now.
inline void refuse_session(const Options& options, const SharedIdentity& identity, bool linked,
                           Time now) {
    const Time ends = rules::end_of(identity.key, options.session_max_life);
    if (ends <= now) throw rules::key_expired(ends);
    if (identity.user->status == UserStatus::suspended) throw rules::user_suspended();
    if (!linked) throw rules::link_missing();
}

/// What a good token stands for.
struct GoodSession {
    Shared<SharedIdentity> identity;
    bool refresh_due = false;  ///< the login provider's token has expired and can be renewed
};

/// docs/contract/http.md, "Checks of a session", checks 1 to 8, without any effect. Throws
/// ApiError 401; what the store throws goes through.
inline GoodSession check_token(const Backend& backend, std::string_view token, Time now) {
    store::Store& store = backend.store;
    const rules::TokenParts parts = rules::split_token(token);
    const auto session = store.find_checked_key(parts.id);
    // An unknown id costs the same comparison as a wrong secret.
    static constexpr Digest nobodys{};
    const Digest& expected = session ? session->secret_digest : nobodys;
    if (!rules::equal_constant_time(rules::sha256(parts.secret), expected) || !session)
        throw rules::key_invalid();

    Shared<SharedIdentity> identity = store.identity_of(session);
    refuse_session(backend.options, *identity, session->linked, now);
    const Time ends = session->token_expires_at;
    return {std::move(identity), ends != never && ends <= now};
}

/// An identity that was checked some time ago, as it is now. The host is always itself.
inline Shared<SharedIdentity> current_identity(const Backend& backend, const SharedIdentity& known,
                                               Time now) {
    if (known.is_system()) return std::make_shared<const SharedIdentity>(known);
    store::Store& store = backend.store;
    const auto session = store.find_checked_key(known.key.id);
    if (!session || session->identity.user->id != known.user->id) throw rules::key_invalid();
    Shared<SharedIdentity> identity = store.identity_of(session);
    refuse_session(backend.options, *identity, session->linked, now);
    return identity;
}

/// docs/contract/http.md, "Checks of a session", check 9, where it is due. May wait for the
/// provider: the identity counts as it is afterwards.
inline Shared<SharedIdentity> refreshed_identity(const Backend& backend, Providers& providers,
                                                 GoodSession session, Time now, Deadline deadline) {
    if (!session.refresh_due) return std::move(session.identity);
    refresh_provider_token(backend, providers, session.identity->user->id, now, deadline);
    return current_identity(backend, *session.identity, now);
}

/// docs/contract/http.md, "Effects of a use": part of every answer from here on, stored soon.
inline void note_use(const Backend& backend, Shared<SharedIdentity>& identity, Time now) {
    const Options& options = backend.options;
    const rules::KeyUse use = rules::use_key(
        identity->key, now, !options.disable_session_expiry_refresh, options.session_max_life);
    if (!use.changed) return;
    backend.store.note_use(identity->key, use.last_used, use.expires_at, now);
    Identity used{*identity->user, identity->key};
    used.key.last_used = use.last_used;
    used.key.expires_at = use.expires_at;
    used.user.last_seen_at = now;
    used.user.updated_at = (std::max)(used.user.updated_at, now);
    if (used.user.status == UserStatus::dormant) used.user.status = UserStatus::active;
    identity = std::make_shared<const SharedIdentity>(shared(std::move(used)));
}

/// Check of a token with all its effects: what a request with a session passes at gate 6. What has
/// to wait for a login provider does so until the deadline.
inline Shared<SharedIdentity> sign_in(const Backend& backend, Providers& providers,
                                      GoodSession session, Time now, Deadline deadline) {
    Shared<SharedIdentity> identity =
        refreshed_identity(backend, providers, std::move(session), now, deadline);
    note_use(backend, identity, now);
    return identity;
}

/// Whether sign_in() would wait for a login provider to let this token through.
inline bool waits_for_provider(const Backend& backend, std::string_view token, Time now) noexcept {
    if (token.empty()) return false;
    try {
        return check_token(backend, token, now).refresh_due;
    } catch (...) {  // gate 6 will say what is wrong
        return false;
    }
}

/// The presented key goes, a token, too, and with it every key that applications were given. Throws
/// 401 for the host itself.
inline void log_out(const Acting& acting) {
    if (acting.is_host()) throw rules::key_invalid();  // it presents none
    const Asked asked =
        ask_host(acting, EventKind::logged_out, acting.user(), nullptr, &acting.actor->key);
    const operations::Concerning leaving{acting.user().id};
    operations::change(acting, about::log_out, asked, leaving, [&](Change& now) {
        const ApiKey& key = now.identity->key;
        const std::string& user_id = now.actor().id;
        store::api_keys::remove(now.tx, key.id);
        store::api_keys::remove_of_applications(now.tx, user_id);
        now.record({user_id, key.token_name, 200, api_key_diff(&key, nullptr)});
        now.tell(EventKind::logged_out, now.actor(), nullptr, &key);
    });
}

}}}  // namespace coder_users::v0::login
