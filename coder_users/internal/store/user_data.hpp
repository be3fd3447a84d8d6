// Internal: may change at any time.
// Statements about the text that the host keeps about a user.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace user_data {

inline std::optional<std::string> find(Connection& c, std::string_view user_id) {
    Query row = c.query("SELECT value FROM user_data WHERE user_id = $1", user_id);
    if (!row.next()) return std::nullopt;
    return row.text(0);
}

/// Stores a text in the place of an earlier one.
inline void put(Tx& tx, std::string_view user_id, std::string_view text) {
    tx.execute(
        "INSERT INTO user_data (user_id, value) VALUES ($1, $2) "
        "ON CONFLICT (user_id) DO UPDATE SET value = excluded.value",
        user_id, text);
}

inline void remove(Tx& tx, std::string_view user_id) {
    tx.execute("DELETE FROM user_data WHERE user_id = $1", user_id);
}

}}}}  // namespace coder_users::v0::store::user_data
