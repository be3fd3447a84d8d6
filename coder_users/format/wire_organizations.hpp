// Organizations, members and roles as the JSON documents of the wire.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/model.hpp"
#include "coder_users/format/wire.hpp"

namespace coder_users { inline namespace v0 { namespace format { namespace wire {

inline void write_organization(JsonWriter& json, const Organization& organization) {
    json.begin_object()
        .member("id", organization.id)
        .member("name", organization.name)
        .member("created_at", organization.created_at)
        .member("updated_at", organization.updated_at)
        .end_object();
}

inline std::string organization(const Organization& organization) {
    JsonWriter json;
    write_organization(json, organization);
    return document(json);
}

inline std::string organizations(const std::vector<Organization>& list) {
    JsonWriter json;
    json.begin_array();
    for (const Organization& each : list) write_organization(json, each);
    json.end_array();
    return document(json);
}

/// A role of the wire with what people read.
struct NamedRole {
    std::string name;
    std::string_view display_name;
};

inline std::string organization_member(const OrganizationMember& member,
                                       const std::vector<NamedRole>& roles) {
    JsonWriter json;
    json.begin_object()
        .member("user_id", member.user_id)
        .member("organization_id", member.organization_id)
        .member("created_at", member.created_at)
        .member("updated_at", member.updated_at)
        .key("roles")
        .begin_array();
    for (const NamedRole& role : roles) write_role(json, role.name, role.display_name);
    json.end_array().end_object();
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
