// What errors of the server become, and what is never shown of them.
#include "coder_users/internal/store/postgres/errors.hpp"

#include <set>

#include "coder_users/internal/store/postgres/address.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
namespace postgres = coder_users::store::postgres;

TEST_CASE("a value in use is named by its column") {
    if (!there_is_postgres()) return;
    Opened db;
    add_user(db.store, user_named("ada", 1));
    const auto duplicate_of = [&](User user) -> std::string {
        try {
            add_user(db.store, user);
        } catch (const store::Duplicate& error) {
            return error.column();
        }
        return "none";
    };
    CHECK(duplicate_of(user_named("ada", 1)) == "users.id");
    CHECK(duplicate_of(user_named("ADA", 2)) == "users.username_folded");
    User same_address = user_named("bob", 3);
    same_address.email = "ADA@example.org";
    CHECK(duplicate_of(same_address) == "users.email_folded");
    CHECK(duplicate_of(user_named("bob", 4)) == "none");
}

TEST_CASE("every rule of uniqueness has its column") {
    if (!there_is_postgres()) return;
    const Opened db;
    std::string rules;
    std::set<std::pair<std::string, std::string>> known;
    for (const auto& [name, column] : postgres::unique_rules) known.emplace(name, column);
    for (const auto& [name, column] : postgres::inner_unique_rules) known.emplace(name, column);
    for (const auto& [name, column] : known)
        rules += (rules.empty() ? "" : "\n") + name + "|" + column;
    CHECK(db.sql("SELECT i.relname, t.relname || '.' || a.attname FROM pg_index x "
                 "JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid "
                 "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] "
                 "WHERE x.indisunique AND t.relnamespace = 'coder_users'::regnamespace "
                 "ORDER BY i.relname COLLATE \"C\"") == rules);
}

TEST_CASE("other rules of the schema are broken by name, without the value") {
    if (!there_is_postgres()) return;
    Opened db;
    const auto broken_by = [&](const std::string& sql) -> std::string {
        try {
            db.store.write([&](store::Tx& tx) { tx.run(sql); });
        } catch (const store::ConstraintBroken& error) {
            return error.what();
        }
        return "nothing";
    };
    CHECK(broken_by("INSERT INTO user_roles VALUES ('s3cret', 'owner')") ==
          "PostgreSQL: 23503 by user_roles_user_id_fkey");
    CHECK(broken_by("INSERT INTO database_info VALUES (2, 1, 1, 0)") ==
          "PostgreSQL: 23514 by database_info_only_row_check");
    CHECK(broken_by("INSERT INTO deployment (name) VALUES ('s3cret')") == "PostgreSQL: 23502");
    const std::string long_name =  // which does not become short when it is compressed
        "(SELECT string_agg(md5(CAST(n AS TEXT)), '') FROM generate_series(1, 500) AS n)";
    CHECK_THAT(broken_by("INSERT INTO deployment (name, value) VALUES (" + long_name + ", '')"),
               StartsWith("PostgreSQL: 54000: index row "));
}

TEST_CASE("an unknown error says no value") {
    if (!there_is_postgres()) return;
    Opened db;
    const auto text = error_of([&] {
        db.store.read([](store::Connection& c) { c.run("SELECT CAST('s3cret' AS BIGINT)"); });
    });
    CHECK(text == "PostgreSQL: 22P02");
    CHECK_THROWS_AS(
        db.store.read([](store::Connection& c) { c.run("SELECT CAST('x' AS BIGINT)"); }),
        store::Unavailable);
}

TEST_CASE("texts that cannot be stored are refused, and others are stored") {
    if (!there_is_postgres()) return;
    Opened db;
    const auto put = [&](std::string_view value) {
        db.store.write([&](store::Tx& tx) {
            tx.execute(
                "INSERT INTO deployment (name, value) VALUES ('x', $1) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                value);
        });
        return db.store.read([](store::Connection& c) {
            return c.first_text("SELECT value FROM deployment WHERE name = 'x'");
        });
    };
    CHECK_THROWS_AS(put(std::string_view("a\0b", 3)), store::UnstorableText);
    CHECK(put("a\xff\xc3(") == "a\xef\xbf\xbd\xef\xbf\xbd(");
    CHECK(put("\xf0\x9f\xa6\x8a '\\ $1") == "\xf0\x9f\xa6\x8a '\\ $1");
    CHECK(put("") == "");
}

TEST_CASE("the name of a database shows no secret") {
    const auto name = [](const std::string& address) { return postgres::Address(address).name(); };
    CHECK(name("postgres://ada:s3cret@db.example.org:5433/users?sslmode=verify-full&"
               "sslpassword=s3cret&passfile=/s3cret") ==
          "postgres://ada@db.example.org:5433/users?sslmode=verify-full");
    CHECK(name("postgresql://[::1]/u%20s?password=s3cret") == "postgresql://[::1]/u%20s");
    CHECK(name("postgres://ada@/users?host=/run/pg&port=7") ==
          "postgres://ada@/users?host=/run/pg&port=7");
    for (const char* bad : {"postgres://ada:s3%cret@h/d", "postgres://h/d?s3cret=1",
                            "postgres://ada:s3cret@h:port:s3cret/d?x",
                            // What is not percent-encoded would be read as something else.
                            "postgres://ada:s3/cret@h/d", "postgres://ada:s3@s3cret@h/d",
                            "postgres://ada:s3?/cret@h/d", "postgres://ada:1/s3cret@h/d"}) {
        CAPTURE(bad);
        const std::string text = error_of([&] { const postgres::Address address{bad}; });
        CHECK_THAT(text, ContainsSubstring("an address of PostgreSQL"));
        CHECK(text.find("s3") == std::string::npos);
    }
    CHECK(postgres::Address("postgres://a:s3cret@h").masked("no s3cret, s3cret") == "no ***, ***");
}

TEST_CASE("standbys are never asked") {
    const auto wanted = [](const std::string& query) {
        return postgres::Address("postgres://h/d" + query).options().at("target_session_attrs");
    };
    CHECK(wanted("") == "read-write");
    CHECK(wanted("?target_session_attrs=any") == "read-write");
    CHECK(wanted("?target_session_attrs=standby") == "read-write");
    CHECK(wanted("?target_session_attrs=primary") == "primary");
}

TEST_CASE("a server that cannot be reached is named, and its password is not") {
    const std::string text = open_error("postgres://ada:s3cret@127.0.0.1:1/users");
    CHECK_THAT(text, ContainsSubstring("cannot open postgres://ada@127.0.0.1:1/users: "));
    CHECK(text.find("s3cret") == std::string::npos);
}
