// What a change did to a thing, as the `diff` of an audit entry.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "coder_users/base/json_writer.hpp"
#include "coder_users/base/model.hpp"

namespace coder_users { inline namespace v0 {

/// Collects the fields whose two values differ; of secret ones only that they differ.
class AuditDiff {
 public:
    AuditDiff() { json_.begin_object(); }

    template <class Value>
    AuditDiff& field(std::string_view name, const Value& before, const Value& after) {
        if (before == after) return *this;
        write(name, before, after, false);
        return *this;
    }
    AuditDiff& secret(std::string_view name, bool differs) {
        if (differs) write(name, std::string(), std::string(), true);
        return *this;
    }
    /// The JSON object.
    std::string take() { return json_.end_object().take(); }

 private:
    template <class Value>
    void write(std::string_view name, const Value& before, const Value& after, bool secret) {
        json_.key(name).begin_object();
        value("old", before);
        value("new", after);
        json_.member("secret", secret).end_object();
    }
    template <class Value>
    void value(std::string_view name, const Value& content) {
        json_.key(name);
        if constexpr (std::is_same_v<Value, std::vector<std::string>>)
            json_.texts(content);
        else
            json_.value(content);
    }

    JsonWriter json_;
};

/// A created user has no `before`, a deleted one no `after`.
inline std::string user_diff(const User* before, const User* after, bool password_differs) {
    const auto text = [](const User* user, std::string User::*member) {
        return user ? user->*member : std::string();
    };
    const auto name = [](const User* user, auto User::*member) {
        return user ? to_string(user->*member) : std::string_view();
    };
    const auto roles = [](const User* user) {
        return user ? user->roles : std::vector<std::string>();
    };
    return AuditDiff()
        .field("id", text(before, &User::id), text(after, &User::id))
        .field("email", text(before, &User::email), text(after, &User::email))
        .field("username", text(before, &User::username), text(after, &User::username))
        .field("status", name(before, &User::status), name(after, &User::status))
        .field("rbac_roles", roles(before), roles(after))
        .field("login_type", name(before, &User::login_type), name(after, &User::login_type))
        .field("theme_preference", text(before, &User::theme_preference),
               text(after, &User::theme_preference))
        .secret("hashed_password", password_differs)
        .take();
}

/// A new key has no `before`, a deleted one no `after`.
inline std::string api_key_diff(const ApiKey* before, const ApiKey* after) {
    static const ApiKey none;
    const ApiKey& old_key = before ? *before : none;
    const ApiKey& new_key = after ? *after : none;
    return AuditDiff()
        .field("user_id", old_key.user_id, new_key.user_id)
        .field("created_at", old_key.created_at, new_key.created_at)
        .field("expires_at", old_key.expires_at, new_key.expires_at)
        .field("last_used", old_key.last_used, new_key.last_used)
        .take();
}

}}  // namespace coder_users::v0
