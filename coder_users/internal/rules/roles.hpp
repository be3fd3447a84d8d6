// Internal: may change at any time.
// The roles: their names, and which of them a request may assign at the site and in an
// organization.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/host_roles.hpp"
#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/organization_roles.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr std::string_view role_owner = "owner";
inline constexpr std::string_view role_user_admin = "user-admin";
inline constexpr std::string_view role_template_admin = "template-admin";
inline constexpr std::string_view role_auditor = "auditor";
/// Everybody has this role; it is stored and listed only when it was assigned explicitly.
inline constexpr std::string_view role_member = "member";

/// The built-in ones of GET /users/roles: every site role that is not implied.
inline constexpr std::array<SiteRole, 4> listed_site_roles{site_roles[0], site_roles[2],
                                                           site_roles[3], site_roles[4]};

/// The site role of exactly this name, or nullptr.
inline const SiteRole* site_role_named(std::string_view name) {
    for (const SiteRole& role : site_roles)
        if (role.name == name) return &role;
    return nullptr;
}

/// Whether the name is that of a built-in role, at the site or in organizations.
inline bool is_built_in_role(std::string_view name) {
    return site_role_named(name) || organization_role_named(name);
}

/// What a host may call a role, as long as no built-in one is called so.
inline bool has_form_of_role(std::string_view name) {
    return has_form_of_name(name) && fold_ascii(name) == name;
}

inline bool is_site_role(std::string_view name, const HostRoles& declared) {
    return site_role_named(name) || host_role_named(declared, name);
}

/// The name under which a role in an organization is stored.
inline std::string stored_role(std::string_view name, std::string_view organization_id) {
    return std::string(name) + ':' += organization_id;
}
inline std::string organization_admin_role(std::string_view organization_id) {
    return stored_role("organization-admin", organization_id);
}
inline std::string organization_member_role(std::string_view organization_id) {
    return stored_role("organization-member", organization_id);
}

/// What GET members/roles lists at a release, by name.
inline std::vector<std::string> listed_organization_roles(std::string_view organization_id,
                                                          Release release) {
    std::vector<std::string> names;
    for (const OrganizationRole& role : organization_roles)
        if (role.listed_since && release >= *role.listed_since)
            names.push_back(stored_role(role.name, organization_id));
    return names;
}

/// Sorts names and removes duplicates: all sets of roles are stored and compared in this form.
inline std::vector<std::string> as_role_set(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

/// Turns requested site roles into a role set. Throws the 400 for the first name that is no site
/// role and not among those that the user `holds`: a role may stay that is not declared any more.
inline std::vector<std::string> site_role_set(const std::vector<std::string>& names,
                                              const HostRoles& declared,
                                              const std::vector<std::string>& holds = {}) {
    for (const std::string& name : names) {
        if (std::count(name.begin(), name.end(), ':') == 1)
            throw ApiError(400, "Must only update site wide roles");
        if (!is_site_role(name, declared) && !has_word(holds, name))
            throw ApiError(400, '"' + name + "\" is not a supported role");
    }
    return as_role_set(names);
}

/// Whether the store may hold these site roles, in this order. Some may not be declared now.
inline bool is_stored_role_set(const std::vector<std::string>& names) {
    return as_role_set(names) == names &&
           std::all_of(names.begin(), names.end(), [](const std::string& name) {
               return site_role_named(name) ||
                      (has_form_of_role(name) && !organization_role_named(name));
           });
}

/// Whether one of the roles names the right. Roles that are not declared have none.
inline bool grant(const std::vector<std::string>& roles, const HostRoles& declared,
                  std::string_view right) {
    return std::any_of(roles.begin(), roles.end(), [&](const std::string& name) {
        const HostRole* const role = host_role_named(declared, name);
        return role && has_word(role->rights, right);
    });
}

/// Turns requested roles in one organization, with or without ":" and its id, into a role set of
/// stored names. Throws the 400 for the first name that is no role there. `organization_id` is in
/// lower case.
inline std::vector<std::string> organization_role_set(const std::vector<std::string>& names,
                                                      std::string_view organization_id,
                                                      const HostRoles& declared) {
    std::vector<std::string> roles;
    roles.reserve(names.size());
    for (const std::string& name : names) {
        if (is_site_role(name, declared))
            throw ApiError(400, "must only update organization roles");
        const std::size_t colon = name.find(':');
        if (colon != std::string::npos) {
            const auto id = parse_uuid(std::string_view(name).substr(colon + 1));
            if (!id)
                throw ApiError(
                    400, "Role must have proper UUIDs for organization, \"" + name + "\" does not");
            if (*id != organization_id)
                throw ApiError(
                    400, "Must only pass roles for org \"" + std::string(organization_id) + '"');
        }
        const std::string_view bare = without_organization(name);
        std::string role = stored_role(bare, organization_id);
        if (!organization_role_named(bare) || (colon != std::string::npos && name != role))
            throw ApiError(400, '"' + name + "\" is not a supported role");
        roles.push_back(std::move(role));
    }
    return as_role_set(std::move(roles));
}

}}}  // namespace coder_users::v0::rules
