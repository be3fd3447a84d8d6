// Internal: may change at any time.
// Handlers for organizations.
#pragma once

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

inline Reply post_organizations(Call& call) {
    const wire::Body& body = call.body;
    const Organization made =
        operations::create_organization(call.acting, {body.text("name"), body.text("display_name"),
                                                      body.text("description"), body.text("icon")});
    return ok(wire::organization(made, call.release()), 201);
}

inline Reply patch_organization(Call& call) {
    const wire::Body& body = call.body;
    const Organization changed =
        operations::update_organization(call.acting, *call.organization,
                                        {body.text("name"), body.text("display_name"),
                                         body.sent_text("description"), body.sent_text("icon")},
                                        body.sent_texts("default_org_member_roles"));
    return ok(wire::organization(changed, call.release()));
}

inline Reply delete_organization(Call& call) {
    operations::delete_organization(call.acting, *call.organization);
    return notice("Organization has been deleted.");
}

}}}  // namespace coder_users::v0::http
