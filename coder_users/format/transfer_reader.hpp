// Lines of an export, read strictly: every member is known, there and of its type.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/format/transfer.hpp"

namespace coder_users { inline namespace v0 { namespace format { namespace transfer {

/// The members of an object of an export. Throws JsonError that names the member and quotes
/// nothing.
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
    /// What `named(text)` makes of it, such as login_type_named().
    template <class Named>
    auto name_of(const char* name, Named&& named) {
        const auto value = named(text(name));
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
    const Json* optional(const char* name) {
        const auto found = members_->find(name);
        if (found == members_->end()) return nullptr;
        ++read_;
        return &found->second;
    }
    /// Nothing may be left that was not asked for.
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
    if (header.version != 1) throw JsonError("made by a newer version of coder_users");
    return header;
}

inline End read_end(Members in) {
    const End end{in.integer("organizations"), in.integer("users")};
    in.end();
    return end;
}

inline Organization read_organization(Members in) {
    Organization organization{in.uuid("id"), in.text("name"), in.time("created_at"),
                              in.time("updated_at")};
    in.end();
    return organization;
}

inline StoredKey read_key(Members in, const std::string& user_id) {
    StoredKey stored;
    ApiKey& key = stored.key;
    key.id = in.text("id");
    key.user_id = user_id;
    stored.hashed_secret = in.text("hashed_secret");
    key.created_at = in.time("created_at");
    key.updated_at = in.time("updated_at");
    key.expires_at = in.time("expires_at");
    key.last_used = in.time("last_used");
    key.login_type = in.name_of("login_type", login_type_named);
    key.scope = in.name_of("scope", key_scope_named);
    key.token_name = in.text("token_name");
    key.lifetime_seconds = in.integer("lifetime_seconds");
    in.end();
    return stored;
}

inline OrganizationMember read_membership(Members in, const std::string& user_id) {
    OrganizationMember member{user_id, in.uuid("id"), in.time("created_at"), in.time("updated_at"),
                              in.texts("roles")};
    in.end();
    return member;
}

inline SealedGitSshKey read_ssh_key(Members in, const std::string& user_id) {
    SealedGitSshKey sealed{
        {user_id, in.time("created_at"), in.time("updated_at"), in.text("public_key")},
        in.text("sealed_private_key")};
    in.end();
    return sealed;
}

inline ProviderLink read_link(Members in) {
    ProviderLink link{in.name_of("login_type", login_type_named), in.text("linked_id"),
                      in.text("sealed_access_token"), in.text("sealed_refresh_token"),
                      in.time("token_expires_at")};
    in.end();
    return link;
}

inline UserRecord read_user(Members in) {
    UserRecord record;
    User& user = record.user;
    user.id = in.uuid("id");
    user.username = in.text("username");
    user.email = in.text("email");
    record.hashed_password = in.text("hashed_password");
    user.created_at = in.time("created_at");
    user.last_seen_at = in.time("last_seen_at");
    user.status = in.name_of("status", user_status_named);
    user.login_type = in.name_of("login_type", login_type_named);
    user.avatar_url = in.text("avatar_url");
    user.theme_preference = in.text("theme_preference");
    user.roles = in.texts("roles");
    for (const Json& each : in.array("organizations"))
        record.memberships.push_back(read_membership(Members(each), user.id));
    for (const Json& each : in.array("keys"))
        record.keys.push_back(read_key(Members(each), user.id));
    if (const Json* ssh_key = in.optional("git_ssh_key"))
        record.ssh_key = read_ssh_key(Members(*ssh_key), user.id);
    if (const Json* link = in.optional("link")) record.link = read_link(Members(*link));
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

}}}}  // namespace coder_users::v0::format::transfer
