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

/// Records that the target became `changed`, and answers with it.
inline Reply changed_user(Call& call, store::Tx& tx, const User& changed) {
    record(tx, call,
           {call.actor.user.id, changed.id, changed.username, 200,
            format::user_diff(&call.target, &changed, false)});
    return ok(format::wire::user(changed));
}

inline Reply put_appearance(Call& call) {
    return change(call, [&](store::Tx& tx) {
        User changed = call.target;
        changed.theme_preference = call.body.text("theme_preference");
        store::users::set_theme_preference(tx, changed.id, changed.theme_preference);
        return changed_user(call, tx, changed);
    });
}

inline Reply set_status(Call& call, UserStatus status) {
    return change(call, [&](store::Tx& tx) {
        if (status == UserStatus::suspended && rules::is_owner(call.target))
            throw ApiError(400,
                           "You cannot suspend a user with the \"owner\" role. You must remove the "
                           "role first.");
        User changed = call.target;
        changed.status = status;
        store::users::set_status(tx, changed.id, status);
        return changed_user(call, tx, changed);
    });
}

inline Reply put_suspend(Call& call) { return set_status(call, UserStatus::suspended); }
inline Reply put_activate(Call& call) { return set_status(call, UserStatus::active); }

inline Reply get_login_type(Call& call) {
    return ok(format::wire::user_login_type(call.target.login_type));
}

/// The refusals that need the stored hash.
inline void refuse_password(const Call& call, const std::string& stored_hash) {
    const bool self = call.actor.user.id == call.target.id;
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
inline Reply put_password(Call& call) {
    if (call.target.login_type != LoginType::password)
        throw ApiError(400, "Users without password login type cannot change their password.");
    if (call.actor.user.id == call.target.id && call.body.text("old_password").empty())
        throw ApiError(400, "Old password is required.", {},
                       {{"old_password", "Old password is required."}});
    refuse_weak_password(call.body.text("password"), "Invalid password.");

    const std::string compared = call.backend.store.read(
        [&](store::Connection& c) { return store::users::hashed_password(c, call.target.id); });
    refuse_password(call, compared);
    const Backend& backend = call.backend;
    const std::string hash = rules::hash_password(
        call.body.text("password"), backend.options.password_hash_cost, backend.random);
    change(call, [&](store::Tx& tx) {
        // Another change was faster: nothing of what was compared holds any more.
        if (store::users::hashed_password(tx, call.target.id) != compared) throw unavailable();
        store::users::set_hashed_password(tx, call.target.id, hash);
        store::api_keys::remove_of_user(tx, call.target.id);
        record(tx, call,
               {call.actor.user.id, call.target.id, call.target.username, 204,
                format::user_diff(&call.target, &call.target, true)});
    });
    return {204, ""};
}

}}}  // namespace coder_users::v0::routes
