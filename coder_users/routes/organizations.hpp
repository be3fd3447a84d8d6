// Organizations, their members and the roles there.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/format/wire_organizations.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/routes/roles.hpp"
#include "coder_users/rules/roles.hpp"
#include "coder_users/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// The membership of a user in one organization.
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

inline std::vector<Organization> readable_organizations(store::Connection& c, const User& actor) {
    std::vector<Organization> all = store::organizations::oldest_first(c);
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const Organization& each) {
                                 return !rules::may_read_organization(actor, each.id);
                             }),
              all.end());
    return all;
}

inline Reply get_organizations(Call& call) {
    return ok(format::wire::organizations(call.backend.store.read(
        [&](store::Connection& c) { return readable_organizations(c, call.actor->user); })));
}

/// Those that the target belongs to and the caller can read, in the order of the memberships.
inline Reply get_user_organizations(Call& call) {
    const std::vector<Organization> all = call.backend.store.read(
        [&](store::Connection& c) { return readable_organizations(c, call.actor->user); });
    std::vector<Organization> shared;
    for (const Organization& each : all)
        if (rules::is_member_of(*call.target, each.id)) shared.push_back(each);
    return ok(format::wire::organizations(shared));
}

inline Reply get_user_organization(Call& call) {
    const auto found = call.backend.store.read([&](store::Connection& c) {
        return store::organizations::find_by_name(c, call.parameter("organizationname"));
    });
    if (!found || !rules::may_read_organization(call.actor->user, found->id)) throw not_found();
    return ok(format::wire::organization(*found));
}

/// Resolves `{organization}`: an id of one that the caller may read.
inline void resolve_organization(Call& call) {
    const std::string& text = call.parameter("organization");
    const auto id = parse_uuid(text);
    if (!id)
        throw ApiError(400, "Invalid UUID \"" + text + "\".",
                       "invalid UUID length or format: a uuid has 36 characters");
    const auto found = call.backend.store.read(
        [&](store::Connection& c) { return store::organizations::find(c, *id); });
    if (!found || !rules::may_read_organization(call.actor->user, found->id)) throw not_found();
    call.organization = *found;
}

inline Reply get_organization(Call& call) {
    return ok(format::wire::organization(call.organization));
}

inline Reply get_organization_roles(Call& call) {
    const bool assignable = call.backend.store.read([&](store::Connection& c) {
        return rules::may_change_organization_roles(
            call.actor->user, is_organization_admin(c, call.actor->user, call.organization.id));
    });
    return ok(format::wire::assignable_roles(
        with_display_names({rules::organization_admin_role(call.organization.id)}), assignable));
}

/// A membership that the actor may read, of the user that `text` names. Throws one and the same
/// 404 for everything else.
inline OrganizationMember readable_membership(store::Connection& c, Call& call,
                                              const std::string& text) {
    const User& actor = call.actor->user;
    const auto user = named_user(c, actor, text);
    if (!user) throw not_found();
    auto membership = find_membership(c, user->id, call.organization.id);
    const bool admin = is_organization_admin(c, actor, call.organization.id);
    if (!membership || !rules::may_read_membership(actor, user->id, admin)) throw not_found();
    call.target = std::make_shared<const User>(*user);
    return std::move(*membership);
}

/// Resolves `{organization}` and `{member}`, whom the caller need not be able to read as a user.
inline void resolve_member(Call& call) {
    resolve_organization(call);
    call.backend.store.read(
        [&](store::Connection& c) { readable_membership(c, call, call.parameter("member")); });
}

inline Reply put_member_roles(Call& call) {
    const auto permit_change = [&](store::Connection& c) {
        if (!rules::may_change_organization_roles(
                call.actor->user, is_organization_admin(c, call.actor->user, call.organization.id)))
            throw forbidden();
    };
    call.backend.store.read(permit_change);
    const std::vector<std::string> roles =
        rules::organization_role_set(call.body.texts("roles"), call.organization.id);
    ask_host(call, EventKind::organization_roles_changed, *call.target, call.target.get());
    const OrganizationMember changed = write(call, [&](store::Tx& tx) {
        pass_session_again(tx, call);
        const OrganizationMember before = readable_membership(tx, call, call.target->id);
        permit_change(tx);
        OrganizationMember after = before;
        after.roles = roles;
        after.updated_at = call.now;
        store::organizations::set_roles(tx, after, roles, call.now);
        record(
            tx, call,
            {call.actor->user.id, call.target->id, call.target->username, 200,
             format::AuditDiff().field("roles", before.roles, roles).take(), call.organization.id});
        tell_host(call, EventKind::organization_roles_changed, *call.target, call.target.get());
        return after;
    });
    return ok(format::wire::organization_member(changed, with_display_names(changed.roles)));
}

}}}  // namespace coder_users::v0::routes
