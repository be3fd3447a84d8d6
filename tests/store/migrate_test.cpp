#include "coder_users/internal/store/migrate.hpp"

#include <string>

#include "catch.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "store_fixture.hpp"

using namespace store_test;

namespace {

constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
constexpr const char* everything =
    "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name";

std::string schema_file() { return file_bytes(SCHEMA_FILE); }

std::string first_schema() { return file_bytes(FIRST_SCHEMA_FILE); }

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
    const store::Activity activity;
    store::Connection db(":memory:", flags, activity);
    db.run(first_schema());
    db.run("PRAGMA user_version = 1");
    store::migrate(db);
    CHECK(db.first_text("PRAGMA user_version") == std::to_string(store::schema_version));
    store::Query query = db.query(
        "SELECT group_concat(sql, ';') FROM (SELECT sql FROM "
        "sqlite_master WHERE sql IS NOT NULL ORDER BY name)");
    REQUIRE(query.next());
    SQLite::Database current(":memory:", flags);
    current.exec(schema_file());
    CHECK(squeezed(query.text(0)) ==
          squeezed(rows(current,
                        "SELECT group_concat(sql, ';') FROM (SELECT sql FROM "
                        "sqlite_master WHERE sql IS NOT NULL ORDER BY name)")));
}

TEST_CASE("users of version 1 are counted and found") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    {
        SQLite::Database db = raw(path);
        db.exec(first_schema());
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
        for (const User& user : list.users) names += " " + user.username;
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
    store::Connection db(":memory:", flags, activity);
    store::migrate(db);
    db.run("INSERT INTO deployment VALUES ('a', 'b')");
    const std::string before = db.first_text("PRAGMA schema_version");
    store::migrate(db);
    CHECK(db.first_text("PRAGMA schema_version") == before);
    CHECK(db.first_text("SELECT value FROM deployment") == "b");
}

TEST_CASE("a migration that fails leaves the database as it was and usable") {
    const store::Activity activity;
    store::Connection db(":memory:", flags, activity);
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
    store::Connection db(":memory:", flags, activity);
    db.run("PRAGMA user_version = 999");
    CHECK_THROWS_WITH(store::migrate(db), Catch::Matchers::ContainsSubstring("999") &&
                                              Catch::Matchers::ContainsSubstring("newer version"));
    CHECK(db.first_text("SELECT count(*) FROM sqlite_master") == "0");
    db.run("BEGIN");  // no transaction was left open
}
