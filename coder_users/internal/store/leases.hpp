// Internal: may change at any time.
// Leases: of several servers on one database, one does a thing at a time. The lease of a server
// that has died ends by itself. The table is there where Engine::shared().
#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace leases {

/// No lease is taken for longer. One that would last longer was taken before a clock was set back,
/// and counts as ended.
inline constexpr Duration longest_lease = std::chrono::hours(1);

/// Takes a lease for `length` from `now` on, or makes the holder's own last that long. Returns
/// false when somebody else has it.
inline bool take(Tx& tx, std::string_view name, std::string_view holder, Time now,
                 Duration length) {
    length = (std::min)(length, longest_lease);
    return tx.execute(
               "INSERT INTO leases (name, holder, ends_at) VALUES ($1, $2, $3) "
               "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, "
               "ends_at = excluded.ends_at WHERE leases.holder = excluded.holder "
               "OR leases.ends_at <= $4 OR leases.ends_at > $5",
               name, holder, add(now, length), now, add(now, longest_lease)) == 1;
}

/// Ends a lease, if it is still the holder's.
inline void give_back(Tx& tx, std::string_view name, std::string_view holder) {
    tx.execute("DELETE FROM leases WHERE name = $1 AND holder = $2", name, holder);
}

/// Removes leases that ended before a time.
inline void remove_before(Tx& tx, Time end) {
    tx.execute("DELETE FROM leases WHERE ends_at < $1", end);
}

}}}}  // namespace coder_users::v0::store::leases
