// Internal: may change at any time.
// The built-in roles in organizations, by the names that they have without their organization.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "coder_users/internal/base/release.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 {

/// A role that members of an organization may get. Only `organization-admin` grants anything; the
/// others are there for clients that assign them.
struct OrganizationRole {
    std::string_view name;
    std::string_view display_name;
    std::optional<Release> listed_since;  ///< nothing: every member has it, so it is not listed
};

/// All of them, sorted by name.
inline constexpr std::array<OrganizationRole, 8> organization_roles{
    {{"agents-access", "Coder Agents User", Release{2, 32}},
     {"organization-admin", "Organization Admin", Release{2, 6}},
     {"organization-auditor", "Organization Auditor", Release{2, 14}},
     {"organization-member", "", std::nullopt},
     {"organization-template-admin", "Organization Template Admin", Release{2, 14}},
     {"organization-user-admin", "Organization User Admin", Release{2, 14}},
     {"organization-workspace-access", "Organization Workspace Access", Release{2, 35}},
     {"organization-workspace-creation-ban", "Organization Workspace Creation Ban",
      Release{2, 20}}}};

/// The role that releases of Coder from 2.35 on give to every member.
inline constexpr std::string_view default_member_role = "organization-workspace-access";

/// The name of a role without the organization that stored names of roles end with.
inline constexpr std::string_view without_organization(std::string_view role) {
    return role.substr(0, role.find(':'));
}

/// The role in an organization with exactly this name, or nullptr.
inline constexpr const OrganizationRole* organization_role_named(std::string_view name) {
    for (const OrganizationRole& role : organization_roles)
        if (role.name == name) return &role;
    return nullptr;
}

/// Of a site role, or of a stored role in an organization; "" for a name that is neither.
inline constexpr std::string_view role_display_name(std::string_view name) {
    const OrganizationRole* const role = organization_role_named(without_organization(name));
    return role ? role->display_name : display_name_of_role(name);
}

}}  // namespace coder_users::v0
