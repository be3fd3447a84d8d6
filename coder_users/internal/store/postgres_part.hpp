// Internal: may change at any time.
// How a store opens a database of PostgreSQL: by a part of the library that a program may lack.
#pragma once

#include <memory>
#include <stdexcept>
#include <string_view>

#include "coder_users/config.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/engine.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Opens the database; throws std::runtime_error that names it.
using OpenPostgres = std::unique_ptr<Engine> (*)(EngineHost host);

/// The part registers here before main() begins; nullptr without it. Visible, so that a shared
/// library and the program that has the part see one variable.
CODER_USERS_API inline OpenPostgres open_postgres = nullptr;

/// Throws std::runtime_error for an address of PostgreSQL, where a file is needed.
inline void refuse_postgres_file(std::string_view database) {
    if (is_postgres_address(database) && open_postgres)
        throw std::runtime_error(
            "a database of PostgreSQL is no file: PostgreSQL's own tools copy and restore it, as "
            "pg_dump and continuous archiving do (docs/scaling.md)");
    refuse_postgres_address(database);
}

}}}  // namespace coder_users::v0::store
