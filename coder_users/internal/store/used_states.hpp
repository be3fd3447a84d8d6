// Internal: may change at any time.
// States of logins through providers that have come back: all servers on one database take each
// only once. The table is there where Engine::shared().
#pragma once

#include <string_view>

#include "coder_users/internal/store/connection.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace used_states {

/// Notes that a state has come back. Returns false when it had before. `hashed_state`: its SHA-256
/// in hexadecimal. The row may go at `expires_at`, when no browser keeps the state any more.
inline bool use(Tx& tx, std::string_view hashed_state, Time expires_at) {
    return tx.execute(
               "INSERT INTO used_states (hashed_state, expires_at) VALUES ($1, $2) "
               "ON CONFLICT (hashed_state) DO NOTHING",
               hashed_state, expires_at) == 1;
}

/// Removes states that expired before a time.
inline void remove_before(Tx& tx, Time expiry) {
    tx.execute("DELETE FROM used_states WHERE expires_at < $1", expiry);
}

}}}}  // namespace coder_users::v0::store::used_states
