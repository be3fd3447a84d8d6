// From a presented token to the identity behind it, or to the reason why not.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/shared.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/cookies.hpp"
#include "coder_users/routes/token_refresh.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/store/api_keys.hpp"
#include "coder_users/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// The reasons why a known key does not count now.
inline void refuse_session(const Identity& identity, bool linked, Time now) {
    if (rules::is_expired(identity.key, now)) throw rules::key_expired(identity.key.expires_at);
    if (identity.user.status == UserStatus::suspended) throw rules::user_suspended();
    if (!linked) throw rules::link_missing();
}

/// What is behind a good token.
struct GoodSession {
    Shared<Identity> identity;
    bool refresh_due = false;  ///< the login provider's token has expired and can be renewed
};

/// docs/contract/http.md, "Checks of a session", checks 1 to 8, without any effect. Throws
/// ApiError 401; what the store throws goes through.
inline GoodSession check_token(store::Store& store, std::string_view token, Time now) {
    const rules::TokenParts parts = rules::split_token(token);
    const auto session = store.find_session(parts.id);
    // An unknown id costs the same comparison as a wrong secret.
    static const std::string nobodys(64, '-');
    const auto presented = rules::sha256_digits(parts.secret);
    const std::string& expected = session ? session->hashed_secret : nobodys;
    if (!rules::equal_constant_time({presented.data(), presented.size()}, expected) || !session)
        throw rules::key_invalid();

    Shared<Identity> identity = store.identity_of(session);
    refuse_session(*identity, session->linked, now);
    const Time ends = session->token_expires_at;
    return {std::move(identity), ends != never && ends <= now};
}

/// An identity that was checked some time ago, as it is now. The host is always itself, and must
/// outlive what is returned.
inline Shared<Identity> current_identity(store::Store& store, const Identity& known, Time now) {
    if (known.is_system()) return unowned(known);
    const auto session = store.find_session(known.key.id);
    if (!session || session->identity.user.id != known.user.id) throw rules::key_invalid();
    Shared<Identity> identity = store.identity_of(session);
    refuse_session(*identity, session->linked, now);
    return identity;
}

/// docs/contract/http.md, "Checks of a session", check 9, where it is due. May wait for the
/// provider: the identity counts as it is afterwards.
inline Shared<Identity> refreshed_identity(const routes::Backend& backend, GoodSession session,
                                           Time now) {
    if (!session.refresh_due) return std::move(session.identity);
    routes::refresh_provider_token(backend, session.identity->user.id, now);
    return current_identity(backend.store, *session.identity, now);
}

/// docs/contract/http.md, "Effects of a use": part of every answer from here on, stored soon.
inline void note_use(store::Store& store, Shared<Identity>& identity, Time now, bool slide) {
    const rules::KeyUse use = rules::use_key(identity->key, now, slide);
    if (!use.changed) return;
    store.note_use(identity->key, use.last_used, use.expires_at, now);
    Identity used = *identity;
    used.key.last_used = use.last_used;
    used.key.expires_at = use.expires_at;
    used.user.last_seen_at = now;
    if (used.user.status == UserStatus::dormant) used.user.status = UserStatus::active;
    identity = std::make_shared<const Identity>(std::move(used));
}

/// Gate 6 as a whole, for callers in the process.
inline Shared<Identity> authenticate(const routes::Backend& backend, std::string_view token,
                                     Time now) {
    Shared<Identity> identity =
        refreshed_identity(backend, check_token(backend.store, token, now), now);
    note_use(backend.store, identity, now, !backend.options.disable_session_expiry_refresh);
    return identity;
}

/// Whether gate 6 would wait for a login provider to let this token through.
inline bool needs_refresh(const routes::Backend& backend, std::string_view token,
                          Time now) noexcept {
    if (token.empty()) return false;
    try {
        return check_token(backend.store, token, now).refresh_due;
    } catch (...) {  // gate 6 will say what is wrong
        return false;
    }
}

/// The token of a request, "" when there is none.
inline rules::PresentedToken presented_token(const Request& request) {
    return rules::find_token(routes::header(request, "Coder-Session-Token"),
                             routes::header(request, "Authorization"), routes::cookies_of(request))
        .value_or(rules::PresentedToken{});
}

}}}  // namespace coder_users::v0::server
