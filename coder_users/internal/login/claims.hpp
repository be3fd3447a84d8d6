// Internal: may change at any time.
// What an OpenID provider claimed about the caller at its last login.
#pragma once

#include <string>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/login/provider_link.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/store/links.hpp"

namespace coder_users { inline namespace v0 { namespace login {

namespace about {
inline constexpr operations::Operation get_claims =
    operations::Operation("get-oidc-claims-for-the-authenticated-user")
        .since_release(2, 32)
        .needs("user:read", "user:read_personal")
        .touches(operations::KeyTouches::caller);
}  // namespace about

/// Returns the claims as a JSON object, which is empty when none were kept. Throws 400 for a caller
/// who does not log in at an OpenID provider.
inline std::string last_claims(const operations::Acting& acting) {
    const User& user = acting.user();
    if (user.login_type != LoginType::oidc) throw ApiError(400, "User is not an OIDC user.");
    const auto link = acting.backend.store.read(
        [&](store::Connection& c) { return store::links::find(c, user.id); });
    if (!link || link->sealed_claims.empty()) return "{}";
    auto claims = opened_token(acting.backend, link->sealed_claims, user.id);
    if (!claims)
        throw LoggedFailure("An internal server error occurred.",
                            "the stored claims cannot be read");
    return *std::move(claims);
}

}}}  // namespace coder_users::v0::login
