// What concerns no user: the greeting, build information, login methods, health.
#pragma once

#include <string>

#include "coder_users/routes/call.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// The release of Coder whose API this is, then ours. Clients compare the first part.
inline const std::string& build_version() {
    static const std::string text = std::string("v2.8.0+coder-users.") + version;
    return text;
}

inline constexpr const char* project_url = "https://coder-users.example";

inline Reply get_root(Call&) { return notice("👋"); }

inline Reply get_build_info(Call& call) {
    return ok(
        format::wire::build_info(project_url, build_version(), call.backend.options.access_url));
}

inline Reply get_auth_methods(Call& call) {
    const Options& options = call.backend.options;
    format::wire::AuthMethods methods;
    methods.password = !options.disable_password_auth;
    methods.github = options.github.configured();
    methods.oidc = options.oidc.configured();
    if (methods.oidc) {
        methods.oidc_sign_in_text = options.oidc.sign_in_text;
        methods.oidc_icon_url = options.oidc.icon_url;
    }
    return ok(format::wire::auth_methods(methods));
}

inline Reply get_health(Call&) { return notice("OK"); }

/// Whether the store answers; when it does not, dispatch makes the 503 of it.
inline Reply get_readiness(Call& call) {
    call.backend.store.read(store::users::any_exist);
    return notice("OK");
}

}}}  // namespace coder_users::v0::routes
