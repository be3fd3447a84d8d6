#include <sys/file.h>

#include <string>

#include "catch.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a second store of the same file is refused with the holder's process id") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    {
        store::Store first(options(path));
        CHECK_THAT(open_error(path), ContainsSubstring("process " + std::to_string(::getpid())) &&
                                         ContainsSubstring(path));
        add_user(first, user_named("alice", 1));
        CHECK(rows(first, "SELECT username FROM users") == "alice");
    }
    CHECK(open_error(path).empty());
}

TEST_CASE("a second process is refused, and lets go when it ends or is killed") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    Child child([&](const Child& self) {
        {
            store::Store store(options(path));
            add_user(store, user_named("alice", 1));
            self.say("open");
            self.wait_for_parent();
        }
        self.say("closed");
        store::Store store(options(path));
        self.say("open again");
        self.wait_for_parent();
    });
    REQUIRE(child.heard() == "open");
    const std::string holder = "process " + std::to_string(child.pid());
    CHECK_THAT(open_error(path), ContainsSubstring(holder) && ContainsSubstring(path));
    CHECK(rows(path, "SELECT username FROM users") == "alice");  // reading needs no lock

    child.let_go();
    REQUIRE(child.heard() == "closed");
    REQUIRE(child.heard() == "open again");
    CHECK_THAT(open_error(path), ContainsSubstring(holder));
    child.end();
    store::Store store(options(path));
    CHECK(rows(store, "SELECT username FROM users") == "alice");
    CHECK(file_bytes(path + ".lock") == std::to_string(::getpid()) + "\n");
}

TEST_CASE("the lock holds under every spelling of the path") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    std::filesystem::create_directory(folder.file("sub"));
    std::filesystem::create_directory_symlink(folder.path(), folder.file("link"));
    const store::Store store(options(path));
    for (const char* spelling : {"sub/../a.db", "./a.db", ".//a.db", "link/a.db"}) {
        CAPTURE(spelling);
        CHECK_THAT(open_error(folder.file(spelling)), ContainsSubstring("another server"));
    }
}

TEST_CASE("what lies in a lock file that nobody holds does not matter") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    put(path + ".lock", std::string(1000, '9'));
    const store::Store store(options(path));
    CHECK(file_bytes(path + ".lock") == std::to_string(::getpid()) + "\n");
}

TEST_CASE("a holder that has not told its process id is still a holder") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    const coder_users::FileDescriptor other(
        ::open((path + ".lock").c_str(), O_RDWR | O_CREAT, 0600));
    REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    CHECK_THAT(open_error(path), ContainsSubstring("process unknown"));
    CHECK(folder.listing() == "a.db.lock");
}

TEST_CASE("a lock file that is no plain file is refused by name") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    put(folder.file("precious"), "precious");
    SECTION("a link") { std::filesystem::create_symlink("precious", path + ".lock"); }
    SECTION("a folder") { std::filesystem::create_directory(path + ".lock"); }
    SECTION("a fifo") { REQUIRE(::mkfifo((path + ".lock").c_str(), 0600) == 0); }
    CHECK_THAT(open_error(path), ContainsSubstring(path + ".lock"));
    CHECK(file_bytes(folder.file("precious")) == "precious");
    CHECK(folder.listing() == "a.db.lock precious");
}

TEST_CASE("a failed start lets go of the lock") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    { const store::Store store(options(path)); }
    std::string bytes = file_bytes(path);
    std::filesystem::create_directory(path + "-wal");  // SQLite cannot make its log
    CHECK_THAT(open_error(path), ContainsSubstring(path));
    std::filesystem::remove(path + "-wal");
    CHECK(open_error(path).empty());
}

// POSIX drops all locks of a process on a file when any of its descriptors is closed. So a second
// store that only looked at the file would take the first one's locks away. Another process that
// opens and closes the database would then believe that it is the last one, and delete the log that
// the store still uses.
TEST_CASE("a refused second store takes no lock away from the first") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    Child other([&](const Child& self) {
        self.wait_for_parent();
        {
            SQLite::Database db = raw(path);
            rows(db, "SELECT count(*) FROM users");
        }
        self.say("looked");
    });
    {
        store::Store store(options(path));
        add_user(store, user_named("alice", 1));
        CHECK_FALSE(open_error(path).empty());
        other.let_go();
        REQUIRE(other.heard() == "looked");
        CHECK(std::filesystem::exists(path + "-wal"));
        add_user(store, user_named("bob", 2));
        CHECK(rows(path, "SELECT username FROM users ORDER BY 1") == "alice\nbob");
    }
    CHECK(rows(path, "SELECT username FROM users ORDER BY 1") == "alice\nbob");
}
