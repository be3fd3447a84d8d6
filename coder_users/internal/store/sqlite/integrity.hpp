// Internal: may change at any time.
// Checks a database at start: its pages after an unclean stop, its schema always.
#pragma once

#include <sys/stat.h>

#include <stdexcept>
#include <string>

#include "coder_users/internal/store/sqlite/connection.hpp"
#include "coder_users/internal/store/sqlite/schema_sql.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Throws std::runtime_error when the database at `path` is damaged. Skips files over 100 MB, which
/// would take too long to read.
inline void check_integrity(Connection& connection, const std::string& path) {
    constexpr off_t largest_checked = 100 << 20;
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || info.st_size > largest_checked) return;
    const std::string result = connection.first_text("PRAGMA quick_check(1)");
    if (result != "ok") throw std::runtime_error("the database is damaged: " + result);
}

/// The names of tables, indices, triggers and views, one on each line.
inline std::string schema_objects(Connection& connection) {
    Query row = connection.query(
        "SELECT type || ' ' || name FROM sqlite_schema "
        "WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' OR type IN ('trigger', 'view') ORDER BY 1");
    std::string all;
    while (row.next()) all += row.text(0) + '\n';
    return all;
}

/// Throws std::runtime_error when the schema differs from the current one: a trigger in a file from
/// elsewhere would run with every change.
inline void check_schema(Connection& connection) {
    sqlite::Connection expected(":memory:", opened::to_write | opened::in_memory,
                                connection.activity());
    expected.run(schema_sql);
    if (schema_objects(connection) != schema_objects(expected))
        throw std::runtime_error("its tables, indices and triggers are not those of coder_users");
}

}}}  // namespace coder_users::v0::store
