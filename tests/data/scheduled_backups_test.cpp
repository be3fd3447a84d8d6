// Options::backup_dir: copies that a running service makes by itself.
#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "../catch.hpp"
#include "../server_fixture.hpp"
#include "coder_users/data.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/service/backup.hpp"
#include "coder_users/internal/service/backup_folder.hpp"

namespace scheduled_backups_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;
using std::chrono::hours;
using std::chrono::minutes;
namespace data = coder_users::data;
namespace service = coder_users::service;

struct Backups {
    Backups() { std::filesystem::create_directory(copies()); }

    std::string copies() const { return folder.file("copies"); }
    std::string copy(const std::string& time) const { return copies() + "/users-" + time + ".db"; }
    Options options() const {
        Options chosen;
        chosen.database = folder.file("users.db");
        chosen.backup_dir = copies();
        chosen.backup_every = hours(1);
        chosen.backup_keep = 2;
        return chosen;
    }
    /// Waits until the folder holds exactly these files.
    bool become(const std::string& names) const {
        return eventually([&] { return listing() == names; });
    }
    /// Writes files that are no databases, whose names blanks separate.
    void put_all(const std::string& names) const {
        std::istringstream each(names);
        for (std::string name; each >> name;) put(copies() + "/" + name, "old");
    }
    std::string listing() const {
        std::set<std::string> names;
        for (const auto& each : std::filesystem::directory_iterator(copies()))
            names.insert(each.path().filename().string());
        std::string joined;
        for (const std::string& name : names) joined += (joined.empty() ? "" : " ") + name;
        return joined;
    }

    TempFolder folder;
};

const std::string first = "users-20260102T030405Z.db users-20260102T030405Z.db.key";
const std::string second = "users-20260102T040405Z.db users-20260102T040405Z.db.key";
const std::string third = "users-20260102T050405Z.db users-20260102T050405Z.db.key";

TEST_CASE("a service copies its database on a schedule, and keeps the newest copies") {
    const Backups backups;
    std::string token;
    {
        TestServer server(backups.options());
        token = server.owner();
        REQUIRE(backups.become(first));
        server.create(token, "bob");
        server.advance(minutes(59));
        server.advance(minutes(1));
        REQUIRE(backups.become(first + " " + second));
        server.advance(hours(1));
        REQUIRE(backups.become(second + " " + third));
        CHECK(eventually([&] {
            return server.log().find("backup made file=" + backups.copy("20260102T050405Z")) !=
                   std::string::npos;
        }));
    }
    Options copied;
    copied.database = backups.copy("20260102T040405Z");
    CHECK(data::check(copied).users == 2);
    TestServer moved(copied);
    CHECK(moved.send("GET", "/users/bob", token).status == 200);
}

TEST_CASE("a restart makes no copy while the newest one is young enough") {
    const Backups backups;
    {
        TestServer server(backups.options());
        REQUIRE(backups.become(first));
    }
    TestServer server(backups.options());  // whose clock begins anew
    server.advance(hours(1));
    CHECK(backups.become(first + " " + second));
    CHECK(server.log().find("users-20260102T030405Z") == std::string::npos);
}

TEST_CASE("a restart counts the newest copy that is sound, and none that lies ahead") {
    const Backups backups;
    {
        TestServer server(backups.options());
        REQUIRE(backups.become(first));
    }
    const std::string made = backups.copy("20260102T030405Z"),
                      earlier = backups.copy("20260102T023405Z");
    std::filesystem::rename(made, earlier);
    std::filesystem::rename(made + ".key", earlier + ".key");
    const std::string ahead = "users-20270101T000000Z.db users-20270101T000000Z.db.key";
    std::filesystem::copy_file(earlier, backups.copy("20270101T000000Z"));
    std::filesystem::copy_file(earlier + ".key", backups.copy("20270101T000000Z") + ".key");
    backups.put_all("users-20260102T025000Z.db");
    std::filesystem::create_symlink(earlier, backups.copy("20260102T030000Z"));
    Options options = backups.options();
    options.backup_keep = 1;
    {
        TestServer server(options);
        REQUIRE(eventually([&] {
            return server.log().find("old backup is of no use folder=" + backups.copies()) !=
                   std::string::npos;
        }));
        server.advance(minutes(30));
        CHECK(backups.become(
            "users-20260102T030000Z.db users-20260102T033405Z.db users-20260102T033405Z.db.key " +
            ahead));
    }
    CHECK(data::check(Options{backups.copy("20260102T033405Z")}).users == 0);
}

TEST_CASE("a restart makes a copy at once when no old one is sound") {
    const Backups backups;
    backups.put_all("users-20260102T025000Z.db users-20260102T025500Z.db.key");
    TestServer server(backups.options());
    CHECK(backups.become("users-20260102T025000Z.db " + first));
}

TEST_CASE("a copy that is not sound never gets a name") {
    const Backups backups;
    Options options = backups.options();
    options.backup_keep = 1;
    TestServer server(options);
    REQUIRE(backups.become(first));
    SQLite::Database(options.database, SQLite::OPEN_READWRITE, 5000)
        .exec("CREATE TABLE stranger (id TEXT)");
    server.advance(hours(1));
    REQUIRE(eventually([&] { return server.log().find("backup failed") != std::string::npos; }));
    CHECK(server.log().find(backups.copy("20260102T040405Z") + ".part") != std::string::npos);
    CHECK(backups.become(first));
}

TEST_CASE("a folder with copies of another database stops the start") {
    const Backups backups;
    {
        TestServer server(backups.options());
        REQUIRE(backups.become(first));
    }
    std::filesystem::create_directory(backups.folder.file("other"));
    Options other = backups.options();
    other.database = backups.folder.file("other/users.db");
    backups.put_all("users-20270101T000000Z.db");  // cannot be read
    CHECK_THROWS_WITH(coder_users::open(other),
                      "cannot write backups into " + backups.copies() + ": " +
                          backups.copy("20260102T030405Z") +
                          " is of another database, and each needs a folder of its own");
    CHECK(std::filesystem::is_empty(backups.folder.file("other")));
    CHECK(backups.listing() == first + " users-20270101T000000Z.db");

    other.database = backups.folder.file("other/crew.db");
    coder_users::open(other).stop();
    CHECK(std::filesystem::exists(backups.folder.file("other/crew.db")));
}

TEST_CASE("a database in memory is another one at each start, and may use the same folder") {
    const Backups backups;
    Options options = backups.options();
    options.database = ":memory:";
    {
        TestServer server(options);
        REQUIRE(backups.become("memory-20260102T030405Z.db memory-20260102T030405Z.db.key"));
    }
    TestServer server(options);
    CHECK(server.send("GET", "!/readyz", "").status == 200);
}

TEST_CASE("what a killed process has left goes, and what is no copy stays") {
    const Backups backups;
    for (const char* name : {"users-20250101T000000Z.db", "users-20250102T000000Z.db.part",
                             "users-20250103T000000Z.db.key", "users-notes.db", "others.db",
                             "users-20250104T000000+.db", "users-20259999T000000Z.db"})
        put(backups.copies() + "/" + name, "old");
    Options options = backups.options();
    options.backup_keep = 1;
    TestServer server(options);
    CHECK(backups.become("others.db users-20250104T000000+.db users-20259999T000000Z.db " + first +
                         " users-notes.db"));
}

TEST_CASE("files that only begin like a copy stay, with the key beside them") {
    const Backups backups;
    const std::string others =
        "users-20250101T000000Z.db.gz users-20250101T000000Z.db.key "
        "users-20250102T000000Z.db.notes.txt "
        "users-20250103T000000Z.db.gz users-20250103T000000Z.db.key "
        "users-20250104T000000Z.db.part-old users-20250104T000000Z.dbx";
    backups.put_all(others);
    backups.put_all(
        "users-20250103T000000Z.db users-20250105T000000Z.db.part "
        "users-20250105T000000Z.db.part-journal users-20250106T000000Z.db.part-wal "
        "users-20250106T000000Z.db.part-shm users-20250107T000000Z.db.key.new "
        "users-20250108T000000Z.db users-20250108T000000Z.db.key "
        "users-20250108T000000Z.db.key.new users-20250108T000000Z.db.part");
    Options options = backups.options();
    options.backup_keep = 1;
    TestServer server(options);
    CHECK(backups.become(others + " " + first));
}

TEST_CASE("what is no regular file is no copy, and is not removed") {
    const Backups backups;
    put(backups.folder.file("elsewhere"), "old");
    std::filesystem::create_symlink(backups.folder.file("elsewhere"),
                                    backups.copy("20250101T000000Z"));
    std::filesystem::create_directory(backups.copy("20250102T000000Z"));
    REQUIRE(::mkfifo(backups.copy("20250103T000000Z").c_str(), 0600) == 0);
    std::filesystem::create_directory(backups.copy("20250104T000000Z") + ".part");
    backups.put_all("users-20250105T000000Z.db");
    Options options = backups.options();
    options.backup_keep = 1;
    TestServer server(options);
    CHECK(
        backups.become("users-20250101T000000Z.db users-20250102T000000Z.db "
                       "users-20250103T000000Z.db users-20250104T000000Z.db.part " +
                       first));
    CHECK(server.log().find("old backups not removed") == std::string::npos);
    CHECK(file_bytes(backups.folder.file("elsewhere")) == "old");
}

TEST_CASE("an old copy that cannot be removed keeps its key, and no other one") {
    const Backups backups;
    backups.put_all(
        "users-20250101T000000Z.db users-20250101T000000Z.db.key "
        "users-20250102T000000Z.db users-20250102T000000Z.db.key "
        "users-20250103T000000Z.db users-20250103T000000Z.db.key "
        "users-20250104T000000Z.db users-20250104T000000Z.db.key "
        "users-20250105T000000Z.db");
    const service::BackupFolder folder(backups.copies(), "users.db");
    const std::string bad = backups.copy("20250102T000000Z"),
                      worse = backups.copy("20250103T000000Z");
    const auto remove = [&](const std::string& path, std::error_code& error) {
        if (path == bad || path == worse)
            error = std::make_error_code(std::errc::operation_not_permitted);
        else
            std::filesystem::remove(path, error);
    };
    const auto made = coder_users::parse_rfc3339("2025-01-04T00:00:00Z");
    CHECK_THROWS_WITH(folder.keep_newest(1, made.value(), remove),
                      "cannot remove " + worse + ": Operation not permitted (and 1 more)");
    CHECK(backups.listing() ==
          "users-20250102T000000Z.db users-20250102T000000Z.db.key "
          "users-20250103T000000Z.db users-20250103T000000Z.db.key "
          "users-20250104T000000Z.db users-20250104T000000Z.db.key "
          "users-20250105T000000Z.db");
}

TEST_CASE("a backup that fails is told, and tried again") {
    const Backups backups;
    TestServer server(backups.options());
    REQUIRE(backups.become(first));
    std::filesystem::rename(backups.copies(), backups.folder.file("away"));
    server.advance(hours(1));
    const auto told = [&](const std::string& text) {
        return eventually([&] { return server.log().find(text) != std::string::npos; });
    };
    REQUIRE(told("backup failed folder=" + backups.copies()));
    CHECK(told("reason="));
    CHECK(server.send("GET", "!/readyz", "").status == 200);

    std::filesystem::rename(backups.folder.file("away"), backups.copies());
    server.advance(minutes(1));
    CHECK(backups.become(first + " users-20260102T040505Z.db users-20260102T040505Z.db.key"));
}

TEST_CASE("a folder that cannot be written stops the start, which leaves nothing behind") {
    const Backups backups;
    Options options = backups.options();
    put(backups.folder.file("file"), "a file");
    for (const char* name : {"missing", "file"}) {
        options.backup_dir = backups.folder.file(name);
        CHECK_THROWS_WITH(coder_users::open(options),
                          ContainsSubstring("cannot write backups into " + options.backup_dir));
    }
    CHECK(backups.folder.listing() == "copies file");

    options.backup_dir = backups.copies();
    options.backup_keep = 0;
    CHECK_THROWS_AS(coder_users::open(options), std::invalid_argument);
    options.backup_keep = 1;
    options.backup_every = std::chrono::seconds(0);
    CHECK_THROWS_AS(coder_users::open(options), std::invalid_argument);
}

TEST_CASE("a copy that is damaged or has no key is found out") {
    const Backups backups;
    Options options = backups.options();
    options.backup_dir.clear();
    TestServer server(options);
    server.owner();
    const auto copied = server.service().backup(backups.copies() + "/copy.db");
    data::verify_copy(options, copied);

    std::string bytes = file_bytes(copied.file);
    put(copied.file, bytes.substr(0, bytes.size() / 2));
    CHECK_THROWS_WITH(data::verify_copy(options, copied), ContainsSubstring(copied.file));
    put(copied.file, bytes);
    data::verify_copy(options, copied);
    put(copied.key_file, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    CHECK_THROWS_WITH(data::verify_copy(options, copied), ContainsSubstring("holds the key"));
}

}  // namespace scheduled_backups_test
