// Internal: may change at any time.
// Operations on organizations.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/caller.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/organization_roles.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/release_texts.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/fields.hpp"
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
inline constexpr Operation create_organization =
    Operation("create-organization")
        .in(Lane::write)
        .decides_itself("owners")
        .audited("organization", "create")
        .tells_at_times_of(EventKind::organizations_changed);
inline constexpr Operation update_organization =
    Operation("update-organization")
        .since_release(2, 12)
        .needs("organization:read", "organization:update")
        .in(Lane::write)
        .decides_itself("owners")
        .audited_with_refusals("organization", "write");
inline constexpr Operation delete_organization =
    Operation("delete-organization")
        .since_release(2, 12)
        .needs("organization:read", "organization:delete")
        .in(Lane::write)
        .decides_itself("owners")
        .audited_with_refusals("organization", "delete")
        .tells_at_times_of(EventKind::organizations_changed)
        .is_revocation();
}  // namespace about

inline bool is_organization_admin(store::Connection& c, const User& user,
                                  const std::string& organization_id) {
    const auto membership = store::organizations::find_membership(c, user.id, organization_id);
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

/// Reads an organization again inside a transaction. Throws 404 when it was deleted meanwhile, or
/// the caller may not read it any more.
inline Organization readable_organization(store::Connection& c, const User& actor,
                                          const std::string& id) {
    auto found = store::organizations::find(c, id);
    if (!found || !rules::may_read_organization(actor, id)) throw not_found();
    return std::move(*found);
}

/// The user as it is after joining the organization.
inline User belonging_to(User user, const std::string& organization_id) {
    user.organization_ids.push_back(organization_id);
    return user;
}

/// The user as it is after leaving the organization.
inline User not_belonging_to(User user, const std::string& organization_id) {
    auto& ids = user.organization_ids;
    ids.erase(std::remove(ids.begin(), ids.end(), organization_id), ids.end());
    return user;
}

inline void permit_organizations(const User& actor) {
    if (!rules::may_change_organizations(actor)) throw forbidden();
}

inline void refuse_reserved_name(const std::string& name) {
    if (same_folded(name, default_organization))
        throw ApiError(400, "Organization name \"" + name + "\" is reserved.");
}

inline void refuse_taken_name(store::Connection& c, const std::string& name) {
    if (store::organizations::find_by_name(c, name))
        throw ApiError(409, "Organization already exists with that name.");
}

/// Makes an organization. The caller becomes a member of it, unless that is the host itself.
inline Organization create_organization(const Acting& acting, const CreateOrganization& wanted) {
    check_fields({{rules::fields::organization_name, wanted.name},
                  {rules::fields::organization_display_name, wanted.display_name},
                  {rules::fields::organization_description, wanted.description},
                  {rules::fields::organization_icon, wanted.icon}});
    permit_organizations(acting.user());
    refuse_reserved_name(wanted.name);
    acting.backend.store.read([&](store::Connection& c) { refuse_taken_name(c, wanted.name); });
    const std::string id = new_uuid(acting.backend.random);
    const Organization planned{id,         wanted.name,         acting.now,
                               acting.now, wanted.display_name, wanted.description,
                               wanted.icon};
    constexpr EventKind joined = EventKind::organizations_changed;
    const User& founder = acting.user();
    const Asked asked = acting.is_host()
                            ? Asked::not_needed()
                            : ask_host(acting, joined, belonging_to(founder, id), &founder);
    const Concerning founding{acting.is_host() ? std::string_view() : founder.id};
    return change(acting, about::create_organization, asked, founding, [&](Change& now) {
        permit_organizations(now.actor());
        refuse_taken_name(now.tx, planned.name);
        Organization made = store::organizations::add(now.tx, planned);
        now.record({made.id, made.name, 201, listed_diff<Organization>(nullptr, &made), made.id});
        if (acting.is_host()) return made;
        store::organizations::add_member(now.tx, made.id, now.actor().id, {}, acting.now);
        now.tell(joined, belonging_to(now.actor(), made.id), &now.actor());
        return made;
    });
}

/// The subject of the audit entry for a refused change of the organization.
inline RefusedChange refused_for(const Organization& organization) {
    return {organization.id, organization.name, organization.id};
}

/// Throws the 403 for other roles than every member has. `roles`: as sent, if they were.
inline void refuse_other_default_roles(const std::optional<std::vector<std::string>>& roles) {
    if (!roles || *roles == std::vector<std::string>{std::string(default_member_role)}) return;
    throw ApiError(403, "Changing default organization roles is not enabled on this deployment.",
                   "Setting default_org_member_roles to anything other than "
                   "[organization-workspace-access] requires the \"minimum-implicit-member\" "
                   "experiment.");
}

inline Organization changed_organization(Organization organization,
                                         const UpdateOrganization& wanted, Time when) {
    if (!wanted.name.empty()) organization.name = wanted.name;
    if (!wanted.display_name.empty()) organization.display_name = wanted.display_name;
    if (wanted.description) organization.description = *wanted.description;
    if (wanted.icon) organization.icon = *wanted.icon;
    organization.updated_at = when;
    return organization;
}

/// `default_roles` are the roles that every member is to get, as sent, if they were.
inline Organization update_organization(
    const Acting& acting, const Organization& organization, const UpdateOrganization& wanted,
    const std::optional<std::vector<std::string>>& default_roles = {}) {
    check_fields({{rules::fields::changed_organization_name, wanted.name},
                  {rules::fields::organization_display_name, wanted.display_name},
                  {rules::fields::organization_description, wanted.description.value_or("")},
                  {rules::fields::organization_icon, wanted.icon.value_or("")}});
    const auto update = [&] {
        permit_organizations(acting.user());
        refuse_reserved_name(wanted.name);
        refuse_other_default_roles(default_roles);
        return change(acting, about::update_organization, Asked::not_needed(), [&](Change& now) {
            now.tx.lock_organization(organization.id);
            permit_organizations(now.actor());
            const Organization before = readable_organization(now.tx, now.actor(), organization.id);
            Organization after = changed_organization(before, wanted, acting.now);
            const auto other = store::organizations::find_by_name(now.tx, after.name);
            if (other && other->id != after.id)
                throw ApiError(
                    409, "Organization already exists with the name \"" + after.name + "\".", {},
                    {{"name", "This value is already in use and should be unique."}});
            store::organizations::update(now.tx, after);
            now.record({after.id, after.name, 200, listed_diff(&before, &after), after.id});
            return after;
        });
    };
    return recording_refusals(
        acting, about::update_organization, [&] { return refused_for(organization); }, update);
}

/// An organization that may be deleted, with its last member if it has one.
struct DeletableOrganization {
    Organization organization;
    std::optional<User> member = {};
};

/// The refusal of deleting an organization that has so many members too many.
inline ApiError too_many_members(std::size_t others) {
    return {400, "Error deleting organization.",
            "This organization has " + std::to_string(others) +
                (others == 1 ? " member" : " members") + " that must be deleted first."};
}

/// Throws the refusals of deleting an organization.
inline DeletableOrganization deletable_organization(store::Connection& c, const User& actor,
                                                    const std::string& id) {
    permit_organizations(actor);
    DeletableOrganization found{readable_organization(c, actor, id)};
    if (found.organization.is_default)
        throw ApiError(400, "Default organization cannot be deleted.");
    const std::vector<std::string> members = store::organizations::member_ids(c, id);
    if (members.size() > 1) throw too_many_members(members.size() - 1);
    if (!members.empty()) found.member = store::users::find(c, members.front());
    return found;
}

/// Deletes an organization that has no other member than one, with that membership.
inline void delete_organization(const Acting& acting, const Organization& organization) {
    constexpr EventKind left = EventKind::organizations_changed;
    const std::string& id = organization.id;
    const auto remove = [&] {
        const auto found = acting.backend.store.read(
            [&](store::Connection& c) { return deletable_organization(c, acting.user(), id); });
        const Asked asked =
            found.member
                ? ask_host(acting, left, not_belonging_to(*found.member, id), &*found.member)
                : Asked::not_needed();
        const Concerning leaving{found.member ? std::string_view(found.member->id)
                                              : std::string_view()};
        change(acting, about::delete_organization, asked, leaving, [&](Change& now) {
            now.tx.lock_organization(id);
            const auto present = deletable_organization(now.tx, now.actor(), id);
            const bool joined_meanwhile =
                present.member && (!found.member || found.member->id != present.member->id);
            if (joined_meanwhile) throw too_many_members(1);  // the host was not asked about it
            if (present.member) store::organizations::remove_member(now.tx, id, present.member->id);
            store::organizations::remove(now.tx, id);
            now.record({id, present.organization.name, 200,
                        listed_diff<Organization>(&present.organization, nullptr), id});
            if (present.member)
                now.tell(left, not_belonging_to(*present.member, id), &*present.member);
        });
    };
    recording_refusals(
        acting, about::delete_organization, [&] { return refused_for(organization); }, remove);
}

}}}  // namespace coder_users::v0::operations
