#include <string>

#include "catch.hpp"
#include "coder_users/internal/store/leases.hpp"
#include "coder_users/internal/store/used_states.hpp"
#include "coder_users/internal/store/window_counts.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

/// A database with the tables that servers share. Their statements are one text for every engine.
struct SharedTables {
    SharedTables() {
        store.write([](store::Tx& tx) {
            tx.run(
                "CREATE TABLE window_counts (name TEXT PRIMARY KEY, started_at BIGINT NOT NULL, "
                "used BIGINT NOT NULL);"
                "CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, "
                "ends_at BIGINT NOT NULL);"
                "CREATE TABLE used_states (hashed_state TEXT PRIMARY KEY, "
                "expires_at BIGINT NOT NULL);");
        });
    }

    std::int64_t count(const std::string& name, Time at) {
        return store.write([&](store::Tx& tx) {
            const auto state = store::window_counts::add(tx, name, minutes(1), at);
            start = state.start;
            return state.used;
        });
    }
    bool take(const std::string& holder, Time at) {
        return store.write([&](store::Tx& tx) {
            return store::leases::take(tx, "chore", holder, at, seconds(10));
        });
    }

    store::Store store{in_memory("shared tables")};
    Time start = now;  ///< of the window that was counted last
};

}  // namespace

TEST_CASE("a window counts up to its end and then begins anew, each name for itself") {
    SharedTables tables;
    CHECK(tables.count("a", now) == 1);
    CHECK(tables.count("a", now + seconds(59)) == 2);
    CHECK(tables.start == now);
    CHECK(tables.count("b", now + seconds(59)) == 1);
    const Time end = now + minutes(1);
    CHECK(tables.count("a", end - std::chrono::microseconds(1)) == 3);
    CHECK(tables.count("a", end) == 1);
    CHECK(tables.start == end);
    CHECK(tables.count("a", end) == 2);
}

TEST_CASE(
    "a window goes on for a server whose clock is behind, and ends when clocks are set back") {
    SharedTables tables;
    CHECK(tables.count("a", now) == 1);
    CHECK(tables.count("a", now - seconds(5)) == 2);
    CHECK(tables.start == now);
    CHECK(tables.count("a", now - minutes(1)) == 1);
    CHECK(tables.start == now - minutes(1));
}

TEST_CASE("windows that started before a time are removed, and others found") {
    SharedTables tables;
    tables.count("old", now - seconds(1));
    tables.count("new", now);
    tables.store.write([](store::Tx& tx) { store::window_counts::remove_before(tx, now); });
    tables.store.read([](store::Connection& c) {
        CHECK_FALSE(store::window_counts::find(c, "old"));
        const auto found = store::window_counts::find(c, "new");
        REQUIRE(found);
        CHECK(found->start == now);
        CHECK(found->used == 1);
    });
}

TEST_CASE("a lease has one holder, who may keep it, until it ends or is given back") {
    SharedTables tables;
    CHECK(tables.take("one", now));
    CHECK_FALSE(tables.take("two", now + seconds(9)));
    CHECK(tables.take("one", now + seconds(9)));
    CHECK_FALSE(tables.take("two", now + seconds(18)));
    CHECK(tables.take("two", now + seconds(19)));
    CHECK_FALSE(tables.take("one", now + seconds(20)));
    tables.store.write([](store::Tx& tx) { store::leases::give_back(tx, "chore", "one"); });
    CHECK_FALSE(tables.take("one", now + seconds(20)));
    tables.store.write([](store::Tx& tx) { store::leases::give_back(tx, "chore", "two"); });
    CHECK(tables.take("one", now + seconds(20)));
}

TEST_CASE("a lease that was taken before the clocks were set back does not last") {
    SharedTables tables;
    CHECK(tables.take("one", now + minutes(60)));
    CHECK(tables.take("two", now));
    CHECK_FALSE(tables.take("one", now + seconds(1)));
}

TEST_CASE("leases that ended before a time are removed") {
    SharedTables tables;
    CHECK(tables.take("one", now));
    const auto remove = [&](Time end) {
        tables.store.write([&](store::Tx& tx) { store::leases::remove_before(tx, end); });
        return rows(tables.store, "SELECT count(*) FROM leases");
    };
    CHECK(remove(now + seconds(10)) == "1");
    CHECK(remove(now + seconds(11)) == "0");
}

TEST_CASE("a state is used once, until its row is removed after its expiry") {
    SharedTables tables;
    const auto use = [&](const std::string& state) {
        return tables.store.write(
            [&](store::Tx& tx) { return store::used_states::use(tx, state, now + minutes(10)); });
    };
    const auto remove = [&](Time expiry) {
        tables.store.write([&](store::Tx& tx) { store::used_states::remove_before(tx, expiry); });
    };
    CHECK(use("a"));
    CHECK_FALSE(use("a"));
    CHECK(use("b"));
    remove(now + minutes(10));
    CHECK_FALSE(use("a"));
    remove(now + minutes(11));
    CHECK(use("a"));
}
