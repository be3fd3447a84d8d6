// Exports: one JSON object on each line, everything that is stored of one user among them.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/user_record.hpp"
#include "coder_users/base/uuid.hpp"
#include "coder_users/format/json.hpp"
#include "coder_users/format/json_writer.hpp"

namespace coder_users { inline namespace v0 { namespace format { namespace transfer {

/// The first line: which deployment this is, and what proves its sealing key.
struct Header {
    std::int64_t version = 1;
    std::string deployment_id;
    std::string secret_key_check;
};

/// The last line, without which an export is not whole.
struct End {
    std::int64_t organizations = 0;
    std::int64_t users = 0;
};

inline std::string line(JsonWriter& json) { return json.end_object().end_object().take() += '\n'; }

inline std::string header(const Header& header) {
    JsonWriter json;
    json.begin_object().key("coder_users_export").begin_object();
    json.member("version", header.version)
        .member("deployment_id", header.deployment_id)
        .member("secret_key_check", header.secret_key_check);
    return line(json);
}

inline std::string end(const End& end) {
    JsonWriter json;
    json.begin_object().key("end").begin_object();
    json.member("organizations", end.organizations).member("users", end.users);
    return line(json);
}

inline std::string organization(const Organization& organization) {
    JsonWriter json;
    json.begin_object().key("organization").begin_object();
    json.member("id", organization.id)
        .member("name", organization.name)
        .member("created_at", organization.created_at)
        .member("updated_at", organization.updated_at);
    return line(json);
}

inline void write_key(JsonWriter& json, const StoredKey& stored) {
    const ApiKey& key = stored.key;
    json.begin_object()
        .member("id", key.id)
        .member("hashed_secret", stored.hashed_secret)
        .member("created_at", key.created_at)
        .member("updated_at", key.updated_at)
        .member("expires_at", key.expires_at)
        .member("last_used", key.last_used)
        .member("login_type", to_string(key.login_type))
        .member("scope", to_string(key.scope))
        .member("token_name", key.token_name)
        .member("lifetime_seconds", key.lifetime_seconds)
        .end_object();
}

inline void write_memberships(JsonWriter& json, const std::vector<OrganizationMember>& all) {
    json.key("organizations").begin_array();
    for (const OrganizationMember& each : all)
        json.begin_object()
            .member("id", each.organization_id)
            .member("created_at", each.created_at)
            .member("updated_at", each.updated_at)
            .key("roles")
            .texts(each.roles)
            .end_object();
    json.end_array();
}

inline std::string user(const UserRecord& record) {
    const User& user = record.user;
    JsonWriter json;
    json.begin_object().key("user").begin_object();
    json.member("id", user.id)
        .member("username", user.username)
        .member("email", user.email)
        .member("hashed_password", record.hashed_password)
        .member("created_at", user.created_at)
        .member("last_seen_at", user.last_seen_at)
        .member("status", to_string(user.status))
        .member("login_type", to_string(user.login_type))
        .member("avatar_url", user.avatar_url)
        .member("theme_preference", user.theme_preference)
        .key("roles")
        .texts(user.roles);
    write_memberships(json, record.memberships);
    json.key("keys").begin_array();
    for (const StoredKey& stored : record.keys) write_key(json, stored);
    json.end_array();
    if (const auto& ssh = record.ssh_key)
        json.key("git_ssh_key")
            .begin_object()
            .member("created_at", ssh->key.created_at)
            .member("updated_at", ssh->key.updated_at)
            .member("public_key", ssh->key.public_key)
            .member("sealed_private_key", ssh->sealed_private_key)
            .end_object();
    if (const auto& link = record.link)
        json.key("link")
            .begin_object()
            .member("login_type", to_string(link->login_type))
            .member("linked_id", link->linked_id)
            .member("sealed_access_token", link->sealed_access_token)
            .member("sealed_refresh_token", link->sealed_refresh_token)
            .member("token_expires_at", link->token_expires_at)
            .end_object();
    return line(json);
}

}}}}  // namespace coder_users::v0::format::transfer
