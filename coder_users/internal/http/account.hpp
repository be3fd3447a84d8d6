// Internal: may change at any time.
// Handlers for one account: name, password, status, roles, SSH key.
#pragma once

#include <vector>

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/operations/account.hpp"
#include "coder_users/internal/operations/git_ssh_keys.hpp"
#include "coder_users/internal/operations/roles.hpp"
#include "coder_users/internal/wire/keys.hpp"
#include "coder_users/internal/wire/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply put_profile(Call& call) {
    const wire::Body& body = call.body;
    const operations::Profile wanted{body.text("username"), body.sent_text("name"),
                                     body.sent_text("avatar_url")};
    return ok(wire::user(operations::set_profile(call.acting, call.user(), wanted), call.form()));
}

inline Reply put_email(Call& call) {
    return ok(wire::user(operations::set_email(call.acting, call.user(), call.body.text("email")),
                         call.form()));
}

inline Reply put_password(Call& call) {
    operations::set_password(call.acting, call.user(),
                             {call.body.text("password"), call.body.text("old_password")});
    return {204, ""};
}

inline Reply post_validate_password(Call& call) {
    return ok(wire::password_check(operations::password_weakness(call.body.text("password"))));
}

inline Reply put_suspend(Call& call) {
    return ok(wire::user(operations::suspend_user(call.acting, call.user()), call.form()));
}
inline Reply put_activate(Call& call) {
    return ok(wire::user(operations::activate_user(call.acting, call.user()), call.form()));
}

inline Reply get_login_type(Call& call) {
    return ok(wire::user_login_type(operations::get_login_type(call.acting, call.user())));
}

inline Reply role_list(const Call& call, const std::vector<AssignableRole>& list) {
    return ok(wire::assignable_roles(list, call.organization ? call.organization->id : "",
                                     call.release()));
}

inline Reply get_site_roles(Call& call) {
    return role_list(call, operations::list_site_roles(call.acting));
}

inline Reply get_user_roles(Call& call) {
    const auto found = operations::get_roles(call.acting, call.user());
    return ok(wire::user_roles(found.user, found.memberships, call.form()));
}

inline Reply put_user_roles(Call& call) {
    return ok(wire::user(operations::set_roles(call.acting, call.user(), call.body.texts("roles")),
                         call.form()));
}

inline Reply get_git_ssh_key(Call& call) {
    return ok(wire::git_ssh_key(operations::get_git_ssh_key(call.acting, call.user())));
}
inline Reply put_git_ssh_key(Call& call) {
    return ok(wire::git_ssh_key(operations::renew_git_ssh_key(call.acting, call.user())));
}

}}}  // namespace coder_users::v0::http
