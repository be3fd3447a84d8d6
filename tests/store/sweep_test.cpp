#include "coder_users/internal/store/sweep.hpp"

#include <string>

#include "../test_database.hpp"
#include "catch.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;
using std::chrono::hours;

namespace {

const store::Retention thirty_and_seven_days{hours(24 * 30), hours(24 * 7)};

void add_entry(store::Tx& tx, int number, Time time) {
    AuditEntry entry;
    entry.id = "00000000-0000-4000-8000-00000000" + std::to_string(1000 + number);
    entry.request_id = entry.id;
    entry.time = time;
    entry.resource_type = "user";
    entry.action = "write";
    entry.resource_id = entry.organization_id = id_of(1);
    entry.diff = "{}";
    entry.status_code = 200;
    store::audit::insert(tx, entry);
}

ApiKey key(const std::string& id, LoginType type, Time expires_at) {
    ApiKey made;
    made.id = id;
    made.user_id = id_of(1);
    made.created_at = made.last_used = expires_at - hours(1);
    made.expires_at = expires_at;
    made.login_type = type;
    made.token_name = type == LoginType::token ? id : "";
    made.lifetime_seconds = 3600;
    return made;
}

/// Runs one step as the store does.
void step(store::Store& store, store::Sweep& sweep) {
    sweep.step([&](auto fn) { return store.read(fn); }, [&](auto fn) { store.write(fn); });
}

void sweep_all(store::Store& store, const store::Retention& retention, Time at) {
    store::Sweep sweep(retention, at);
    for (int i = 0; !sweep.done(); ++i) {
        REQUIRE(i < 100);
        step(store, sweep);
    }
}

std::string entries(store::Store& store) { return rows(store, "SELECT count(*) FROM audit_logs"); }
std::string keys(store::Store& store) {
    return coder_users_test::in_one_line(rows(store, "SELECT id FROM api_keys ORDER BY id"));
}

}  // namespace

TEST_CASE(
    "a sweep removes what is older than its retention, to the microsecond, and nothing else") {
    store::Store store(anywhere("sweep"));
    add_user(store, user_named("alice", 1));
    const Time month = now - hours(24 * 30), week = now - hours(24 * 7);
    store.write([&](store::Tx& tx) {
        int number = 0;
        for (const Time time : {month - Duration(1), month, month + Duration(1), now})
            add_entry(tx, ++number, time);
        const auto add = [&](const char* id, LoginType type, Time expires_at) {
            store::api_keys::insert(tx, key(id, type, expires_at), "hash");
        };
        add("a", LoginType::password, week - Duration(1));
        add("b", LoginType::password, week);
        add("c", LoginType::token, week - Duration(1));
        add("d", LoginType::token, week);
        add("e", LoginType::oidc, now - hours(24 * 400));
        add("f", LoginType::token, now + hours(1));
        add("g", LoginType::password, week - Duration(1));
    });
    // A use that is not stored yet: the row says that the session has expired.
    store.note_use(key("g", LoginType::password, never), now, now + hours(1), now);

    SECTION("both") {
        sweep_all(store, thirty_and_seven_days, now);
        CHECK(entries(store) == "3");
        CHECK(keys(store) == "b,d,f,g");
        sweep_all(store, thirty_and_seven_days, now + Duration(1));
        CHECK(entries(store) == "2");
        CHECK(keys(store) == "f,g");
    }
    SECTION("the audit log alone") {
        sweep_all(store, {hours(24 * 30), hours(0)}, now);
        CHECK(entries(store) == "3");
        CHECK(keys(store) == "a,b,c,d,e,f,g");
    }
    SECTION("keys alone") {
        sweep_all(store, {hours(0), hours(24 * 7)}, now);
        CHECK(entries(store) == "4");
        CHECK(keys(store) == "b,d,f,g");
    }
    SECTION("neither") {
        const store::Sweep sweep({}, now);
        CHECK(sweep.done());
    }
}

TEST_CASE("each step of a sweep is a small transaction") {
    store::Store store(anywhere("steps"));
    add_user(store, user_named("alice", 1));
    constexpr int step_size = store::Sweep::step_size;
    store.write([&](store::Tx& tx) {
        for (int i = 0; i < 2 * step_size + 1; ++i) add_entry(tx, i, now - hours(24 * 40 + i % 7));
    });
    store::Sweep sweep({hours(24 * 30), hours(0)}, now);
    std::string left;
    while (!sweep.done()) {
        step(store, sweep);
        left += entries(store) + " ";
        store.write([&](store::Tx& tx) {  // what comes between two steps
            tx.execute("UPDATE counters SET value = value");
        });
    }
    CHECK(left == std::to_string(step_size + 1) + " 1 0 ");
}

TEST_CASE("a sweep looks at all keys in parts, and a swept key is not in the session cache") {
    store::StoreOptions chosen = in_memory("parts");
    chosen.cached_sessions = 16;
    store::Store store(chosen);
    add_user(store, user_named("alice", 1));
    constexpr int count = 25 * store::Sweep::step_size;
    const auto id = [](int number) { return "key" + std::to_string(100'000 + number); };
    store.write([&](store::Tx& tx) {
        for (int i = 0; i < count; ++i)
            store::api_keys::insert(tx,
                                    key(id(i), LoginType::password,
                                        i % 1000 == 7 ? now - hours(24 * 8) : now + hours(1)),
                                    "hash");
    });
    REQUIRE(store.find_checked_key(id(1007)));
    store::Sweep sweep({hours(0), hours(24 * 7)}, now);
    int steps = 0;
    for (; !sweep.done(); ++steps) step(store, sweep);
    CHECK(steps == 3);  // of 2,000, 2,000 and 1,000 keys
    CHECK(rows(store, "SELECT count(*) FROM api_keys") == std::to_string(count - 5));
    CHECK_FALSE(store.find_checked_key(id(1007)));
    CHECK(store.find_checked_key(id(1008)));
}

TEST_CASE("a sweep that fails is told and tried again") {
    TempFolder folder;
    store::StoreOptions chosen = options(folder.file("a.db"));
    std::atomic<std::int64_t> clock{micros(now)};
    std::atomic<int> told{0};
    chosen.retention = thirty_and_seven_days;
    chosen.now = [&] { return from_micros(clock); };
    chosen.on_failed_round = [&](const std::string& what, const std::string& reason) {
        if (what == "old rows not removed" && reason.find("no") != std::string::npos) ++told;
    };
    store::Store store(chosen);
    add_user(store, user_named("alice", 1));
    SQLite::Database other = raw(folder.file("a.db"));
    other.exec("CREATE TRIGGER t BEFORE DELETE ON audit_logs BEGIN SELECT RAISE(ABORT, 'no'); END");
    store.write([&](store::Tx& tx) { add_entry(tx, 1, now - hours(24 * 31)); });
    clock += 600'000'000;
    CHECK(eventually([&] { return told >= 1; }));
    CHECK(entries(store) == "1");
    other.exec("DROP TRIGGER t");
    clock += 600'000'000;
    CHECK(eventually([&] { return entries(store) == "0"; }));
}
