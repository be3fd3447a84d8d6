// Moving all rows of a database into another one: whole, compared, or not at all. What is tried
// here between two files is the same for every pair of engines.
#include "coder_users/internal/service/move.hpp"

#include <string>
#include <vector>

#include "../catch.hpp"
#include "../server_fixture.hpp"
#include "coder_users/data.hpp"
#include "coder_users/internal/store/open_engine.hpp"
#include "coder_users/internal/store/sqlite/file_reader.hpp"

namespace move_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;
namespace data = coder_users::data;
namespace store = coder_users::store;

/// A file with a user of every kind, and a place for another.
struct Files {
    Files() {
        source.database = folder.file("source.db");
        source.password_hash_cost = 4;
        TestServer server(source);
        token = server.first_users();
        server.send("POST", "/users/bob/keys/tokens", token, R"({"token_name":"ci"})");
        server.send("GET", "/users/bob/gitsshkey", token);
        server.service().seed(R"({"username":"ann","email":"ann@example.org"})");
        server.service().stop();
        SQLite::Database(source.database, SQLite::OPEN_READWRITE)
            .exec("UPDATE api_keys SET user_agent = CAST(x'61ff62' AS TEXT)");
    }

    std::vector<data::MovedTable> move(bool dry_run = false) {
        store::FileReader reader(source.database);
        store::Store to(to_options());
        return reader.read(
            [&](store::Connection& c) { return data::move_into(to, c, dry_run, progress); });
    }
    store::StoreOptions to_options() const {
        store::StoreOptions chosen;
        chosen.database = target;
        return chosen;
    }
    std::string error() {
        try {
            move();
        } catch (const std::exception& failure) {
            return failure.what();
        }
        return "";
    }

    TempFolder folder;
    Options source;
    const std::string target = folder.file("target.db");
    std::string token;
    std::int64_t done = 0, total = 0;
    const coder_users::Progress progress = [this](std::int64_t now, std::int64_t all) {
        done = now;
        total = all;
    };
};

std::string everything_in(const std::string& file) {
    std::string all;
    for (const store::Table& table : store::content_tables()) {
        const std::string name(table.name);
        all += name + ":\n" + stored(file, "SELECT * FROM " + name + " ORDER BY 1, 2") + "\n";
    }
    return all;
}

TEST_CASE("a move copies the rows of every table, and makes again what is derived") {
    Files files;
    const auto moved = files.move();
    std::int64_t rows = 0;
    for (const data::MovedTable& each : moved) {
        CHECK(std::to_string(each.rows) ==
              stored(files.target, "SELECT count(*) FROM " + each.table));
        rows += each.rows;
    }
    CHECK(rows > 20);
    CHECK(files.done == rows);
    CHECK(files.total == rows);
    SQLite::Database(files.source.database, SQLite::OPEN_READWRITE)
        .exec("UPDATE api_keys SET user_agent = 'a\xef\xbf\xbd' || 'b'");  // no engine but this
                                                                           // takes the other
    CHECK(everything_in(files.target) == everything_in(files.source.database));
    // The number of the state of texts has a meaning in its own database alone.
    const std::string counters =
        "SELECT name, value FROM counters WHERE name <> 'user_texts' ORDER BY name";
    CHECK(stored(files.target, counters) == stored(files.source.database, counters));
    std::filesystem::copy_file(files.source.database + ".key", files.target + ".key");
    Options options = files.source;
    options.database = files.target;
    CHECK(data::check(options).damage == "");
    TestServer server(options);
    CHECK(server.send("GET", "/users/me", files.token).status == 200);
    CHECK(parse(server.send("GET", "/users?q=ann", files.token).body)["count"].text() == "1");
    server.create(files.token, "next");
}

TEST_CASE("the tables of a move are those of the schema, with all of their columns") {
    Files files;
    SQLite::Database schema(files.source.database, SQLite::OPEN_READONLY);
    std::string listed, there;
    std::vector<std::string> names;
    for (const store::Table& table : store::content_tables()) names.emplace_back(table.name);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) listed += name + "\n";
    SQLite::Statement tables(
        schema,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
        "'users_text%' AND name <> 'counters' ORDER BY name");
    while (tables.executeStep()) there += tables.getColumn(0).getString() + "\n";
    CHECK(listed == there);
    for (const store::Table& table : store::content_tables()) {
        const std::string name(table.name);
        INFO(name);
        const auto columns = [&](const std::string& condition) {
            return stored(schema, "SELECT name FROM pragma_table_info('" + name + "') WHERE " +
                                      condition + " ORDER BY name");
        };
        const auto sorted = [](std::vector<std::string_view> list) {
            std::sort(list.begin(), list.end());
            std::string text;
            for (const std::string_view each : list)
                text += (text.empty() ? "" : "\n") + std::string(each);
            return text;
        };
        CHECK(sorted(table.texts) == columns("type = 'TEXT'"));
        CHECK(sorted(table.numbers) == columns("type <> 'TEXT'"));
        const auto& keys = table.number_is_key ? table.numbers : table.texts;
        CHECK(sorted({keys.begin(), keys.begin() + static_cast<long>(table.key_columns)}) ==
              columns("pk > 0"));
    }
}

TEST_CASE("a move that is only tried stores nothing, and a second one finds the target not empty") {
    Files files;
    const auto tried = files.move(true);
    CHECK(stored(files.target, "SELECT count(*) FROM users") == "0");
    CHECK(stored(files.target, "SELECT count(*) FROM deployment") == "0");
    const auto moved = files.move();
    REQUIRE(tried.size() == moved.size());
    for (std::size_t i = 0; i < moved.size(); ++i) CHECK(tried[i].rows == moved[i].rows);
    const std::string before = everything_in(files.target);
    CHECK_THAT(files.error(), ContainsSubstring("the target is not empty: it holds rows of users"));
    CHECK(everything_in(files.target) == before);
}

TEST_CASE("a target on which a server was only started is told from one with users") {
    Files files;
    Options options;
    options.database = files.target;
    TestServer(options).service().stop();
    CHECK(files.error() ==
          "the target is not empty: it holds rows of deployment from a server that was started on "
          "it, and no users. Stop that server and remove the file");
}

TEST_CASE("a move compares what has arrived") {
    Files files;
    {
        store::Store to(files.to_options());
        to.write([](store::Tx& tx) {
            tx.run(
                "CREATE TRIGGER changes AFTER INSERT ON user_roles BEGIN "
                "UPDATE user_roles SET role = 'other' WHERE role = 'auditor'; END");
        });
        store::FileReader reader(files.source.database);
        std::string error;
        try {
            reader.read(
                [&](store::Connection& c) { data::move_into(to, c, false, files.progress); });
        } catch (const std::runtime_error& failure) {
            error = failure.what();
        }
        CHECK_THAT(error,
                   ContainsSubstring("the target holds other rows than the source: user_roles"));
    }
    CHECK(stored(files.target, "SELECT count(*) FROM users") == "0");
}

TEST_CASE("a source whose rows contradict each other is not moved") {
    Files files;
    SQLite::Database(files.source.database, SQLite::OPEN_READWRITE)
        .exec("UPDATE users SET roles = 'auditor' WHERE username = 'ann'");
    CHECK_THAT(files.error(), ContainsSubstring("the source is damaged: the row of user "));
}

TEST_CASE("a move needs the sealing key of its source") {
    Files files;
    const auto refused = [&](const Options& options) {
        store::FileReader reader(files.source.database);
        try {
            reader.read(
                [&](store::Connection& c) { data::require_key_of(c, reader.name(), options); });
        } catch (const std::exception& failure) {
            return std::string(failure.what());
        }
        return std::string();
    };
    Options options;
    CHECK_THAT(refused(options), ContainsSubstring("to the sealing key of the source"));
    options.secret_key = std::string(32, 'x');
    CHECK(refused(options) ==
          "Options::secret_key does not hold the key of " + files.source.database);
    options.secret_key.clear();
    options.secret_key_file = files.folder.file("none");
    CHECK(refused(options) == "the key file " + options.secret_key_file + " is missing");
    options.secret_key_file = files.source.database + ".key";
    CHECK(refused(options) == "");
}

TEST_CASE("a move between two files or two databases of PostgreSQL is refused") {
    Files files;
    Options options;
    const auto refused = [&](const std::string& from, const std::string& to) {
        options.database = to;
        try {
            data::migrate(options, from);
        } catch (const std::invalid_argument& failure) {
            return std::string(failure.what());
        }
        return std::string();
    };
    const std::string expected =
        "database: moves are between a file and PostgreSQL; files are copied by backup, PostgreSQL "
        "by pg_dump";
    CHECK(refused(files.source.database, files.target) == expected);
    CHECK(refused(files.source.database, ":memory:") == expected);
    CHECK(refused(":memory:", "postgres://a/b") == expected);
    CHECK(refused("postgres://a/b", "postgresql://a/c") == expected);
    CHECK_FALSE(std::filesystem::exists(files.target));
}

}  // namespace move_test
