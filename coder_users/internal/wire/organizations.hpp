// Internal: may change at any time.
// Writes the JSON of organizations, their members and roles.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline void write_organization(JsonWriter& json, const Organization& organization,
                               Release release) {
    json.begin_object();
    write_members(json, organization, release);
    if (release >= Release{2, 35})
        json.key("default_org_member_roles")
            .begin_array()
            .value("organization-workspace-access")
            .end_array();
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

/// A role with the name that people read.
struct NamedRole {
    std::string name;
    std::string_view display_name;
};

/// Writes the members of a role, of the organization unless that is "". Its id is shown from the
/// release `since` on.
inline void write_role_members(JsonWriter& json, const NamedRole& role,
                               std::string_view organization_id, Release release, Release since) {
    const bool of_organization = !organization_id.empty();
    json.member("name", of_organization ? organization_role_name(role.name, release)
                                        : std::string_view(role.name));
    json.member("display_name", role.display_name);
    if (of_organization && release >= since) json.member("organization_id", organization_id);
}

inline std::string organization_member(const OrganizationMember& member,
                                       const std::vector<NamedRole>& roles, Release release = {}) {
    JsonWriter json;
    json.begin_object();
    write_members(json, member, release, [&](auto at) {
        if constexpr (at.field.kind != fields::Kind::roles) return false;
        json.key(at.field.name).begin_array();
        for (const NamedRole& role : roles) {
            json.begin_object();
            write_role_members(json, role, member.organization_id, release, {2, 13});
            json.end_object();
        }
        json.end_array();
        return true;
    });
    json.end_object();
    return document(json);
}

/// Roles that may be assigned at the site, or in an organization if `organization_id` is not empty.
inline std::string assignable_roles(const std::vector<NamedRole>& roles, bool assignable,
                                    std::string_view organization_id = {}, Release release = {}) {
    JsonWriter json;
    json.begin_array();
    for (const NamedRole& role : roles) {
        json.begin_object();
        write_role_members(json, role, organization_id, release, {2, 12});
        json.member("assignable", assignable);
        if (release >= Release{2, 12}) {
            for (const char* name :
                 {"site_permissions", "user_permissions", "organization_permissions"})
                json.key(name).begin_array().end_array();
            json.member("built_in", true);
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
