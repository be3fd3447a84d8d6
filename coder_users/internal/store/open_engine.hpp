// Internal: may change at any time.
// Chooses the engine of a store. The one file that names engines.
#pragma once

#include <memory>
#include <utility>

#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/engine.hpp"
#include "coder_users/internal/store/postgres_part.hpp"
#include "coder_users/internal/store/sqlite/engine.hpp"
#include "coder_users/internal/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Throws std::runtime_error when the database cannot be opened.
inline std::unique_ptr<Engine> open_engine(EngineHost host) {
    if (is_postgres_address(host.options.database) && open_postgres)
        return open_postgres(std::move(host));
    refuse_postgres_address(host.options.database);
    return std::make_unique<sqlite::Engine>(std::move(host));
}

inline Store::Store(StoreOptions options)
    : options_(std::move(options)),
      engine_(open_engine({options_, activity_, [this] { wake(); }})) {
    begin_rounds();
}

}}}  // namespace coder_users::v0::store
