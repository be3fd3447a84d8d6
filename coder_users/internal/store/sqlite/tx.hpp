// Internal: may change at any time.
// The writing connection, which notes what a change makes stale in the session cache.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/store/sqlite/connection.hpp"
#include "coder_users/internal/store/sqlite/joined_log.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace sqlite {

class Tx final : public On<store::Tx> {
 public:
    /// Takes the parameters of On but for the file system.
    Tx(const std::string& name, int flags, const Activity& activity)
        : On(name, flags, activity, JoinedLogs::Findable().name()) {
        database().note_session_tables();
    }

    /// Runs `change(*this)` inside the transaction that is open. SQLite may undo that in silence,
    /// when memory runs out at the end of a statement; each later one would be a transaction of its
    /// own. So none is lent then, and Unavailable is thrown.
    template <class Change>
    void run_inside(const Change& change) {
        inside_ = true;
        try {
            change(*this);
            require_transaction();
        } catch (...) {
            inside_ = false;
            throw;
        }
        inside_ = false;
    }

    void run(const std::string& sql) override {
        try {
            database().run(sql);
        } catch (...) {
            concern_everybody();  // statements before the one that failed may have written
            throw;
        }
        if (database().take_writes_sessions()) concern_everybody();
    }

    /// An import inserts rows in the order of random ids, which touches all pages again and again;
    /// each page that is not cached is written and read again. So 256 MB of pages may be cached.
    void expect_many_rows(bool many) override {
        if (many) usual_cache_size_ = first_text("PRAGMA cache_size");
        run("PRAGMA cache_size = " + (many ? "-262144" : usual_cache_size_));
    }

    /// Whether another connection has changed the database since the last call. Says yes to the
    /// first.
    bool changed_by_others() {
        const std::int64_t before = std::exchange(data_version_, data_version());
        return before != data_version_;
    }

 private:
    LentStatement prepare(std::string_view sql) override {
        return noted([&] { return database().prepare(sql); });
    }
    LentStatement prepare_varying(const std::string& sql) override {
        return noted([&] { return database().prepare_varying(sql); });
    }
    void require_transaction() const {
        if (inside_ && !in_transaction()) throw Unavailable("the transaction was rolled back");
    }

    template <class Prepare>
    LentStatement noted(Prepare&& prepare) {
        require_transaction();
        try {
            Database::Lent lent = prepare();
            if (lent->writes_sessions()) concern_everybody();
            return lent;
        } catch (...) {
            concern_everybody();  // the transaction may go on without this statement
            throw;
        }
    }

    bool inside_ = false;  ///< whether run_inside() runs
    std::string usual_cache_size_;
    std::int64_t data_version_ = -1;
};

}}}}  // namespace coder_users::v0::store::sqlite
