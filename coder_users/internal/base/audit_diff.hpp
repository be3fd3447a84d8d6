// Internal: may change at any time.
// Makes the `diff` of an audit entry from a thing before and after a change.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/key_scopes.hpp"

namespace coder_users { inline namespace v0 {

/// Collects the fields whose two values differ. Of a secret field it tells only that it changed.
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
    /// Returns the JSON object.
    std::string take() { return json_.end_object().take(); }

 private:
    template <class Value>
    void write(std::string_view name, const Value& before, const Value& after, bool secret) {
        json_.key(name).begin_object();
        json_.member("old", before).member("new", after).member("secret", secret).end_object();
    }

    JsonWriter json_;
};

/// A value as a diff shows it; an absent one is shown as empty.
template <class Value>
auto shown(const Value* value) {
    if constexpr (std::is_enum_v<Value>)
        return value ? to_string(*value) : std::string_view();
    else if constexpr (std::is_same_v<Value, std::string>)
        return value ? std::string_view(*value) : std::string_view();
    else if constexpr (std::is_same_v<Value, Time>)
        return value ? *value : never;
    else
        return value ? *value : Value();
}

/// Adds the fields that the list of `T` audits. `before` is nullptr for a new thing, `after` for a
/// deleted one.
template <class T>
void add_differences(AuditDiff& diff, const T* before, const T* after) {
    fields::for_each_audited<T>([&](auto at) {
        constexpr const auto& field = at.field;
        const auto old_value = shown(before ? &field.of(*before) : nullptr);
        const auto new_value = shown(after ? &field.of(*after) : nullptr);
        if constexpr (field.secret)
            diff.secret(field.audited.name, old_value != new_value);
        else
            diff.field(field.audited.name, old_value, new_value);
    });
}

/// When the one-time passcode of a user expires, before and after a change; never: it has none.
struct PasscodeExpiry {
    Time before = never;
    Time after = never;
};

/// Of a type of which the audit log shows only what its list says.
template <class T>
std::string listed_diff(const T* before, const T* after) {
    AuditDiff diff;
    add_differences(diff, before, after);
    return diff.take();
}

/// `before` is nullptr for a new user, `after` for a deleted one.
inline std::string user_diff(const User* before, const User* after, bool password_differs,
                             const PasscodeExpiry& passcode = {}) {
    AuditDiff diff;
    add_differences(diff, before, after);
    return diff.secret("hashed_password", password_differs)
        .field("one_time_passcode_expires_at", passcode.before, passcode.after)
        .take();
}

/// Full power counts as nothing to tell.
inline ApiKey without_usual_limits(ApiKey key) {
    if (key.scopes == scopes_of(KeyScope::all)) key.scopes.clear();
    if (key.allow_list == std::vector<std::string>{"*:*"}) key.allow_list.clear();
    return key;
}

/// `before` is nullptr for a new key, `after` for a deleted one.
inline std::string api_key_diff(const ApiKey* before, const ApiKey* after) {
    const ApiKey old_key = before ? without_usual_limits(*before) : ApiKey();
    const ApiKey new_key = after ? without_usual_limits(*after) : ApiKey();
    return listed_diff(before ? &old_key : nullptr, after ? &new_key : nullptr);
}

}}  // namespace coder_users::v0
