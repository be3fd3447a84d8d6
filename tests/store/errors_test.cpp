#include "coder_users/internal/store/errors.hpp"

#include <sys/resource.h>

#include <atomic>
#include <string>
#include <thread>

#include "catch.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

TEST_CASE("a duplicate tells its column") {
    store::Store store(in_memory("duplicate"));
    User alice = user_named("alice", 1);
    alice.roles = {"owner"};
    ApiKey token;
    token.id = "aaaaaaaaaa";
    token.user_id = alice.id;
    token.login_type = LoginType::token;
    token.token_name = "t";
    const Organization organization{id_of(50), "Org", now, now};
    store.write([&](store::Tx& tx) {
        store::users::insert(tx, alice, "");
        store::organizations::insert(tx, organization);
        store::api_keys::insert(tx, token, "x");
        store::deployment::insert(tx, "a", "b");
    });
    const auto column = [&](auto&& work) {
        try {
            store.write(work);
        } catch (const store::Duplicate& duplicate) {
            CHECK(std::string(duplicate.what()).find(duplicate.column()) != std::string::npos);
            return duplicate.column();
        }
        return std::string("none");
    };
    const auto inserting = [&](User user) {
        return column([&](store::Tx& tx) { store::users::insert(tx, user, ""); });
    };
    User bob = user_named("bob", 2);
    bob.email = "ALICE@example.ORG";
    CHECK(inserting(bob) == "users.email_folded");
    bob = user_named("ALICE", 2);
    bob.email = "bob@x.org";
    CHECK(inserting(bob) == "users.username_folded");
    CHECK(inserting(user_named("bob", 1)) == "users.id");
    bob = user_named("bob", 2);
    bob.roles = {"owner", "owner"};
    CHECK(inserting(bob) == "user_roles.user_id");
    CHECK(column([&](store::Tx& tx) {
              store::organizations::insert(tx, {id_of(51), "oRG", now, now});
          }) == "organizations.name_folded");
    token.token_name = "u";
    CHECK(column([&](store::Tx& tx) { store::api_keys::insert(tx, token, "y"); }) == "api_keys.id");
    token.token_name = "t";
    token.id = "bbbbbbbbbb";
    CHECK(column([&](store::Tx& tx) { store::api_keys::insert(tx, token, "y"); }) ==
          "api_keys.user_id");
    CHECK(column([&](store::Tx& tx) { store::deployment::insert(tx, "a", "c"); }) ==
          "deployment.name");
    CHECK(rows(store, "SELECT count(*) FROM users") == "1");
}

TEST_CASE("a broken rule of another kind is no duplicate") {
    store::Store store(in_memory("constraint"));
    for (const char* sql :
         {"INSERT INTO user_roles VALUES ('nobody', 'owner')",                       // foreign key
          "INSERT INTO deployment VALUES ('a', NULL)",                               // NOT NULL
          "INSERT INTO user_links VALUES ('u', 'password', 'l', '', '', 0, '')"}) {  // CHECK
        CAPTURE(sql);
        bool other = false;
        try {
            store.write([&](store::Tx& tx) { tx.execute(sql); });
        } catch (const store::Duplicate&) {
        } catch (const std::runtime_error&) {
            other = true;
        }
        CHECK(other);
    }
}

TEST_CASE("codes of SQLite are told apart by what they mean") {
    const auto kind = [](int code) -> std::string {
        try {
            store::throw_store_error(code, "UNIQUE constraint failed: t.a, t.b");
        } catch (const store::Duplicate& duplicate) {
            return duplicate.column();
        } catch (const store::Busy&) {
            return "busy";
        } catch (const store::DiskFull&) {
            return "full";
        } catch (const store::SyncFailed&) {
            return "sync";
        } catch (const store::Damaged&) {
            return "damaged";
        } catch (const store::Unavailable&) {
            return "unavailable";
        } catch (const std::runtime_error&) {
            return "other";
        }
    };
    CHECK(kind(SQLITE_CONSTRAINT_UNIQUE) == "t.a");
    CHECK(kind(SQLITE_CONSTRAINT_PRIMARYKEY) == "t.a");
    for (const int code : {SQLITE_BUSY, SQLITE_BUSY_SNAPSHOT, SQLITE_BUSY_RECOVERY, SQLITE_LOCKED,
                           SQLITE_PROTOCOL})  // the last: too many tries to lock the log
        CHECK(kind(code) == "busy");
    CHECK(kind(SQLITE_FULL) == "full");
    for (const int code : {SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC}) CHECK(kind(code) == "sync");
    for (const int code : {SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_NOTADB})
        CHECK(kind(code) == "damaged");
    for (const int code : {SQLITE_IOERR, SQLITE_IOERR_WRITE, SQLITE_IOERR_NOMEM, SQLITE_CANTOPEN,
                           SQLITE_READONLY, SQLITE_READONLY_DBMOVED, SQLITE_NOMEM})
        CHECK(kind(code) == "unavailable");
    for (const int code : {SQLITE_ERROR, SQLITE_MISUSE, SQLITE_CONSTRAINT_NOTNULL, -1})
        CHECK(kind(code) == "other");
}

TEST_CASE("a write waits while somebody else holds the lock for a moment") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    SQLite::Database other = raw(folder.file("a.db"));
    other.exec("BEGIN IMMEDIATE");
    std::string error;
    std::atomic<bool> begun{false};
    std::thread writer([&] {
        begun = true;
        error = error_of([&] { add_user(store, user_named("alice", 1)); });
    });
    while (!begun) std::this_thread::yield();
    CHECK(rows(store, "SELECT count(*) FROM users") == "0");  // reads still work
    other.exec("COMMIT");
    writer.join();
    CHECK(error.empty());
    CHECK(rows(store, "SELECT username FROM users") == "alice");
}

TEST_CASE("a write that cannot get the lock in time is told that the store is busy") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    SQLite::Database other = raw(folder.file("a.db"));
    other.exec("BEGIN IMMEDIATE");
    const auto begin = std::chrono::steady_clock::now();
    CHECK_THROWS_AS(add_user(store, user_named("alice", 1)), store::Busy);
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= std::chrono::seconds(5));
    CHECK(took < std::chrono::seconds(10));
    CHECK(rows(store, "SELECT count(*) FROM users") == "0");
    other.exec("COMMIT");
    add_user(store, user_named("alice", 1));
    CHECK(rows(store, "SELECT username FROM users") == "alice");
}

TEST_CASE("on a full disk writes fail as unavailable, reads go on, and space brings writes back") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    Child child([&](const Child& self) {
        ::signal(SIGXFSZ, SIG_IGN);
        store::Store store(options(path));
        add_user(store, user_named("alice", 1));
        const auto limit = [&](rlim_t bytes) {
            rlimit limits{};
            ::getrlimit(RLIMIT_FSIZE, &limits);
            limits.rlim_cur = bytes;
            ::setrlimit(RLIMIT_FSIZE, &limits);
        };
        limit(std::filesystem::file_size(path + "-wal") + 20'000);
        int done = 0, failed = 0;
        std::string kind;
        for (int i = 0; i < 100 && failed < 5; ++i) {
            try {
                store.write([&](store::Tx& tx) {
                    store::deployment::insert(tx, std::to_string(i), std::string(3000, 'x'));
                });
                ++done;
            } catch (const store::Unavailable&) {
                ++failed;
                kind = "unavailable";
            } catch (const std::exception& error) {
                ++failed;
                kind = error.what();
            }
        }
        self.say(kind + (failed == 5 ? " always" : " sometimes"));
        self.say(rows(store, "SELECT username FROM users"));
        const std::string before = rows(store, "SELECT count(*) FROM deployment");
        self.say(before == std::to_string(done) ? "exact" : before);
        limit(RLIM_INFINITY);
        add_user(store, user_named("bob", 2));
        self.say(rows(store, "SELECT count(*) FROM users"));
        self.say(rows(store, "PRAGMA integrity_check"));
    });
    CHECK(child.heard() == "unavailable always");
    CHECK(child.heard() == "alice");
    CHECK(child.heard() == "exact");
    CHECK(child.heard() == "2");
    CHECK(child.heard() == "ok");
}
