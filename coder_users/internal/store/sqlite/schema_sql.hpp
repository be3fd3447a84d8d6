// Internal: may change at any time.
// The text of schema.sql, written by tests/tools/embed_schema.py.
#pragma once

namespace coder_users { inline namespace v0 { namespace store {

inline constexpr const char schema_sql[] = R"sql(
-- The current schema, version 3. A new database gets exactly this;
-- coder_users/internal/store/sqlite/migrate.hpp brings older ones to it, and
-- tests/tools/embed_schema.py embeds it.
--
-- Ids are lower-case uuids unless stated. Times are microseconds since 1970-01-01 UTC. Booleans
-- are 0 and 1. A *_folded column holds the value of the column before it with ASCII letters in
-- lower case; the server folds it and uses it to compare, to sort and for uniqueness. SQL here uses
-- no clock, no randomness and no triggers. The functions that change users also update what is
-- marked as derived, in the same transaction.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_folded TEXT NOT NULL,
    email TEXT NOT NULL,
    email_folded TEXT NOT NULL,
    hashed_password TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'dormant', 'suspended')),
    login_type TEXT NOT NULL CHECK (login_type IN ('password', 'github', 'oidc', 'none')),
    avatar_url TEXT NOT NULL DEFAULT '',
    theme_preference TEXT NOT NULL DEFAULT '',
    deleted INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1)),
    number BIGINT NOT NULL DEFAULT 0,
    name TEXT NOT NULL DEFAULT '',
    name_folded TEXT NOT NULL DEFAULT '',
    updated_at BIGINT NOT NULL DEFAULT 0,
    is_service_account INTEGER NOT NULL DEFAULT 0,
    roles TEXT NOT NULL DEFAULT '',
    organization_ids TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX users_number ON users (number);

-- users_text refers to a user by `number`; the writing connection gives out the numbers.
-- Derived: `roles` holds the names of user_roles, sorted, and `organization_ids` the organizations
-- of organization_members, oldest membership first, each joined by one space.
-- A deleted user keeps its row for the audit log; its name and address may be used again at once.
CREATE UNIQUE INDEX users_live_username ON users (username_folded) WHERE deleted = 0;
-- Accounts without an address are in nobody's way: look-ups by address repeat both conditions.
CREATE UNIQUE INDEX users_live_email ON users (email_folded)
    WHERE deleted = 0 AND email_folded <> '';
-- For lists: they test filters, count and skip in these indexes, without reading rows.
CREATE INDEX users_live_search ON users (username_folded, email_folded, status) WHERE deleted = 0;
CREATE INDEX users_live_status ON users (status, username_folded) WHERE deleted = 0;
CREATE INDEX users_deleted ON users (id) WHERE deleted = 1;

-- Derived: 'live_users' is the number of users who are not deleted. 'dearest_password_cost' is the
-- highest cost that a stored password hash has or had, 0 without any. 'unclaimed_passcodes', once
-- there is one, counts passcodes asked for or presented for addresses without an account.
-- 'user_texts', once there is one, rises with every change of the names and addresses of users who
-- are not deleted, so that it tells whether a copy of them in memory still holds.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('live_users', 0), ('dearest_password_cost', 0);

-- Derived: a full-text index of the names and addresses of users who are not deleted, by sequences
-- of three letters. The texts are stored only in users. Only SQLite has this table.
CREATE VIRTUAL TABLE users_text USING fts5 (
    username_folded, email_folded, content = 'users', content_rowid = 'number', columnsize = 0,
    tokenize = 'trigram case_sensitive 1'
);

CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
);
CREATE INDEX user_roles_role ON user_roles (role, user_id);

CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    icon TEXT NOT NULL DEFAULT '',
    is_default INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE organization_members (
    user_id TEXT NOT NULL REFERENCES users (id),
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, organization_id)
);
CREATE INDEX organization_members_organization ON organization_members (organization_id, user_id);

-- Holds only roles that were assigned explicitly, by their full names.
CREATE TABLE organization_member_roles (
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, organization_id, role),
    FOREIGN KEY (user_id, organization_id)
        REFERENCES organization_members (user_id, organization_id)
);

-- Keys: sessions and tokens. The id is 10 characters of 0-9A-Za-z. Only the SHA-256 of the secret
-- is stored, in hexadecimal. `scopes` and `allow_list` are joined by one space; a key whose limits
-- the server does not know is refused. `ip` and `user_agent` are those of whoever made the key.
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
-- The keys of a user are found by two indexes, so that each key is in one of them.
CREATE INDEX api_keys_session ON api_keys (user_id) WHERE login_type <> 'token';
CREATE UNIQUE INDEX api_keys_token_name ON api_keys (user_id, token_name)
    WHERE login_type = 'token';

-- Private keys are sealed (AES-256-GCM with the user's id as associated data) and stored in base64.
CREATE TABLE git_ssh_keys (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    public_key TEXT NOT NULL,
    sealed_private_key TEXT NOT NULL
);

-- What users chose, by the names of the settings; only what was ever set.
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

-- A code by which a user may choose a new password once. Only its SHA-256 is stored, in hexadecimal.
CREATE TABLE one_time_passcodes (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    hashed_passcode TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- A text of the host about a user.
CREATE TABLE user_data (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    value TEXT NOT NULL
);

-- The account at a login provider that a user is linked to; a user has at most one. The provider's
-- tokens and claims are sealed like private keys.
CREATE TABLE user_links (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    login_type TEXT NOT NULL CHECK (login_type IN ('github', 'oidc')),
    linked_id TEXT NOT NULL,
    sealed_access_token TEXT NOT NULL DEFAULT '',
    sealed_refresh_token TEXT NOT NULL DEFAULT '',
    token_expires_at BIGINT NOT NULL,
    sealed_claims TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX user_links_linked_id ON user_links (login_type, linked_id);

-- Higher `entry` is newer; the database gives out the numbers. The actor is NULL when
-- unknown; an id that does not apply is the all-zero uuid. `diff` is the JSON object of the answer.
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
CREATE INDEX audit_logs_time ON audit_logs (time);
CREATE INDEX audit_logs_actor ON audit_logs (actor_id);
CREATE INDEX audit_logs_resource ON audit_logs (resource_id);
CREATE INDEX audit_logs_type ON audit_logs (resource_type, action);

-- Facts about this deployment: deployment_id, secret_key_check.
CREATE TABLE deployment (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
)sql";

}}}  // namespace coder_users::v0::store
