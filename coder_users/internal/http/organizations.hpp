// Internal: may change at any time.
// Handlers for organizations and their members.
#pragma once

#include "coder_users/internal/http/account.hpp"
#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/operations/organizations.hpp"
#include "coder_users/internal/wire/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply get_organizations(Call& call) {
    return ok(wire::organizations(operations::list_organizations(call.acting), call.release()));
}

inline Reply get_user_organizations(Call& call) {
    return ok(wire::organizations(operations::list_organizations_of(call.acting, call.user()),
                                  call.release()));
}

inline Reply get_user_organization(Call& call) {
    return ok(wire::organization(operations::find_organization_by_name(
                                     call.acting, call.user(), call.parameter("organizationname")),
                                 call.release()));
}

/// Finds the organization of `{organization}`.
inline void resolve_organization(Call& call) {
    call.organization = operations::get_organization(call.acting, call.parameter("organization"));
}

inline Reply get_organization(Call& call) {
    return ok(wire::organization(*call.organization, call.release()));
}

inline Reply get_organization_roles(Call& call) {
    return role_list(call, operations::list_organization_roles(call.acting, *call.organization));
}

/// Finds the member of `{organization}` and `{member}`. The caller may know members whom it cannot
/// read as users.
inline void resolve_member(Call& call) {
    resolve_organization(call);
    call.member =
        operations::find_member(call.acting, *call.organization, call.parameter("member"));
    operations::refuse_own_member_roles(call.acting, *call.member);
}

inline Reply put_member_roles(Call& call) {
    const OrganizationMember changed =
        operations::set_member_roles(call.acting, *call.member, call.body.texts("roles"));
    return ok(
        wire::organization_member(changed, with_display_names(changed.roles), call.release()));
}

}}}  // namespace coder_users::v0::http
