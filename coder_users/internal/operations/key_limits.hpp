// Internal: may change at any time.
// Refuses keys whose scopes or allow list do not reach for an operation (docs/contract/scopes.md,
// "What scopes cover" and "Allow lists").
#pragma once

#include <string_view>

#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/rules/scopes.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Whether `text` names the caller itself.
inline bool names_self(const User& actor, std::string_view text) {
    return text == "me" || same_folded(text, actor.id) || same_folded(text, actor.username);
}

/// Whether the scopes of the key cover what the operation needs. `own`: it is about the key's own
/// user, or about none.
inline bool scopes_reach(const KeyNeeds& needs, const ApiKey& key, bool own) {
    if (needs.full_power) return false;
    if (needs.any_key_right && own && rules::covers_any(key, "api_key", own)) return true;
    for (const char* right : needs.rights)
        if (right && !rules::covers(key, right, own)) return false;
    return !needs.keys || own || rules::covers(key, "user:read", own);
}

/// Whether the allow list has the object that the operation touches besides `{user}`.
inline bool list_reaches(KeyTouches what, const SharedIdentity& actor) {
    switch (what) {
        case KeyTouches::new_key:
            return rules::allows(actor.key, "api_key", "*");
        case KeyTouches::presented_key:
            return rules::allows(actor.key, "api_key", actor.key.id);
        case KeyTouches::caller:
            return rules::allows(actor.key, "user", actor.user->id);
        case KeyTouches::nothing:
            break;
    }
    return true;
}

/// Throws 403 when the caller's key does not reach for the operation. `user` is the name that the
/// caller used, "" where the operation is about no user.
inline void refuse_narrow_key(const Operation& about, const SharedIdentity& actor,
                              std::string_view user) {
    if (actor.has_full_power()) return;
    const ApiKey& key = actor.key;
    const bool own = user.empty() || names_self(*actor.user, user);
    const bool reads_itself = about.for_limited_keys() && own && !user.empty() &&
                              has_word(key.scopes, scope_of_applications);
    if (reads_itself) return;
    if (rules::is_for_applications(key) || !scopes_reach(about.key_needs(), key, own) ||
        !list_reaches(about.key_touches(), actor))
        throw forbidden();
}

/// Whether the caller's key may touch this user. Operations on keys do not ask about the own user.
inline bool key_reaches(const Operation& about, const SharedIdentity& actor, const User& user) {
    return (about.key_needs().keys && actor.user->id == user.id) ||
           rules::allows(actor.key, "user", user.id);
}

}}}  // namespace coder_users::v0::operations
