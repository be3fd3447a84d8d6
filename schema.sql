-- The current schema, version 2. A new database gets exactly this; older ones are brought up to it
-- by coder_users/store/migrate.hpp. Embedded by tests/tools/embed_schema.py.
--
-- Ids are lower-case uuids unless stated. Times are microseconds since 1970-01-01 UTC. Booleans
-- are 0 and 1. A *_folded column holds its neighbour with ASCII letters in lower case, folded by
-- the server: comparison, uniqueness and sorting use it. No clock, no randomness, no triggers.
-- What is marked as derived is kept by the functions that change users, in the same transaction.

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

-- `number` is what users_text knows a user by; the one writer counts it up.
-- A deleted user keeps its row for the audit log; its name and address are free at once.
CREATE UNIQUE INDEX users_live_username ON users (username_folded) WHERE deleted = 0;
CREATE UNIQUE INDEX users_live_email ON users (email_folded) WHERE deleted = 0;
-- For lists: filters are tested, and rows counted and skipped, without looking at the rows.
CREATE INDEX users_live_search ON users (username_folded, email_folded, status) WHERE deleted = 0;
CREATE INDEX users_live_status ON users (status, username_folded) WHERE deleted = 0;
CREATE INDEX users_deleted ON users (id) WHERE deleted = 1;

-- Derived: how many users are not deleted, under the name 'live_users'.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('live_users', 0);

-- Derived: names and addresses of users that are not deleted, by three letters in a row. The texts
-- themselves are in users alone. Only SQLite has this.
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

-- Explicit roles only, by their full name.
CREATE TABLE organization_member_roles (
    user_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, organization_id, role),
    FOREIGN KEY (user_id, organization_id)
        REFERENCES organization_members (user_id, organization_id)
);

-- Sessions and tokens. The id is 10 characters of 0-9A-Za-z; of the secret only its SHA-256 in
-- hexadecimal is kept.
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

-- Private keys are sealed (AES-256-GCM, the user's id as associated data), then base64.
CREATE TABLE git_ssh_keys (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    public_key TEXT NOT NULL,
    sealed_private_key TEXT NOT NULL
);

-- The one account at a login provider that a user is linked to. Tokens are sealed like keys.
CREATE TABLE user_links (
    user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
    login_type TEXT NOT NULL CHECK (login_type IN ('github', 'oidc')),
    linked_id TEXT NOT NULL,
    sealed_access_token TEXT NOT NULL DEFAULT '',
    sealed_refresh_token TEXT NOT NULL DEFAULT '',
    token_expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX user_links_linked_id ON user_links (login_type, linked_id);

-- Newest first is descending `entry`, which the one writer counts up. The actor is NULL when
-- unknown; ids that do not apply are the all-zero uuid. `diff` is the JSON object of the wire.
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
