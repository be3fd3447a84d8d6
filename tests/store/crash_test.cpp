#include <atomic>
#include <set>
#include <string>

#include "catch.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Makes a store with many rows, closes it, and lets a process use it that ends without closing it.
void leave_behind(const std::string& path) {
    Child child([&](const Child& self) {
        {
            store::Store store(options(path));
            store.write([](store::Tx& tx) {
                for (int i = 0; i < 500; ++i)
                    store::deployment::insert(tx, "row " + std::to_string(i),
                                              std::string(400, 'x'));
            });
        }
        auto* const never_closed = new store::Store(options(path));
        add_user(*never_closed, user_named("alice", 1));
        self.say("written");
        coder_users_test::end_process_at_once();
    });
    REQUIRE(child.heard() == "written");
    child.wait();
    REQUIRE(std::filesystem::file_size(path + "-wal") > 0);
}

/// Overwrites all pages after the fraction `first` of the file.
void damage(const std::string& path, double first) {
    std::string bytes = file_bytes(path);
    const auto pages = static_cast<double>(bytes.size() / 4096);
    const std::size_t from = static_cast<std::size_t>(pages * first) * 4096;
    bytes.replace(from, bytes.size() - from, bytes.size() - from, '\xa5');
    put(path, bytes);
}

}  // namespace

TEST_CASE("what was written is there after an unclean stop") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    leave_behind(path);
    {
        store::Store store(options(path));
        CHECK(rows(store, "SELECT username FROM users") == "alice");
        CHECK(rows(store, "SELECT count(*) FROM deployment") == "500");
        CHECK(rows(store, "PRAGMA integrity_check") == "ok");
        add_user(store, user_named("bob", 2));
    }
    CHECK(folder.listing() == "a.db a.db.lock");
    CHECK(rows(path, "SELECT count(*) FROM users") == "2");
}

TEST_CASE("damage is found after an unclean stop and the start refused with path and cause") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    leave_behind(path);
    damage(path, 0.6);
    const std::string database = file_bytes(path), log = file_bytes(path + "-wal");
    CHECK_THAT(open_error(path), ContainsSubstring(path) && ContainsSubstring("damaged"));
    // The store must not make it worse, because a tool may still save what is there.
    CHECK((file_bytes(path) == database));
    CHECK((file_bytes(path + "-wal") == log));
}

TEST_CASE("a database whose first page is damaged is refused and left as it was") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    { const store::Store store(options(path)); }
    std::string bytes = file_bytes(path);
    bytes.replace(100, 3900, 3900, '\xa5');  // after a good header
    put(path, bytes);
    CHECK_THAT(open_error(path), ContainsSubstring(path));
    CHECK((file_bytes(path) == bytes));
}

TEST_CASE("a truncated database is refused or read without damage, never a crash") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    { const store::Store store(options(path)); }
    const std::string bytes = file_bytes(path);
    for (std::size_t size = 4096; size < bytes.size(); size += 4096) {
        put(path, bytes.substr(0, size));
        const std::string error = error_of([&] {
            store::Store store(options(path));
            rows(store, "SELECT count(*) FROM users");
            add_user(store, user_named("alice", 1));
        });
        if (size < bytes.size() / 2) CHECK_FALSE(error.empty());
    }
}

TEST_CASE("what was acknowledged survives a kill at any moment") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    std::set<std::string> acknowledged;
    for (int round = 0; round < 10; ++round) {
        Child child([&](const Child& self) {
            store::Store store(options(path));
            for (int i = 0;; ++i) {
                const std::string name = std::to_string(round) + "." + std::to_string(i);
                store.write([&](store::Tx& tx) { store::deployment::insert(tx, name, "x"); });
                self.say(name);
            }
        });
        for (int i = 0; i < 5 + 3 * round; ++i) {
            const std::string name = child.heard();
            REQUIRE(name.find("threw") == std::string::npos);
            acknowledged.insert(name);
        }
        child.end();
        for (std::string rest; !(rest = child.heard()).empty();) acknowledged.insert(rest);
    }
    store::Store store(options(path));
    CHECK(rows(store, "PRAGMA integrity_check") == "ok");
    std::set<std::string> found;
    store.read([&](store::Connection& c) {
        store::Query query = c.query("SELECT name FROM deployment");
        while (query.next()) found.insert(query.text(0));
    });
    int lost = 0;
    for (const std::string& name : acknowledged) lost += found.count(name) == 0;
    CHECK(lost == 0);
    CHECK(found.size() <= acknowledged.size() + 10);
}
