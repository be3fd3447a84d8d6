// Internal: may change at any time.
// Writes the JSON of answers, each ending in a newline.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/contradictions.hpp"
#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/host_roles.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/organization_roles.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/base/shared.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// What the text of an answer depends on besides its values. The roles must outlive it.
struct Form {
    Form() : Form(Release()) {}
    /// For answers that name no role of a host.
    explicit Form(Release as) : Form(as, no_roles()) {}
    Form(Release as, const HostRoles& declared) : release(as), roles(&declared) {}

    Release release;
    const HostRoles* roles;

 private:
    static const HostRoles& no_roles() {
        static const HostRoles none;
        return none;
    }
};

inline std::string document(JsonWriter& json) { return json.take() += '\n'; }

/// A text as a JSON string.
inline std::string json_string(std::string_view text) {
    JsonWriter json;
    json.value(text);
    return json.take();
}

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

/// The name that answers of `release` have for a role of an organization, which is stored as
/// `<name>:<organization>`.
inline std::string_view organization_role_name(std::string_view stored, Release release) {
    return release >= contradictions::bare_organization_roles ? without_organization(stored)
                                                              : stored;
}

inline void write_roles(JsonWriter& json, const std::vector<std::string>& roles, const Form& form) {
    json.begin_array();
    for (const std::string& role : roles)
        write_role(json, role, site_role_display_name(role, *form.roles));
    json.end_array();
}

/// Writes the members of a `T` that answers of this form have, without the braces. `special(at)`
/// returns true for a member that it has written itself.
template <class T, class Special>
void write_members(JsonWriter& json, const T& object, const Form& form, Special&& special) {
    fields::for_each<T>([&](auto at) {
        constexpr const auto& field = at.field;
        if constexpr (field.answered) {
            if constexpr (Release() < field.since)  // only newer fields need the comparison
                if (form.release < field.since) return;
            if (special(at)) return;
            if constexpr (field.kind == fields::Kind::roles)
                write_roles(json.key(field.name), field.of(object), form);
            else if constexpr (field.kind == fields::Kind::json)
                json.key(field.name).raw(field.of(object));
            else
                json.member(field.name, field.of(object));
        }
    });
}
template <class T>
void write_members(JsonWriter& json, const T& object, const Form& form = {}) {
    write_members(json, object, form, [](auto) { return false; });
}

template <class T>
void write_object(JsonWriter& json, const T& object, Release release = {}) {
    json.begin_object();
    write_members(json, object, Form(release));
    json.end_object();
}

/// The document of a type whose answer holds its listed fields and nothing else.
template <class T>
std::string object(const T& object, Release release = {}) {
    JsonWriter json;
    write_object(json, object, release);
    return document(json);
}

inline void write_user_members(JsonWriter& json, const User& user, const Form& form) {
    write_members(json, user, form);
    if (form.release >= Release{2, 32}) json.member("has_ai_seat", false);
}

inline void write_user(JsonWriter& json, const User& user, const Form& form = {}) {
    json.begin_object();
    write_user_members(json, user, form);
    json.end_object();
}

inline std::string user(const User& user, const Form& form = {}) {
    JsonWriter json;
    write_user(json, user, form);
    return document(json);
}

inline void begin_users(JsonWriter& json) { json.begin_object().key("users").begin_array(); }

/// Writes the end of a list that also tells its count.
inline void end_counted(JsonWriter& json, std::int64_t count) {
    json.end_array().member("count", count).end_object();
}

inline const User& user_in(const User& user) { return user; }
inline const User& user_in(const Shared<User>& user) { return *user; }

/// `Each` is User, or Shared<User>.
template <class Each = User>
std::string users(const std::vector<Each>& users, std::int64_t count, const Form& form = {}) {
    JsonWriter json;
    begin_users(json);
    for (const Each& each : users) write_user(json, user_in(each), form);
    end_counted(json, count);
    return document(json);
}

/// The explicit roles at the site and in each organization of `memberships`.
inline std::string user_roles(const User& user, const std::vector<OrganizationMember>& memberships,
                              const Form& form = {}) {
    JsonWriter json;
    json.begin_object();
    if (form.release >= contradictions::roles_without_user)
        json.key("roles").texts(user.roles);
    else
        write_user_members(json, user, form);
    json.key("organization_roles").begin_object();
    for (const OrganizationMember& each : memberships) {
        json.key(each.organization_id).begin_array();
        for (const std::string& role : each.roles)
            json.value(organization_role_name(role, form.release));
        json.end_array();
    }
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

/// `weakness` says why the password may not be set; "" when it may.
inline std::string password_check(std::string_view weakness) {
    JsonWriter json;
    json.begin_object().member("valid", weakness.empty()).member("details", weakness).end_object();
    return document(json);
}

inline std::string login(std::string_view session_token) {
    JsonWriter json;
    json.begin_object().member("session_token", session_token).end_object();
    return document(json);
}

inline std::string auth_methods(const AuthMethods& methods, Release release = {}) {
    JsonWriter json;
    const auto method = [&](std::string_view name, bool enabled) -> JsonWriter& {
        return json.key(name).begin_object().member("enabled", enabled);
    };
    json.begin_object();
    method("password", methods.password).end_object();
    method("github", methods.github);
    if (release >= Release{2, 20}) json.member("default_provider_configured", false);
    json.end_object();
    method("oidc", methods.oidc)
        .member("signInText", methods.oidc_sign_in_text)
        .member("iconUrl", methods.oidc_icon_url)
        .end_object();
    json.end_object();
    return document(json);
}

/// What GET /buildinfo answers.
struct BuildInfo {
    std::string external_url, version, dashboard_url, deployment_id;
};

inline std::string build_info(const BuildInfo& info, Release release = {}) {
    JsonWriter json;
    json.begin_object()
        .member("external_url", info.external_url)
        .member("version", info.version)
        .member("dashboard_url", info.dashboard_url)
        .member("workspace_proxy", false);
    if (release >= Release{2, 7}) json.member("agent_api_version", "1.0");
    if (release >= Release{2, 8}) json.member("upgrade_message", "");
    if (release >= Release{2, 11}) json.member("deployment_id", info.deployment_id);
    if (release >= Release{2, 13}) json.member("telemetry", false);
    if (release >= Release{2, 15}) json.member("provisioner_api_version", "1.0");
    json.end_object();
    return document(json);
}

}}}  // namespace coder_users::v0::wire
