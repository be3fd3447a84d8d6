// Internal: may change at any time.
// Operations on the sessions of a user: list them, end one, end all others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/api_keys.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation list_sessions =
    Operation("get-user-sessions").permits(Action::edit_user);
inline constexpr Operation end_sessions = Operation("delete-user-sessions")
                                              .in(Lane::write)
                                              .permits(Action::edit_user)
                                              .audited("api_key", "delete")
                                              .tells_of(EventKind::sessions_ended)
                                              .is_revocation();
/// Over HTTP a single session is ended as a key, by revoke_key().
inline constexpr Operation end_session = Operation("")
                                             .in(Lane::write)
                                             .permits(Action::edit_user)
                                             .audited("api_key", "delete")
                                             .tells_of(EventKind::token_revoked)
                                             .is_revocation();
}  // namespace about

/// The key as a session in a list; nothing when it has expired.
inline std::optional<Session> live_session(const Acting& acting, const ApiKey& key) {
    const Time ends = rules::end_of(key, acting.backend.options.session_max_life);
    if (ends <= acting.now) return std::nullopt;
    return Session{key.id,         key.created_at, key.last_used,  ends,
                   key.login_type, key.ip,         key.user_agent, key.id == acting.actor->key.id};
}

/// Returns the user whose sessions a list holds, after the permission check.
inline Target owner_of_sessions(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::list_sessions, who, [](const Target& target) { return target; });
}

struct SessionList {
    std::vector<Session> sessions;
    bool complete = true;
};

/// Lists the sessions of a user that have not expired, oldest first. Looks at no more than `most`
/// keys, the expired ones included.
inline SessionList list_sessions(const Acting& acting, const Target& owner,
                                 std::int64_t most = store::api_keys::no_limit) {
    const std::vector<ApiKey> keys = acting.backend.store.read(
        [&](store::Connection& c) { return store::api_keys::sessions(c, owner->id, most); });
    SessionList list;
    list.complete = static_cast<std::int64_t>(keys.size()) != most;
    for (const ApiKey& key : keys)
        if (auto session = live_session(acting, key)) list.sessions.push_back(std::move(*session));
    return list;
}

/// Ends one session. Throws 404 when the user has no such session; a token is none.
inline void end_session(const Acting& acting, const UserRef& who, std::string_view id) {
    on_user(acting, about::end_session, who, [&](const Target& target) {
        const auto find = [&](store::Connection& c) {
            auto key = store::api_keys::find(c, target->id, id);
            if (!key || key->login_type == LoginType::token) throw not_found();
            return std::move(*key);
        };
        const ApiKey known = acting.backend.store.read(find);
        const Asked asked = ask_host(acting, EventKind::token_revoked, *target, nullptr, &known);
        change(acting, about::end_session, asked, target, [&](Change& now) {
            const ApiKey key = find(now.tx);
            store::api_keys::remove(now.tx, key.id);
            now.record({key.user_id, key.token_name, 204, api_key_diff(&key, nullptr)});
            now.tell(EventKind::token_revoked, now.target(), nullptr, &key);
        });
    });
}

/// Ends all sessions of a user except the one that the caller presents.
inline void end_sessions(const Acting& acting, const UserRef& who) {
    on_user(acting, about::end_sessions, who, [&](const Target& target) {
        const ApiKey& presented = acting.actor->key;
        const bool stays =
            presented.user_id == target->id && presented.login_type != LoginType::token;
        const ApiKey* const kept = stays ? &presented : nullptr;
        const Asked asked = ask_host(acting, EventKind::sessions_ended, *target, nullptr, kept);
        change(acting, about::end_sessions, asked, target, [&](Change& now) {
            const int ended = store::api_keys::remove_sessions(now.tx, now.target().id,
                                                               kept ? kept->id : std::string());
            now.record({now.target().id, "", 204, AuditDiff().field("sessions", ended, 0).take()});
            now.tell(EventKind::sessions_ended, now.target(), nullptr, kept);
        });
    });
}

}}}  // namespace coder_users::v0::operations
