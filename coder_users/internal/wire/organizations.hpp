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

inline std::string organization(const Organization& organization, Release release = {}) {
    return object(organization, release);
}

inline std::string organizations(const std::vector<Organization>& list, Release release = {}) {
    JsonWriter json;
    json.begin_array();
    for (const Organization& each : list) write_object(json, each, release);
    json.end_array();
    return document(json);
}

/// A role with the name that people read.
struct NamedRole {
    std::string name;
    std::string_view display_name;
};

inline std::string organization_member(const OrganizationMember& member,
                                       const std::vector<NamedRole>& roles, Release release = {}) {
    JsonWriter json;
    json.begin_object();
    write_members(json, member, release, [&](auto at) {
        if constexpr (at.field.kind != fields::Kind::roles) return false;
        json.key(at.field.name).begin_array();
        for (const NamedRole& role : roles) write_role(json, role.name, role.display_name);
        json.end_array();
        return true;
    });
    json.end_object();
    return document(json);
}

inline std::string assignable_roles(const std::vector<NamedRole>& roles, bool assignable) {
    JsonWriter json;
    json.begin_array();
    for (const NamedRole& role : roles)
        json.begin_object()
            .member("name", role.name)
            .member("display_name", role.display_name)
            .member("assignable", assignable)
            .end_object();
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
