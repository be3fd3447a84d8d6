// Internal: may change at any time.
// Brings a database to the current schema: a new one at once, an older one step by step.
#pragma once

#include <array>
#include <string>

#include "coder_users/internal/store/schema_sql.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/db.hpp"
#include "coder_users/internal/store/sqlite/integrity.hpp"
#include "coder_users/internal/store/sqlite/transaction.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// The step at index i brings version i + 1 to version i + 2 (PRAGMA user_version).
inline constexpr std::array<const char*, 1> migrations{
    // 2: lists of users that neither count nor scan rows
    R"sql(
ALTER TABLE users ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE users SET number = numbered.number FROM (
    SELECT id, ROW_NUMBER() OVER (ORDER BY created_at, id) AS number FROM users
) numbered WHERE numbered.id = users.id;
CREATE UNIQUE INDEX users_number ON users (number);
CREATE INDEX users_live_search ON users (username_folded, email_folded, status) WHERE deleted = 0;
CREATE INDEX users_live_status ON users (status, username_folded) WHERE deleted = 0;
CREATE INDEX users_deleted ON users (id) WHERE deleted = 1;
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) SELECT 'live_users', count(*) FROM users WHERE deleted = 0;
CREATE VIRTUAL TABLE users_text USING fts5 (
    username_folded, email_folded, content = 'users', content_rowid = 'number', columnsize = 0,
    tokenize = 'trigram case_sensitive 1'
);
INSERT INTO users_text (rowid, username_folded, email_folded)
SELECT number, username_folded, email_folded FROM users WHERE deleted = 0;
)sql"};

inline constexpr int schema_version = static_cast<int>(migrations.size()) + 1;

/// Runs in one transaction: if it throws, the database is unchanged. Throws std::runtime_error for
/// a newer version, and exceptions of the store. `test_data` is the kind that a new database gets.
inline void migrate(Connection& db, bool test_data = false) {
    Transaction(db, "BEGIN IMMEDIATE").run([&] {
        const int version = std::stoi(db.first_text("PRAGMA user_version"));
        if (version > schema_version)
            throw std::runtime_error("made by a newer version of coder_users (schema " +
                                     std::to_string(version) + ", this one knows " +
                                     std::to_string(schema_version) + ")");
        if (version == schema_version) return check_schema(db);  // write only when there is a need
        if (version == 0) {
            db.run(schema_sql);
            db.run("PRAGMA application_id = " +
                   std::to_string(test_data ? test_application_id : application_id));
        } else {
            for (auto step = static_cast<std::size_t>(version); step <= migrations.size(); ++step)
                db.run(migrations.at(step - 1));
            check_schema(db);
        }
        db.run("PRAGMA user_version = " + std::to_string(schema_version));
    });
}

}}}  // namespace coder_users::v0::store
