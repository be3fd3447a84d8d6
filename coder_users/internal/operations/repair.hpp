// Internal: may change at any time.
// Operations of the host for owners who are locked out.
#pragma once

#include <string>

#include "coder_users/data.hpp"
#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/operations/sealing.hpp"
#include "coder_users/internal/operations/seed.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/store/passcodes.hpp"
#include "coder_users/internal/store/user_records.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation create_admin =
    Operation("").in(Lane::hash).audited("user", "create").may_decide_owners();
inline constexpr Operation reset_password = Operation("").in(Lane::hash).audited("user", "write");
}  // namespace about

/// Throws the refusals that need no database.
inline User planned_admin(const data::NewAdmin& admin) {
    if (!rules::valid_email(admin.email)) throw ApiError(400, "Not an e-mail address.");
    if (!rules::valid_username(admin.username)) throw ApiError(400, "Not a valid user name.");
    User planned;
    planned.username = admin.username;
    planned.email = admin.email;
    planned.roles = {std::string(rules::role_owner)};
    refuse_weak_password(admin.password, planned, weak_new_password);
    return planned;
}

/// Makes the new owner an admin of every organization, and makes an organization when there is
/// none.
inline void join_all(store::Tx& tx, const Acting& acting, UserRecord& record) {
    auto all = store::organizations::oldest_first(tx);
    if (all.empty()) {
        all.push_back(store::organizations::add(
            tx, {new_uuid(acting.backend.random), record.user.username, acting.now, acting.now}));
    }
    for (const Organization& each : all)
        record.memberships.push_back({record.user.id,
                                      each.id,
                                      acting.now,
                                      acting.now,
                                      {rules::organization_admin_role(each.id)}});
}

/// Makes an owner and returns its id.
inline std::string create_admin(const Acting& acting, const data::NewAdmin& admin) {
    User planned = planned_admin(admin);
    ask_about_password(acting.backend, admin.password, planned, weak_new_password);
    const PreparedUser made = prepare_user(acting, std::move(planned), admin.password);
    return change(acting, about::create_admin, Asked::not_needed(), [&](Change& now) {
        refuse_taken(store::users::taken(now.tx, admin.email, admin.username));
        keep_sealing_key(now.tx, acting.backend);
        UserRecord record;
        record.user = made.user;
        record.hashed_password = made.hashed_password;
        record.ssh_key = made.ssh_key;
        join_all(now.tx, acting, record);
        store::users::deriving(now.tx, [&] {
            store::user_records::insert(now.tx, record);
            return std::int64_t{1};
        });
        now.record(made_user(record));
        return record.user.id;
    });
}

/// Finds a user by id, name or address. Throws 404.
inline User named_account(store::Connection& c, const std::string& text) {
    const auto id = parse_uuid(text);
    auto user = id ? store::users::find(c, *id) : store::users::find_by_username(c, text);
    if (!user) user = store::users::find_by_email(c, text);
    if (!user) throw ApiError(404, "No user has the id, name or address \"" + text + "\".");
    return *user;
}

/// Also ends every session and token of the user, and its one-time passcode.
inline User reset_password(const Acting& acting, const std::string& name,
                           const std::string& password) {
    const User found =
        acting.backend.store.read([&](store::Connection& c) { return named_account(c, name); });
    refuse_weak_password(password, found, weak_new_password);
    ask_about_password(acting.backend, password, found, weak_new_password);
    const std::string hash = hash_password(acting.backend, password);
    const Concerning owner{found.id};
    return change(acting, about::reset_password, Asked::not_needed(), owner, [&](Change& now) {
        User user = named_account(now.tx, found.id);
        if (user.login_type != LoginType::password)
            throw ApiError(400, "Users without password login type cannot change their password.");
        store::users::set_hashed_password(now.tx, user.id, hash);
        store::api_keys::remove_of_user(now.tx, user.id);
        const Time passcode = store::passcodes::remove(now.tx, user.id);
        now.record({user.id, user.username, 204, user_diff(&user, &user, true, {passcode, never})});
        return user;
    });
}

}}}  // namespace coder_users::v0::operations
