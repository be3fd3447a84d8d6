// Internal: may change at any time.
// How a store opens a database of PostgreSQL: by a part of the library that a program may lack.
#pragma once

#include <memory>

#include "coder_users/config.hpp"
#include "coder_users/internal/store/engine.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Opens the database; throws std::runtime_error that names it.
using OpenPostgres = std::unique_ptr<Engine> (*)(EngineHost host);

/// The part registers here before main() begins; nullptr without it. Visible, so that a shared
/// library and the program that has the part see one variable.
CODER_USERS_API inline OpenPostgres open_postgres = nullptr;

}}}  // namespace coder_users::v0::store
