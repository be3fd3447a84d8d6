// Internal: may change at any time.
// Handlers for greeting, build information, login methods, health, and questions about permission.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/operations/auth_methods.hpp"
#include "coder_users/internal/operations/authcheck.hpp"
#include "coder_users/internal/wire/auth_questions.hpp"
#include "coder_users/internal/wire/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// The release of Coder that answers are those of, followed by our own version. Clients compare the
/// first part.
inline std::string build_version(Release release) {
    return "v" + to_text(release) + ".0+coder-users." + version;
}

inline constexpr const char* project_url = "https://coder-users.example";

namespace about {
inline constexpr Operation get_root = Operation("get-root").for_anybody().without_rows();
inline constexpr Operation get_build_info =
    Operation("get-build-info").for_anybody().without_rows();
inline constexpr Operation get_openapi = Operation("get-openapi").for_anybody().without_rows();
inline constexpr Operation get_health = Operation("get-health").for_anybody().without_rows();
/// It does not wait behind requests for rows: Engine::require_ready() asks by itself.
inline constexpr Operation get_readiness = Operation("get-readiness").for_anybody().without_rows();
}  // namespace about

inline Reply get_root(Call&) { return notice("👋"); }

inline Reply get_build_info(Call& call) {
    return ok(wire::build_info({project_url, build_version(call.release()),
                                call.options().access_url, call.acting.backend.deployment_id},
                               call.release()));
}

inline Reply get_auth_methods(Call& call) {
    return ok(wire::auth_methods(operations::auth_methods(call.options()), call.release()));
}

inline Reply get_health(Call&) { return notice("OK"); }

/// A store that is not ready throws, and the dispatcher answers 503.
inline Reply get_readiness(Call& call) {
    call.acting.backend.store.require_ready();
    return notice("OK");
}

inline Reply post_authcheck(Call& call) {
    return ok(wire::authorizations(
        operations::check_authorization(call.acting, wire::auth_questions(call.body))));
}

}}}  // namespace coder_users::v0::http
