// Internal: may change at any time.
// The writing connection, which records whose cached keys a change makes stale.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/store/sqlite/db.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// The users whose cached keys a transaction may have made stale.
struct Concerned {
    bool everybody = false;
    std::vector<std::string> user_ids = {};
};

/// A connection inside a writing transaction; only Store makes it. A statement that writes a table
/// which the session cache depends on concerns everybody, unless execute_for() runs it.
class Tx : public Connection {
 public:
    /// Takes the parameters of Connection.
    Tx(const std::string& name, int flags, const Activity& activity)
        : Connection(name, flags, activity) {
        sqlite3_set_authorizer(handle(), &Tx::note_table, this);
    }

    /// Like execute(), for a statement that makes only this user's keys stale; "": nobody's.
    template <class... Values>
    int execute_for(std::string_view user_id, std::string_view sql, const Values&... values) {
        if (!user_id.empty()) note_user(user_id);
        const bool before = changes_sessions_;
        const int changed = execute(sql, values...);
        changes_sessions_ = before;
        return changed;
    }

    /// Returns and resets what the transaction has affected so far, including changes that were
    /// rolled back to a savepoint.
    Concerned take_concerned() {
        return {std::exchange(changes_sessions_, false), std::exchange(user_ids_, {})};
    }

 private:
    static constexpr std::size_t most_user_ids = 1000;  // an import must not fill memory

    void note_user(std::string_view user_id) {
        if (!user_ids_.empty() && user_ids_.back() == user_id) return;
        if (user_ids_.size() < most_user_ids)
            user_ids_.emplace_back(user_id);
        else
            changes_sessions_ = true;
    }

    // While a statement is prepared, SQLite calls this for each table that it writes.
    static int note_table(void* self, int action, const char* table, const char*, const char*,
                          const char*) {
        constexpr std::array<std::string_view, 5> tables{
            "users", "user_roles", "organization_members", "user_links", "api_keys"};
        const bool writes =
            action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
        if (writes && std::find(tables.begin(), tables.end(), table) != tables.end())
            static_cast<Tx*>(self)->changes_sessions_ = true;
        return SQLITE_OK;
    }

    std::vector<std::string> user_ids_;
};

}}}  // namespace coder_users::v0::store
