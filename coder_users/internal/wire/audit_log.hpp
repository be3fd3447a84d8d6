// Internal: may change at any time.
// Writes the JSON of the audit log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline std::string_view verb_of(std::string_view action) {
    return action == "create" ? "created" : action == "delete" ? "deleted" : "updated";
}

/// A template: clients replace the words in braces by names.
inline std::string audit_description(const AuditEntry& entry, Release release = {}) {
    if (entry.action == "request_password_reset") return "password reset requested for {target}";
    const bool failed =
        entry.status_code >= 400 && release >= contradictions::unsuccessful_attempts;
    std::string attempt = "{user} unsuccessfully attempted to " + entry.action;
    const bool alone =
        entry.action == "login" || entry.action == "logout" || entry.action == "register";
    if (failed && alone) return attempt;
    if (entry.action == "login") return "{user} logged in";
    if (entry.action == "logout") return "{user} logged out";
    if (entry.action == "register") return "{user} registered";
    const std::string doing = failed ? attempt : "{user} " + std::string(verb_of(entry.action));
    if (entry.resource_type == "git_ssh_key") return doing + " the git ssh key";
    const std::string resource = entry.resource_type == "api_key"         ? "api key"
                                 : entry.resource_type == "convert_login" ? "login type conversion"
                                 : entry.resource_type == "organization_member"
                                     ? "organization member"
                                     : entry.resource_type;
    return doing + " " + resource + " {target}";
}

/// An object of JSON, as JsonWriter writes it, without the member of this name.
inline std::string without_member(std::string_view object, std::string_view name) {
    const std::string key = '"' + std::string(name) + "\":";
    std::string kept;
    std::size_t depth = 0, begin = 1;
    bool quoted = false;
    for (std::size_t i = 0; i < object.size(); ++i) {
        const char c = object[i];
        if (c == '\\') ++i;
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        if (depth > 1 || (c != ',' && c != '}') || (c == '}' && depth == 1)) continue;
        const std::string_view member = object.substr(begin, i - begin);
        if (!starts_with(member, key)) kept.append(kept.empty() ? "" : ",").append(member);
        begin = i + 1;
    }
    return '{' + kept + '}';
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

/// The diff for an answer of `release`: one that has no full names does not tell of them.
inline std::string shown_diff(const AuditEntry& entry, Release release) {
    std::string diff = sound_diff(entry.diff);
    constexpr fields::Attributes name = fields::named<User>("name");
    if (entry.resource_type != "user" || release >= name.since) return diff;
    return without_member(diff, name.audited.name);
}

inline void write_audit_entry(JsonWriter& json, const ListedAuditEntry& listed,
                              const Form& form = {}) {
    const AuditEntry& entry = listed.entry;
    const Release release = form.release;
    const bool linked = entry.resource_type == "user" && !listed.resource_deleted;
    json.begin_object();
    write_members(json, entry, form, [&](auto at) {
        if constexpr (at.field.kind != fields::Kind::json) return false;
        json.member("resource_icon", "").key(at.field.name).raw(shown_diff(entry, release));
        return true;
    });
    json.key("additional_fields")
        .begin_object()
        .end_object()
        .member("description", audit_description(entry, release))
        .member("resource_link", linked ? "/users?filter=" + entry.resource_target : "")
        .member("is_deleted", listed.resource_deleted);
    if (release >= Release{2, 14} && entry.organization_id != nil_uuid)
        json.key("organization")
            .begin_object()
            .member("id", entry.organization_id)
            .member("name", listed.organization.name)
            .member("display_name", listed.organization.display_name)
            .member("icon", listed.organization.icon)
            .end_object();
    json.key("user");
    if (listed.actor)
        write_user(json, *listed.actor, form);
    else
        json.raw("null");
    json.end_object();
}

inline void begin_audit_logs(JsonWriter& json) {
    json.begin_object().key("audit_logs").begin_array();
}

inline void end_audit_logs(JsonWriter& json, std::int64_t count, Release release) {
    json.end_array().member("count", count);
    if (release >= Release{2, 32}) json.member("count_cap", std::int64_t{0});
    json.end_object();
}

inline std::string audit_logs(const std::vector<ListedAuditEntry>& entries, std::int64_t count,
                              const Form& form = {}) {
    JsonWriter json;
    begin_audit_logs(json);
    for (const ListedAuditEntry& each : entries) write_audit_entry(json, each, form);
    end_audit_logs(json, count, form.release);
    return document(json);
}

}}}  // namespace coder_users::v0::wire
