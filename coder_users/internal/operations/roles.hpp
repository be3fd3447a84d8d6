// Internal: may change at any time.
// Operations on site roles.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
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
                                           .tells_of(EventKind::roles_changed)
                                           .may_decide_owners();
}  // namespace about

/// Lists the site roles that are not implied, those of the host among them, by name.
inline std::vector<AssignableRole> list_site_roles(const Acting& acting) {
    const bool assignable = rules::may(acting.user(), Action::assign_all_roles);
    const HostRoles& declared = acting.backend.options.roles;
    std::vector<AssignableRole> list;
    list.reserve(rules::listed_site_roles.size() + declared.size());
    for (const SiteRole& role : rules::listed_site_roles)
        list.push_back({std::string(role.name), std::string(role.display_name), assignable});
    for (const HostRole& role : declared)
        list.push_back({role.name, std::string(site_role_display_name(role.name, declared)),
                        assignable, false, role.rights});
    std::sort(list.begin(), list.end(),
              [](const AssignableRole& a, const AssignableRole& b) { return a.name < b.name; });
    return list;
}

/// Whether a role of the caller names this right of the host, and its key carries it. The host
/// itself has every right.
inline bool has_right(const Acting& acting, std::string_view right) {
    if (acting.is_host()) return true;
    return acting.actor->has_full_power() &&
           rules::grant(acting.user().roles, acting.backend.options.roles, right);
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
        return change_user(
            acting, about::set_roles, EventKind::roles_changed, target,
            [&](const User& actor, User& user) {
                std::vector<std::string> wanted =
                    rules::site_role_set(names, acting.backend.options.roles, user.roles);
                rules::refuse_unassignable(actor, user.roles, wanted, "update site roles: ");
                user.roles = std::move(wanted);
            },
            [](store::Tx& tx, const User& user) {
                if (!rules::is_owner(user)) refuse_for_last_owner(tx, user.id);
                store::users::set_roles(tx, user.id, user.roles);
            });
    });
}

}}}  // namespace coder_users::v0::operations
