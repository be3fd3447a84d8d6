// Site roles: which there are, who holds them, who gets them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coder_users/format/wire_organizations.hpp"
#include "coder_users/routes/account.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/rules/roles.hpp"
#include "coder_users/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline std::vector<format::wire::NamedRole> with_display_names(
    const std::vector<std::string>& names) {
    std::vector<format::wire::NamedRole> roles;
    roles.reserve(names.size());
    for (const std::string& name : names) roles.push_back({name, rules::role_display_name(name)});
    return roles;
}

inline Reply get_assignable_roles(Call& call) {
    std::vector<std::string> names;
    names.reserve(rules::listed_site_roles.size());
    for (const SiteRole& role : rules::listed_site_roles) names.emplace_back(role.name);
    return ok(format::wire::assignable_roles(
        with_display_names(names), rules::may(call.actor->user, rules::Action::assign_all_roles)));
}

inline Reply get_user_roles(Call& call) {
    const auto memberships = call.backend.store.read([&](store::Connection& c) {
        return store::organizations::memberships(c, call.target->id);
    });
    return ok(format::wire::user_with_roles(*call.target, memberships));
}

inline User set_site_roles(Call& call) {
    User wanted = *call.target;
    wanted.roles = rules::site_role_set(call.body.texts("roles"));
    rules::refuse_unassignable(call.actor->user, call.target->roles, wanted.roles);
    return change_user(call, EventKind::roles_changed, wanted, [&](store::Tx& tx, User& now) {
        rules::refuse_unassignable(call.actor->user, now.roles, wanted.roles);
        now.roles = wanted.roles;
        store::users::set_roles(tx, now.id, now.roles);
    });
}

inline Reply put_user_roles(Call& call) { return ok(format::wire::user(set_site_roles(call))); }

}}}  // namespace coder_users::v0::routes
