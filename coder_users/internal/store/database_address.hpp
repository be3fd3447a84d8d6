// Internal: may change at any time.
// What kind of database Options::database names.
#pragma once

#include <stdexcept>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Whether it is an address of PostgreSQL, which may hold a password: it is never shown.
inline bool is_postgres_address(std::string_view database) {
    return starts_with(database, "postgres://") || starts_with(database, "postgresql://");
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
