// Internal: may change at any time.
// Reads exports strictly: every member must be known, present and of its type.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/wire/export_writer.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace coder_users { inline namespace v0 { namespace wire { namespace transfer {

/// Reads the members of an object in an export. Throws JsonError that names the member and quotes
/// no value.
class Members {
 public:
    explicit Members(const Json& json) {
        if (!json.is<picojson::object>()) throw JsonError("expected an object");
        members_ = &json.get<picojson::object>();
    }

    std::string text(const char* name) { return get<std::string>(name, "a string"); }
    std::int64_t integer(const char* name) { return get<std::int64_t>(name, "an integer"); }
    const picojson::array& array(const char* name) {
        return get<picojson::array>(name, "an array");
    }
    Time time(const char* name) {
        const auto time = parse_rfc3339(text(name));
        if (!time) throw wrong(name, "a time");
        return *time;
    }
    std::string uuid(const char* name) {
        std::string value = text(name);
        const auto id = parse_uuid(value);
        if (!id || *id != value) throw wrong(name, "a uuid in lower case");
        return value;
    }
    bool flag(const char* name) { return get<bool>(name, "a boolean"); }
    /// Returns the enumerator with the name that the member holds.
    template <class Enum>
    Enum name_of(const char* name) {
        const auto value = find_name<Enum>(names_of(Enum{}), text(name));
        if (!value) throw wrong(name, "one of the known names");
        return *value;
    }
    std::vector<std::string> texts(const char* name) {
        std::vector<std::string> list;
        for (const Json& item : array(name)) {
            if (!item.is<std::string>()) throw wrong(name, "an array of strings");
            list.push_back(item.get<std::string>());
        }
        return list;
    }
    bool has(const char* name) const { return members_->count(name) > 0; }
    const Json* optional(const char* name) {
        const auto found = members_->find(name);
        if (found == members_->end()) return nullptr;
        ++read_;
        return &found->second;
    }
    /// Throws unless all members were read.
    void end() const {
        if (read_ != members_->size()) throw JsonError("an unknown member");
    }

    static JsonError wrong(const char* name, const char* expected) {
        return JsonError(std::string("\"") + name + "\" must be " + expected);
    }

 private:
    template <class Type>
    const Type& get(const char* name, const char* expected) {
        const Json* const value = optional(name);
        if (!value || !value->is<Type>()) throw wrong(name, expected);
        return value->get<Type>();
    }

    const picojson::object* members_;
    std::size_t read_ = 0;
};

inline Header read_header(Members in) {
    Header header{in.integer("version"), in.uuid("deployment_id"), in.text("secret_key_check")};
    in.end();
    if (header.version != 1 && header.version != 2)
        throw JsonError("made by a newer version of coder_users");
    return header;
}

inline End read_end(Members in) {
    const End end{in.integer("organizations"), in.integer("users")};
    in.end();
    return end;
}

template <class Value>
void read_value(Members& in, const char* name, fields::Kind kind, Value& value) {
    if constexpr (std::is_same_v<Value, std::string>)
        value = kind == fields::Kind::uuid ? in.uuid(name) : in.text(name);
    else if constexpr (std::is_same_v<Value, Time>)
        value = in.time(name);
    else if constexpr (std::is_same_v<Value, bool>)
        value = in.flag(name);
    else if constexpr (std::is_same_v<Value, std::int64_t>)
        value = in.integer(name);
    else if constexpr (std::is_enum_v<Value>)
        value = in.name_of<Value>(name);
    else
        value = in.texts(name);
}

/// Reads the exported fields of a `T`. Those that older exports do not have may be missing.
template <class T>
T read_members(Members& in) {
    T object;
    fields::for_each_exported<T>([&](auto at) {
        constexpr const auto& field = at.field;
        constexpr const char* name = field.exported.name;
        const bool later = Release() < field.since || field.missing_in_old_exports;
        if (later && !in.has(name)) return;
        read_value(in, name, field.kind, field.of(object));
    });
    return object;
}

/// Reads a `T` from an object that has no other members.
template <class T>
T read_object(Members in) {
    T object = read_members<T>(in);
    in.end();
    return object;
}

inline Organization read_organization(Members in) {
    const bool old = !in.has("display_name");
    auto organization = read_object<Organization>(in);
    if (old) organization.display_name = organization.name;
    return organization;
}

/// Exports of version 1 have `scope` instead of `scopes` and `allow_list`.
inline StoredKey read_key(Members in) {
    const bool old = in.has("scope");
    if (old == in.has("scopes") || old == in.has("allow_list"))
        throw JsonError("a key has either \"scope\" or \"scopes\" and \"allow_list\"");
    auto stored = read_members<StoredKey>(in);
    if (old) {
        const auto scope = in.name_of<KeyScope>("scope");
        if (scope == KeyScope::narrow) throw JsonError("\"scope\" is empty");
        stored.key.scopes = scopes_of(scope);
    }
    in.end();
    derive_scope(stored.key);
    return stored;
}

template <class T>
std::vector<T> read_array(Members& in, const char* name) {
    std::vector<T> all;
    if (in.has(name))
        for (const Json& each : in.array(name)) all.push_back(read_object<T>(Members(each)));
    return all;
}

inline void read_belongings(Members& in, UserRecord& record) {
    record.settings = read_array<UserSetting>(in, "settings");
    record.notification_preferences =
        read_array<NotificationPreference>(in, "notification_preferences");
    if (const Json* passcode = in.optional("one_time_passcode"))
        record.passcode = read_object<OneTimePasscode>(Members(*passcode));
    if (in.has("data")) record.data = in.text("data");
}

inline UserRecord read_user(Members in) {
    const bool old = !in.has("updated_at");
    auto record = read_members<UserRecord>(in);
    User& user = record.user;
    if (old) user.updated_at = (std::max)(user.created_at, user.last_seen_at);
    const std::string& id = record.user.id;
    for (const Json& each : in.array("organizations")) {
        record.memberships.push_back(read_object<OrganizationMember>(Members(each)));
        record.memberships.back().user_id = id;
    }
    for (const Json& each : in.array("keys")) {
        record.keys.push_back(read_key(Members(each)));
        record.keys.back().key.user_id = id;
    }
    if (const Json* ssh_key = in.optional("git_ssh_key")) {
        record.ssh_key = read_object<SealedGitSshKey>(Members(*ssh_key));
        record.ssh_key->key.user_id = id;
    }
    if (const Json* link = in.optional("link"))
        record.link = read_object<ProviderLink>(Members(*link));
    read_belongings(in, record);
    in.end();
    return record;
}

using Line = std::variant<Header, Organization, UserRecord, End>;

/// Throws JsonError.
inline Line read_line(std::string_view text) {
    const Json json = parse_json(text);
    Members in(json);
    std::optional<Line> line;
    if (const Json* user = in.optional("user"))
        line = read_user(Members(*user));
    else if (const Json* organization = in.optional("organization"))
        line = read_organization(Members(*organization));
    else if (const Json* header = in.optional("coder_users_export"))
        line = read_header(Members(*header));
    else if (const Json* end = in.optional("end"))
        line = read_end(Members(*end));
    if (!line) throw JsonError("expected \"user\", \"organization\" or \"end\"");
    in.end();
    return std::move(*line);
}

}}}}  // namespace coder_users::v0::wire::transfer
