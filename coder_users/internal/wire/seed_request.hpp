// Internal: may change at any time.
// Writes a user of a seed as the body of POST /users, for a server that is running already.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/seed_user.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// Whether the body below has the field of a seed.
constexpr bool is_sent_in_requests(std::string_view field) {
    constexpr std::string_view sent[] = {"username", "email",      "name",   "service_account",
                                         "password", "login_type", "status", "roles"};
    for (const std::string_view each : sent)
        if (each == field) return true;
    return false;
}

/// Throws LineError for a user with values that no request can set.
inline std::string seed_request(const SeedUser& user) {
    const auto refuse = [&](std::string_view name) {
        throw LineError(user.line,
                        '"' + std::string(name) + "\" cannot be given to a server that is running");
    };
    fields::for_each<SeedUser>([&](auto at) {
        const auto& value = at.field.of(user);
        if (value != std::decay_t<decltype(value)>() && !is_sent_in_requests(at.field.name))
            refuse(at.field.name);
    });
    if (!user.tokens.empty()) refuse("tokens");
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
