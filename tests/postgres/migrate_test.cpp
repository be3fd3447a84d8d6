// Moves between a file and PostgreSQL: everything arrives and goes on working, or nothing is
// stored.
#include <csignal>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "child_process.hpp"
#include "coder_users/data.hpp"
#include "coder_users/internal/store/tables.hpp"
#include "server_fixture.hpp"
#include "temp_folder.hpp"
#include "test_database.hpp"

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;
namespace data = coder_users::data;
namespace store = coder_users::store;

namespace {

/// A file with users, their keys and an audit log, an empty database of PostgreSQL, and the name of
/// another file.
struct Places {
    explicit Places(int seeded = 0) {
        shared.database = new_postgres_database();  // before the work, which is skipped without
        file.database = folder.file("source.db");
        TestServer server(file);
        owner = server.first_users();
        token = parse(server.send("POST", "/users/bob/keys/tokens", owner, R"({"token_name":"ci"})")
                          .body)["key"]
                    .text();
        ssh_key = server.send("GET", "/users/me/gitsshkey", owner).body;
        std::string seed;
        for (int i = 0; i < seeded; ++i)
            seed += R"({"username":"s)" + std::to_string(i) + R"(","email":"s)" +
                    std::to_string(i) + R"(@example.org"})";
        if (seeded) server.service().seed(seed);
        server.service().stop();
        for (Options* each : {&file, &shared, &other}) {
            each->secret_key_file = file.database + ".key";
            each->password_hash_cost = 4;
        }
        other.database = folder.file("other.db");
    }

    TempFolder folder;
    Options file, shared, other;
    std::string owner, token, ssh_key;
};

/// All rows of all tables, whatever keeps them.
std::string everything_in(const Options& options) {
    std::string all;
    for (const store::Table& table : store::content_tables()) {
        const std::string name(table.name);
        std::string columns, order;
        const auto add = [&](std::string_view column, const char* when_null) {
            columns.append(columns.empty() ? "" : ", ")
                .append("COALESCE(")
                .append(column)
                .append(when_null);
        };
        for (const std::string_view each : table.texts) add(each, ", 'null')");
        for (const std::string_view each : table.numbers) add(each, ", -1)");
        for (std::size_t i = 0; i < table.key_columns; ++i)
            order.append(i ? ", " : "")
                .append(table.number_is_key ? table.numbers[i] : table.texts[i]);
        all +=
            name + ":\n" +
            stored(options.database, "SELECT " + columns + " FROM " + name + " ORDER BY " + order) +
            "\n";
    }
    return all;
}

std::string error_of(const Options& to, const std::string& from, bool dry_run = false) {
    try {
        data::migrate(to, from, dry_run);
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

std::string exported(const Options& options) {
    std::ostringstream out;
    data::export_to(options, out);
    return out.str();
}

void serves_as_before(const Options& options, const Places& places) {
    const TestServer server(options);
    CHECK(server.send("GET", "/users/me", places.token).status == 200);
    CHECK(server.send("GET", "/users/me/gitsshkey", places.owner).body == places.ssh_key);
    server.log_in("bob@example.org");
    const Answer list = server.send("GET", "/users?q=bob", places.owner);
    CHECK(parse(list.body)["count"].text() == "1");
    CHECK(parse(server.send("GET", "/users?q=gone", places.owner).body)["count"].text() == "0");
    server.create(places.owner, "next");
    const Answer log = server.send("GET", "/audit?limit=1", places.owner);
    CHECK(parse(log.body)["audit_logs"][0]["user"]["username"].text() == "owner");
    CHECK(parse(log.body)["audit_logs"][0]["resource_target"].text() == "next");
}

}  // namespace

TEST_CASE("a file moved to PostgreSQL and back holds the same rows", "[postgres]") {
    const Places places;
    const std::string before = everything_in(places.file);
    std::int64_t done = 0, total = 0;
    const auto moved =
        data::migrate(places.shared, places.file.database, false,
                      [&](std::int64_t now, std::int64_t all) { done = now, total = all; });
    CHECK(everything_in(places.shared) == before);
    CHECK(everything_in(places.file) == before);
    std::int64_t rows = 0;
    for (const data::MovedTable& each : moved) rows += each.rows;
    CHECK(rows > 20);
    CHECK(done == rows);
    CHECK(total == rows);
    data::migrate(places.other, places.shared.database);
    CHECK(everything_in(places.other) == before);
    CHECK(everything_in(places.shared) == before);
    CHECK(data::check(places.other).damage == "");
    serves_as_before(places.other, places);
}

TEST_CASE("what has moved to PostgreSQL goes on there, and numbers go on behind the old ones",
          "[postgres]") {
    const Places places;
    data::migrate(places.shared, places.file.database);
    const std::string last_user = stored(places.shared.database, "SELECT max(number) FROM users");
    const std::string last_entry =
        stored(places.shared.database, "SELECT max(entry) FROM audit_logs");
    serves_as_before(places.shared, places);
    CHECK(stored(places.shared.database, "SELECT number FROM users WHERE username = 'next'") ==
          std::to_string(std::stoi(last_user) + 1));
    CHECK(stored(places.shared.database,
                 "SELECT min(entry) FROM audit_logs WHERE entry > " + last_entry) ==
          std::to_string(std::stoi(last_entry) + 1));
    CHECK(stored(places.shared.database,
                 "SELECT value + (SELECT COALESCE(sum(value), 0) FROM counter_changes WHERE name = "
                 "'live_users') FROM counters WHERE name = 'live_users'") == "3");
    CHECK(stored(places.shared.database,
                 "SELECT value FROM counters WHERE name = 'dearest_password_cost'") == "4");
}

TEST_CASE("a move to PostgreSQL that is only tried leaves it empty", "[postgres]") {
    const Places places;
    const auto tried = data::migrate(places.shared, places.file.database, true);
    CHECK(stored(places.shared.database, "SELECT count(*) FROM users") == "0");
    CHECK(stored(places.shared.database, "SELECT count(*) FROM deployment") == "0");
    data::migrate(places.shared, places.file.database);
    data::migrate(places.other, places.shared.database, true);
    CHECK_FALSE(std::filesystem::exists(places.other.database));
    CHECK(tried.size() == store::content_tables().size());
}

TEST_CASE("a move says how to empty a database on which a server was only started", "[postgres]") {
    const Places places;
    TestServer(places.shared).service().stop();
    CHECK(
        error_of(places.shared, places.file.database) ==
        "the target is not empty: it holds rows of deployment from a server that was started on "
        "it, and no users. Stop that server; then DROP SCHEMA coder_users CASCADE makes it empty");
    run_on_postgres(places.shared.database, "DROP SCHEMA coder_users CASCADE");
    CHECK(error_of(places.shared, places.file.database).empty());
}

TEST_CASE("a move is refused into what is not empty, with another key and from what is damaged",
          "[postgres]") {
    const Places places;
    Options wrong = places.shared;
    wrong.secret_key_file.clear();
    wrong.secret_key = std::string(32, 'x');
    CHECK(error_of(wrong, places.file.database) ==
          "Options::secret_key does not hold the key of " + places.file.database);
    wrong.secret_key.clear();
    CHECK_THAT(error_of(wrong, places.file.database),
               ContainsSubstring("to the sealing key of the source"));
    CHECK_THAT(error_of(places.shared, places.folder.file("none.db")),
               ContainsSubstring("none.db"));

    data::migrate(places.shared, places.file.database);
    const std::string before = everything_in(places.shared);
    CHECK_THAT(error_of(places.shared, places.file.database),
               ContainsSubstring("the target is not empty: it holds rows of users"));
    CHECK(everything_in(places.shared) == before);
    CHECK_THAT(error_of(places.file, places.shared.database),
               ContainsSubstring("the target is not empty: it holds rows of users"));

    Options empty = places.shared;
    empty.database = new_postgres_database();
    SQLite::Database(places.file.database, SQLite::OPEN_READWRITE)
        .exec("PRAGMA foreign_keys = OFF; DELETE FROM users WHERE username = 'bob'");
    CHECK_THAT(error_of(empty, places.file.database), ContainsSubstring("damaged: "));
    CHECK(stored(empty.database, "SELECT to_regclass('coder_users.users') IS NULL") == "1");
}

TEST_CASE("a move whose process is killed leaves PostgreSQL empty", "[postgres]") {
    const Places places(2000);
    Child mover([&](const Child& self) {
        data::migrate(places.shared, places.file.database, false,
                      [&](std::int64_t done, std::int64_t total) {
                          if (done < total / 2) return;
                          self.say("half");
                          self.wait_for_parent();
                      });
    });
    CHECK(mover.heard() == "half");
    mover.end();
    CHECK(eventually([&] {
        return stored(places.shared.database,
                      "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                      "AND pid <> pg_backend_pid()") == "0";
    }));
    CHECK(stored(places.shared.database, "SELECT count(*) FROM users") == "0");
    data::migrate(places.shared, places.file.database);
    CHECK(everything_in(places.shared) == everything_in(places.file));
}

TEST_CASE("a move whose server ends the connection stores nothing and says so", "[postgres]") {
    const Places places(2000);
    bool ended = false;
    std::string error;
    try {
        data::migrate(places.shared, places.file.database, false,
                      [&](std::int64_t done, std::int64_t total) {
                          if (ended || done < total / 2) return;
                          ended = true;
                          run_on_postgres(places.shared.database,
                                          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                          "WHERE datname = current_database() AND pid <> "
                                          "pg_backend_pid()");
                      });
    } catch (const std::exception& failure) {
        error = failure.what();
    }
    CHECK(ended);
    CHECK_FALSE(error.empty());
    CHECK(stored(places.shared.database, "SELECT count(*) FROM users") == "0");
}

TEST_CASE("ten thousand users and their audit log move", "[postgres]") {
    const Places places(10'000);
    data::migrate(places.shared, places.file.database);
    CHECK(everything_in(places.shared) == everything_in(places.file));
    CHECK(std::stoi(stored(places.shared.database, "SELECT count(*) FROM audit_logs")) > 10'000);
}

TEST_CASE("exports of both kinds of database are the same, and are read into both", "[postgres]") {
    const Places places(100);
    const std::string text = exported(places.file);
    std::istringstream in(text);
    data::import_from(places.shared, in);
    CHECK(exported(places.shared) == text);
    std::istringstream again(exported(places.shared));
    data::import_from(places.other, again);
    CHECK(exported(places.other) == text);
    const TestServer server(places.shared);
    CHECK(server.send("GET", "/users/me", places.token).status == 200);
    CHECK(parse(server.send("GET", "/users", places.owner).body)["count"].text() == "102");
}

TEST_CASE("commands work on a database of PostgreSQL beside its servers", "[postgres]") {
    const Places places;
    data::migrate(places.shared, places.file.database);
    const TestServer server(places.shared);
    data::NewAdmin admin{"eve@example.org", "eve", good_password};
    data::create_admin_user(places.shared, admin);
    const std::string eve = server.log_in("eve@example.org");
    data::reset_password(places.shared, "bob", "another-Horse-8");
    CHECK(server.send("GET", "/users/me", places.token).status == 401);
    CHECK(data::seed(places.shared, R"({"username":"dan","email":"dan@example.org"})") == 1);
    CHECK(parse(server.send("GET", "/users", eve).body)["count"].text() == "4");
}
