// Internal: may change at any time.
// Statements about one-time passcodes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/store/belongings.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/counters.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace passcodes {

inline std::optional<OneTimePasscode> find(Connection& c, std::string_view user_id) {
    static const std::string sql = "SELECT " + columns<OneTimePasscode>() + " FROM " +
                                   fields::Of<OneTimePasscode>::table + " WHERE user_id = $1";
    Query row = c.query(sql, user_id);
    if (!row.next()) return std::nullopt;
    return read_row<OneTimePasscode>(row);
}

/// Removes the code of the user. Returns when it would have expired; never: there was none.
inline Time remove(Tx& tx, std::string_view user_id) {
    const auto found = find(tx, user_id);
    if (!found) return never;
    tx.execute("DELETE FROM one_time_passcodes WHERE user_id = $1", user_id);
    return found->expires_at;
}

/// Stores a code in the place of an earlier one, and returns what remove() returns of that.
inline Time replace(Tx& tx, std::string_view user_id, const OneTimePasscode& passcode) {
    const Time earlier = remove(tx, user_id);
    belongings::insert_one(tx, user_id, passcode);
    return earlier;
}

/// Counts what was asked with an address that no account can use. The count itself is for nobody:
/// it is a commit, so that the time of the answer does not tell such addresses from others. Runs
/// `pretend()` before and undoes what it has stored: it is the work that others cost. None waits
/// for the count of another.
template <class Pretend>
void count_unclaimed(Tx& tx, Pretend&& pretend) {
    tx.run_and_undo(pretend);
    tx.execute(
        "INSERT INTO counters (name, value) VALUES ('unclaimed_passcodes', 0) "
        "ON CONFLICT (name) DO NOTHING");
    counters::add(tx, "unclaimed_passcodes", 1);
}

}}}}  // namespace coder_users::v0::store::passcodes
