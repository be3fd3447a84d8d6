// Internal: may change at any time.
// Writes a user of a seed as the body of POST /users, for a server that is running already.
#pragma once

#include <string>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/seed_user.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// Throws LineError for a user with values that no request can set.
inline std::string seed_request(const SeedUser& user) {
    const auto refuse = [&](bool given, const char* name) {
        if (given)
            throw LineError(user.line, "\"" + std::string(name) +
                                           "\" cannot be given to a server that is running");
    };
    refuse(!user.id.empty(), "id");
    refuse(!user.hashed_password.empty(), "hashed_password");
    refuse(!user.created_at.empty(), "created_at");
    refuse(!user.avatar_url.empty(), "avatar_url");
    refuse(!user.theme_preference.empty(), "theme_preference");
    refuse(!user.organization.empty(), "organization");
    refuse(!user.organizations.empty(), "organizations");
    refuse(!user.organization_roles.empty(), "organization_roles");
    refuse(!user.tokens.empty(), "tokens");
    refuse(!user.sessions.empty(), "sessions");
    JsonWriter json;
    json.begin_object().member("username", user.username);
    if (!user.email.empty()) json.member("email", user.email);
    if (!user.name.empty()) json.member("name", user.name);
    if (user.service_account) json.member("service_account", true);
    if (!user.password.empty()) json.member("password", user.password);
    if (!user.login_type.empty() || user.password.empty())
        json.member("login_type", user.login_type.empty() ? "none" : user.login_type);
    if (!user.status.empty()) json.member("user_status", user.status);
    if (!user.roles.empty()) {
        json.key("roles").begin_array();
        for (const std::string& role : user.roles) json.value(role);
        json.end_array();
    }
    return json.end_object().take();
}

}}}  // namespace coder_users::v0::wire
