// The connection that changes things, and whose sessions a change concerns.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/store/db.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Whose sessions a transaction may have changed.
struct Concerned {
    bool everybody = false;
    std::vector<std::string> user_ids = {};
};

/// Inside a transaction, and made by Store alone. A statement that writes a table of which sessions
/// are made concerns everybody, unless it goes through execute_for().
class Tx : public Connection {
 public:
    /// As Connection.
    Tx(const std::string& name, int flags, const Activity& activity)
        : Connection(name, flags, activity) {
        sqlite3_set_authorizer(handle(), &Tx::note_table, this);
    }

    /// As execute(), for a change that no session but those of this user can show; "": none at all.
    template <class... Values>
    int execute_for(std::string_view user_id, std::string_view sql, const Values&... values) {
        if (!user_id.empty()) note_user(user_id);
        const bool before = changes_sessions_;
        const int changed = execute(sql, values...);
        changes_sessions_ = before;
        return changed;
    }

    /// Of the transaction so far, also of what was rolled back to a savepoint.
    Concerned take_concerned() {
        return {std::exchange(changes_sessions_, false), std::exchange(user_ids_, {})};
    }

 private:
    static constexpr std::size_t most_user_ids = 1000;  // imports must not fill memory

    void note_user(std::string_view user_id) {
        if (!user_ids_.empty() && user_ids_.back() == user_id) return;
        if (user_ids_.size() < most_user_ids)
            user_ids_.emplace_back(user_id);
        else
            changes_sessions_ = true;
    }

    // SQLite calls this for each table that a statement writes, when it is prepared.
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
