// Internal: may change at any time.
// Writes the JSON of the audit log.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// A template: clients replace the words in braces by names.
inline std::string audit_description(const AuditEntry& entry) {
    if (entry.action == "login") return "{user} logged in";
    if (entry.action == "logout") return "{user} logged out";
    if (entry.action == "register") return "{user} registered";
    if (entry.resource_type == "git_ssh_key") return "{user} updated the git ssh key";
    const std::string verb = entry.action == "create"   ? "created"
                             : entry.action == "delete" ? "deleted"
                                                        : "updated";
    const std::string resource = entry.resource_type == "api_key"         ? "api key"
                                 : entry.resource_type == "convert_login" ? "login type conversion"
                                 : entry.resource_type == "organization_member"
                                     ? "organization member"
                                     : entry.resource_type;
    return "{user} " + verb + " " + resource + " {target}";
}

/// Diffs are stored as text; a damaged one must not break the whole answer.
inline std::string sound_diff(const std::string& diff) {
    try {
        parse_json(diff);
        return diff;
    } catch (const JsonError&) {
        return "{}";
    }
}

inline void write_audit_entry(JsonWriter& json, const ListedAuditEntry& listed,
                              Release release = {}) {
    const AuditEntry& entry = listed.entry;
    const bool linked = entry.resource_type == "user" && !listed.resource_deleted;
    json.begin_object();
    write_members(json, entry, release, [&](auto at) {
        if constexpr (at.field.kind != fields::Kind::json) return false;
        json.member("resource_icon", "").key(at.field.name).raw(sound_diff(entry.diff));
        return true;
    });
    json.key("additional_fields")
        .begin_object()
        .end_object()
        .member("description", audit_description(entry))
        .member("resource_link", linked ? "/users?filter=" + entry.resource_target : "")
        .member("is_deleted", listed.resource_deleted)
        .key("user");
    if (listed.actor)
        write_user(json, *listed.actor, release);
    else
        json.raw("null");
    json.end_object();
}

inline void begin_audit_logs(JsonWriter& json) {
    json.begin_object().key("audit_logs").begin_array();
}

inline std::string audit_logs(const std::vector<ListedAuditEntry>& entries, std::int64_t count,
                              Release release = {}) {
    JsonWriter json;
    begin_audit_logs(json);
    for (const ListedAuditEntry& each : entries) write_audit_entry(json, each, release);
    end_counted(json, count);
    return document(json);
}

}}}  // namespace coder_users::v0::wire
