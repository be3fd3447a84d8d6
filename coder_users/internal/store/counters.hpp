// Internal: may change at any time.
// Statements about numbers that are kept beside the rows that they count.
#pragma once

#include <cstdint>
#include <string_view>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace counters {

/// Counts the users who are not deleted.
inline constexpr std::string_view live_users = "live_users";
/// Names the state of the names and addresses of live users: any change of them raises it.
inline constexpr std::string_view user_texts = "user_texts";

inline void add(Tx& tx, std::string_view name, std::int64_t change) {
    tx.execute(tx.dialect().add_to_counter, change, name);
}

/// 0 when there is no such counter.
inline std::int64_t value(Connection& c, std::string_view name) {
    Query row = c.query(c.dialect().counter, name);
    return row.next() ? row.integer(0) : 0;
}

}}}}  // namespace coder_users::v0::store::counters
