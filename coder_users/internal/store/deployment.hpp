// Internal: may change at any time.
// Facts about this deployment, stored by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace deployment {

inline std::optional<std::string> find(Connection& c, std::string_view name) {
    Query row = c.query("SELECT value FROM deployment WHERE name = $1", name);
    if (!row.next()) return std::nullopt;
    return row.text(0);
}

/// Inserts the value unless there is one. Returns the one that is stored: two servers may start at
/// the same time.
inline std::string find_or_insert(Tx& tx, std::string_view name, const std::string& value) {
    tx.execute("INSERT INTO deployment (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
               name, value);
    return find(tx, name).value_or(value);
}

inline void insert(Tx& tx, std::string_view name, std::string_view value) {
    tx.execute("INSERT INTO deployment (name, value) VALUES ($1, $2)", name, value);
}

/// Puts `value` in the place of `old`. Returns false when another server was faster.
inline bool replace_once(Tx& tx, std::string_view name, std::string_view old,
                         std::string_view value) {
    return tx.execute("UPDATE deployment SET value = $1 WHERE name = $2 AND value = $3", value,
                      name, old) == 1;
}

/// Inserts the value or replaces the old one.
inline void replace(Tx& tx, std::string_view name, std::string_view value) {
    tx.execute(
        "INSERT INTO deployment (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name, value);
}

}}}}  // namespace coder_users::v0::store::deployment
