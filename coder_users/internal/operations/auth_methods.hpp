// Internal: may change at any time.
// The operation that tells how users can log in.
#pragma once

#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/model.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation get_auth_methods = Operation("get-authentication-methods").for_anybody();
}  // namespace about

inline AuthMethods auth_methods(const Options& options) {
    AuthMethods methods;
    methods.password = !options.disable_password_auth;
    methods.github = options.github.configured();
    methods.oidc = options.oidc.configured();
    if (methods.oidc) {
        methods.oidc_sign_in_text = options.oidc.sign_in_text;
        methods.oidc_icon_url = options.oidc.icon_url;
    }
    return methods;
}

}}}  // namespace coder_users::v0::operations
