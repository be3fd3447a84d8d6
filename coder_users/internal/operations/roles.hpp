// Internal: may change at any time.
// Operations on site roles.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/operations/account.hpp"
#include "coder_users/internal/operations/last_owner.hpp"
#include "coder_users/internal/rules/policy.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation list_site_roles = Operation("get-site-member-roles");
inline constexpr Operation get_roles = Operation("get-user-roles")
                                           .needs("user:read", "user:read_personal")
                                           .permits(Action::read_user_roles);
inline constexpr Operation set_roles = Operation("assign-role-to-user")
                                           .in(Lane::write)
                                           .refuses_self(400, "You cannot change your own roles.")
                                           .permits(Action::assign_roles)
                                           .audited_with_refusals("user", "write")
                                           .tells_of(EventKind::roles_changed);
}  // namespace about

/// Lists the site roles that are not implied, by name.
inline std::vector<AssignableRole> list_site_roles(const Acting& acting) {
    const bool assignable = rules::may(acting.user(), Action::assign_all_roles);
    std::vector<AssignableRole> list;
    list.reserve(rules::listed_site_roles.size());
    for (const SiteRole& role : rules::listed_site_roles)
        list.push_back({std::string(role.name), std::string(role.display_name), assignable});
    return list;
}

inline UserWithMemberships get_roles(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_roles, who, [&](const Target& target) {
        return UserWithMemberships{*target, acting.backend.store.read([&](store::Connection& c) {
                                       return store::organizations::memberships(c, target->id);
                                   })};
    });
}

/// Replaces the site roles of a user.
inline User set_roles(const Acting& acting, const UserRef& who,
                      const std::vector<std::string>& names) {
    return on_user(acting, about::set_roles, who, [&](const Target& target) {
        const std::vector<std::string> wanted = rules::site_role_set(names);
        return change_user(
            acting, about::set_roles, EventKind::roles_changed, target,
            [&](const User& actor, User& user) {
                rules::refuse_unassignable(actor, user.roles, wanted, "update site roles: ");
                user.roles = wanted;
            },
            [](store::Tx& tx, const User& user) {
                if (!rules::is_owner(user)) refuse_for_last_owner(tx, user.id);
                store::users::set_roles(tx, user.id, user.roles);
            });
    });
}

}}}  // namespace coder_users::v0::operations
