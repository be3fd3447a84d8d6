// Internal: may change at any time.
// Writes the JSON of organizations, their members and roles.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/caller.hpp"
#include "coder_users/internal/base/organization_roles.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline void write_organization(JsonWriter& json, const Organization& organization,
                               Release release) {
    json.begin_object();
    write_members(json, organization, Form(release));
    if (release >= Release{2, 35})
        json.key("default_org_member_roles").begin_array().value(default_member_role).end_array();
    json.end_object();
}

inline std::string organization(const Organization& organization, Release release = {}) {
    JsonWriter json;
    write_organization(json, organization, release);
    return document(json);
}

inline std::string organizations(const std::vector<Organization>& list, Release release = {}) {
    JsonWriter json;
    json.begin_array();
    for (const Organization& each : list) write_organization(json, each, release);
    json.end_array();
    return document(json);
}

/// Writes the members of a role, of the organization unless that is "". Its id is shown from the
/// release `since` on.
inline void write_role_members(JsonWriter& json, std::string_view role,
                               std::string_view display_name, std::string_view organization_id,
                               Release release, Release since) {
    const bool of_organization = !organization_id.empty();
    json.member("name", of_organization ? organization_role_name(role, release) : role);
    json.member("display_name", display_name);
    if (of_organization && release >= since) json.member("organization_id", organization_id);
}

inline void write_membership_members(JsonWriter& json, const OrganizationMember& member,
                                     Release release) {
    write_members(json, member, Form(release), [&](auto at) {
        if constexpr (at.field.kind != fields::Kind::roles) return false;
        json.key(at.field.name).begin_array();
        for (const std::string& role : member.roles) {
            json.begin_object();
            write_role_members(json, role, role_display_name(role), member.organization_id, release,
                               {2, 13});
            json.end_object();
        }
        json.end_array();
        return true;
    });
}

inline std::string organization_member(const OrganizationMember& member, Release release = {}) {
    JsonWriter json;
    json.begin_object();
    write_membership_members(json, member, release);
    json.end_object();
    return document(json);
}

/// The type MemberWithUser.
inline void write_member(JsonWriter& json, const Member& member, const Form& form) {
    const User& user = member.user;
    json.begin_object();
    write_membership_members(json, member.membership, form.release);
    json.member("username", user.username)
        .member("name", user.name)
        .member("avatar_url", user.avatar_url)
        .member("email", user.email);
    write_roles(json.key("global_roles"), user.roles, form);
    if (form.release >= Release{2, 32})
        json.member("status", user.status)
            .member("login_type", user.login_type)
            .member("last_seen_at", user.last_seen_at)
            .member("user_created_at", user.created_at)
            .member("user_updated_at", user.updated_at)
            .member("is_service_account", user.is_service_account)
            .member("has_ai_seat", false);
    json.end_object();
}

inline std::string member(const Member& member, const Form& form) {
    JsonWriter json;
    write_member(json, member, form);
    return document(json);
}

/// Writes the beginning of a list of members; `by_page`: that of the type MemberPage.
inline void begin_members(JsonWriter& json, bool by_page) {
    if (by_page) json.begin_object().key("members");
    json.begin_array();
}

inline void end_members(JsonWriter& json, bool by_page, std::int64_t count) {
    by_page ? end_counted(json, count) : static_cast<void>(json.end_array());
}

inline std::string members(const MemberPage& page, bool by_page, const Form& form) {
    JsonWriter json;
    begin_members(json, by_page);
    for (const Member& each : page.members) write_member(json, each, form);
    end_members(json, by_page, page.count);
    return document(json);
}

/// Roles that may be assigned at the site, or in an organization if `organization_id` is not empty.
inline std::string assignable_roles(const std::vector<AssignableRole>& roles,
                                    std::string_view organization_id = {}, Release release = {}) {
    JsonWriter json;
    json.begin_array();
    for (const AssignableRole& role : roles) {
        json.begin_object();
        write_role_members(json, role.name, role.display_name, organization_id, release, {2, 12});
        json.member("assignable", role.assignable);
        if (release >= Release{2, 12}) {
            for (const char* name :
                 {"site_permissions", "user_permissions", "organization_permissions"})
                json.key(name).begin_array().end_array();
            json.member("built_in", role.built_in);
        }
        if (release >= Release{2, 28})
            json.key("organization_member_permissions").begin_array().end_array();
        json.end_object();
    }
    json.end_array();
    return document(json);
}

/// The answers to the questions of POST /authcheck, each under the question's key.
inline std::string authorizations(const std::vector<std::pair<std::string, bool>>& answers) {
    JsonWriter json;
    json.begin_object();
    for (const auto& [key, answer] : answers) json.member(key, answer);
    json.end_object();
    return document(json);
}

}}}  // namespace coder_users::v0::wire
