// Internal: may change at any time.
// Brings a database to the current schema: a new one at once, an older one step by step.
#pragma once

#include <array>
#include <string>

#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/integrity.hpp"
#include "coder_users/internal/store/sqlite/schema_sql.hpp"
#include "coder_users/internal/store/sqlite/transaction.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// The step at index i brings version i + 1 to version i + 2 (PRAGMA user_version).
inline constexpr std::array<const char*, 2> migrations{
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
)sql",
    // 3: what later releases of Coder store, fewer indexes, roles and organizations in users
    R"sql(
ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN is_service_account INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN organization_ids TEXT NOT NULL DEFAULT '';
UPDATE users SET
    updated_at = CASE WHEN last_seen_at > created_at THEN last_seen_at ELSE created_at END,
    roles = COALESCE((SELECT group_concat(role, ' ') FROM (
        SELECT role FROM user_roles WHERE user_id = users.id ORDER BY role)), ''),
    organization_ids = COALESCE((SELECT group_concat(organization_id, ' ') FROM (
        SELECT organization_id FROM organization_members WHERE user_id = users.id
        ORDER BY created_at, organization_id)), '');
DROP INDEX users_live_email;
CREATE UNIQUE INDEX users_live_email ON users (email_folded)
    WHERE deleted = 0 AND email_folded <> '';
INSERT INTO counters (name, value)
SELECT 'dearest_password_cost', COALESCE(MAX(CAST(substr(hashed_password, 5, 2) AS INTEGER)), 0)
FROM users WHERE hashed_password LIKE '$2_$__$%';
ALTER TABLE organizations ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN icon TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN is_default INTEGER NOT NULL DEFAULT 0;
UPDATE organizations SET display_name = name;
UPDATE organizations SET is_default = 1
WHERE id = (SELECT id FROM organizations ORDER BY created_at, id LIMIT 1);
ALTER TABLE user_links ADD COLUMN sealed_claims TEXT NOT NULL DEFAULT '';
CREATE TABLE user_settings (
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
);
CREATE TABLE notification_preferences (
    user_id TEXT NOT NULL REFERENCES users (id),
    template_id TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, template_id)
);
CREATE TABLE one_time_passcodes (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    hashed_passcode TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE user_data (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL
);
DROP INDEX api_keys_user;
DROP INDEX api_keys_token_name;
ALTER TABLE api_keys RENAME TO old_api_keys;
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    hashed_secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    login_type TEXT NOT NULL CHECK (login_type IN ('password', 'github', 'oidc', 'token')),
    scopes TEXT NOT NULL,
    allow_list TEXT NOT NULL,
    token_name TEXT NOT NULL DEFAULT '',
    lifetime_seconds BIGINT NOT NULL,
    ip TEXT NOT NULL DEFAULT '',
    user_agent TEXT NOT NULL DEFAULT ''
);
INSERT INTO api_keys (id, user_id, hashed_secret, created_at, updated_at, expires_at, last_used,
    login_type, scopes, allow_list, token_name, lifetime_seconds)
SELECT id, user_id, hashed_secret, created_at, updated_at, expires_at, last_used,
    login_type, 'coder:' || scope, '*:*', token_name, lifetime_seconds
FROM old_api_keys ORDER BY rowid;
DROP TABLE old_api_keys;
CREATE INDEX api_keys_session ON api_keys (user_id) WHERE login_type <> 'token';
CREATE UNIQUE INDEX api_keys_token_name ON api_keys (user_id, token_name)
    WHERE login_type = 'token';
DROP INDEX audit_logs_time;
DROP INDEX audit_logs_actor;
DROP INDEX audit_logs_resource;
DROP INDEX audit_logs_type;
ALTER TABLE audit_logs RENAME TO old_audit_logs;
CREATE TABLE audit_logs (
    entry INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    time BIGINT NOT NULL,
    organization_id TEXT NOT NULL,
    actor_id TEXT REFERENCES users (id),
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    action TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    resource_target TEXT NOT NULL,
    resource_target_folded TEXT NOT NULL,
    diff TEXT NOT NULL,
    status_code INTEGER NOT NULL
);
INSERT INTO audit_logs (entry, id, request_id, time, organization_id, actor_id, ip, user_agent,
    resource_type, action, resource_id, resource_target, resource_target_folded, diff, status_code)
SELECT entry, id, request_id, time, organization_id, actor_id, ip, user_agent,
    resource_type, action, resource_id, resource_target, resource_target_folded, diff, status_code
FROM old_audit_logs ORDER BY entry;
DROP TABLE old_audit_logs;
CREATE INDEX audit_logs_time ON audit_logs (time);
CREATE INDEX audit_logs_actor ON audit_logs (actor_id);
CREATE INDEX audit_logs_resource ON audit_logs (resource_id);
CREATE INDEX audit_logs_type ON audit_logs (resource_type, action);
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
