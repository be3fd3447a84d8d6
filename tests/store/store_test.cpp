#include "coder_users/internal/store/store.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "store_fixture.hpp"

using namespace store_test;

namespace {

struct Gone {};

std::string names(store::Store& store) {
    return rows(store, "SELECT username FROM users ORDER BY username_folded");
}

/// Runs `work(number)` on several threads. Returns the text of the first exception.
template <class Work>
std::string in_threads(int count, Work work) {
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::string first_error;
    for (int i = 0; i < count; ++i)
        threads.emplace_back([&, i] {
            const std::string error = error_of([&] { work(i); });
            const std::lock_guard<std::mutex> lock(mutex);
            if (first_error.empty()) first_error = error;
        });
    for (std::thread& thread : threads) thread.join();
    return first_error;
}

}  // namespace

TEST_CASE("a write is there for every read behind it, in memory and in a file") {
    TempFolder folder;
    const bool memory = GENERATE(true, false);
    CAPTURE(memory);
    store::Store store(memory ? in_memory("write") : options(folder.file("a.db")));
    CHECK(store.in_memory() == memory);
    CHECK(store.name() == (memory ? ":memory:" : folder.file("a.db")));
    const int answer = store.write([&](store::Tx& tx) {
        store::users::insert(tx, user_named("alice", 1), "");
        return 42;
    });
    CHECK(answer == 42);
    CHECK(names(store) == "alice");
    const std::string text = store.read([](store::Connection&) { return std::string("moved"); });
    CHECK(text == "moved");
}

TEST_CASE("a write that throws changes nothing and lets its exception through") {
    TempFolder folder;
    const bool memory = GENERATE(true, false);
    CAPTURE(memory);
    store::Store store(memory ? in_memory("rollback") : options(folder.file("a.db")));
    add_user(store, user_named("alice", 1));
    for (int i = 0; i < 3; ++i) {
        CHECK_THROWS_AS(store.write([](store::Tx& tx) {
            store::users::insert(tx, user_named("bob", 2), "");
            tx.execute("DELETE FROM users WHERE username = 'alice'");
            throw Gone();
        }),
                        Gone);
        CHECK_THROWS_AS(store.write([](store::Tx& tx) {
            store::users::insert(tx, user_named("bob", 2), "");
            store::users::insert(tx, user_named("carol", 1), "");  // the id is taken
        }),
                        store::Duplicate);
        CHECK_THROWS_AS(store.write([](store::Tx& tx) { tx.execute("no such statement"); }),
                        std::runtime_error);
        CHECK_THROWS_AS(store.read([](store::Connection&) -> int { throw Gone(); }), Gone);
        CHECK(names(store) == "alice");
    }
    add_user(store, user_named("bob", 2));
    CHECK(names(store) == "alice\nbob");
}

TEST_CASE("a foreign key that is broken at the end fails the write") {
    store::Store store(in_memory("foreign"));
    CHECK_THROWS_AS(store.write([](store::Tx& tx) {
        tx.execute("INSERT INTO user_roles VALUES ('nobody', 'owner')");
    }),
                    std::runtime_error);
    CHECK(rows(store, "SELECT user_id FROM user_roles").empty());
}

TEST_CASE("a reader cannot write") {
    store::Store store(in_memory("readonly"));
    CHECK_THROWS(store.read([](store::Connection& c) { c.execute("DELETE FROM deployment"); }));
    CHECK(rows(store, "SELECT count(*) FROM users") == "0");
}

TEST_CASE("one read sees one state, whatever is written meanwhile") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    add_user(store, user_named("alice", 1));
    const std::string seen = store.read([&](store::Connection& c) {
        const std::string before = c.first_text("SELECT group_concat(username) FROM users");
        std::thread([&] { add_user(store, user_named("bob", 2)); }).join();
        return before + " " + c.first_text("SELECT group_concat(username) FROM users");
    });
    CHECK(seen == "alice alice");
    CHECK(names(store) == "alice\nbob");
}

TEST_CASE("readers of a file are not blocked by a write under way and do not see it") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    add_user(store, user_named("alice", 1));
    std::string seen, error;
    store.write([&](store::Tx& tx) {
        store::users::insert(tx, user_named("bob", 2), "");
        std::thread([&] { error = error_of([&] { seen = names(store); }); }).join();
    });
    CHECK(error.empty());
    CHECK(seen == "alice");
    CHECK(names(store) == "alice\nbob");
}

TEST_CASE("readers in memory wait for a write and then see it") {
    store::Store store(in_memory("waiting"));
    std::string seen;
    std::thread reader;
    store.write([&](store::Tx& tx) {
        store::users::insert(tx, user_named("alice", 1), "");
        reader = std::thread([&] { seen = names(store); });
        store::users::insert(tx, user_named("bob", 2), "");
    });
    reader.join();
    CHECK((seen == "alice\nbob"));
}

TEST_CASE("eight threads read and write at once without an error or a lost write") {
    TempFolder folder;
    const bool memory = GENERATE(true, false);
    CAPTURE(memory);
    store::Store store(memory ? in_memory("eight") : options(folder.file("a.db")));
    constexpr int rounds = 25;
    std::atomic<int> went_backwards{0};
    const std::string error = in_threads(8, [&](int thread) {
        int last = 0;
        for (int i = 0; i < rounds; ++i) {
            store.write([&](store::Tx& tx) {
                const int count = std::stoi(tx.first_text("SELECT count(*) FROM deployment"));
                tx.execute("INSERT INTO deployment VALUES ($1, $2)", count, std::to_string(thread));
            });
            for (int k = 0; k < 4; ++k) {
                const int count = store.read([](store::Connection& c) {
                    return std::stoi(c.first_text("SELECT count(*) FROM deployment"));
                });
                went_backwards += count <= last && k == 0;
                last = count;
            }
        }
    });
    CHECK(error.empty());
    CHECK(went_backwards == 0);
    CHECK(rows(store, "SELECT count(*) FROM deployment") == std::to_string(8 * rounds));
}

TEST_CASE("a stream of readers does not keep a writer in memory out") {
    store::Store store(in_memory("starving"));
    add_user(store, user_named("alice", 1));
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 6; ++i)
        readers.emplace_back([&] {
            while (!done)
                store.read([](store::Connection& c) {
                    for (int k = 0; k < 50; ++k) c.first_text("SELECT count(*) FROM users");
                });
        });
    const auto begin = std::chrono::steady_clock::now();
    const auto took = [&] { return std::chrono::steady_clock::now() - begin; };
    for (int i = 0; i < 20 && took() < std::chrono::seconds(5); ++i)
        store.write([&](store::Tx& tx) { store::deployment::insert(tx, std::to_string(i), "x"); });
    const bool in_time = took() < std::chrono::seconds(5);
    done = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(in_time);
}

TEST_CASE("two stores in memory are two databases") {
    store::Store one(in_memory("one")), two(in_memory("two"));
    add_user(one, user_named("alice", 1));
    CHECK(names(one) == "alice");
    CHECK(names(two).empty());
    { store::Store again(in_memory("three")); }
    store::Store again(in_memory("three"));
    CHECK(names(again).empty());
}

TEST_CASE("no more readers than allowed read at once, and the others get their turn") {
    TempFolder folder;
    store::StoreOptions chosen = options(folder.file("a.db"));
    chosen.readers = 2;
    store::Store store(chosen);
    std::atomic<int> inside{0}, most{0}, done{0};
    const std::string error = in_threads(6, [&](int) {
        for (int i = 0; i < 20; ++i)
            store.read([&](store::Connection& c) {
                const int now_inside = ++inside;
                int known = most;
                while (known < now_inside && !most.compare_exchange_weak(known, now_inside))
                    continue;
                c.first_text("SELECT count(*) FROM users");
                std::this_thread::yield();
                --inside;
                ++done;
            });
    });
    CHECK(error.empty());
    CHECK(done == 120);
    CHECK(most <= 2);
}

TEST_CASE("a clean end leaves the database and its lock file alone") {
    TempFolder folder;
    {
        store::Store store(options(folder.file("a.db")));
        for (int i = 1; i < 50; ++i) add_user(store, user_named("user" + std::to_string(i), i));
        names(store);
        CHECK(folder.listing() == "a.db a.db-shm a.db-wal a.db.lock a.db.reserve");
    }
    CHECK(folder.listing() == "a.db a.db.lock");
    CHECK(rows(folder.file("a.db"), "SELECT count(*) FROM users") == "49");
}

TEST_CASE("texts that vary do not pile up and statements may be nested") {
    store::Store store(in_memory("statements"));
    add_user(store, user_named("alice", 1));
    store.read([](store::Connection& c) {
        for (int i = 0; i < 1000; ++i)
            CHECK(c.first_text("SELECT " + std::to_string(i)) == std::to_string(i));
        store::Query outer = c.query("SELECT username FROM users");
        store::Query inner = c.query("SELECT username FROM users");
        CHECK((outer.next() && inner.next()));
        CHECK((!outer.next() && !inner.next()));
    });
}
