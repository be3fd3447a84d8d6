// Organizations, members and roles as the JSON documents of the wire.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/model.hpp"
#include "coder_users/format/wire.hpp"

namespace coder_users { inline namespace v0 { namespace format { namespace wire {

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

/// A role of the wire with what people read.
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

/// The answers to the questions of POST /authcheck, by their keys.
inline std::string authorizations(const std::vector<std::pair<std::string, bool>>& answers) {
    JsonWriter json;
    json.begin_object();
    for (const auto& [key, answer] : answers) json.member(key, answer);
    json.end_object();
    return document(json);
}

}}}}  // namespace coder_users::v0::format::wire
