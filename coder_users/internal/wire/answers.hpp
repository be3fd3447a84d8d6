// Internal: may change at any time.
// Writes the JSON of answers, each ending in a newline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/release.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline std::string document(JsonWriter& json) { return json.take() += '\n'; }

/// The type Response; empty `detail` and `validations` are left out.
inline std::string response(std::string_view message, std::string_view detail = {},
                            const std::vector<Validation>& validations = {}) {
    JsonWriter json;
    json.begin_object().member("message", message);
    if (!detail.empty()) json.member("detail", detail);
    if (!validations.empty()) {
        json.key("validations").begin_array();
        for (const Validation& each : validations)
            json.begin_object()
                .member("field", each.field)
                .member("detail", each.detail)
                .end_object();
        json.end_array();
    }
    json.end_object();
    return document(json);
}

inline void write_role(JsonWriter& json, std::string_view name, std::string_view display_name) {
    json.begin_object().member("name", name).member("display_name", display_name).end_object();
}

inline void write_roles(JsonWriter& json, const std::vector<std::string>& roles) {
    json.begin_array();
    for (const std::string& role : roles) write_role(json, role, display_name_of_role(role));
    json.end_array();
}

/// Writes the members of a `T` that answers of `release` have, without the braces. `special(at)`
/// returns true for a member that it has written itself.
template <class T, class Special>
void write_members(JsonWriter& json, const T& object, Release release, Special&& special) {
    fields::for_each<T>([&](auto at) {
        constexpr const auto& field = at.field;
        if constexpr (field.answered) {
            if constexpr (Release() < field.since)  // only newer fields need the comparison
                if (release < field.since) return;
            if (special(at)) return;
            if constexpr (field.kind == fields::Kind::roles)
                write_roles(json.key(field.name), field.of(object));
            else if constexpr (field.kind == fields::Kind::json)
                json.key(field.name).raw(field.of(object));
            else
                json.member(field.name, field.of(object));
        }
    });
}
template <class T>
void write_members(JsonWriter& json, const T& object, Release release = {}) {
    write_members(json, object, release, [](auto) { return false; });
}

template <class T>
void write_object(JsonWriter& json, const T& object, Release release = {}) {
    json.begin_object();
    write_members(json, object, release);
    json.end_object();
}

/// The document of a type whose answer holds its listed fields and nothing else.
template <class T>
std::string object(const T& object, Release release = {}) {
    JsonWriter json;
    write_object(json, object, release);
    return document(json);
}

inline void write_user(JsonWriter& json, const User& user, Release release = {}) {
    write_object(json, user, release);
}

inline std::string user(const User& user, Release release = {}) { return object(user, release); }

inline void begin_users(JsonWriter& json) { json.begin_object().key("users").begin_array(); }

/// Writes the end of a list that also tells its count.
inline void end_counted(JsonWriter& json, std::int64_t count) {
    json.end_array().member("count", count).end_object();
}

inline std::string users(const std::vector<User>& users, std::int64_t count, Release release = {}) {
    JsonWriter json;
    begin_users(json);
    for (const User& each : users) write_user(json, each, release);
    end_counted(json, count);
    return document(json);
}

/// Adds the explicit roles in each organization of `memberships`.
inline std::string user_with_roles(const User& user,
                                   const std::vector<OrganizationMember>& memberships,
                                   Release release = {}) {
    JsonWriter json;
    json.begin_object();
    write_members(json, user, release);
    json.key("organization_roles").begin_object();
    for (const OrganizationMember& each : memberships)
        json.key(each.organization_id).texts(each.roles);
    json.end_object().end_object();
    return document(json);
}

inline std::string first_user(std::string_view user_id, std::string_view organization_id) {
    JsonWriter json;
    json.begin_object()
        .member("user_id", user_id)
        .member("organization_id", organization_id)
        .end_object();
    return document(json);
}

inline std::string login(std::string_view session_token) {
    JsonWriter json;
    json.begin_object().member("session_token", session_token).end_object();
    return document(json);
}

/// What GET /users/authmethods answers.
struct AuthMethods {
    bool password = true;
    bool github = false;
    bool oidc = false;
    std::string oidc_sign_in_text;
    std::string oidc_icon_url;
};

inline std::string auth_methods(const AuthMethods& methods) {
    JsonWriter json;
    const auto method = [&](std::string_view name, bool enabled) -> JsonWriter& {
        return json.key(name).begin_object().member("enabled", enabled);
    };
    json.begin_object();
    method("password", methods.password).end_object();
    method("github", methods.github).end_object();
    method("oidc", methods.oidc)
        .member("signInText", methods.oidc_sign_in_text)
        .member("iconUrl", methods.oidc_icon_url)
        .end_object();
    json.end_object();
    return document(json);
}

inline std::string build_info(std::string_view external_url, std::string_view version,
                              std::string_view dashboard_url) {
    JsonWriter json;
    json.begin_object()
        .member("external_url", external_url)
        .member("version", version)
        .member("dashboard_url", dashboard_url)
        .member("workspace_proxy", false)
        .end_object();
    return document(json);
}

}}}  // namespace coder_users::v0::wire
