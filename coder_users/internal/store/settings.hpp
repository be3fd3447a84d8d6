// Internal: may change at any time.
// Statements about what users have chosen: settings and notification preferences.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/store/belongings.hpp"
#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace settings {

inline constexpr const char* set = "true";
inline constexpr const char* not_set = "false";

inline void read_setting(const std::string& text, std::string& value) { value = text; }
inline void read_setting(const std::string& text, bool& value) { value = text == set; }

/// Reads what the user has chosen of the fields that `T` lists. The others keep the values with
/// which a `T` begins.
template <class T>
T find(Connection& c, std::string_view user_id) {
    T found;
    for (const UserSetting& each : belongings::all_of<UserSetting>(c, user_id))
        fields::for_each<T>([&](auto at) {
            if (each.name == at.field.name) read_setting(each.value, at.field.of(found));
        });
    return found;
}

/// Stores a setting in the place of an earlier value.
inline void put(Tx& tx, std::string_view user_id, const UserSetting& setting) {
    tx.execute(
        "INSERT INTO user_settings (user_id, name, value) VALUES ($1, $2, $3) "
        "ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value",
        user_id, setting.name, setting.value);
}

/// The user's notification preferences, sorted by template.
inline std::vector<NotificationPreference> notifications(Connection& c, std::string_view user_id) {
    return belongings::all_of<NotificationPreference>(c, user_id);
}

/// Stores a preference in the place of an earlier one about the same template.
inline void put(Tx& tx, std::string_view user_id, const NotificationPreference& preference) {
    tx.execute(
        "INSERT INTO notification_preferences (user_id, template_id, disabled, updated_at) "
        "VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, template_id) "
        "DO UPDATE SET disabled = excluded.disabled, updated_at = excluded.updated_at",
        user_id, preference.template_id, preference.disabled, preference.updated_at);
}

}}}}  // namespace coder_users::v0::store::settings
