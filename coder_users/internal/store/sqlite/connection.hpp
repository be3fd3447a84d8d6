// Internal: may change at any time.
// SQLite's connections and their prepared statements.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/sqlite/dialect.hpp"
#include "coder_users/internal/store/sqlite/statement.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace sqlite {

/// A handle of SQLite with the statements that were prepared on it, which are kept until it closes.
/// One thread at a time may use it and its statements.
class Database {
 public:
    using CopyProgress = store::Connection::CopyProgress;
    using Lent = std::unique_ptr<Statement, GiveBack>;

    /// Opens a file, or a URI if `name` begins with "file:". `file_system` is the name of an
    /// sqlite3_vfs; "": that of the operating system.
    Database(const std::string& name, int flags, const std::string& file_system = "")
        : db_(translated(
              [&] { return SQLite::Database(name, flags, busy_timeout_ms, file_system); })) {
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

    /// Notes from now on which statements write a table that the session cache depends on.
    void note_session_tables() { sqlite3_set_authorizer(db_.getHandle(), &note_table, this); }

    /// Whether anything that was prepared since the last call, or run, writes such a table.
    bool take_writes_sessions() { return std::exchange(writes_sessions_, false); }

    Lent prepare(std::string_view sql) {
        const auto found = statements_.find(sql);
        if (found != statements_.end() && !found->second->in_use()) return found->second->lend();
        std::string text(sql);
        if (found != statements_.end() || statements_.size() == max_statements) return lone(text);
        auto kept = prepared(text, true);
        return statements_.emplace(std::move(text), std::move(kept)).first->second->lend();
    }

    /// Keeps the statement only while few are kept.
    Lent prepare_varying(const std::string& sql) {
        if (statements_.size() < max_statements / 4 || statements_.count(sql)) return prepare(sql);
        return lone(sql);
    }

    void run(const std::string& sql) {
        translated([&] { db_.exec(sql); });
    }

    bool in_transaction() const { return sqlite3_get_autocommit(db_.getHandle()) == 0; }

    /// Whether closing the last connection writes the log into the file. Switched off for files
    /// that must stay unchanged.
    void checkpoint_on_close(bool on) {
        sqlite3_db_config(db_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
    }

    /// Copies this database to `target` page by page: its present state, or the one that this
    /// connection's open transaction sees. `target` must not be in a transaction. Tells `progress`
    /// the number of pages that are copied and of all pages.
    void copy_to(Database& target, const CopyProgress& progress = {}) {
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

 private:
    std::unique_ptr<Statement> prepared(const std::string& sql, bool kept) {
        const bool before = take_writes_sessions();
        auto made = translated([&] { return std::make_unique<Statement>(db_, sql, kept); });
        made->note_writes_sessions(take_writes_sessions());
        writes_sessions_ = before;
        return made;
    }
    Lent lone(const std::string& sql) { return prepared(sql, false).release()->lend(); }

    // While a statement is prepared, SQLite calls this for each table that it writes.
    static int note_table(void* self, int action, const char* table, const char*, const char*,
                          const char*) {
        const bool writes =
            action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
        if (writes &&
            std::find(session_tables.begin(), session_tables.end(), table) != session_tables.end())
            static_cast<Database*>(self)->writes_sessions_ = true;
        return SQLITE_OK;
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

    SQLite::Database db_;
    bool writes_sessions_ = false;
    std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements_;
};

/// A connection or transaction, which is the `Base`, on a Database.
template <class Base>
class On : public Base {
 public:
    /// Takes the parameters of Database; `activity` must outlive the connection.
    On(const std::string& name, int flags, const Activity& activity,
       const std::string& file_system = "")
        : Base(dialect, activity), database_(name, flags, file_system) {}

    Database& database() { return database_; }

    void run(const std::string& sql) override { database_.run(sql); }
    std::int64_t data_version() final {
        Query row = this->query("PRAGMA data_version");
        row.next();
        return row.integer(0);
    }
    bool in_transaction() const final { return database_.in_transaction(); }
    void copy_to(const std::string& path, const store::Connection::CopyProgress& progress) final {
        Database copy(path, opened::to_write | opened::through_no_link);
        database_.copy_to(copy, progress);
    }

 protected:
    LentStatement prepare(std::string_view sql) override { return database_.prepare(sql); }
    LentStatement prepare_varying(const std::string& sql) override {
        return database_.prepare_varying(sql);
    }

 private:
    Database database_;
};

class Connection final : public On<store::Connection> {
 public:
    using On::On;
};

}}}}  // namespace coder_users::v0::store::sqlite
