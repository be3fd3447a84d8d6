// Internal: may change at any time.
// What kind of database Options::database names.
#pragma once

#include <algorithm>
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
    const std::size_t begin = database.find("://") + 3, options = database.find('?');
    const std::string scheme(database.substr(0, begin));
    const std::string_view head = database.substr(0, options).substr(begin);
    const std::size_t at = head.rfind('@'), colon = head.find(':');
    if (at == head.npos && colon != head.npos && database.rfind('@') != database.npos)
        return scheme + "...";  // the question mark may be in the password
    if (at == head.npos) return scheme + std::string(head);
    return scheme + std::string(head.substr(0, (std::min)(at, colon))) +
           std::string(head.substr(at));
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
