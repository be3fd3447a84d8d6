// Internal: may change at any time.
// Reads the users of a seed: a JSON array of objects, or one object after the other.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/reason.hpp"
#include "coder_users/internal/base/seed_user.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/documents.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline const BodySchema seed_schema{
    "SeedUser",
    {{"id", FieldType::uuid},
     {"username", FieldType::text},
     {"email", FieldType::text},
     {"password", FieldType::text},
     {"hashed_password", FieldType::text},
     {"login_type", FieldType::text},
     {"status", FieldType::text},
     {"created_at", FieldType::text},
     {"name", FieldType::text},
     {"avatar_url", FieldType::text},
     {"theme_preference", FieldType::text},
     {"roles", FieldType::texts},
     {"organization", FieldType::text},
     {"organizations", FieldType::texts},
     {"organization_roles", FieldType::texts},
     {"service_account", FieldType::flag},
     {"tokens", FieldType::object},
     {"sessions", FieldType::texts}},
    R"({"username":"ada","email":"ada@example.com","password":"correct-Horse-9","roles":["owner"]})"};

/// Throws LineError.
inline SeedUser read_seed_user(const LocatedText& located) {
    const Body body = decode_located(located, seed_schema);
    SeedUser user;
    user.line = located.line;
    user.id = body.uuid("id").value_or("");
    user.username = body.text("username");
    user.email = body.text("email");
    user.password = body.text("password");
    user.hashed_password = body.text("hashed_password");
    user.login_type = body.text("login_type");
    user.status = body.text("status");
    user.created_at = body.text("created_at");
    user.name = body.text("name");
    user.service_account = body.flag("service_account");
    user.avatar_url = body.text("avatar_url");
    user.theme_preference = body.text("theme_preference");
    user.roles = body.texts("roles");
    user.organization = body.text("organization");
    user.organizations = body.texts("organizations");
    user.organization_roles = body.texts("organization_roles");
    user.sessions = body.texts("sessions");
    for (const auto& [name, token] : body.members("tokens")) {
        if (!is_text(token))
            throw LineError(located.line, "\"tokens\" holds names, each with its token");
        user.tokens.emplace_back(name, token.get<std::string>());
    }
    return user;
}

/// Throws LineError.
inline std::vector<SeedUser> read_seed(std::string_view json) {
    std::vector<SeedUser> users;
    for (const LocatedText& object : objects_in(json)) users.push_back(read_seed_user(object));
    return users;
}

}}}  // namespace coder_users::v0::wire
