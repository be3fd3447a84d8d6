// The gates after the session: who is meant, and may the caller do this. Passed before a handler
// runs, and again inside the transaction of every change (docs/contract/http.md, "Order of
// checks").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/uuid.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/events.hpp"
#include "coder_users/rules/policy.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/store/api_keys.hpp"
#include "coder_users/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// `text` is the decoded `{user}` segment.
inline ApiError user_not_found(std::string_view text) {
    std::string detail = "queried user=\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') detail += '\\';
        detail += c;
    }
    return not_found(detail += '"');
}

/// `me`, an id or a name.
inline std::optional<User> named_user(store::Connection& c, const User& actor,
                                      std::string_view text) {
    if (text == "me") return store::users::find(c, actor.id);
    if (const auto id = parse_uuid(text)) return store::users::find(c, *id);
    return store::users::find_by_username(c, text);
}

/// Gate 8. Throws 404 when there is no such user or the actor may not read it.
inline User readable_user(store::Connection& c, const User& actor, std::string_view text) {
    auto user = named_user(c, actor, text);
    if (user && rules::may(actor, rules::Action::read_user, *user)) return std::move(*user);
    // Deleted since its session was checked: the actor itself is what is missing.
    if (actor.id != nil_uuid && !store::users::find(c, actor.id)) throw rules::key_invalid();
    throw user_not_found(text);
}

/// The refusal of doing this to oneself: ahead of the body.
inline void refuse_self(const Route& route, const User& actor, const User& target) {
    if (route.on_self.message && actor.id == target.id)
        throw ApiError(route.on_self.status, route.on_self.message);
}

/// The permission of the row: after decoding and field rules.
inline void permit(const Route& route, const User& actor, const User& target) {
    if (!route.action || rules::may(actor, *route.action, target)) return;
    throw route.forbidden ? ApiError(403, route.forbidden) : forbidden();
}

/// Takes the session anew inside the transaction: it may have ended since the gates were passed.
inline void pass_session_again(store::Tx& tx, Call& call) {
    if (call.actor->is_system()) return;
    auto session = store::api_keys::find_session(tx, call.actor->key.id);
    if (!session) throw rules::key_invalid();
    if (session->identity.user.status == UserStatus::suspended) throw rules::user_suspended();
    call.actor = std::make_shared<const Identity>(std::move(session->identity));
}

/// The same for session, target and permission.
inline void pass_again(store::Tx& tx, Call& call) {
    pass_session_again(tx, call);
    if (call.has_target()) {
        auto target = store::users::find(tx, call.target->id);
        if (!target || !rules::may(call.actor->user, rules::Action::read_user, *target))
            throw user_not_found(call.parameter("user"));
        call.target = std::make_shared<const User>(std::move(*target));
    }
    permit(call.route, call.actor->user, *call.target);
}

/// The one way in which handlers behind a session change things: `fn(Tx&)` in one transaction with
/// the checks it depends on.
template <class Fn>
auto change(Call& call, Fn&& fn) {
    return write(call, [&](store::Tx& tx) {
        pass_again(tx, call);
        return fn(tx);
    });
}

}}}  // namespace coder_users::v0::routes
