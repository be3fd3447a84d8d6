#include "coder_users/internal/store/activity.hpp"

#include <poll.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "catch.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

namespace {

Time at(int seconds) { return now + std::chrono::seconds(seconds); }

ApiKey key_of(const User& user) {
    ApiKey key;
    key.id = "abcdefghij";
    key.user_id = user.id;
    key.created_at = key.updated_at = now;
    key.expires_at = at(100);
    key.lifetime_seconds = 100;
    return key;
}

struct Signed {
    User user = user_named("alice", 1);
    ApiKey key = key_of(user);
    explicit Signed(store::Store& store) {
        user.status = UserStatus::dormant;
        add_user(store, user);
        store.write([&](store::Tx& tx) { store::api_keys::insert(tx, key, "secret"); });
    }
};

store::api_keys::CheckedKey session(store::Store& store, const ApiKey& key) {
    return *store.read(
        [&](store::Connection& c) { return store::api_keys::find_checked_key(c, key.id); });
}

constexpr const char* key_row = "SELECT last_used || '|' || expires_at FROM api_keys";
constexpr const char* user_row = "SELECT status || '|' || last_seen_at FROM users";

std::string row(Time a, Time b) {
    return std::to_string(micros(a)) + "|" + std::to_string(micros(b));
}

}  // namespace

TEST_CASE("a use is part of every read at once and of the rows within a second", "[alone]") {
    TempFolder folder;
    const bool memory = GENERATE(true, false);
    CAPTURE(memory);
    store::Store store(memory ? anywhere("activity") : options(folder.file("a.db")));
    const Signed alice(store);
    const auto begin = std::chrono::steady_clock::now();
    store.note_use(alice.key, at(10), at(110), at(10));

    const auto seen = session(store, alice.key).identity;
    CHECK(seen.key.last_used == at(10));
    CHECK(seen.key.expires_at == at(110));
    CHECK(seen.user->last_seen_at == at(10));
    CHECK(seen.user->status == UserStatus::active);
    const auto found = store.read(
        [&](store::Connection& c) { return store::users::find_by_username(c, "ALICE"); });
    CHECK(found->status == UserStatus::active);
    CHECK(found->last_seen_at == at(10));

    const std::string active = "active|" + std::to_string(micros(at(10)));
    CHECK(eventually([&] { return rows(store, user_row) == active; }));
    CHECK(rows(store, key_row) == row(at(10), at(110)));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("no read ever goes back to before a use") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    const Signed alice(store);
    std::atomic<int> noted{0}, wrong{0};
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
        readers.emplace_back([&] {
            while (!done) {
                const int least = noted;
                const auto seen = session(store, alice.key).identity;
                wrong += least > 0 &&
                         (seen.key.last_used < at(least) || seen.user->last_seen_at < at(least) ||
                          seen.user->status != UserStatus::active);
            }
        });
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
    for (int i = 1; std::chrono::steady_clock::now() < end; ++i) {
        store.note_use(alice.key, at(i), at(100 + i), at(i));
        noted = i;
        if (i % 3 == 0) store.store_activity();
        ::poll(nullptr, 0, 37);
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(wrong == 0);
}

TEST_CASE("the overlay only ever grows, in whatever order uses come and are stored") {
    store::Activity activity;
    User user = user_named("alice", 1);
    ApiKey key = key_of(user);
    activity.note(key.id, {at(5), at(105)}, user.id, at(5));
    const store::ActivityBatch older = activity.pending();
    activity.note(key.id, {at(3), at(103)}, user.id, at(3));
    activity.note(key.id, {at(9), at(109)}, user.id, at(9));
    const store::ActivityBatch newer = activity.pending();
    const auto laid_over = [&] {
        ApiKey seen = key;
        User seen_user = user;
        activity.lay_over(seen);
        activity.lay_over(seen_user);
        CHECK(seen.expires_at == seen.last_used + std::chrono::seconds(100));
        CHECK(seen_user.last_seen_at == seen.last_used);
        return seen.last_used;
    };
    CHECK(laid_over() == at(9));
    // Two threads stored batches at the same time, and the one with the older batch reports last.
    activity.mark_stored(newer);
    CHECK(activity.pending().empty());
    CHECK(laid_over() == at(9));
    activity.mark_stored(older);
    CHECK(laid_over() == at(9));
    activity.end_round();
    CHECK(laid_over() == at(9));
}

TEST_CASE("a key that was ended stays so, whatever uses of it are pending") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    const Signed alice(store);
    store.note_use(alice.key, at(10), at(110), at(10));
    store.note_use(session(store, alice.key).identity.key, at(20), at(120), at(20));
    CHECK(session(store, alice.key).identity.key.expires_at == at(120));
    store.write([&](store::Tx& tx) { store::api_keys::set_end(tx, alice.key, at(30)); });
    CHECK(session(store, alice.key).identity.key.expires_at == at(30));
    CHECK(session(store, alice.key).identity.key.last_used == at(20));
    store.store_activity();
    CHECK(session(store, alice.key).identity.key.expires_at == at(30));
    CHECK(rows(store, key_row) == row(at(20), at(30)));
    INFO("one that had begun before it was ended");
    store.note_use(alice.key, at(29), at(129), at(29));
    store.store_activity();
    CHECK(rows(store, key_row) == row(at(29), at(30)));
}

TEST_CASE("what is stored stays in the overlay for one more round and leaves then") {
    store::Activity activity;
    const User user = user_named("alice", 1);
    const ApiKey key = key_of(user);
    CHECK_FALSE(activity.any());
    activity.note(key.id, {at(5), at(105)}, user.id, at(5));
    CHECK(activity.any());
    const auto visible = [&] {
        ApiKey seen = key;
        activity.lay_over(seen);
        return seen.last_used == at(5);
    };
    activity.mark_stored(activity.pending());
    CHECK(activity.pending().empty());
    CHECK(visible());
    activity.end_round();
    CHECK(visible());
    CHECK(activity.any());
    activity.end_round();
    CHECK_FALSE(visible());
    CHECK_FALSE(activity.any());
    // What is noted between taking a batch and storing it stays pending.
    activity.note(key.id, {at(5), at(105)}, user.id, at(5));
    const store::ActivityBatch batch = activity.pending();
    activity.note(key.id, {at(7), at(107)}, user.id, at(7));
    activity.mark_stored(batch);
    CHECK(activity.pending().keys.at(key.id).last_used == at(7));
    CHECK(activity.pending().seen_at.at(user.id) == at(7));
}

TEST_CASE("uses leave suspended users suspended and others alone") {
    store::Store store(anywhere("suspended"));
    const Signed alice(store);
    add_user(store, user_named("bob", 2));
    store.write([&](store::Tx& tx) {
        store::users::set_status(tx, alice.user.id, UserStatus::suspended, now);
    });
    store.note_use(alice.key, at(10), at(100), at(10));
    CHECK(session(store, alice.key).identity.user->status == UserStatus::suspended);
    store.store_activity();
    CHECK(rows(store,
               "SELECT status || '|' || CASE WHEN last_seen_at > 0 THEN 1 ELSE 0 END FROM users "
               "ORDER BY id") == "suspended|1\nactive|0");
}

TEST_CASE("the last use before its user was deleted is in the row that the audit log shows") {
    store::Store store(anywhere("deleted"));
    const Signed alice(store);
    store.note_use(alice.key, at(10), at(110), at(10));
    store.write([&](store::Tx& tx) { store::users::remove(tx, alice.user.id); });
    store.store_activity();
    CHECK(rows(store, "SELECT deleted || status || last_seen_at FROM users") ==
          "1active" + std::to_string(micros(at(10))));
    CHECK(rows(store, "SELECT count(*) FROM api_keys") == "0");
}

TEST_CASE("the last uses are stored when the store is closed") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    {
        store::Store store(options(path));
        const Signed alice(store);
        store.note_use(alice.key, at(10), at(110), at(10));
    }
    CHECK(rows(path, key_row) == row(at(10), at(110)));
    CHECK(rows(path, user_row) == "active|" + std::to_string(micros(at(10))));
}

TEST_CASE("uses that cannot be stored are told, stay visible, and are stored later") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    std::atomic<int> told{0};
    std::mutex mutex;
    std::string reason;
    store::StoreOptions chosen = options(path);
    chosen.on_failed_round = [&](const std::string& what, const std::string& text) {
        if (what != "activity not stored") return;
        const std::lock_guard<std::mutex> lock(mutex);
        reason = text;
        ++told;
    };
    store::Store store(chosen);
    const Signed alice(store);
    SQLite::Database other = raw(path);
    // This trigger makes every write fail, as a broken disk would.
    other.exec("CREATE TRIGGER t BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'no'); END");
    store.note_use(alice.key, at(10), at(110), at(10));
    CHECK(eventually([&] { return told >= 2; }));
    {
        const std::lock_guard<std::mutex> lock(mutex);
        CHECK(reason.find("no") != std::string::npos);
    }
    CHECK(session(store, alice.key).identity.key.last_used == at(10));
    CHECK(rows(store, key_row) == row(never, at(100)));
    other.exec("DROP TRIGGER t");
    CHECK(eventually([&] { return rows(store, key_row) == row(at(10), at(110)); }));
}
