// What belongs to one account: appearance, password, status, login type.
#pragma once

#include <string>
#include <utility>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/format/wire_keys.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/routes/new_user.hpp"
#include "coder_users/rules/password.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// The one change of a row of the target: `store_it(Tx&, User&)` checks it once more, makes it, and
/// `changed` is how the host is asked about it before.
template <class StoreIt>
User change_user(Call& call, EventKind kind, const User& changed, StoreIt&& store_it) {
    ask_host(call, kind, changed, call.target.get());
    return change(call, [&](store::Tx& tx) {
        User now = *call.target;
        store_it(tx, now);
        record(tx, call,
               {call.actor->user.id, now.id, now.username, 200,
                format::user_diff(call.target.get(), &now, false)});
        tell_host(call, kind, now, call.target.get());
        return now;
    });
}

inline User set_appearance(Call& call) {
    const std::string& theme = call.body.text("theme_preference");
    User wanted = *call.target;
    wanted.theme_preference = theme;
    return change_user(call, EventKind::appearance_changed, wanted, [&](store::Tx& tx, User& now) {
        now.theme_preference = theme;
        store::users::set_theme_preference(tx, now.id, theme);
    });
}

inline Reply put_appearance(Call& call) { return ok(format::wire::user(set_appearance(call))); }

inline void refuse_to_suspend_owner(const User& target) {
    if (rules::is_owner(target))
        throw ApiError(400,
                       "You cannot suspend a user with the \"owner\" role. You must remove the "
                       "role first.");
}

inline User set_status(Call& call, EventKind kind, UserStatus status) {
    const bool suspends = status == UserStatus::suspended;
    if (suspends) refuse_to_suspend_owner(*call.target);
    User wanted = *call.target;
    wanted.status = status;
    return change_user(call, kind, wanted, [&](store::Tx& tx, User& now) {
        if (suspends) refuse_to_suspend_owner(now);
        now.status = status;
        store::users::set_status(tx, now.id, status);
    });
}

inline User suspend_user(Call& call) {
    return set_status(call, EventKind::suspended, UserStatus::suspended);
}
inline User activate_user(Call& call) {
    return set_status(call, EventKind::activated, UserStatus::active);
}

inline Reply put_suspend(Call& call) { return ok(format::wire::user(suspend_user(call))); }
inline Reply put_activate(Call& call) { return ok(format::wire::user(activate_user(call))); }

inline Reply get_login_type(Call& call) {
    return ok(format::wire::user_login_type(call.target->login_type));
}

/// The refusals that need the stored hash.
inline void refuse_password(const Call& call, const std::string& stored_hash) {
    const bool self = call.actor->user.id == call.target->id;
    const int cost = call.backend.options.password_hash_cost;
    const auto refuse_old = [](const char* text) {
        throw ApiError(400, text, {}, {{"old_password", text}});
    };
    if (self && !rules::password_matches(call.body.text("old_password"), stored_hash, cost))
        refuse_old("Old password is incorrect.");
    if (rules::password_matches(call.body.text("password"), stored_hash, cost))
        throw ApiError(400, "New password cannot match old password.");
}

/// A new password ends every session and token of its user.
inline void set_password(Call& call) {
    if (call.target->login_type != LoginType::password)
        throw ApiError(400, "Users without password login type cannot change their password.");
    if (call.actor->user.id == call.target->id && call.body.text("old_password").empty())
        throw ApiError(400, "Old password is required.", {},
                       {{"old_password", "Old password is required."}});
    refuse_weak_password(call.body.text("password"), "Invalid password.");

    const std::string compared = call.backend.store.read(
        [&](store::Connection& c) { return store::users::hashed_password(c, call.target->id); });
    refuse_password(call, compared);
    ask_host(call, EventKind::password_changed, *call.target, call.target.get());
    const Backend& backend = call.backend;
    const std::string hash = rules::hash_password(
        call.body.text("password"), backend.options.password_hash_cost, backend.random);
    change(call, [&](store::Tx& tx) {
        // Another change was faster: nothing of what was compared holds any more.
        if (store::users::hashed_password(tx, call.target->id) != compared) throw unavailable();
        store::users::set_hashed_password(tx, call.target->id, hash);
        store::api_keys::remove_of_user(tx, call.target->id);
        record(tx, call,
               {call.actor->user.id, call.target->id, call.target->username, 204,
                format::user_diff(call.target.get(), call.target.get(), true)});
        tell_host(call, EventKind::password_changed, *call.target, call.target.get());
    });
}

inline Reply put_password(Call& call) {
    set_password(call);
    return {204, ""};
}

}}}  // namespace coder_users::v0::routes
