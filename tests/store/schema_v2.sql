-- The current schema, version 2. A new database gets exactly this;
-- coder_users/internal/store/migrate.hpp brings older ones to it, and tests/tools/embed_schema.py
-- embeds it.
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
    number BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX users_number ON users (number);

-- users_text refers to a user by `number`; the writing connection gives out the numbers.
-- A deleted user keeps its row for the audit log; its name and address may be used again at once.
CREATE UNIQUE INDEX users_live_username ON users (username_folded) WHERE deleted = 0;
CREATE UNIQUE INDEX users_live_email ON users (email_folded) WHERE deleted = 0;
-- For lists: they test filters, count and skip in these indexes, without reading rows.
CREATE INDEX users_live_search ON users (username_folded, email_folded, status) WHERE deleted = 0;
CREATE INDEX users_live_status ON users (status, username_folded) WHERE deleted = 0;
CREATE INDEX users_deleted ON users (id) WHERE deleted = 1;

-- Derived: 'live_users' is the number of users who are not deleted.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('live_users', 0);

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
    updated_at BIGINT NOT NULL
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
-- is stored, in hexadecimal.
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    hashed_secret TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    login_type TEXT NOT NULL CHECK (login_type IN ('password', 'github', 'oidc', 'token')),
    scope TEXT NOT NULL CHECK (scope IN ('all', 'application_connect')),
    token_name TEXT NOT NULL DEFAULT '',
    lifetime_seconds BIGINT NOT NULL
);
CREATE INDEX api_keys_user ON api_keys (user_id, created_at);
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

-- The account at a login provider that a user is linked to; a user has at most one. The provider's
-- tokens are sealed like private keys.
CREATE TABLE user_links (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    login_type TEXT NOT NULL CHECK (login_type IN ('github', 'oidc')),
    linked_id TEXT NOT NULL,
    sealed_access_token TEXT NOT NULL DEFAULT '',
    sealed_refresh_token TEXT NOT NULL DEFAULT '',
    token_expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_links_linked_id ON user_links (login_type, linked_id);

-- Higher `entry` is newer; the writing connection gives out the numbers. The actor is NULL when
-- unknown; an id that does not apply is the all-zero uuid. `diff` is the JSON object of the answer.
CREATE TABLE audit_logs (
    id TEXT NOT NULL PRIMARY KEY,
    entry BIGINT NOT NULL UNIQUE,
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
CREATE INDEX audit_logs_time ON audit_logs (time, entry);
CREATE INDEX audit_logs_actor ON audit_logs (actor_id, entry);
CREATE INDEX audit_logs_resource ON audit_logs (resource_id, entry);
CREATE INDEX audit_logs_type ON audit_logs (resource_type, action, entry);

-- Facts about this deployment: deployment_id, secret_key_check.
CREATE TABLE deployment (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
