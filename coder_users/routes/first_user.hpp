// GET and POST /users/first.
#pragma once

#include <utility>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/events.hpp"
#include "coder_users/routes/new_user.hpp"
#include "coder_users/rules/roles.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline Reply get_first_user(Call& call) {
    if (call.backend.store.read(store::users::any_exist))
        return notice("The initial user has already been created!");
    return notice("The initial user has not been created!", 404);
}

inline void refuse_second_first_user(store::Connection& c) {
    if (store::users::any_exist(c))
        throw ApiError(409, "The initial user has already been created.");
}

/// The first user owns the deployment and its one organization, named like the user.
inline User create_first_user(Call& call) {
    call.backend.store.read(refuse_second_first_user);
    const std::string& password = call.body.text("password");
    refuse_weak_password(password, "Password not strong enough!");

    User planned;
    planned.username = call.body.text("username");
    planned.email = call.body.text("email");
    planned.roles = {std::string(rules::role_owner)};
    ask_host(call, EventKind::created, planned);
    NewUser made = prepare_user(call, call.body.text("email"), call.body.text("username"),
                                LoginType::password, password);
    made.user.roles = planned.roles;
    const Organization organization{new_uuid(call.backend.random), made.user.username, call.now,
                                    call.now};
    write(call, [&](store::Tx& tx) {
        refuse_second_first_user(tx);
        store::organizations::insert(tx, organization);
        insert_user(tx, made, organization.id,
                    {std::string(rules::organization_member_prefix) + organization.id});
        record(tx, call,
               {made.user.id, made.user.id, made.user.username, 201,
                format::user_diff(nullptr, &made.user, true)});
        tell_host(call, EventKind::created, made.user);
    });
    return made.user;
}

inline Reply post_first_user(Call& call) {
    const User made = create_first_user(call);
    return ok(format::wire::first_user(made.id, made.organization_ids.front()), 201);
}

}}}  // namespace coder_users::v0::routes
