// Backups and restores, with a running server and without one.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "../catch.hpp"
#include "../server_fixture.hpp"
#include "../test_database.hpp"
#include "coder_users/data.hpp"

namespace backup_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;
namespace data = coder_users::data;

unsigned mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777;
}
Options on(const std::string& database) {
    Options options;
    options.database = database;
    return options;
}

TEST_CASE("a copy of a running server is a database of its own with its key") {
    const TempFolder folder;
    std::string token;
    const std::string copy = folder.file("copy.db");
    {
        TestServer server(on(folder.file("users.db")));
        token = server.owner();
        server.send("GET", "/users/me", token);  // activity that is not stored yet
        std::int64_t last = 0, whole = 0;
        const auto made = server.service().backup(copy, false, [&](auto done, auto total) {
            last = done;
            whole = total;
        });
        CHECK(made.file == copy);
        CHECK(made.key_file == copy + ".key");
        CHECK(last == whole);
        CHECK(whole > 10);
        CHECK(server.send("GET", "/users/me", token).status == 200);
        server.create(token, "later");
    }
    CHECK(folder.listing() == "copy.db copy.db.key users.db users.db.key users.db.lock");
    CHECK(mode_of(copy) == 0600);
    CHECK(mode_of(copy + ".key") == 0600);
    CHECK(file_bytes(copy + ".key") == file_bytes(folder.file("users.db.key")));
    TestServer moved(on(copy));
    const Answer me = moved.send("GET", "/users/me", token);
    CHECK(me.status == 200);
    CHECK(parse(me.body)["last_seen_at"].text() != "0001-01-01T00:00:00Z");
    CHECK(moved.send("GET", "/users/later", token).status == 404);
    CHECK(moved.send("PUT", "/users/me/gitsshkey", token).status == 200);
}

TEST_CASE("a file that is there is replaced only on request") {
    const TempFolder folder;
    TestServer server(on(folder.file("users.db")));
    const std::string token = server.owner(), copy = folder.file("copy.db");
    put(copy, "precious");
    CHECK_THROWS_WITH(server.service().backup(copy), ContainsSubstring("--force"));
    CHECK(file_bytes(copy) == "precious");
    CHECK(folder.listing().find("part") == std::string::npos);

    put(copy + "-wal", "an old log");
    put(copy + ".key", "another key");
    server.service().backup(copy, true);
    CHECK(folder.listing().find("copy.db-wal") == std::string::npos);
    CHECK(data::check(on(copy)).damage.empty());

    ::unlink(copy.c_str());
    CHECK(server.service().backup(copy).key_file == copy + ".key");  // the same key: it may stay
    ::unlink(copy.c_str());
    put(copy + ".key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    CHECK_THROWS_WITH(server.service().backup(copy), ContainsSubstring("copy.db.key"));
    CHECK(folder.listing().find("copy.db ") == std::string::npos);

    TestServer other(on(folder.file("other.db")));
    CHECK_THROWS_WITH(server.service().backup(folder.file("other.db"), true),
                      ContainsSubstring("process"));
    const std::string key = file_bytes(folder.file("users.db.key"));
    for (const char* own : {"users.db", "users.db.key", "users.db.lock", "users.db-wal"})
        CHECK_THROWS_WITH(server.service().backup(folder.file(own), true),
                          ContainsSubstring("is the database itself, or belongs to it"));
    CHECK(file_bytes(folder.file("users.db.key")) == key);
    CHECK_THROWS_WITH(server.service().backup(folder.file("no/copy.db")),
                      ContainsSubstring("no/copy.db"));
    server.service().stop();
    CHECK_THROWS_AS(server.service().backup(folder.file("late.db")), coder_users::ApiError);
}

TEST_CASE("a key that the host keeps stays with it") {
    const TempFolder folder;
    Options options = on(folder.file("users.db"));
    options.secret_key = std::string(32, 'k');
    {
        TestServer server(options);
        server.owner();
        CHECK(server.service().backup(folder.file("copy.db")).key_file.empty());
    }
    CHECK(data::backup(options, folder.file("second.db")).key_file.empty());
    CHECK(folder.listing() == "copy.db second.db users.db users.db.lock");
    options.secret_key = std::string(32, 'x');
    CHECK_THROWS_WITH(data::backup(options, folder.file("third.db")),
                      ContainsSubstring("does not hold the key"));
}

TEST_CASE("a database in memory is copied to a file") {
    if (on_postgres()) return;  // which is copied by its own tools
    const TempFolder folder;
    TestServer server;
    const std::string token = server.owner();
    const auto made = server.service().backup(folder.file("copy.db"));
    CHECK(made.key_file == folder.file("copy.db.key"));
    TestServer moved(on(folder.file("copy.db")));
    CHECK(moved.send("GET", "/users/me", token).status == 200);
}

TEST_CASE("reading commands work beside a running server, writing ones are refused") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    TestServer server(options);
    server.owner();
    const std::string pid = "process " + std::to_string(::getpid());
    CHECK(data::check(options).damage.empty());
    CHECK(data::check(options).users == 1);
    data::backup(options, folder.file("copy.db"));
    CHECK_THROWS_WITH(data::backup(options, folder.file("users.db"), true),
                      ContainsSubstring("is the database itself"));
    CHECK_THROWS_WITH(data::restore(options, folder.file("copy.db"), true), ContainsSubstring(pid));
    CHECK_THROWS_WITH(data::seed(options, "[]"), ContainsSubstring(pid));
    CHECK_THROWS_WITH(data::create_admin_user(options, {"a@example.com", "a", "correct-Horse-9"}),
                      ContainsSubstring(pid));
    CHECK_THROWS_WITH(data::reset_password(options, "owner", "correct-Horse-9"),
                      ContainsSubstring(pid));
    CHECK(server.log_in("owner@example.org").size() == 33);
}

TEST_CASE("restore() puts a copy back and refuses what would lose data") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    const std::string copy = folder.file("copy.db");
    std::string token;
    {
        TestServer server(options);
        token = server.owner();
        server.service().backup(copy);
        server.create(token, "bob");
    }
    const std::string before = file_bytes(options.database);
    CHECK_THROWS_WITH(data::restore(options, copy), ContainsSubstring("--force"));
    CHECK_THROWS_WITH(data::restore(options, options.database, true),
                      ContainsSubstring("is the database itself"));
    CHECK_THROWS_WITH(data::restore(options, folder.file("none.db"), true),
                      ContainsSubstring("none.db"));
    put(folder.file("text"), std::string(4096, 't'));
    CHECK_THROWS(data::restore(options, folder.file("text"), true));
    std::string broken = file_bytes(copy);
    for (std::size_t i = 4096 * 3; i < broken.size(); ++i) broken[i] = '\x55';
    put(folder.file("broken.db"), broken);
    CHECK_THROWS_WITH(data::restore(options, folder.file("broken.db"), true),
                      ContainsSubstring("broken.db"));
    CHECK(file_bytes(options.database) == before);

    const auto restored = data::restore(options, copy, true);
    CHECK(restored.file == options.database);
    {
        TestServer server(options);
        CHECK(server.send("GET", "/users/me", token).status == 200);
        CHECK(server.send("GET", "/users/bob", token).status == 404);
    }
    // On another machine, which has only the copy and its key.
    const Options elsewhere = on(folder.file("elsewhere.db"));
    data::restore(elsewhere, copy);
    CHECK(file_bytes(elsewhere.database + ".key") == file_bytes(copy + ".key"));
    TestServer server(elsewhere);
    CHECK(server.send("GET", "/users/me", token).status == 200);
}

// Two files cannot be replaced in one step: until the second one is, the new key is in the file
// "<path>.new".
TEST_CASE("a restore that ended between database and key is finished by the next start") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    const std::string copy = folder.file("copy.db"), key = options.database + ".key";
    std::string token;
    {
        TestServer other(on(folder.file("other.db")));
        token = other.owner();
        other.service().backup(copy);
    }
    TestServer(options).owner();
    data::backup(options, folder.file("old.db"));
    const std::string old_key = file_bytes(key);

    SECTION("after the database was replaced") {
        data::restore(options, copy, true);
        put(key + ".new", file_bytes(key));
        put(key, old_key);
        TestServer server(options);
        CHECK(server.send("GET", "/users/me", token).status == 200);
        CHECK(file_bytes(key) == file_bytes(copy + ".key"));
    }
    SECTION("before it was") {
        put(key + ".new", file_bytes(copy + ".key"));
        TestServer(options).log_in("owner@example.org");
        CHECK(file_bytes(key) == old_key);
    }
    SECTION("while the key was written") {
        ::unlink(key.c_str());
        put(key + ".new", old_key.substr(0, 10));
        CHECK_THROWS_WITH(TestServer(options), ContainsSubstring("is missing"));
        CHECK_FALSE(std::filesystem::exists(key));
    }
    SECTION("a backup that ended there is a whole copy, too") {
        const std::string old_copy = folder.file("old.db");
        put(old_copy + ".key.new", file_bytes(old_copy + ".key"));
        ::unlink((old_copy + ".key").c_str());
        const Options elsewhere = on(folder.file("elsewhere.db"));
        data::restore(elsewhere, old_copy);
        CHECK(file_bytes(elsewhere.database + ".key") == old_key);
    }
}

TEST_CASE("what cannot be replaced leaves database and key as they were") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    const std::string copy = folder.file("copy.db");
    TestServer(options).owner();
    {
        TestServer other(on(folder.file("other.db")));
        other.owner();
        other.service().backup(copy);
    }
    const std::string before = file_bytes(options.database);
    Options elsewhere = options;
    elsewhere.secret_key_file = folder.file("folder");
    std::filesystem::create_directory(elsewhere.secret_key_file);
    CHECK_THROWS_WITH(data::restore(elsewhere, copy, true),
                      ContainsSubstring("not a regular file"));
    CHECK(file_bytes(options.database) == before);
    CHECK(folder.listing().find(".new") == std::string::npos);
    CHECK(folder.listing().find(".part") == std::string::npos);
    TestServer(options).log_in("owner@example.org");
}

TEST_CASE("a copy with a trigger is neither sound nor restored") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db")), elsewhere = on(folder.file("else.db"));
    TestServer(options).owner();
    SQLite::Database(options.database, SQLite::OPEN_READWRITE)
        .exec("CREATE TRIGGER evil AFTER UPDATE ON users BEGIN DELETE FROM user_roles; END");
    CHECK_THAT(data::check(options).damage, ContainsSubstring("triggers"));
    CHECK_THROWS_WITH(data::restore(elsewhere, options.database), ContainsSubstring("triggers"));
    CHECK_FALSE(std::filesystem::exists(elsewhere.database));
}

TEST_CASE("a copy without its key is not restored") {
    const TempFolder folder;
    const std::string copy = folder.file("copy.db");
    {
        TestServer server(on(folder.file("users.db")));
        server.owner();
        server.service().backup(copy);
    }
    ::unlink((copy + ".key").c_str());
    const Options elsewhere = on(folder.file("elsewhere.db"));
    CHECK_THROWS_WITH(data::restore(elsewhere, copy), ContainsSubstring("copy.db.key"));
    Options wrong = elsewhere;
    wrong.secret_key = std::string(32, 'k');
    CHECK_THROWS_WITH(data::restore(wrong, copy), ContainsSubstring("Options::secret_key"));
    CHECK_FALSE(std::filesystem::exists(elsewhere.database));
    Options named = elsewhere;
    named.secret_key_file = folder.file("users.db.key");
    data::restore(named, copy);
    CHECK(data::check(named).damage.empty());
}

TEST_CASE("check() tells of damage and of a wrong key") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    {
        TestServer server(options);
        const std::string token = server.owner();
        for (int i = 0; i < 20; ++i) server.create(token, "user" + std::to_string(i));
    }
    CHECK(data::check(options).users == 21);
    CHECK(folder.listing() == "users.db users.db.key users.db.lock");
    const std::string good = file_bytes(options.database);
    std::string bad = good;
    for (std::size_t i = bad.size() - 4096; i < bad.size(); ++i) bad[i] = '\x55';
    put(options.database, bad);
    CHECK_FALSE(data::check(options).damage.empty());
    CHECK(file_bytes(options.database) == bad);
    put(options.database, good);
    put(options.database + ".key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    CHECK_THROWS_WITH(data::check(options), ContainsSubstring("users.db.key"));
    CHECK_THROWS_WITH(TestServer(options),
                      ContainsSubstring("key file " + options.database + ".key"));
}

}  // namespace backup_test
