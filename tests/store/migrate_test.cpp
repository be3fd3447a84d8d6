#include "coder_users/internal/store/sqlite/migrate.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/store/audit.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "store_fixture.hpp"

using namespace store_test;

namespace {

constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
constexpr const char* everything =
    "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name";

std::string schema_file() { return file_bytes(SCHEMA_FILE); }

/// The schema of an earlier version.
std::string old_schema(int version) {
    return file_bytes(OLD_SCHEMAS + std::to_string(version) + ".sql");
}

/// Removes blanks that do not matter in SQL.
std::string squeezed(const std::string& sql) {
    std::string out;
    for (const char c : sql)
        if (c != ' ' && c != '\n') out += c;
    return out;
}

std::string master_of(const std::string& sql) {
    SQLite::Database db(":memory:", flags);
    db.exec(sql);
    return rows(db, everything);
}

}  // namespace

TEST_CASE("a new database has exactly what schema.sql says") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    { const store::Store store(options(path)); }
    REQUIRE_FALSE(schema_file().empty());
    CHECK(rows(path, everything) == master_of(schema_file()));
    CHECK(rows(path, "PRAGMA application_id") == std::to_string(store::application_id));
    CHECK(rows(path, "PRAGMA user_version") == std::to_string(store::schema_version));
    CHECK(rows(path, "PRAGMA journal_mode") == "wal");
    CHECK(rows(path, "PRAGMA foreign_key_check").empty());
    CHECK(rows(path, "PRAGMA integrity_check") == "ok");
    CHECK(rows(path, "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')") ==
          "0");
}

TEST_CASE("a database in memory has the same schema") {
    store::Store store(in_memory("migrate"));
    CHECK(rows(store, "SELECT count(*) FROM sqlite_master") ==
          rows(store, "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'index')"));
    CHECK(rows(store, "SELECT sql FROM sqlite_master WHERE name = 'users'")
              .find("username_folded TEXT NOT NULL") != std::string::npos);
}

TEST_CASE("version 1 and all steps make the current schema") {
    SQLite::Database current(":memory:", flags);
    current.exec(schema_file());
    constexpr const char* all =
        "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master WHERE sql IS NOT NULL "
        "ORDER BY name)";
    const store::Activity activity;
    for (int version = 1; version < store::schema_version; ++version) {
        CAPTURE(version);
        store::sqlite::Connection db(":memory:", flags, activity);
        db.run(old_schema(version));
        db.run("PRAGMA user_version = " + std::to_string(version));
        store::migrate(db);
        CHECK(db.first_text("PRAGMA user_version") == std::to_string(store::schema_version));
        CHECK(squeezed(db.first_text(all)) == squeezed(rows(current, all)));
        CHECK(db.first_text("SELECT group_concat(name || ' ' || value) FROM counters") ==
              "live_users 0,dearest_password_cost 0");
    }
}

TEST_CASE("users of version 1 are counted and found") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    {
        SQLite::Database db = raw(path);
        db.exec(old_schema(1));
        db.exec("PRAGMA user_version = 1; PRAGMA application_id = " +
                std::to_string(store::application_id));
        for (const char* user :
             {"'3', 'Carol', 'carol', 'c@x.org', 'c@x.org', '', 1, 0, 'active', 'none', '', '', 0",
              "'1', 'alice', 'alice', 'a@x.org', 'a@x.org', '', 2, 0, 'active', 'none', '', '', 0",
              "'2', 'bob', 'bob', 'b@x.org', 'b@x.org', '', 2, 0, 'active', 'none', '', '', 1"})
            db.exec(std::string("INSERT INTO users VALUES (") + user + ")");
    }
    store::Store store(options(path));
    const auto listed = [&](const std::string& text) {
        store::users::Filter filter;
        filter.text = text;
        const auto list =
            store.read([&](store::Connection& c) { return store::users::list(c, filter, {}); });
        std::string names = std::to_string(list.count);
        for (const auto& user : list.users) names += " " + user->username;
        return names;
    };
    CHECK(listed("") == "2 alice Carol");
    CHECK(listed("x.org") == "2 alice Carol");
    CHECK(listed("aro") == "1 Carol");
    CHECK(listed("bob") == "0");
    add_user(store, user_named("dave", 4));
    store.write([](store::Tx& tx) { store::users::remove(tx, "1"); });
    CHECK(listed("") == "2 Carol dave");
    CHECK(listed("dave") == "1 dave");
    CHECK(rows(store, "SELECT group_concat(number) FROM (SELECT number FROM users ORDER BY id)") ==
          "4,2,3,1");
}

TEST_CASE("migrating again changes nothing") {
    const store::Activity activity;
    store::sqlite::Connection db(":memory:", flags, activity);
    store::migrate(db);
    db.run("INSERT INTO deployment VALUES ('a', 'b')");
    const std::string before = db.first_text("PRAGMA schema_version");
    store::migrate(db);
    CHECK(db.first_text("PRAGMA schema_version") == before);
    CHECK(db.first_text("SELECT value FROM deployment") == "b");
}

TEST_CASE("a migration that fails leaves the database as it was and usable") {
    const store::Activity activity;
    store::sqlite::Connection db(":memory:", flags, activity);
    db.run("CREATE TABLE audit_logs (a)");  // conflicts with a late statement of the schema
    CHECK_THROWS_AS(store::migrate(db), std::runtime_error);
    CHECK(db.first_text("SELECT group_concat(name) FROM sqlite_master") == "audit_logs");
    CHECK(db.first_text("PRAGMA application_id") == "0");
    CHECK(db.first_text("PRAGMA user_version") == "0");
    db.run("DROP TABLE audit_logs");
    store::migrate(db);
    CHECK(db.first_text("SELECT count(*) FROM users") == "0");
}

TEST_CASE("a newer version is refused and told") {
    const store::Activity activity;
    store::sqlite::Connection db(":memory:", flags, activity);
    db.run("PRAGMA user_version = 999");
    CHECK_THROWS_WITH(store::migrate(db), Catch::Matchers::ContainsSubstring("999") &&
                                              Catch::Matchers::ContainsSubstring("newer version"));
    CHECK(db.first_text("SELECT count(*) FROM sqlite_master") == "0");
    db.run("BEGIN");  // no transaction was left open
}

namespace {

/// What a database of version 1 or 2 may hold, by statements that fit both.
constexpr const char* old_content = R"sql(
INSERT INTO users (id, username, username_folded, email, email_folded, hashed_password, created_at,
    last_seen_at, status, login_type, avatar_url, theme_preference, deleted) VALUES
    ('u1', 'Ada', 'ada', 'Ada@x.org', 'ada@x.org', '$2a$10$abc', 100, 900, 'active', 'password',
     'https://a', 'dark', 0),
    ('u2', 'bob', 'bob', 'bob@x.org', 'bob@x.org', '$2b$12$abc', 500, -62135596800000000, 'dormant',
     'password', '', '', 0),
    ('u3', 'gone', 'gone', 'bob@x.org', 'bob@x.org', '', 300, 400, 'suspended', 'oidc', '', '', 1),
    ('u4', 'olga', 'olga', 'o@x.org', 'o@x.org', '', 300, 400, 'active', 'oidc', '', '', 0);
INSERT INTO user_roles VALUES ('u1', 'owner'), ('u1', 'auditor'), ('u3', 'auditor');
INSERT INTO organizations VALUES ('o2', 'Young', 'young', 20, 20), ('o1', 'Old', 'old', 10, 30),
    ('o0', 'Same', 'same', 20, 20);
INSERT INTO organization_members VALUES ('u1', 'o2', 5, 5), ('u1', 'o1', 7, 7), ('u1', 'o0', 5, 9),
    ('u2', 'o1', 1, 1);
INSERT INTO organization_member_roles VALUES ('u1', 'o2', 'organization-admin:o2');
INSERT INTO api_keys VALUES
    ('key0000001', 'u1', 'hash1', 1, 2, 3, 4, 'password', 'all', '', 86400),
    ('key0000002', 'u1', '2222222222222222222222222222222222222222222222222222222222222222',
        5, 6, 7, 8, 'token', 'application_connect', 'ci', 60),
    ('key0000003', 'u2', 'hash3', 5, 6, 7, 8, 'token', 'all', 'ci', 60);
INSERT INTO git_ssh_keys VALUES ('u1', 1, 2, 'public', 'sealed');
INSERT INTO user_links VALUES ('u4', 'oidc', 'issuer||4', 'access', 'refresh', 9);
INSERT INTO audit_logs (id, entry, request_id, time, organization_id, actor_id, ip, user_agent,
    resource_type, action, resource_id, resource_target, resource_target_folded, diff, status_code)
VALUES ('a2', 7, 'r2', 70, 'o', 'u1', 'ip', 'agent', 'user', 'create', 'u2', 'Bob', 'bob', '{}', 201),
    ('a1', 5, 'r1', 90, 'o', NULL, '', '', 'user', 'create', 'u1', 'Ada', 'ada', '{"a":1}', 201);
INSERT INTO deployment VALUES ('deployment_id', 'd');
)sql";

/// A file of an earlier version that holds `old_content`.
void make_old(const std::string& path, int version) {
    SQLite::Database db = raw(path);
    db.exec(old_schema(version));
    if (version == 2) db.exec("DROP INDEX users_number");  // the rows get their numbers below
    db.exec(old_content);
    if (version == 2)
        db.exec(
            "UPDATE users SET number = CAST(substr(id, 2) AS INTEGER);"
            "CREATE UNIQUE INDEX users_number ON users (number);"
            "UPDATE counters SET value = 3;"
            "INSERT INTO users_text (rowid, username_folded, email_folded) "
            "SELECT number, username_folded, email_folded FROM users WHERE deleted = 0");
    db.exec("PRAGMA user_version = " + std::to_string(version) +
            "; PRAGMA application_id = " + std::to_string(store::application_id));
}

/// A row of a query and what is expected in it.
struct Expected {
    const char* query;
    const char* rows;
};

constexpr Expected upgraded[] = {
    {"SELECT id, username, email, hashed_password, created_at, last_seen_at, status, login_type, "
     "avatar_url, theme_preference, deleted, name, name_folded, updated_at, is_service_account, "
     "roles, organization_ids FROM users ORDER BY id",
     "u1|Ada|Ada@x.org|$2a$10$abc|100|900|active|password|https://a|dark|0|||900|0|auditor owner|"
     "o0 o2 o1\n"
     "u2|bob|bob@x.org|$2b$12$abc|500|-62135596800000000|dormant|password|||0|||500|0||o1\n"
     "u3|gone|bob@x.org||300|400|suspended|oidc|||1|||400|0|auditor|\n"
     "u4|olga|o@x.org||300|400|active|oidc|||0|||400|0||"},
    {"SELECT id, name, created_at, updated_at, display_name, description, icon, is_default FROM "
     "organizations ORDER BY id",
     "o0|Same|20|20|Same|||0\no1|Old|10|30|Old|||1\no2|Young|20|20|Young|||0"},
    {"SELECT * FROM api_keys ORDER BY id",
     "key0000001|u1|hash1|1|2|3|4|password|coder:all|*:*||86400||\n"
     "key0000002|u1|2222222222222222222222222222222222222222222222222222222222222222|5|6|7|8|token|"
     "coder:application_connect|*:*|ci|60||\n"
     "key0000003|u2|hash3|5|6|7|8|token|coder:all|*:*|ci|60||"},
    {"SELECT * FROM user_links", "u4|oidc|issuer||4|access|refresh|9|"},
    {"SELECT * FROM git_ssh_keys", "u1|1|2|public|sealed"},
    {"SELECT * FROM organization_member_roles", "u1|o2|organization-admin:o2"},
    {"SELECT * FROM audit_logs ORDER BY entry",
     "5|a1|r1|90|o|NULL|||user|create|u1|Ada|ada|{\"a\":1}|201\n"
     "7|a2|r2|70|o|u1|ip|agent|user|create|u2|Bob|bob|{}|201"},
    {"SELECT * FROM counters ORDER BY name", "dearest_password_cost|12\nlive_users|3"},
    {"SELECT count(*) FROM user_settings", "0"},
    {"SELECT count(*) FROM notification_preferences", "0"},
    {"SELECT count(*) FROM one_time_passcodes", "0"},
    {"SELECT count(*) FROM user_data", "0"},
    {"SELECT value FROM deployment", "d"},
    {"PRAGMA foreign_key_check", ""},
    {"PRAGMA integrity_check", "ok"},
};

}  // namespace

TEST_CASE("data of every kind of every earlier version is upgraded and works") {
    for (int version = 1; version < store::schema_version; ++version) {
        CAPTURE(version);
        TempFolder folder;
        const std::string path = folder.file("a.db");
        make_old(path, version);
        store::Store store(options(path));
        for (const Expected& each : upgraded) {
            CAPTURE(each.query);
            CHECK(rows(path, each.query) == each.rows);
        }
        const auto key = store.find_checked_key("key0000002");
        REQUIRE(key);
        CHECK(key->identity.key.scope == coder_users::KeyScope::application_connect);
        CHECK(key->identity.user->roles == std::vector<std::string>{"auditor", "owner"});
        CHECK(key->identity.user->organization_ids == std::vector<std::string>{"o0", "o2", "o1"});
        CHECK(key->secret_digest == coder_users::read_digest(std::string(64, '2')));
        store.write([](store::Tx& tx) {
            coder_users::AuditEntry entry;
            entry.id = "a3";
            entry.resource_type = "user";
            entry.action = "write";
            store::audit::insert(tx, entry);
        });
        CHECK(rows(store, "SELECT entry FROM audit_logs WHERE id = 'a3'") == "8");
        CHECK(store.read(store::users::first_with_wrong_row).empty());
    }
}

TEST_CASE("a key has full power with that scope and that list alone") {
    store::Store store(in_memory("limits"));
    add_user(store, user_named("alice", 1));
    struct Case {
        const char *scopes, *allow_list;
        bool full;
    };
    for (const Case& each : {Case{"coder:all", "*:*", true},
                             {"user:read coder:all", "*:* user:*", true},
                             {"coder:application_connect", "*:*", false},
                             {"all", "*:*", false},
                             {"coder:all_but_one", "*:*", false},
                             {"user:*", "*:*", false},
                             {"", "*:*", false},
                             {"coder:all", "", false},
                             {"coder:all", "user:*", false}}) {
        CAPTURE(each.scopes, each.allow_list);
        coder_users::ApiKey key;
        key.id = "aaaaaaaaaa";
        key.user_id = id_of(1);
        key.scopes = coder_users::words(each.scopes);
        key.allow_list = coder_users::words(each.allow_list);
        store.write([&](store::Tx& tx) {
            tx.execute("DELETE FROM api_keys");
            store::api_keys::insert(tx, key, "s");
        });
        const auto found = store.find_checked_key(key.id);
        REQUIRE(found);
        CHECK(found->identity.has_full_power() == each.full);
        const auto listed = store.read(
            [&](store::Connection& c) { return store::api_keys::find(c, id_of(1), key.id); });
        REQUIRE(listed);
        CHECK(listed->scopes == key.scopes);
        CHECK(listed->allow_list == key.allow_list);
    }
}

TEST_CASE("lookups use their indexes, and no index is without use") {
    const TempFolder folder;
    const std::string path = folder.file("a.db");
    const store::Store store(options(path));
    const auto plan = [&](const std::string& sql) {
        return rows(path, "EXPLAIN QUERY PLAN " + sql);
    };
    using Catch::Matchers::ContainsSubstring;
    for (const std::string& sql :
         {"SELECT 1 FROM users WHERE " + store::users::has_email("$1"),
          "SELECT 1 FROM users WHERE " + store::users::has_email("$1") + " AND id <> $2"})
        CHECK_THAT(plan(sql), ContainsSubstring("USING INDEX users_live_email"));
    const std::string keys = std::string("FROM api_keys WHERE ") + store::users::has_key;
    for (const std::string& sql : {"SELECT * " + keys, "DELETE " + keys}) {
        CHECK_THAT(plan(sql), ContainsSubstring("INDEX api_keys_session (user_id=?)"));
        CHECK_THAT(plan(sql), ContainsSubstring("INDEX api_keys_token_name (user_id=?)"));
    }
    const auto entries = [&](const char* condition) {
        return plan(std::string("SELECT count(*) FROM audit_logs a WHERE 1 = 1 AND ") + condition);
    };
    CHECK_THAT(entries("a.time >= $1 AND a.time < $2"), ContainsSubstring("audit_logs_time"));
    CHECK_THAT(entries("a.actor_id = $1"), ContainsSubstring("audit_logs_actor"));
    CHECK_THAT(entries("a.resource_id = $1"), ContainsSubstring("audit_logs_resource"));
    CHECK_THAT(entries("a.resource_type = $1 AND a.action = $2"),
               ContainsSubstring("audit_logs_type"));
    CHECK_THAT(plan("SELECT * FROM audit_logs ORDER BY entry DESC LIMIT 1"),
               !ContainsSubstring("TEMP B-TREE"));
}
