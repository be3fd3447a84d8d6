#include "coder_users/internal/store/sqlite/joined_log.hpp"

#include <fstream>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "coder_users/internal/store/user_data.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

namespace {

/// How often this process has called write() or its like.
long writes() {
    std::ifstream io("/proc/self/io");
    std::string name;
    for (long value = 0; io >> name >> value;)
        if (name == "syscw:") return value;
    return -1;
}

std::string integrity(const std::string& path) { return rows(path, "PRAGMA integrity_check"); }

/// What a host may put in the place of SQLite's own access to files. It counts logs that are
/// opened.
struct HostFiles : sqlite3_vfs {
    HostFiles() : sqlite3_vfs(*sqlite3_vfs_find(nullptr)), system(sqlite3_vfs_find(nullptr)) {
        zName = "host";
        pNext = nullptr;
        xOpen = [](sqlite3_vfs* self, const char* name, sqlite3_file* file, int flags, int* out) {
            auto& host = *static_cast<HostFiles*>(self);
            if (flags & SQLITE_OPEN_WAL) ++host.logs;
            return host.system->xOpen(host.system, name, file, flags, out);
        };
    }
    sqlite3_vfs* const system;
    int logs = 0;
};

std::string text_of(std::size_t size, char of) { return std::string(size, of); }

}  // namespace

TEST_CASE("the pages of a commit go to the log in few writes", "[alone]") {
    const TempFolder folder;
    const std::string path = folder.file("users.db");
    store::Store store(options(path));
    add_user(store, user_named("alice", 1));
    if (writes() < 0) return;  // a kernel that does not count them
    const long before = writes();
    store.write([](store::Tx& tx) {
        store::user_data::put(tx, id_of(1), text_of(120'000, 'x'));  // 30 pages
    });
    CHECK(writes() - before <= 5);
    CHECK(rows(path, "SELECT length(value) FROM user_data") == "120000");
}

TEST_CASE(
    "a transaction that is larger than the cache of its connection is read back, undone and "
    "kept") {
    const TempFolder folder;
    const std::string path = folder.file("users.db");
    {
        store::Store store(options(path));
        const auto fill = [](store::Tx& tx, char of) {
            tx.run("PRAGMA cache_size = 10");  // pages go to the log before the commit
            for (int i = 1; i <= 60; ++i) {
                store::users::insert(tx, user_named("u" + std::to_string(i), i), "");
                store::user_data::put(tx, id_of(i), text_of(20'000, of));
            }
            for (int i = 1; i <= 60; ++i)
                CHECK(store::user_data::find(tx, id_of(i)) == text_of(20'000, of));
        };
        CHECK_THROWS_AS(store.write([&](store::Tx& tx) {
            fill(tx, 'x');
            throw std::runtime_error("undone");
        }),
                        std::runtime_error);
        CHECK(rows(path, "SELECT count(*) FROM users").front() == '0');
        add_user(store, user_named("zoe", 99));
        store.write([&](store::Tx& tx) { fill(tx, 'y'); });
        CHECK(rows(path, "SELECT count(*) FROM users") == "61");
        store.write([](store::Tx& tx) {
            store::user_data::put(tx, id_of(7), "short");
            tx.execute("DELETE FROM user_data WHERE user_id = $1", id_of(8));
        });
        CHECK(integrity(path) == "ok");
    }
    CHECK(integrity(path) == "ok");
    CHECK(rows(path, "SELECT count(*), sum(length(value)) FROM user_data") ==
          "59|" + std::to_string(58 * 20'000 + 5));
}

TEST_CASE("a log goes through the access to files that a host has put in place") {
    static HostFiles host;  // SQLite may keep it until the end
    const TempFolder folder;
    sqlite3_vfs_register(&host, 1);
    {
        store::Store store(options(folder.file("users.db")));
        add_user(store, user_named("alice", 1));
    }
    sqlite3_vfs_unregister(&host);
    const int logs = host.logs;
    CHECK(logs > 0);
    store::Store store(options(folder.file("other.db")));
    add_user(store, user_named("alice", 1));
    CHECK(host.logs == logs);
}
