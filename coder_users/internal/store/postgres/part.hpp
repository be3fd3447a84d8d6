// Internal: may change at any time.
// The part that opens databases of PostgreSQL. A program that includes this has it.
#pragma once

#include <memory>
#include <utility>

#include "coder_users/internal/store/postgres/engine.hpp"
#include "coder_users/internal/store/postgres_part.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// Gives the store a way to open such databases; returns true.
inline bool register_part() {
    open_postgres = [](EngineHost host) -> std::unique_ptr<store::Engine> {
        return std::make_unique<Engine>(std::move(host));
    };
    return true;
}

#ifndef CODER_USERS_COMPILED
inline const bool registered = register_part();
#endif

}}}}  // namespace coder_users::v0::store::postgres
