// Internal: may change at any time.
// What kind of database Options::database names.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Whether it is an address of PostgreSQL, which may hold a password: it is never shown.
inline bool is_postgres_address(std::string_view database) {
    return starts_with(database, "postgres://") || starts_with(database, "postgresql://");
}

/// Returns the database for messages: an address without its password and its options.
inline std::string shown_database(std::string_view database) {
    if (!is_postgres_address(database)) return std::string(database);
    const std::size_t begin = database.find("://") + 3, at = database.rfind('@');
    std::string text(database.substr(0, begin));
    if (at != database.npos && at >= begin) {
        const std::string_view user = database.substr(begin, at - begin);
        text += std::string(user.substr(0, user.find(':'))) + '@';
        database.remove_prefix(at + 1);
    } else {
        database.remove_prefix(begin);
    }
    return text + std::string(database.substr(0, database.find('?')));
}

/// Throws std::runtime_error for what works on SQLite files alone.
inline void require_file(std::string_view database) {
    if (is_postgres_address(database))
        throw std::runtime_error(
            "a database of PostgreSQL is copied and put back by its own means: pg_dump, or "
            "continuous archiving to go back to any moment (docs/scaling.md)");
}

/// Whether it is the name of a file.
inline bool is_file_name(std::string_view database) {
    return database != ":memory:" && !is_postgres_address(database);
}

/// Throws std::runtime_error for an address of PostgreSQL.
inline void refuse_postgres_address(std::string_view database) {
    if (is_postgres_address(database))
        throw std::runtime_error(
            "the database is an address of PostgreSQL, and this build has no PostgreSQL part");
}

}}}  // namespace coder_users::v0::store
