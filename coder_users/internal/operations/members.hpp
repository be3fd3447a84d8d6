// Internal: may change at any time.
// Operations on the members of organizations and on their roles.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/caller.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/organization_roles.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/organizations.hpp"
#include "coder_users/internal/operations/release_texts.hpp"
#include "coder_users/internal/operations/roles.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/operations/users.hpp"
#include "coder_users/internal/rules/policy.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/rules/search_query.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/user_list.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation list_members =
    Operation("list-organization-members").since_release(2, 14);
inline constexpr Operation list_members_by_page =
    Operation("paginated-organization-members").since_release(2, 21);
inline constexpr Operation get_member =
    Operation("get-organization-member")
        .since_release(2, 32)
        .decides_itself("whoever may read the membership, else it is not found");
inline constexpr Operation add_member =
    Operation("add-organization-member")
        .since_release(2, 13)
        .in(Lane::write)
        .decides_itself("owners, user-admins, and admins of that organization")
        .audited("organization_member", "create")
        .tells_of(EventKind::organizations_changed);
inline constexpr Operation remove_member =
    Operation("remove-organization-member")
        .since_release(2, 14)
        .in(Lane::write)
        .refuses_self(400, "cannot remove self from an organization")
        .decides_itself("owners, user-admins, and admins of that organization")
        .audited_with_refusals("organization_member", "delete")
        .tells_of(EventKind::organizations_changed)
        .is_revocation();
inline constexpr Operation list_organization_roles = Operation("get-member-roles-by-organization");
inline constexpr Operation set_member_roles =
    Operation("assign-role-to-organization-member")
        .in(Lane::write)
        .refuses_self(400, not_your_own_member_roles)
        .decides_itself("owners, and admins of that organization")
        .audited_with_refusals("organization_member", "write")
        .tells_of(EventKind::organization_roles_changed);
}  // namespace about

/// Whether the caller is admin of the organization.
inline bool administers(const Acting& acting, const Organization& organization) {
    return acting.backend.store.read([&](store::Connection& c) {
        return is_organization_admin(c, acting.user(), organization.id);
    });
}

/// Lists the roles that releases of Coder know, by name.
inline std::vector<AssignableRole> list_organization_roles(const Acting& acting,
                                                           const Organization& organization) {
    const Release release = about::list_organization_roles.answered_as(acting.backend.release);
    const bool assignable =
        rules::may_change_organization_roles(acting.user(), administers(acting, organization));
    std::vector<AssignableRole> list;
    for (const std::string& name : rules::listed_organization_roles(organization.id, release))
        list.push_back({name, std::string(role_display_name(name)), assignable});
    return list;
}

/// Leaves of a list of users those whose memberships the caller may read.
inline UserListPage among_members(const Acting& acting, const Organization& organization,
                                  UserListPage wanted) {
    const bool reads_users = rules::may(acting.user(), Action::read_all_users);
    const bool reads_all =
        rules::may_read_memberships(acting.user(), administers(acting, organization));
    std::optional<std::vector<std::string>>& ids = wanted.filter.only_ids;
    if (!reads_all)
        ids = !ids || has_word(*ids, acting.user().id) ? std::vector<std::string>{acting.user().id}
                                                       : std::vector<std::string>();
    wanted.filter.organization_id = organization.id;
    wanted.filter.only_members_visible = !reads_users;
    return wanted;
}

/// Reads the search text of GET members.
inline UserListPage members_wanted(const Acting& acting, const Organization& organization,
                                   std::string_view q) {
    const rules::MemberSearch search = rules::parse_member_search(q);
    UserListPage wanted;
    if (!search.user_id.empty()) wanted.filter.only_ids = {search.user_id};
    wanted.filter.github_id = search.github_id;
    return among_members(acting, organization, std::move(wanted));
}

/// Reads the parameters of GET paginated-members.
inline UserListPage members_wanted(const Acting& acting, const Organization& organization,
                                   const UserListRequest& request) {
    return among_members(acting, organization,
                         read_list_request(acting, request, "Invalid member search query."));
}

/// `wanted` is what members_wanted() returned for the organization.
inline MemberPage list_members(const Acting& acting, const UserListPage& wanted) {
    const std::string& organization_id = wanted.filter.organization_id;
    return read_user_list(
        acting, wanted, [&](store::Connection& c, const store::users::UserList& found) {
            return MemberPage{store::organizations::as_members(c, organization_id, found.users),
                              found.count};
        });
}

/// `text` is "me", an id or a name. Throws the same 404 whatever the reason, so that nobody learns
/// who is a member.
inline Member readable_member(store::Connection& c, const User& actor,
                              const std::string& organization_id, std::string_view text) {
    auto user = named_user(c, actor, text);
    if (!user) throw not_found();
    auto membership = store::organizations::find_membership(c, user->id, organization_id);
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
    now.record({member.user.id, member.user.username, 200, listed_diff(&member.membership, &after),
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
        const std::vector<std::string> roles =
            rules::organization_role_set(names, organization_id, acting.backend.options.roles);
        const Asked asked =
            ask_host(acting, EventKind::organization_roles_changed, member.user, &member.user);
        return change(
            acting, about::set_member_roles, asked, Concerning{member.user.id},
            [&](Change& now) { return store_member_roles(now, member, roles, acting.now); });
    };
    return recording_refusals(
        acting, about::set_member_roles, [&] { return refused_for(member); }, replace);
}

inline void permit_members(store::Connection& c, const User& actor,
                           const std::string& organization_id) {
    if (!rules::may_change_members(actor, is_organization_admin(c, actor, organization_id)))
        throw forbidden();
}

/// Finds the user who is to join. `text` is "me", an id or a name.
inline User joining_user(store::Connection& c, const User& actor,
                         const std::string& organization_id, std::string_view text) {
    const Organization organization = readable_organization(c, actor, organization_id);
    auto user = named_user(c, actor, text);
    if (!user || !rules::may(actor, Action::read_user, *user)) throw not_found();
    permit_members(c, actor, organization_id);
    if (rules::is_member_of(*user, organization_id))
        throw ApiError(400, already_a_member,
                       user->username + " is already a member of " + organization.display_name);
    return std::move(*user);
}

/// Makes a user a member of the organization, without roles in it.
inline OrganizationMember add_member(const Acting& acting, const Organization& organization,
                                     std::string_view text) {
    const std::string& id = organization.id;
    const User found = acting.backend.store.read(
        [&](store::Connection& c) { return joining_user(c, acting.user(), id, text); });
    const Asked asked =
        ask_host(acting, EventKind::organizations_changed, belonging_to(found, id), &found);
    return change(acting, about::add_member, asked, Concerning{found.id}, [&](Change& now) {
        const User user = joining_user(now.tx, now.actor(), id, found.id);
        OrganizationMember member{user.id, id, acting.now, acting.now, {}};
        store::organizations::add_member(now.tx, member);
        now.record(
            {user.id, user.username, 200, listed_diff<OrganizationMember>(nullptr, &member), id});
        now.tell(EventKind::organizations_changed, belonging_to(user, id), &user);
        return member;
    });
}

/// Ends a membership, with its roles.
inline void remove_member(const Acting& acting, const Member& member) {
    const std::string& id = member.membership.organization_id;
    const auto remove = [&] {
        refuse_self(about::remove_member, acting.user(), member.user);
        acting.backend.store.read(
            [&](store::Connection& c) { permit_members(c, acting.user(), id); });
        const Asked asked = ask_host(acting, EventKind::organizations_changed,
                                     not_belonging_to(member.user, id), &member.user);
        change(acting, about::remove_member, asked, Concerning{member.user.id}, [&](Change& now) {
            const Member present = readable_member(now.tx, now.actor(), id, member.user.id);
            permit_members(now.tx, now.actor(), id);
            store::organizations::remove_member(now.tx, id, present.user.id);
            now.record({present.user.id, present.user.username, 204,
                        listed_diff<OrganizationMember>(&present.membership, nullptr), id});
            now.tell(EventKind::organizations_changed, not_belonging_to(present.user, id),
                     &present.user);
        });
    };
    recording_refusals(
        acting, about::remove_member, [&] { return refused_for(member); }, remove);
}

}}}  // namespace coder_users::v0::operations
