// Internal: may change at any time.
// What belongs to a user beside its row, its keys and its link: settings, notification preferences,
// a one-time passcode, and the host's data. Exports carry all of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/user_data.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace belongings {

/// Inserts a row of the table of `T` for the user.
template <class T>
void insert_one(Tx& tx, std::string_view user_id, const T& row) {
    static const std::string sql = insert_into<T>({"user_id"});
    tx.execute(sql, RowOf(row), user_id);
}

/// Reads all rows of the user from the table of `T`, in the order of their first column.
template <class T>
std::vector<T> all_of(Connection& c, std::string_view user_id) {
    static const std::string sql = "SELECT " + columns<T>() + " FROM " + fields::Of<T>::table +
                                   " WHERE user_id = $1 ORDER BY 1";
    Query rows = c.query(sql, user_id);
    std::vector<T> found;
    while (rows.next()) found.push_back(read_row<T>(rows));
    return found;
}

inline void insert(Tx& tx, const UserRecord& record) {
    const std::string& id = record.user.id;
    for (const UserSetting& each : record.settings) insert_one(tx, id, each);
    for (const NotificationPreference& each : record.notification_preferences)
        insert_one(tx, id, each);
    if (record.passcode) insert_one(tx, id, *record.passcode);
    if (record.data) user_data::put(tx, id, *record.data);
}

/// Completes the record of a user.
inline void add_to(Connection& c, std::string_view user_id, UserRecord& record) {
    record.settings = all_of<UserSetting>(c, user_id);
    record.notification_preferences = all_of<NotificationPreference>(c, user_id);
    for (OneTimePasscode& each : all_of<OneTimePasscode>(c, user_id))
        record.passcode = std::move(each);
    record.data = user_data::find(c, user_id);
}

}}}}  // namespace coder_users::v0::store::belongings
