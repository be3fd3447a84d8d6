// Internal: may change at any time.
// Writes exports: lines of JSON objects, with everything that is stored about a user in one line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/user_record.hpp"

namespace coder_users { inline namespace v0 { namespace wire { namespace transfer {

/// The first line: it identifies the deployment and proves which sealing key it has.
struct Header {
    std::int64_t version = 2;
    std::string deployment_id;
    std::string secret_key_check;
};

/// The last line; an export without it is incomplete.
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

/// Writes the exported members of `object`, without the braces.
template <class T>
void write_members(JsonWriter& json, const T& object) {
    fields::for_each_exported<T>([&](auto at) {
        constexpr const auto& field = at.field;
        json.member(field.exported.name, field.of(object));
    });
}

template <class T>
void write_object(JsonWriter& json, const T& object) {
    json.begin_object();
    write_members(json, object);
    json.end_object();
}

template <class T>
void write_array(JsonWriter& json, const std::vector<T>& all) {
    json.begin_array();
    for (const T& each : all) write_object(json, each);
    json.end_array();
}

inline std::string organization(const Organization& organization) {
    JsonWriter json;
    json.begin_object().key("organization").begin_object();
    write_members(json, organization);
    return line(json);
}

inline std::string user(const UserRecord& record) {
    JsonWriter json;
    json.begin_object().key("user").begin_object();
    write_members(json, record);
    write_array(json.key("organizations"), record.memberships);
    write_array(json.key("keys"), record.keys);
    if (record.ssh_key) write_object(json.key("git_ssh_key"), *record.ssh_key);
    if (record.link) write_object(json.key("link"), *record.link);
    if (!record.settings.empty()) write_array(json.key("settings"), record.settings);
    if (!record.notification_preferences.empty())
        write_array(json.key("notification_preferences"), record.notification_preferences);
    if (record.passcode) write_object(json.key("one_time_passcode"), *record.passcode);
    if (record.data) json.member("data", *record.data);
    return line(json);
}

}}}}  // namespace coder_users::v0::wire::transfer
