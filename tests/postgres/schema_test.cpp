// Which databases are opened, and what becomes of them.
#include "coder_users/internal/store/postgres/schema.hpp"

#include "coder_users/internal/store/postgres/connection.hpp"
#include "coder_users/internal/store/postgres/new_session.hpp"
#include "postgres_fixture.hpp"

using namespace postgres_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
namespace postgres = coder_users::store::postgres;

namespace {

std::string opening(const std::string& address, bool test_data = false) {
    store::StoreOptions chosen = Opened::chosen(address);
    chosen.test_data = test_data;
    return error_of([&] { const store::Store opened(chosen); });
}

/// A transaction on a database as the engine opens it.
template <class Fn>
void in_transaction(const std::string& address, Fn&& fn) {
    const postgres::Address parsed(address);
    const auto session = postgres::new_session(parsed, std::chrono::seconds(5));
    const store::Activity activity;
    postgres::Connection connection(*session, activity);
    connection.run("BEGIN");
    fn(static_cast<store::Connection&>(connection));
    connection.run("COMMIT");
}

std::string prepare(const std::string& address, const store::SchemaSteps& steps) {
    return error_of([&] {
        in_transaction(address, [&](store::Connection& c) {
            postgres::prepare_schema(c, false, steps, [] {});
        });
    });
}

}  // namespace

TEST_CASE("an empty database gets the schema once, and is opened again") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    std::atomic<int> failed{0};
    at_once(4, [&](int) { failed += opening(address).empty() ? 0 : 1; });
    CHECK(failed == 0);
    CHECK(opening(address).empty());
    CHECK(postgres_rows(address, "SELECT version, compatible_from, test_data FROM database_info") ==
          "3|3|0");
    CHECK(postgres_rows(address,
                        "SELECT count(*) FROM pg_indexes WHERE indexname = 'users_text'") == "1");
}

TEST_CASE("a database that is not ours is refused by what it holds") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    run_on_postgres(address, "CREATE TABLE public.customers (id INTEGER)");
    CHECK_THAT(opening(address),
               EndsWith("it is not empty and none of coder_users: it holds public.customers"));
    CHECK(postgres_rows(address,
                        "SELECT count(*) FROM pg_namespace WHERE nspname = 'coder_users'") == "0");
    const std::string half = new_postgres_database();
    run_on_postgres(half, "CREATE SCHEMA coder_users; CREATE TABLE coder_users.users (id TEXT)");
    CHECK_THAT(opening(half), EndsWith("it holds coder_users.users"));
}

TEST_CASE("a schema that was changed is refused by what differs") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    REQUIRE(opening(address).empty());
    const std::pair<const char*, const char*> changes[] = {
        {"ALTER TABLE users DROP COLUMN name",
         "it lacks users.name text C not null default ''::text"},
        {"ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT ''",
         "it lacks users.name text C not null default ''::text"},
        {"ALTER TABLE users ALTER COLUMN name TYPE TEXT COLLATE \"C\"; "
         "DROP INDEX users_live_email",
         "it lacks index users_live_email of users email_folded unique where ((deleted = 0) AND "
         "(email_folded <> ''::text))"},
        {"CREATE UNIQUE INDEX users_live_email ON users (email_folded) "
         "WHERE deleted = 0 AND email_folded <> ''; CREATE TABLE extra (a INTEGER)",
         "it holds extra.a integer"},
        {"DROP TABLE extra; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql "
         "AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW "
         "EXECUTE FUNCTION f()",
         "it holds trigger t of users"}};
    for (const auto& [change, difference] : changes) {
        run_on_postgres(address, change);
        CHECK_THAT(opening(address), EndsWith(difference));
    }
    run_on_postgres(address, "DROP TRIGGER t ON users");
    CHECK(opening(address).empty());
}

TEST_CASE("a newer database is used while it allows that") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    REQUIRE(opening(address).empty());
    run_on_postgres(
        address, "ALTER TABLE users ADD COLUMN later TEXT; UPDATE database_info SET version = 4");
    CHECK(opening(address).empty());
    run_on_postgres(address, "UPDATE database_info SET compatible_from = 4");
    CHECK_THAT(opening(address),
               EndsWith("it was made by a newer version of coder_users (schema 4, "
                        "this one knows 3)"));
}

TEST_CASE("later steps are taken once, whole or not at all") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    REQUIRE(opening(address).empty());
    const store::SchemaSteps steps{{4, 3, "CREATE INDEX users_text ON users (name)"},
                                   {5, 4, "UPDATE deployment SET value = '5'"}};
    run_on_postgres(address, "DROP INDEX users_text; INSERT INTO deployment VALUES ('a', '3')");
    CHECK(prepare(address, {{4, 4, "UPDATE deployment SET value = '4'"}, {5, 4, "no SQL"}}) != "");
    const auto state = [&] {
        return postgres_rows(address,
                             "SELECT version, compatible_from, value FROM database_info, "
                             "deployment WHERE name = 'a'");
    };
    CHECK(state() == "3|3|3");
    CHECK(prepare(address, steps).empty());
    CHECK(state() == "5|4|5");
    CHECK(prepare(address, steps).empty());
}

TEST_CASE("databases of test data stay apart from others") {
    if (!there_is_postgres()) return;
    const std::string real = new_postgres_database(), test = new_postgres_database();
    REQUIRE(opening(real).empty());
    REQUIRE(opening(test, true).empty());
    CHECK(opening(test, true).empty());
    CHECK_THAT(opening(real, true),
               EndsWith("it is no database of test data (Options::test_data)"));
    CHECK_THAT(opening(test), EndsWith("it is a database of test data (Options::test_data)"));
}

TEST_CASE("what a role or a database has set does not matter") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    const std::string name = postgres_rows(address, "SELECT current_database()");
    for (const char* setting : {"synchronous_commit = off", "search_path = public",
                                "default_transaction_isolation = "
                                "'serializable'",
                                "client_encoding = 'LATIN1'", "standard_conforming_strings = off",
                                "statement_timeout = 0", "transform_null_equals = on"})
        run_on_postgres(address, "ALTER DATABASE " + name + " SET " + setting);
    store::Store opened(Opened::chosen(address));
    const auto setting = [&](const std::string& which) {
        return opened.read([&](store::Connection& c) { return c.first_text("SHOW " + which); });
    };
    CHECK(setting("synchronous_commit") == "on");
    CHECK(setting("search_path") == "coder_users, pg_temp");
    CHECK(setting("default_transaction_isolation") == "read committed");
    CHECK(setting("client_encoding") == "UTF8");
    CHECK(setting("standard_conforming_strings") == "on");
    CHECK(setting("statement_timeout") == "4500ms");
    CHECK(setting("transform_null_equals") == "off");
    run_on_postgres(address, "ALTER DATABASE " + name + " SET synchronous_commit = remote_apply");
    store::Store stricter(Opened::chosen(address));
    CHECK(stricter.read([](store::Connection& c) {
        return c.first_text("SHOW synchronous_commit");
    }) == "remote_apply");
}

TEST_CASE("a database that takes no changes is refused") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    const std::string name = postgres_rows(address, "SELECT current_database()");
    run_on_postgres(address, "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
    CHECK_THAT(opening(address), ContainsSubstring("session is read-only"));
}

TEST_CASE("a database with another encoding is refused") {
    if (!there_is_postgres()) return;
    const std::string address = new_postgres_database();
    const std::string name = postgres_rows(address, "SELECT current_database()") + "_l";
    run_on_postgres(address,
                    "CREATE DATABASE " + name +
                        " ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    std::string other = address;
    other.replace(other.find(name.substr(0, name.size() - 2)), name.size() - 2, name);
    CHECK_THAT(opening(other), EndsWith("the encoding of the database is not UTF8"));
    run_on_postgres(address, "DROP DATABASE " + name + " WITH (FORCE)");
}
