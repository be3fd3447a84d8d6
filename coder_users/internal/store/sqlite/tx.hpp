// Internal: may change at any time.
// The writing connection, which records whose cached keys a change makes stale.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
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

/// Whether execute_for() looks at the rows that its statement changed.
#ifdef NDEBUG
inline constexpr bool checks_concerned = false;
#else
inline constexpr bool checks_concerned = true;
#endif

/// A connection inside a writing transaction; only Store makes it. A statement that writes a table
/// which the session cache depends on concerns everybody, unless execute_for() runs it.
class Tx : public Connection {
 public:
    /// Takes the parameters of Connection.
    Tx(const std::string& name, int flags, const Activity& activity)
        : Connection(name, flags, activity) {
        sqlite3_set_authorizer(handle(), &Tx::note_table, this);
    }

    /// Like execute(), for a statement that makes only this user's keys stale; "": nobody's. In
    /// builds with assertions it throws std::logic_error when the statement changed a row of
    /// somebody else, whose keys would stay as they are in the session cache.
    template <class... Values>
    int execute_for(std::string_view user_id, std::string_view sql, const Values&... values) {
        if (!user_id.empty()) note_user(user_id);
        const bool before = changes_sessions_;
        const int changed =
            checks_concerned ? execute_checked(user_id, sql, values...) : execute(sql, values...);
        changes_sessions_ = before;
        return changed;
    }

    /// Returns and resets what the transaction has affected so far, including changes that were
    /// rolled back to a savepoint.
    Concerned take_concerned() {
        return {std::exchange(changes_sessions_, false), std::exchange(user_ids_, {})};
    }

    /// Whether another connection has changed the database since the last call. Says yes to the
    /// first.
    bool changed_by_others() {
        Query row = query("PRAGMA data_version");
        row.next();
        const std::int64_t before = std::exchange(data_version_, row.integer(0));
        return before != data_version_;
    }

 private:
    static constexpr std::size_t most_user_ids = 1000;  // an import must not fill memory

    // Lets the statement return the user of each row that it changed.
    template <class... Values>
    int execute_checked(std::string_view user_id, std::string_view sql, const Values&... values) {
        const std::string_view table = table_of(sql);
        const bool of_new_key = user_id.empty() && table == "api_keys" && sql.front() == 'I';
        std::string returning(sql);
        returning += table == "users" ? " RETURNING id" : " RETURNING user_id";
        Query rows = query(returning, values...);
        int changed = 0;
        for (; rows.next(); ++changed)
            if (!of_new_key && rows.text(0) != user_id)
                throw std::logic_error("a statement for the user \"" + std::string(user_id) +
                                       "\" changed " + std::string(table) + " of " + rows.text(0));
        return changed;
    }

    // The name after "INSERT INTO", "DELETE FROM" or "UPDATE".
    static std::string_view table_of(std::string_view sql) {
        sql.remove_prefix(sql.find(' ') + 1);
        if (sql.substr(0, 5) == "INTO " || sql.substr(0, 5) == "FROM ") sql.remove_prefix(5);
        return sql.substr(0, sql.find(' '));
    }

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
    std::int64_t data_version_ = -1;
};

}}}  // namespace coder_users::v0::store
