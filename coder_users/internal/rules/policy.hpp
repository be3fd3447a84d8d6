// Internal: may change at any time.
// Decides who may do what to whom: docs/contract/roles.md, "Read and manage", "Assigning site
// roles" and "Rights in organizations". All decisions about another user are made here.
#pragma once

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/action.hpp"
#include "coder_users/errors.hpp"
#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

using v0::Action;

/// Whether the action is done to a user; the others have no target.
inline constexpr bool concerns_a_user(Action action) { return action < Action::create_users; }

inline bool holds_role(const User& user, std::string_view role) {
    return std::find(user.roles.begin(), user.roles.end(), role) != user.roles.end();
}
inline bool is_owner(const User& user) { return holds_role(user, role_owner); }
inline bool is_user_admin(const User& user) { return holds_role(user, role_user_admin); }

/// Returns the ids of the organizations that a user is admin of. Called only when they matter.
using AdministeredBy = FunctionRef<std::vector<std::string>(const User&)>;

/// Owners manage everybody. A user-admin manages users who hold no role that the user-admin lacks,
/// be it a site role or that of an organization's admin.
inline bool may_manage(const User& actor, const User& target, AdministeredBy administered_by) {
    if (is_owner(actor)) return true;
    const bool shares_roles = std::all_of(
        target.roles.begin(), target.roles.end(),
        [&](const std::string& role) { return role == role_member || holds_role(actor, role); });
    if (!is_user_admin(actor) || !shares_roles) return false;
    if (actor.id == target.id) return true;
    const std::vector<std::string> of_target = administered_by(target);
    if (of_target.empty()) return true;
    const std::vector<std::string> of_actor = administered_by(actor);
    return std::all_of(of_target.begin(), of_target.end(), [&](const std::string& id) {
        return std::find(of_actor.begin(), of_actor.end(), id) != of_actor.end();
    });
}

/// Whether `actor` may do this to `target`.
/// Operations refuse deleting or suspending oneself and changing one's own roles before they ask,
/// since these refusals have texts of their own.
inline bool may(const User& actor, Action action, const User& target,
                AdministeredBy administered_by) {
    const bool self = actor.id == target.id;
    const bool owner = is_owner(actor), user_admin = is_user_admin(actor);
    const bool auditor = holds_role(actor, role_auditor);
    const bool reads_all = owner || user_admin || auditor || holds_role(actor, role_template_admin);
    switch (action) {
        case Action::read_user:
            return self || reads_all;
        case Action::edit_user:
            return self || may_manage(actor, target, administered_by);
        case Action::manage_user:
            return may_manage(actor, target, administered_by);
        case Action::read_user_roles:
            return self || owner || user_admin;
        case Action::use_keys:
        case Action::choose_notifications:
            return self || owner;
        case Action::act_as_user:
            return self;
        case Action::create_users:
            return owner || user_admin;
        case Action::read_all_users:
            return reads_all;
        case Action::read_all_keys:
            return owner;
        case Action::assign_roles:
            return owner || user_admin;
        case Action::assign_all_roles:
            return owner;
        case Action::read_audit:
        case Action::read_deployment_config:
            return owner || auditor;
        case Action::ignore_rate_limits:
            return owner;
    }
    return false;
}

/// For actions that do not depend on organizations. Throws std::logic_error when the decision does.
inline bool may(const User& actor, Action action, const User& target) {
    return may(actor, action, target, [](const User&) -> std::vector<std::string> {
        throw std::logic_error("a decision that depends on organizations, without them");
    });
}

/// For actions without a target.
inline bool may(const User& actor, Action action) { return may(actor, action, actor); }

/// Whether the actor may give and take away this site role, which may be one that is not declared
/// any more.
inline bool may_assign(const User& actor, std::string_view role) {
    return is_owner(actor) || (is_user_admin(actor) && role == role_member);
}

/// Throws the 400 for the first role, by name, that is given or taken away and that the actor may
/// not assign. Both lists are role sets (as_role_set()). `context` begins the message.
inline void refuse_unassignable(const User& actor, const std::vector<std::string>& current,
                                const std::vector<std::string>& wanted, const char* context) {
    std::vector<std::string> changed;
    std::set_symmetric_difference(current.begin(), current.end(), wanted.begin(), wanted.end(),
                                  std::back_inserter(changed));
    for (const std::string& role : changed)
        if (!may_assign(actor, role))
            throw ApiError(400, std::string(context)
                                    .append("not authorized to assign role \"")
                                    .append(role)
                                    .append("\""));
}

inline bool is_member_of(const User& user, std::string_view organization_id) {
    const auto& ids = user.organization_ids;
    return std::find(ids.begin(), ids.end(), organization_id) != ids.end();
}

/// An organization's admins are always its members, so `organization_ids` covers them.
inline bool may_read_organization(const User& actor, std::string_view organization_id) {
    return is_member_of(actor, organization_id) || is_owner(actor) ||
           holds_role(actor, role_template_admin);
}

/// Whether the actor may read all memberships of an organization. `organization_admin`: whether it
/// is admin of that organization.
inline bool may_read_memberships(const User& actor, bool organization_admin) {
    return organization_admin || may(actor, Action::read_all_users);
}
inline bool may_read_membership(const User& actor, std::string_view member_id,
                                bool organization_admin) {
    return actor.id == member_id || may_read_memberships(actor, organization_admin);
}

/// Whether the actor may add and remove members of an organization.
inline bool may_change_members(const User& actor, bool organization_admin) {
    return organization_admin || is_owner(actor) || is_user_admin(actor);
}

/// Whether the actor may make, change and delete organizations.
inline bool may_change_organizations(const User& actor) { return is_owner(actor); }

inline bool may_change_organization_roles(const User& actor, bool organization_admin) {
    return organization_admin || is_owner(actor);
}

}}}  // namespace coder_users::v0::rules
