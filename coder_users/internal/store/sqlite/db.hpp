// Internal: may change at any time.
// One SQLite connection and its prepared statements.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/sqlite/query.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A connection. One thread at a time may use it and its queries. Statements are prepared once and
/// kept until the connection closes.
class Connection {
 public:
    /// Opens a file, or a URI if `name` begins with "file:". `activity` must outlive the
    /// connection.
    Connection(const std::string& name, int flags, const Activity& activity)
        : activity_(activity),
          db_(translated([&] { return SQLite::Database(name, flags, busy_timeout_ms); })) {
        checkpoint_on_close(false);  // a file that is refused stays unchanged
        lower_limits();
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_LOOKASIDE, nullptr, 1200, 400);
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        run("PRAGMA trusted_schema = OFF");
        run("PRAGMA cell_size_check = ON");
        run("PRAGMA mmap_size = 0");
        run("PRAGMA foreign_keys = ON");
        run("PRAGMA secure_delete = ON");
        run("PRAGMA synchronous = FULL");
        checkpoint_on_close(true);
    }

    /// Binds copies of the values to the placeholders `$1…$n` in order.
    template <class... Values>
    Query query(std::string_view sql, const Values&... values) {
        return translated([&] {
            Query query = prepared(sql);
            query.bind_all(values...);
            return query;
        });
    }

    /// For statements whose text varies: keeps only some of them prepared, so that the others have
    /// room.
    Query query_varying(const std::string& sql) {
        return translated([&] {
            if (statements_.size() < max_statements / 4 || statements_.count(sql))
                return prepared(sql);
            return Query(std::make_unique<SQLite::Statement>(db_, sql));
        });
    }

    /// Runs a statement that returns no rows; returns the number of rows that it changed.
    template <class... Values>
    int execute(std::string_view sql, const Values&... values) {
        Query query = this->query(sql, values...);
        query.next();
        return sqlite3_changes(db_.getHandle());
    }

    /// Runs any number of statements without values and keeps none of them prepared.
    void run(const std::string& sql) {
        translated([&] { db_.exec(sql); });
    }

    /// Returns the first value of a pragma or another statement; "" when there is no row.
    std::string first_text(std::string_view sql) {
        Query query = this->query(sql);
        return query.next() ? query.text(0) : std::string();
    }

    bool in_transaction() const { return sqlite3_get_autocommit(db_.getHandle()) == 0; }

    /// Whether closing the last connection writes the log into the file. Switched off for files
    /// that must stay unchanged.
    void checkpoint_on_close(bool on) {
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
    }

    /// copy_to() calls it with the number of pages that are copied and of all pages.
    using CopyProgress = std::function<void(std::int64_t done, std::int64_t total)>;

    /// Copies this database to `target` page by page: its present state, or the one that this
    /// connection's open transaction sees. `target` must not be in a transaction.
    void copy_to(Connection& target, const CopyProgress& progress = {}) {
        constexpr int pages = 1000;  // 4 MB
        translated([&] {
            SQLite::Backup backup(target.db_, db_);
            for (int result = SQLITE_OK; result != SQLITE_DONE;) {
                result = backup.executeStep(pages);
                if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
                    throw Busy("the database is in use");
                const std::int64_t total = backup.getTotalPageCount();
                if (progress) progress(total - backup.getRemainingPageCount(), total);
            }
        });
    }

    /// Returns this database as the bytes of a file.
    std::string image() {
        sqlite3_int64 size = 0;
        const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
            sqlite3_serialize(db_.getHandle(), "main", &size, 0), &sqlite3_free);
        if (!bytes || size < 100) throw Unavailable("no memory for a copy of the database");
        // These two are the read and write version in the header: 1 is a file without a write-ahead
        // log.
        bytes.get()[18] = bytes.get()[19] = 1;
        return {reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size)};
    }

    /// Makes a connection to ":memory:" read what image() returned. `image` must outlive the
    /// connection.
    void show(const std::string& image) {
        const auto size = static_cast<sqlite3_int64>(image.size());
        auto* const bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(image.data()));
        const int code = sqlite3_deserialize(db_.getHandle(), "main", bytes, size, size,
                                             SQLITE_DESERIALIZE_READONLY);
        if (code != SQLITE_OK) throw_store_error(code, sqlite3_errstr(code));
    }

    /// The uses of keys that are not stored yet.
    const Activity& activity() const { return activity_; }

 protected:
    sqlite3* handle() { return db_.getHandle(); }

    /// Whether a statement that changes data of the session cache was prepared or used again.
    bool changes_sessions_ = false;

 private:
    struct Cached {
        SQLite::Statement statement;
        bool in_use = false;
        bool changes_sessions = false;
        Cached(const SQLite::Database& db, const std::string& sql) : statement(db, sql) {}
    };

    Query prepared(std::string_view sql) {
        auto found = statements_.find(sql);
        if (found == statements_.end()) {
            std::string text(sql);
            if (statements_.size() == max_statements)
                return Query(std::make_unique<SQLite::Statement>(db_, text));
            auto cached = prepared_anew(text);
            found = statements_.emplace(std::move(text), std::move(cached)).first;
        }
        Cached& cached = *found->second;
        changes_sessions_ = changes_sessions_ || cached.changes_sessions;
        if (cached.in_use) return Query(std::make_unique<SQLite::Statement>(db_, std::string(sql)));
        return Query(cached.statement, cached.in_use);
    }

    std::unique_ptr<Cached> prepared_anew(const std::string& sql) {
        const bool before = std::exchange(changes_sessions_, false);
        try {
            auto cached = std::make_unique<Cached>(db_, sql);
            cached->changes_sessions = changes_sessions_;
            changes_sessions_ = changes_sessions_ || before;
            return cached;
        } catch (...) {
            changes_sessions_ = true;  // the transaction may go on without this statement
            throw;
        }
    }

    // Limits what a malicious file can make SQLite do to what the library's own statements need.
    void lower_limits() {
        constexpr std::pair<int, int> limits[] = {
            {SQLITE_LIMIT_LENGTH, 32 << 20},  // an audit entry about 1 MiB with every byte escaped
            {SQLITE_LIMIT_COLUMN, 100},        {SQLITE_LIMIT_EXPR_DEPTH, 50},
            {SQLITE_LIMIT_COMPOUND_SELECT, 5}, {SQLITE_LIMIT_VDBE_OP, 100'000},
            {SQLITE_LIMIT_FUNCTION_ARG, 8},    {SQLITE_LIMIT_ATTACHED, 0},
            {SQLITE_LIMIT_TRIGGER_DEPTH, 10},  {SQLITE_LIMIT_WORKER_THREADS, 0},
        };
        for (const auto& [limit, value] : limits) sqlite3_limit(db_.getHandle(), limit, value);
    }

    static constexpr int busy_timeout_ms = 5000;
    static constexpr std::size_t max_statements = 200;  // varying texts must not fill memory

    const Activity& activity_;
    SQLite::Database db_;
    std::map<std::string, std::unique_ptr<Cached>, std::less<>> statements_;
};

}}}  // namespace coder_users::v0::store
