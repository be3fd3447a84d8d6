// Internal: may change at any time.
// Counts in windows of time that all servers on one database share. The table is there where
// Engine::shared().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace window_counts {

/// What was counted under one name since a time.
struct WindowCount {
    Time start = never;
    std::int64_t used = 0;
};

/// Counts one more and returns the state after it. A window that has ended begins anew, and so does
/// one that starts so much later than `now` that the clock was set back.
inline WindowCount add(Tx& tx, std::string_view name, Duration window, Time now) {
    Query row = tx.query(
        "INSERT INTO window_counts (name, started_at, used) VALUES ($1, $2, 1) "
        "ON CONFLICT (name) DO UPDATE SET "
        "used = CASE WHEN window_counts.started_at > $3 AND window_counts.started_at < $4 "
        "THEN window_counts.used + 1 ELSE 1 END, "
        "started_at = CASE WHEN window_counts.started_at > $3 AND window_counts.started_at < $4 "
        "THEN window_counts.started_at ELSE $2 END "
        "RETURNING started_at, used",
        name, now, coder_users::add(now, -window), coder_users::add(now, window));
    row.next();
    const WindowCount count{row.time(0), row.integer(1)};
    row.next();  // only then is the statement done
    return count;
}

inline std::optional<WindowCount> find(Connection& c, std::string_view name) {
    Query row = c.query("SELECT started_at, used FROM window_counts WHERE name = $1", name);
    if (!row.next()) return std::nullopt;
    return WindowCount{row.time(0), row.integer(1)};
}

/// Removes windows that started before a time.
inline void remove_before(Tx& tx, Time start) {
    tx.execute("DELETE FROM window_counts WHERE started_at < $1", start);
}

}}}}  // namespace coder_users::v0::store::window_counts
