// Repairs for owners who are locked out.
#pragma once

#include <string>
#include <utility>

#include "coder_users/data.hpp"
#include "coder_users/data/own_change.hpp"
#include "coder_users/routes/bodies.hpp"
#include "coder_users/routes/new_user.hpp"
#include "coder_users/rules/roles.hpp"
#include "coder_users/store/user_records.hpp"

namespace coder_users { inline namespace v0 { namespace data {

inline void check_admin(const NewAdmin& admin) {
    if (!rules::valid_email(admin.email)) throw ApiError(400, "Not an e-mail address.");
    if (!rules::valid_username(admin.username)) throw ApiError(400, "Not a valid user name.");
    routes::refuse_weak_password(admin.password, "Password not strong enough!");
}

/// Every organization, its roles there included; a first one when there is none.
inline void join_all(store::Tx& tx, const OwnChange& change, UserRecord& record) {
    auto all = store::organizations::oldest_first(tx);
    if (all.empty()) {
        all.push_back({routes::new_uuid(change.backend.random), record.user.username, change.now,
                       change.now});
        store::organizations::insert(tx, all.front());
    }
    for (const Organization& each : all)
        record.memberships.push_back({record.user.id,
                                      each.id,
                                      change.now,
                                      change.now,
                                      {rules::organization_admin_role(each.id)}});
}

inline std::string create_admin_user(routes::Backend& backend, const NewAdmin& admin) {
    check_admin(admin);
    const OwnChange change(backend);
    UserRecord record;
    record.user.id = routes::new_uuid(backend.random);
    record.user.username = admin.username;
    record.user.email = admin.email;
    record.user.created_at = change.now;
    record.user.roles = {std::string(rules::role_owner)};
    record.hashed_password =
        rules::hash_password(admin.password, backend.options.password_hash_cost, backend.random);
    record.ssh_key = routes::make_ssh_key(backend, record.user.id, change.now);
    backend.store.write([&](store::Tx& tx) {
        routes::refuse_taken(store::users::taken(tx, admin.email, admin.username));
        join_all(tx, change, record);
        store::user_records::insert(tx, record);
        change.record_new(tx, record.user, true);
    });
    return record.user.id;
}

inline User named_account(store::Connection& c, const std::string& text) {
    const auto id = parse_uuid(text);
    auto user = id ? store::users::find(c, *id) : store::users::find_by_username(c, text);
    if (!user) user = store::users::find_by_email(c, text);
    if (!user) throw ApiError(404, "No user has the id, name or address \"" + text + "\".");
    return *user;
}

inline void reset_password(routes::Backend& backend, const std::string& name,
                           const std::string& password) {
    routes::refuse_weak_password(password, "Password not strong enough!");
    const OwnChange change(backend);
    const std::string hash =
        rules::hash_password(password, backend.options.password_hash_cost, backend.random);
    backend.store.write([&](store::Tx& tx) {
        const User user = named_account(tx, name);
        if (user.login_type != LoginType::password)
            throw ApiError(400, "Users without password login type cannot change their password.");
        store::users::set_hashed_password(tx, user.id, hash);
        store::api_keys::remove_of_user(tx, user.id);
        change.record(tx, "user", "write",
                      {std::nullopt, user.id, user.username, 204, user_diff(&user, &user, true)});
    });
}

}}}  // namespace coder_users::v0::data
