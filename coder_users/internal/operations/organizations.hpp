// Internal: may change at any time.
// Operations on organizations and on the roles of their members.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/release_texts.hpp"
#include "coder_users/internal/operations/roles.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/policy.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// What names the default organization wherever an organization is named.
inline constexpr std::string_view default_organization = "default";

namespace about {
inline constexpr Operation list_organizations =
    Operation("get-organizations").needs("organization:read");
inline constexpr Operation list_organizations_of =
    Operation("get-organizations-by-user")
        .needs("user:read", "organization:read")
        .decides_itself("what the caller cannot read is left out");
inline constexpr Operation find_organization_by_name =
    Operation("get-organization-by-user-and-organization-name")
        .needs("user:read", "organization:read")
        .decides_itself("what the caller cannot read is not found");
inline constexpr Operation get_organization =
    Operation("get-organization-by-id").needs("organization:read");
inline constexpr Operation list_organization_roles = Operation("get-member-roles-by-organization");
inline constexpr Operation set_member_roles =
    Operation("assign-role-to-organization-member")
        .in(Lane::write)
        .refuses_self(400, not_your_own_member_roles)
        .decides_itself("owners, and admins of that organization")
        .audited_with_refusals("organization_member", "write")
        .tells_of(EventKind::organization_roles_changed);
}  // namespace about

/// Returns the membership of a user in one organization, if there is one.
inline std::optional<OrganizationMember> find_membership(store::Connection& c,
                                                         const std::string& user_id,
                                                         const std::string& organization_id) {
    const std::vector<OrganizationMember> all = store::organizations::memberships(c, user_id);
    for (const OrganizationMember& each : all)
        if (each.organization_id == organization_id) return each;
    return std::nullopt;
}

inline bool is_organization_admin(store::Connection& c, const User& user,
                                  const std::string& organization_id) {
    const auto membership = find_membership(c, user.id, organization_id);
    if (!membership) return false;
    const std::string role = rules::organization_admin_role(organization_id);
    return std::count(membership->roles.begin(), membership->roles.end(), role) > 0;
}

/// Whether the caller may read the organization, and its key may touch it.
inline bool may_read(const Acting& acting, const Organization& organization) {
    return rules::may_read_organization(acting.user(), organization.id) &&
           rules::allows(acting.actor->key, "organization", organization.id);
}

/// Lists the organizations that the caller may read, oldest first.
inline std::vector<Organization> list_organizations(const Acting& acting) {
    std::vector<Organization> all = acting.backend.store.read(
        [](store::Connection& c) { return store::organizations::oldest_first(c); });
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const Organization& each) { return !may_read(acting, each); }),
              all.end());
    return all;
}

/// Lists the organizations that the user belongs to and the caller may read, oldest first.
inline std::vector<Organization> list_organizations_of(const Acting& acting, const UserRef& who) {
    const Target target = find_target(acting, about::list_organizations_of, who);
    std::vector<Organization> shared;
    for (Organization& each : list_organizations(acting))
        if (rules::is_member_of(*target, each.id)) shared.push_back(std::move(each));
    return shared;
}

/// Finds an organization by its name. The caller must be able to read `who`, who need not be a
/// member. Throws 404.
inline Organization find_organization_by_name(const Acting& acting, const UserRef& who,
                                              std::string_view name) {
    find_target(acting, about::find_organization_by_name, who);
    auto found = acting.backend.store.read(
        [&](store::Connection& c) { return store::organizations::find_by_name(c, name); });
    if (!found || !may_read(acting, *found)) throw not_found();
    return std::move(*found);
}

/// `text` is "default" or the all-zero uuid, which both mean the default organization, an id or a
/// name. No name is as long as an id.
inline std::optional<Organization> named_organization(store::Connection& c, std::string_view text) {
    if (text == default_organization || text == nil_uuid)
        return store::organizations::find_default(c);
    if (const auto id = parse_uuid(text)) return store::organizations::find(c, *id);
    return store::organizations::find_by_name(c, text);
}

/// Finds an organization by what a path says of it. Throws 404 when there is none that the caller
/// may read, which is 400 in old releases when `text` could only be a name.
inline Organization get_organization(const Acting& acting, std::string_view text) {
    auto found = acting.backend.store.read(
        [&](store::Connection& c) { return named_organization(c, text); });
    if (found && may_read(acting, *found)) return std::move(*found);
    if (text == default_organization || parse_uuid(text)) throw not_found();
    throw ApiError(400, std::string(unknown_organization) + std::string(text) + "\".", not_a_uuid);
}

inline RoleList list_organization_roles(const Acting& acting, const Organization& organization) {
    const bool admin = acting.backend.store.read([&](store::Connection& c) {
        return is_organization_admin(c, acting.user(), organization.id);
    });
    return {{rules::organization_admin_role(organization.id)},
            rules::may_change_organization_roles(acting.user(), admin)};
}

/// A user with one of its memberships.
struct Member {
    User user;
    OrganizationMember membership;
};

/// `text` is "me", an id or a name. Throws the same 404 whatever the reason, so that nobody learns
/// who is a member.
inline Member readable_member(store::Connection& c, const User& actor,
                              const std::string& organization_id, std::string_view text) {
    auto user = named_user(c, actor, text);
    if (!user) throw not_found();
    auto membership = find_membership(c, user->id, organization_id);
    const bool admin = is_organization_admin(c, actor, organization_id);
    if (!membership || !rules::may_read_membership(actor, user->id, admin)) throw not_found();
    return {std::move(*user), std::move(*membership)};
}

inline Member find_member(const Acting& acting, const Organization& organization,
                          std::string_view text) {
    return acting.backend.store.read([&](store::Connection& c) {
        return readable_member(c, acting.user(), organization.id, text);
    });
}

/// The subject of the audit entry for a refused change of this membership.
inline RefusedChange refused_for(const Member& member) {
    return {member.user.id, member.user.username, member.membership.organization_id};
}

/// Throws and records the refusal of changing one's own roles. HTTP calls it before it reads the
/// body.
inline void refuse_own_member_roles(const Acting& acting, const Member& member) {
    recording_refusals(
        acting, about::set_member_roles, [&] { return refused_for(member); },
        [&] { refuse_self(about::set_member_roles, acting.user(), member.user); });
}

inline void permit_member_roles(store::Connection& c, const User& actor,
                                const std::string& organization_id) {
    if (!rules::may_change_organization_roles(actor,
                                              is_organization_admin(c, actor, organization_id)))
        throw forbidden();
}

/// Stores new roles, after reading the member and checking permission again.
inline OrganizationMember store_member_roles(Change& now, const Member& known,
                                             const std::vector<std::string>& roles, Time when) {
    const std::string& organization_id = known.membership.organization_id;
    const Member member = readable_member(now.tx, now.actor(), organization_id, known.user.id);
    permit_member_roles(now.tx, now.actor(), organization_id);
    OrganizationMember after = member.membership;
    after.roles = roles;
    after.updated_at = when;
    store::organizations::set_roles(now.tx, after, roles, when);
    now.record({member.user.id, member.user.username, 200,
                AuditDiff().field("roles", member.membership.roles, roles).take(),
                organization_id});
    now.tell(EventKind::organization_roles_changed, member.user, &member.user);
    return after;
}

/// Replaces the roles of a member in its organization.
inline OrganizationMember set_member_roles(const Acting& acting, const Member& member,
                                           const std::vector<std::string>& names) {
    refuse_own_member_roles(acting, member);
    const auto replace = [&] {
        const std::string& organization_id = member.membership.organization_id;
        acting.backend.store.read(
            [&](store::Connection& c) { permit_member_roles(c, acting.user(), organization_id); });
        const std::vector<std::string> roles = rules::organization_role_set(names, organization_id);
        const Asked asked =
            ask_host(acting, EventKind::organization_roles_changed, member.user, &member.user);
        return change(acting, about::set_member_roles, asked, [&](Change& now) {
            return store_member_roles(now, member, roles, acting.now);
        });
    };
    return recording_refusals(
        acting, about::set_member_roles, [&] { return refused_for(member); }, replace);
}

}}}  // namespace coder_users::v0::operations
