#include "coder_users/internal/service/secret_key.hpp"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "coder_users/internal/service/open_store.hpp"
#include "server_fixture.hpp"
#include "store_fixture.hpp"

using namespace coder_users_test;
using namespace coder_users;
using Catch::Matchers::ContainsSubstring;

namespace {

Options at(const std::string& path) {
    Options options;
    options.database = path;
    return options;
}

/// Returns the key that a start with these options uses.
std::string key_of(const Options& options) {
    Log log(options.log);
    store::Store store(service::store_options(options, log));
    return data::secret_key(options, store, rules::system_random);
}

std::string error_of(const Options& options) {
    try {
        key_of(options);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("a new database gets a key file for its owner alone, whatever the umask is") {
    for (const mode_t mask : {0u, 022u, 077u}) {
        CAPTURE(mask);
        TempFolder folder;
        const mode_t before = ::umask(mask);
        const std::string key = key_of(at(folder.file("a.db")));
        ::umask(before);
        struct stat info {};
        REQUIRE(::stat(folder.file("a.db.key").c_str(), &info) == 0);
        CHECK((info.st_mode & 07777) == 0600);
        CHECK(file_bytes(folder.file("a.db.key")) == rules::base64_encode(key) + "\n");
        CHECK(key.size() == 32);
        CHECK((key_of(at(folder.file("a.db"))) == key));
    }
}

TEST_CASE("a key file that others can read is told in the log") {
    const auto warnings = [](const std::string& path) {
        std::string all;
        Options options = at(path);
        options.log = [&](const LogLine& line) {
            if (line.level == LogLevel::warning) all += to_text(line).substr(25) + '\n';
        };
        open(options);
        return all;
    };
    TempFolder folder;
    const std::string path = folder.file("a.db"), key_file = path + ".key";
    CHECK(warnings(path).empty());
    REQUIRE(::chmod(key_file.c_str(), 0640) == 0);
    CHECK_THAT(warnings(path), ContainsSubstring("others can read the key file") &&
                                   ContainsSubstring("file=" + key_file));
    REQUIRE(::chmod(key_file.c_str(), 0400) == 0);
    CHECK(warnings(path).empty());
}

TEST_CASE("two databases have two keys") {
    TempFolder folder;
    CHECK((key_of(at(folder.file("a.db"))) != key_of(at(folder.file("b.db")))));
}

TEST_CASE("a missing key file of a known database is refused by its name and not made anew") {
    TempFolder folder;
    const Options options = at(folder.file("a.db"));
    const std::string key = key_of(options);
    std::filesystem::remove(folder.file("a.db.key"));
    CHECK_THAT(error_of(options),
               ContainsSubstring(folder.file("a.db.key")) && ContainsSubstring("missing"));
    CHECK_FALSE(std::filesystem::exists(folder.file("a.db.key")));
    put(folder.file("a.db.key"), "  " + rules::base64_encode(key) + "\r\n");
    CHECK((key_of(options) == key));
}

TEST_CASE("a wrong key is refused by the name of its source") {
    TempFolder folder;
    Options options = at(folder.file("a.db"));
    const std::string key = key_of(options);
    put(folder.file("a.db.key"), rules::base64_encode(std::string(32, 'x')));
    CHECK_THAT(error_of(options), ContainsSubstring("key file " + folder.file("a.db.key")) &&
                                      ContainsSubstring("does not hold the key of"));
    options.secret_key = std::string(32, 'y');
    CHECK_THAT(error_of(options),
               ContainsSubstring("Options::secret_key") && ContainsSubstring(folder.file("a.db")));
    options.secret_key = key;
    CHECK((key_of(options) == key));
}

TEST_CASE("a database whose key is wrong or missing stays as it is, byte for byte") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    key_of(at(path));
    store_test::raw(path).exec("PRAGMA journal_mode = DELETE");  // as in a copied file
    const std::string log = GENERATE(std::string(), std::string(5000, 'w'));
    const bool missing = GENERATE(true, false);
    CAPTURE(log.size(), missing);
    const std::string bytes = file_bytes(path);
    if (!log.empty()) put(path + "-wal", log);
    if (missing)
        std::filesystem::remove(path + ".key");
    else
        put(path + ".key", rules::base64_encode(std::string(32, 'x')));
    CHECK_THAT(error_of(at(path)), ContainsSubstring("key file " + path + ".key"));
    CHECK((file_bytes(path) == bytes));
    CHECK((file_bytes(path + "-wal") == log));
}

TEST_CASE("a file that holds no key is refused by its name and left as it was") {
    TempFolder folder;
    const std::string path = folder.file("a.db.key");
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string("x"), std::string(44, 'A'),
          rules::base64_encode(std::string(31, 'k')), rules::base64_encode(std::string(33, 'k')),
          rules::base64_encode(std::string(32, 'k')) + "x", std::string(32, 'k'),
          std::string(5000, 'A'), std::string("\0\xff", 2)}) {
        CAPTURE(text.size());
        put(path, text);
        CHECK_THAT(error_of(at(folder.file("a.db"))), ContainsSubstring(path));
        CHECK((file_bytes(path) == text));
    }
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK_THAT(error_of(at(folder.file("a.db"))), ContainsSubstring(path));
}

TEST_CASE("a fifo in place of the key file does not hold the start up", "[alone]") {
    TempFolder folder;
    const std::string path = folder.file("a.db.key");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    std::string error;
    std::atomic<bool> done{false};
    std::thread starting([&] {
        error = error_of(at(folder.file("a.db")));
        done = true;
    });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!done && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    const bool in_time = done;
    while (!done) {
        // Opens the other end of the FIFO, so that a start that hangs continues.
        coder_users::FileDescriptor writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        std::this_thread::yield();
    }
    starting.join();
    CHECK(in_time);
    CHECK_THAT(error, ContainsSubstring(path));
}

TEST_CASE("the host's key wins and leaves no file") {
    TempFolder folder;
    Options options = at(folder.file("a.db"));
    options.secret_key = std::string(31, 'k') + '\0';
    CHECK((key_of(options) == options.secret_key));
    CHECK_FALSE(std::filesystem::exists(folder.file("a.db.key")));
    put(folder.file("a.db.key"), "never looked at");
    CHECK((key_of(options) == options.secret_key));
    CHECK(file_bytes(folder.file("a.db.key")) == "never looked at");
}

TEST_CASE("the key file may lie elsewhere") {
    TempFolder folder, elsewhere;
    Options options = at(folder.file("a.db"));
    options.secret_key_file = elsewhere.file("key");
    const std::string key = key_of(options);
    CHECK(std::filesystem::exists(elsewhere.file("key")));
    CHECK_FALSE(std::filesystem::exists(folder.file("a.db.key")));
    CHECK((key_of(options) == key));
    options.secret_key_file = elsewhere.file("none/key");
    options.database = folder.file("b.db");
    CHECK_THAT(error_of(options), ContainsSubstring(elsewhere.file("none/key")) &&
                                      ContainsSubstring("No such file or directory"));
}

TEST_CASE("a database in memory has a key of its own and no file, unless one is named") {
    TempFolder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.file(""));
    Options options = at(":memory:");
    const std::string key = key_of(options);
    CHECK(key.size() == 32);
    CHECK((key_of(options) != key));
    CHECK(std::filesystem::is_empty(folder.file("")));
    options.secret_key_file = folder.file("key");
    CHECK((key_of(options) == key_of(options)));
    std::filesystem::current_path(before);
}

TEST_CASE("a start with a missing key leaves the database free and unchanged") {
    TempFolder folder;
    Options options = at(folder.file("a.db"));
    options.port = 0;
    { const auto service = start(options); }
    const std::string key_text = file_bytes(folder.file("a.db.key"));
    std::filesystem::remove(folder.file("a.db.key"));
    const std::string database = file_bytes(folder.file("a.db"));
    CHECK_THROWS_WITH(start(options), ContainsSubstring(folder.file("a.db.key")));
    CHECK((file_bytes(folder.file("a.db")) == database));
    put(folder.file("a.db.key"), key_text);
    CHECK_NOTHROW(start(options));
}

TEST_CASE("a new key seals everything anew at start, and the old one is not needed any more") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    const std::string old_key(32, 'o'), new_key(32, 'n'), other(32, 'x');
    Options options = in_memory();
    options.database = path;
    options.secret_key = old_key;
    {
        auto service = start(options);
        service.handle(
            {"POST",
             "/api/v2/users/first",
             {},
             R"({"email":"a@example.org","username":"a","password":")" + good_password + "\"}",
             ""});
    }
    const std::string user = stored(path, "SELECT id FROM users");
    const auto sealed_with = [&](const std::string& key, const std::string& text) {
        return rules::base64_encode(rules::seal(key, text, user, rules::system_random));
    };
    SQLite::Database(path, SQLite::OPEN_READWRITE)
        .exec(
            "INSERT INTO user_links (user_id, login_type, linked_id, sealed_access_token, "
            "sealed_refresh_token, token_expires_at, sealed_claims) VALUES ('" +
            user + "', 'oidc', 'l', '" + sealed_with(old_key, "access") + "', '" +
            sealed_with(old_key, "refresh") + "', 0, '" + sealed_with(old_key, "claims") + "')");
    const auto opened_with = [&](const std::string& key, const std::string& column,
                                 const std::string& table) {
        const auto text = rules::base64_decode(stored(path, "SELECT " + column + " FROM " + table));
        const auto plain = rules::open(key, text.value_or(""), user);
        return plain ? *plain : std::string("closed");
    };
    const std::string before = opened_with(old_key, "sealed_private_key", "git_ssh_keys");
    REQUIRE(before.find("PRIVATE KEY") != std::string::npos);

    options.secret_key = new_key;
    options.previous_secret_key = other;
    CHECK_THROWS_WITH(start(options), ContainsSubstring("Options::secret_key"));
    CHECK(opened_with(old_key, "sealed_access_token", "user_links") == "access");
    options.previous_secret_key = old_key;
    start(options).stop();
    for (const bool again : {false, true}) {
        CAPTURE(again);
        CHECK(opened_with(new_key, "sealed_private_key", "git_ssh_keys") == before);
        CHECK(opened_with(new_key, "sealed_access_token", "user_links") == "access");
        CHECK(opened_with(new_key, "sealed_refresh_token", "user_links") == "refresh");
        CHECK(opened_with(new_key, "sealed_claims", "user_links") == "claims");
        CHECK(opened_with(old_key, "sealed_access_token", "user_links") == "closed");
        options.previous_secret_key = again ? "" : old_key;  // left in the options by mistake
        start(options).stop();
    }
    options.secret_key = old_key;
    CHECK_THROWS_WITH(start(options), ContainsSubstring("Options::secret_key"));
    // All sealed columns of the schema were tested.
    CHECK(stored(path,
                 "SELECT count(*) FROM sqlite_schema t, pragma_table_info(t.name) c "
                 "WHERE t.type = 'table' AND c.name LIKE 'sealed%'") == "4");
}
