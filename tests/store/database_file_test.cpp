#include "coder_users/internal/store/sqlite/database_file.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <vector>

#include "catch.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using Catch::Matchers::ContainsSubstring;

namespace {

int mode_of(const std::string& path) {
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 07777) : -1;
}

/// Sets the umask until the end of the scope.
class Umask {
 public:
    explicit Umask(mode_t mask) : before_(::umask(mask)) {}
    ~Umask() { ::umask(before_); }

 private:
    mode_t before_;
};

std::string big_endian(std::uint32_t n) {
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
            static_cast<char>(n)};
}

}  // namespace

TEST_CASE("a foreign file is refused by name and left as it was, with nothing beside it") {
    TempFolder folder;
    const std::string path = folder.file("foreign.db");
    std::string newer, other_id, ours;
    {
        const std::string made = folder.file("made.db");
        { const store::Store store(options(made)); }
        newer = other_id = ours = file_bytes(made);
        std::filesystem::remove(made);
        std::filesystem::remove(made + ".lock");
        newer.replace(60, 4, big_endian(store::schema_version + 1));
        other_id.replace(68, 4, big_endian(0x12345678));
    }
    {
        SQLite::Database db = raw(folder.file("someone.db"));
        db.exec("CREATE TABLE users (id TEXT); INSERT INTO users VALUES ('precious')");
    }
    struct Row {
        const char* name;
        std::string bytes;
        const char* cause;
    };
    const Row files[] = {
        {"a text", "precious notes\n", "not a coder_users database"},
        {"one byte", "x", "not a coder_users database"},
        {"zeros", std::string(4096, '\0'), "not a coder_users database"},
        {"the magic alone", std::string("SQLite format 3\0", 16), "not a coder_users database"},
        {"somebody's SQLite file", file_bytes(folder.file("someone.db")),
         "not a coder_users database"},
        {"another application_id", other_id, "not a coder_users database"},
        {"a newer version", newer, "made by a newer version"},
        {"a truncated header", ours.substr(0, 70), "not a coder_users database"},
    };
    std::filesystem::remove(folder.file("someone.db"));
    for (const Row& row : files) {
        CAPTURE(row.name);
        put(path, row.bytes);
        ::chmod(path.c_str(), 0644);
        const auto written = std::filesystem::last_write_time(path);
        const std::string error = open_error(path);
        CHECK_THAT(error, ContainsSubstring(path));
        CHECK_THAT(error, ContainsSubstring(row.cause));
        CHECK(file_bytes(path) == row.bytes);
        CHECK(mode_of(path) == 0644);
        CHECK(std::filesystem::last_write_time(path) == written);
        CHECK(folder.listing() == "foreign.db");
    }
}

TEST_CASE("an empty file becomes ours") {
    TempFolder folder;
    const std::string path = folder.file("empty.db");
    put(path, "");
    ::chmod(path.c_str(), 0666);
    { const store::Store store(options(path)); }
    CHECK(rows(path, "SELECT count(*) FROM users") == "0");
    CHECK(mode_of(path) == 0600);
}

TEST_CASE("what is not a regular file is refused and stays what it is") {
    TempFolder folder;
    const std::string path = folder.file("it");
    SECTION("a folder") {
        std::filesystem::create_directory(path);
        CHECK_THAT(open_error(path), ContainsSubstring("not a regular file: " + path));
        CHECK(std::filesystem::is_empty(path));
    }
    SECTION("a fifo, without waiting for its other end") {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        CHECK_THAT(open_error(path), ContainsSubstring("not a regular file: " + path));
    }
    SECTION("a socket") {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        CHECK_THAT(open_error(path), ContainsSubstring(path));
        ::close(fd);
    }
    SECTION("a symbolic link to a good database") {
        const std::string real = folder.file("real.db");
        { const store::Store store(options(real)); }
        const std::string before = file_bytes(real);
        std::filesystem::create_symlink("real.db", path);
        CHECK_THAT(open_error(path), ContainsSubstring("symbolic link") && ContainsSubstring(path));
        CHECK(file_bytes(real) == before);
        CHECK(folder.listing() == "it real.db real.db.lock");
        return;
    }
    SECTION("a symbolic link to nothing") {
        std::filesystem::create_symlink("nothing", path);
        CHECK_THAT(open_error(path), ContainsSubstring("symbolic link") && ContainsSubstring(path));
    }
    CHECK(folder.listing() == "it");
}

TEST_CASE("a name that is no file name is refused") {
    TempFolder folder;
    for (const std::string& name : {folder.path() + "/", folder.path() + "/.",
                                    folder.path() + "/..", std::string("."), std::string("..")}) {
        CAPTURE(name);
        CHECK_THAT(open_error(name), ContainsSubstring("not the name of a database file"));
    }
    CHECK_FALSE(open_error(folder.file(std::string("a\0b", 3))).empty());
    CHECK(folder.listing().empty());
}

TEST_CASE("a folder that is missing or no folder is named with the system's reason") {
    TempFolder folder;
    put(folder.file("file"), "x");
    CHECK_THAT(open_error(folder.file("none/a.db")),
               ContainsSubstring(folder.file("none/a.db")) &&
                   ContainsSubstring("No such file or directory"));
    CHECK_THAT(open_error(folder.file("file/a.db")),
               ContainsSubstring(folder.file("file/a.db")) && ContainsSubstring("Not a directory"));
    const std::string long_name = folder.file(std::string(300, 'a'));
    CHECK_THAT(open_error(long_name),
               ContainsSubstring(long_name) && ContainsSubstring("File name too long"));
    CHECK(folder.listing() == "file");
}

TEST_CASE("a folder without the right to write is named with the system's reason") {
    TempFolder folder;
    ::chmod(folder.path().c_str(), 0555);
    Child child([&](const Child& self) {
        if (::geteuid() == 0 && ::seteuid(65534) != 0) return self.say("cannot be nobody");
        self.say(open_error(folder.file("a.db")));
    });
    const std::string error = child.heard();
    CHECK_THAT(error,
               ContainsSubstring(folder.file("a.db")) && ContainsSubstring("Permission denied"));
    ::chmod(folder.path().c_str(), 0755);
    CHECK(folder.listing().empty());
}

TEST_CASE("all files are for their owner alone, whatever the umask is") {
    for (const mode_t mask : {0u, 022u, 077u}) {
        CAPTURE(mask);
        TempFolder folder;
        const Umask umask(mask);
        const std::string path = folder.file("a.db");
        store::Store store(options(path));
        add_user(store, user_named("alice", 1));
        CHECK(folder.listing() == "a.db a.db-shm a.db-wal a.db.lock a.db.reserve");
        for (const char* suffix : {"", "-shm", "-wal", ".lock"}) {
            CAPTURE(suffix);
            CHECK(mode_of(path + suffix) == 0600);
        }
    }
}

TEST_CASE("a database that others could read is closed to them when it is opened") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    { const store::Store store(options(path)); }
    ::chmod(path.c_str(), 0666);
    const store::Store store(options(path));
    CHECK(mode_of(path) == 0600);
}

TEST_CASE("a relative path is the same file, from wherever the program is later") {
    TempFolder folder, elsewhere;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    {
        store::Store store(options("a.db"));
        std::filesystem::current_path(elsewhere.path());
        CHECK(store.name() == folder.file("a.db"));
        add_user(store, user_named("alice", 1));
        CHECK(rows(store, "SELECT username FROM users") == "alice");
    }
    std::filesystem::current_path(before);
    CHECK(folder.listing() == "a.db a.db.lock");
    CHECK(elsewhere.listing().empty());
}

TEST_CASE("a path with special characters is a path") {
    TempFolder folder;
    for (const char* name : {"a b.db", "file:a.db", "a?mode=ro", "a%20b#c", "\xc3\xa4'\".db"}) {
        CAPTURE(name);
        const std::string path = folder.file(name);
        {
            store::Store store(options(path));
            add_user(store, user_named("alice", 1));
        }
        CHECK(std::filesystem::file_size(path) > 0);
    }
}

TEST_CASE("a second name of the same database is refused") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    store::Store store(options(path));
    std::filesystem::create_hard_link(path, folder.file("b.db"));
    // Two names would mean two locks and two write-ahead logs over one file.
    CHECK_THAT(open_error(folder.file("b.db")), ContainsSubstring(folder.file("b.db")));
}
