#include "coder_users/internal/store/key_cache.hpp"

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/store/links.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/user_records.hpp"
#include "sanitized.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

namespace {

store::StoreOptions cached(const std::string& name, std::size_t sessions = 1024) {
    store::StoreOptions chosen = in_memory(name);
    chosen.cached_sessions = sessions;
    return chosen;
}

std::string key_id(int number) {
    std::string id = std::to_string(number);
    return id.insert(0, 10 - id.size(), 'k');
}

void add_key(store::Tx& tx, int number, int user, LoginType type = LoginType::password,
             KeyScope scope = KeyScope::all) {
    ApiKey key;
    key.id = key_id(number);
    key.user_id = id_of(user);
    key.created_at = key.last_used = now;
    key.expires_at = now + std::chrono::hours(24);
    key.login_type = type;
    key.scopes = scopes_of(scope);
    key.lifetime_seconds = 86400;
    store::api_keys::insert(tx, key, std::string(64, 'a'));
}

/// Describes a session; "none" when there is none.
std::string told(store::Store& store, int number) {
    const auto session = store.find_checked_key(key_id(number));
    if (!session) return "none";
    const SharedIdentity identity = *store.identity_of(session);
    const User& user = *identity.user;
    const ApiKey& key = identity.key;
    const std::vector<std::string> all{
        user.username,
        user.email,
        user.avatar_url,
        std::string(to_string(user.login_type)),
        std::string(to_string(user.status)),
        user.theme_preference,
        join(user.roles, ","),
        join(user.organization_ids, ","),
        std::to_string(micros(user.last_seen_at)),
        to_hex(session->secret_digest[31]),
        std::to_string(micros(key.last_used)),
        std::to_string(micros(key.expires_at)),
        session->identity.linked ? "linked" : "unlinked",
        std::to_string(micros(session->token_expires_at)),
    };
    return join(all, " ");
}

/// Describes the same from the rows.
std::string stored(store::Store& store, int number) {
    store.write([](store::Tx& tx) { tx.execute("UPDATE users SET status = status"); });
    return told(store, number);
}

/// alice (1) with the keys 1 and 2, and 11 for applications; bob (2) with key 3 and in an
/// organization without alice; olga (3), whose key 10 is of a login provider.
struct Two {
    store::Store store;
    explicit Two(const std::string& name) : store(cached(name)) {
        add_user(store, user_named("alice", 1));
        add_user(store, user_named("bob", 2));
        add_user(store, user_named("olga", 3));
        store.write([](store::Tx& tx) {
            store::organizations::insert(tx, {id_of(50), "o", now, now});
            store::organizations::add_member(tx, id_of(50), id_of(2), {}, now);
            add_key(tx, 1, 1);
            add_key(tx, 2, 1);
            add_key(tx, 3, 2);
            store::links::put(tx, olgas_link("olga at the provider", 5));
            add_key(tx, 10, 3, LoginType::oidc);
            add_key(tx, 11, 1, LoginType::password, KeyScope::application_connect);
        });
    }
    static store::links::Link olgas_link(const std::string& account, int minutes) {
        return {id_of(3), LoginType::oidc, account,
                "sealed", "sealed, too",   now + std::chrono::minutes(minutes)};
    }
};

using Change = std::function<void(store::Tx&)>;

template <class T>
bool equal(const T& a, const T& b) {
    bool same = true;
    fields::for_each<T>([&](auto at) { same = same && at.field.of(a) == at.field.of(b); });
    return same;
}

void check_same_as_rows(const Shared<SharedIdentity>& identity, store::Tx& tx, int key) {
    const auto read = store::api_keys::find_checked_key(tx, key_id(key));
    REQUIRE((identity != nullptr) == read.has_value());
    if (!read) return;
    CHECK(equal(identity->key, read->identity.key));
    CHECK(equal(*identity->user, *read->identity.user));
}

void check_shown(int key, const char* name, const Change& change) {
    CAPTURE(name);
    Two two("shows");
    const std::string before = told(two.store, key);
    CHECK(told(two.store, key) == before);
    const Shared<User> user = two.store.find_checked_key(key_id(key))->identity.user;
    two.store.write([&](store::Tx& tx) {
        CHECK(two.store.identity_in(tx, key_id(key))->user == user);  // no row was read
        change(tx);
        check_same_as_rows(two.store.identity_in(tx, key_id(key)), tx, key);
    });
    const std::string after = told(two.store, key);
    CHECK(after != before);
    CHECK(after == stored(two.store, key));
}

}  // namespace

TEST_CASE("a change sees its session as its transaction leaves it") {
    const TempFolder folder;
    store::StoreOptions chosen = options(folder.file("users.db"));
    chosen.cached_sessions = 100;
    store::Store store(chosen);
    add_user(store, user_named("alice", 1));
    store.write([](store::Tx& tx) { add_key(tx, 1, 1); });
    const auto name_in = [&](store::Tx& tx) {
        const auto identity = store.identity_in(tx, key_id(1));
        return identity ? identity->user->username : "none";
    };
    const auto name_now = [&] { return store.write(name_in); };
    REQUIRE(store.find_checked_key(key_id(1)));
    CHECK(name_now() == "alice");
    const auto rename = [](store::Tx& tx) { store::users::set_username(tx, id_of(1), "carol"); };
    CHECK_THROWS_AS(store.write([&](store::Tx& tx) {
        rename(tx);
        CHECK(name_in(tx) == "carol");
        throw std::runtime_error("undone");
    }),
                    std::runtime_error);
    CHECK(name_now() == "alice");
    REQUIRE(store.find_checked_key(key_id(1)));
    store.write(rename);
    CHECK(name_now() == "carol");
    INFO("another program");
    REQUIRE(store.find_checked_key(key_id(1)));
    raw(folder.file("users.db")).exec("UPDATE users SET username = 'dave'");
    CHECK(name_now() == "dave");
    REQUIRE(store.find_checked_key(key_id(1)));
    raw(folder.file("users.db")).exec("DELETE FROM api_keys");
    CHECK(name_now() == "none");
}

TEST_CASE("whatever changes a session shows in the next look at it") {
    const std::vector<std::pair<const char*, Change>> changes{
        {"key gone", [](auto& tx) { store::api_keys::remove(tx, key_id(1)); }},
        {"keys gone", [](auto& tx) { store::api_keys::remove_of_user(tx, id_of(1)); }},
        {"key used",
         [](auto& tx) {
             store::api_keys::set_used(tx, key_id(1), {now + Duration(7), now});
         }},
        {"suspended",
         [](auto& tx) { store::users::set_status(tx, id_of(1), UserStatus::suspended, now); }},
        {"roles", [](auto& tx) { store::users::set_roles(tx, id_of(1), {"owner"}); }},
        {"address", [](auto& tx) { store::users::set_email(tx, id_of(1), "c@example.org"); }},
        {"picture",
         [](auto& tx) { store::users::set_profile(tx, id_of(1), "", "https://p", now); }},
        {"login type",
         [](auto& tx) { store::users::set_login_type(tx, id_of(1), LoginType::oidc); }},
        {"ended long ago",
         [](auto& tx) {
             store::api_keys::remove_long_expired_sessions(tx, id_of(1),
                                                           now + std::chrono::hours(24 * 9));
         }},
        {"name", [](auto& tx) { store::users::set_username(tx, id_of(1), "carol"); }},
        {"theme", [](auto& tx) { store::users::set_theme_preference(tx, id_of(1), "dark"); }},
        {"seen", [](auto& tx) { store::users::set_seen(tx, id_of(1), now + Duration(9)); }},
        {"deleted", [](auto& tx) { store::users::remove(tx, id_of(1)); }},
        {"member",
         [](auto& tx) { store::organizations::add_member(tx, id_of(50), id_of(1), {}, now); }},
        {"by other means",
         [](auto& tx) {
             tx.execute("UPDATE api_keys SET hashed_secret = '" + std::string(64, 'b') + "'");
         }},
        {"by several statements",
         [](auto& tx) { tx.run("SELECT 1; UPDATE users SET theme_preference = 'y'"); }},
        {"by a statement with another in it",
         [](auto& tx) {
             tx.execute(
                 "WITH a AS (SELECT 'auditor' AS role) UPDATE users SET roles = a.role FROM a "
                 "WHERE id = $1",
                 id_of(1));
         }},
    };
    for (const auto& [name, change] : changes) check_shown(1, name, change);
    check_shown(11, "keys of applications gone",
                [](auto& tx) { store::api_keys::remove_of_applications(tx, id_of(1)); });
}

TEST_CASE("a link to a login provider that changes shows in the next look at its sessions") {
    check_shown(10, "renewed", [](auto& tx) {
        store::links::put(tx, Two::olgas_link("olga at the provider", 60));
    });
    check_shown(10, "gone", [](auto& tx) { tx.execute("DELETE FROM user_links"); });
    check_shown(10, "of another provider", [](auto& tx) {
        auto link = Two::olgas_link("olga elsewhere", 5);
        link.login_type = LoginType::github;
        store::links::put(tx, link);
    });
}

TEST_CASE("a session whose user is changed among very many others is read anew") {
    Two two("many");
    const std::string before = told(two.store, 1);
    two.store.write([](store::Tx& tx) {
        for (int i = 0; i < 1500; ++i)
            store::users::set_theme_preference(tx, id_of(100 + i % 99), "dark");
        store::users::set_theme_preference(tx, id_of(1), "light");
        add_key(tx, 4, 1);
    });
    CHECK(told(two.store, 1) != before);
    CHECK(told(two.store, 1) == stored(two.store, 1));
}

TEST_CASE("a statement that cannot be prepared takes nothing back of what concerns sessions") {
    Two two("unprepared");
    const std::string before = told(two.store, 1);
    two.store.write([](store::Tx& tx) {
        tx.execute("UPDATE users SET theme_preference = 'dark'");
        CHECK_THROWS(tx.execute("not a statement"));
    });
    CHECK(told(two.store, 1) != before);
}

TEST_CASE("what is put in the place of everything is what the next look finds") {
    Two two("replaced");
    const std::string before = told(two.store, 1);
    const std::string image = two.store.image();
    two.store.write([](store::Tx& tx) {
        store::users::set_username(tx, id_of(1), "carol");
        store::api_keys::remove(tx, key_id(2));
    });
    CHECK(told(two.store, 1) != before);
    CHECK(told(two.store, 2) == "none");
    two.store.replace_everything(image);
    CHECK(told(two.store, 1) == before);
    CHECK(told(two.store, 2) != "none");
}

TEST_CASE("uses of a key show at once in a session that is kept") {
    Two two("used");
    const auto session = two.store.find_checked_key(key_id(1));
    REQUIRE(session);
    const Time later = now + std::chrono::minutes(5);
    two.store.note_use(session->identity.key, later, later + std::chrono::hours(24), later);
    const SharedIdentity used = *two.store.identity_of(session);
    CHECK(used.key.last_used == later);
    CHECK(used.key.expires_at == later + std::chrono::hours(24));
    CHECK(used.user->last_seen_at == later);
    two.store.store_activity();
    CHECK(told(two.store, 1) == stored(two.store, 1));
}

constexpr std::size_t enough = 32 << 20;  // bytes

/// A session as it is read; `avatar`: the size of its user's.
store::api_keys::CheckedKey session(int key, int user, std::size_t avatar = 0) {
    store::api_keys::CheckedKey made;
    made.identity.key.id = key_id(key);
    User owner;
    owner.id = id_of(user);  // which has two digits for the number
    owner.id.replace(32, 2, to_hex(static_cast<unsigned char>(user / 256)));
    owner.avatar_url = std::string(avatar, 'x');
    made.identity.user = std::make_shared<const User>(std::move(owner));
    return made;
}

TEST_CASE("all sessions of a user hold one copy of it") {
    Two two("shared");
    const auto first = two.store.find_checked_key(key_id(1));
    const Time later = now + std::chrono::minutes(5);
    two.store.note_use(first->identity.key, later, later + std::chrono::hours(24), later);
    const auto second = two.store.find_checked_key(key_id(2));
    CHECK(first->identity.user == second->identity.user);
    CHECK(two.store.identity_of(second)->user->last_seen_at == later);
    CHECK(two.store.find_checked_key(key_id(3))->identity.user != first->identity.user);
    two.store.write([](store::Tx& tx) { store::users::set_username(tx, id_of(1), "carol"); });
    const auto renamed = two.store.find_checked_key(key_id(1));
    CHECK(renamed->identity.user->username == "carol");
    CHECK(first->identity.user->username == "alice");
    CHECK(two.store.find_checked_key(key_id(2))->identity.user == renamed->identity.user);

    store::KeyCache cache(1000, enough);
    for (int i = 0; i < 500; ++i) cache.keep(session(i, 1, 1'000'000), 0);
    CHECK(cache.find(key_id(0)));
    CHECK(cache.find(key_id(499)));
    CHECK(cache.bytes() > 1'000'000);
    CHECK(cache.bytes() < 2'000'000);
}

TEST_CASE("the text of a user is kept for all its sessions, and goes with it") {
    Two two("texts");
    int made = 0;
    const auto text_of = [&](int key, Release release = {}) {
        const auto session = two.store.find_checked_key(key_id(key));
        const auto identity = two.store.identity_of(session);
        const auto make = [&] {
            ++made;
            return identity->user->username + std::string(1000, 'x') + to_text(release);
        };
        return identity->user_text ? identity->user_text->get(release, make) : make();
    };
    const std::string alice = text_of(1);
    CHECK(text_of(1) == alice);
    CHECK(text_of(2) == alice);
    CHECK(made == 1);
    CHECK(text_of(1, {2, 30}) == "alice" + std::string(1000, 'x') + "2.30");
    CHECK(made == 2);
    CHECK(text_of(3) != alice);
    two.store.write([](store::Tx& tx) { store::users::set_username(tx, id_of(1), "carol"); });
    CHECK(text_of(2) == "carol" + alice.substr(5));

    const auto session = two.store.find_checked_key(key_id(1));
    const Time later = now + std::chrono::minutes(5);
    two.store.note_use(session->identity.key, later, later + std::chrono::hours(24), later);
    made = 0;
    CHECK(text_of(1) == text_of(1));
    CHECK(made == 2);  // a use that is not stored yet is no part of what is kept
}

TEST_CASE("kept texts count among the bytes of sessions, and stay within their bound") {
    std::size_t alone = 0, with_text = 0;
    const std::string text(700, 'x');
    const auto keep = [&](store::KeyCache& cache) {
        const auto key = cache.keep(session(1, 1, 5000), 0);
        alone = cache.bytes();
        if (key->identity.user_text) key->identity.user_text->get({}, [&] { return text; });
        with_text = cache.bytes();
    };
    {
        store::KeyCache roomy(16, enough);
        keep(roomy);
        CHECK(with_text >= alone + text.size());
        roomy.forget({true});
        roomy.keep(session(1, 2, 5000), roomy.changes());
        CHECK(roomy.bytes() == alone);
    }
    store::KeyCache full(16, alone + text.size() - 1);
    keep(full);
    CHECK(with_text == alone);
}

TEST_CASE("the table of sessions is bounded in bytes, with the users and down to nothing") {
    constexpr std::size_t most = 1'000'000;
    store::KeyCache cache(8192, most);
    int kept = 0;
    for (int i = 0; i < 2000; ++i) {
        CHECK(cache.keep(session(i, i, 2000), 0));
        CHECK(cache.find(key_id(i)));
        CHECK(cache.bytes() <= most + 10'000);  // a set is emptied before the next one is put in
    }
    for (int i = 0; i < 2000; ++i) kept += cache.find(key_id(i)) ? 1 : 0;
    CHECK(kept > 100);
    CHECK(kept < 500);

    std::size_t one = 0;
    {
        store::KeyCache roomy(16, enough);
        roomy.keep(session(1, 1, 5000), 0);
        one = roomy.bytes();
        const auto held = roomy.find(key_id(1));
        roomy.forget({true});
        roomy.keep(session(1, 2, 5000), roomy.changes());
        CHECK(roomy.bytes() == 2 * one);  // what a request still holds counts
    }
    CHECK(one > 5000);
    store::KeyCache exact(16, one), below(16, one - 1);
    exact.keep(session(1, 1, 5000), 0);
    CHECK(exact.find(key_id(1)));
    CHECK(below.keep(session(1, 1, 5000), 0)->identity.user->avatar_url.size() == 5000);
    CHECK_FALSE(below.find(key_id(1)));
    CHECK(below.bytes() == 0);
}

TEST_CASE("a session is kept while nothing concerns it") {
    store::KeyCache cache(8, enough);
    cache.keep(session(1, 1), cache.changes());
    REQUIRE(cache.find(key_id(1)));
    CHECK_FALSE(cache.find(key_id(2)));
    cache.forget({});
    cache.forget({false, {id_of(2)}});
    CHECK(cache.find(key_id(1)));
    cache.forget({false, {id_of(2), id_of(1)}});
    CHECK_FALSE(cache.find(key_id(1)));
    cache.keep(session(1, 1), cache.changes());
    cache.forget({true});
    CHECK_FALSE(cache.find(key_id(1)));

    // A read that began before the change must not bring the old state back.
    const auto begun = cache.changes();
    cache.forget({false, {id_of(1)}});
    cache.keep(session(1, 1), begun);
    CHECK_FALSE(cache.find(key_id(1)));
    cache.keep(session(1, 1), cache.changes());
    CHECK(cache.find(key_id(1)));

    store::KeyCache none(0, enough);
    none.keep(session(1, 1), 0);
    CHECK_FALSE(none.find(key_id(1)));
}

TEST_CASE("the table of sessions is bounded and takes the newest") {
    store::KeyCache cache(64, enough);
    for (int i = 0; i < 1000; ++i) {
        cache.keep(session(i, i % 200), 0);
        CHECK(cache.find(key_id(i)));
    }
    int kept = 0;
    for (int i = 0; i < 1000; ++i) kept += cache.find(key_id(i)) ? 1 : 0;
    CHECK(kept <= 64);
    CHECK(kept > 32);
}

TEST_CASE("a change that is refused forgets nothing it should keep and keeps nothing it changed") {
    Two two("refused");
    const std::string before = told(two.store, 1);
    CHECK_THROWS(two.store.write([](store::Tx& tx) {
        store::users::set_username(tx, id_of(1), "carol");
        throw std::runtime_error("no");
    }));
    CHECK(told(two.store, 1) == before);
    two.store.write([](store::Tx& tx) { add_key(tx, 4, 1); });
    CHECK(told(two.store, 1) == before);
}

TEST_CASE("10,000 revocations race readers, and none is followed by a stale answer") {
    Two two("race");
    constexpr int rounds = coder_users_test::sanitized ? 1'000 : 10'000;
    std::atomic<int> current{0}, revoked{-1}, stale{0}, good{0};
    std::atomic<bool> over{false};
    two.store.write([](store::Tx& tx) { add_key(tx, 100, 1); });
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            while (!over) {
                const int key = current;
                const bool must_be_gone = revoked >= key;
                const bool there = two.store.find_checked_key(key_id(100 + key)) != nullptr;
                if (there && must_be_gone) ++stale;
                if (there) ++good;
                const int last = revoked;  // and one that has certainly ended
                if (last >= 0 && two.store.find_checked_key(key_id(100 + last))) ++stale;
            }
        });
    for (int i = 0; i < rounds; ++i) {
        for (const int before = good; i % 100 == 0 && good == before;) std::this_thread::yield();
        two.store.write([&](store::Tx& tx) {
            store::api_keys::remove(tx, key_id(100 + i));
            add_key(tx, 100 + i + 1, 1 + i % 2);
        });
        revoked = i;
        if (two.store.find_checked_key(key_id(100 + i))) ++stale;
        current = i + 1;
    }
    over = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(stale == 0);
    CHECK(good >= rounds / 100);
}

TEST_CASE("what another program writes into the file counts within a second") {
    TempFolder folder;
    store::StoreOptions chosen = options(folder.file("a.db"));
    chosen.cached_sessions = 1024;
    store::Store store(chosen);
    add_user(store, user_named("alice", 1));
    store.write([](store::Tx& tx) { add_key(tx, 1, 1), add_key(tx, 2, 1); });
    REQUIRE(told(store, 1) != "none");
    SQLite::Database other = raw(folder.file("a.db"));
    SECTION("while the session is in use") {
        for (int i = 0; i < 1000; ++i) told(store, 1);
        other.exec("DELETE FROM api_keys WHERE id = '" + key_id(1) + "'");
        CHECK(eventually([&] { return told(store, 1) == "none"; }));
    }
    SECTION("at once after a change of our own") {
        other.exec("DELETE FROM api_keys WHERE id = '" + key_id(1) + "'");
        store.write([](store::Tx& tx) { tx.execute("UPDATE counters SET value = value"); });
        CHECK(told(store, 1) == "none");
    }
    CHECK(told(store, 2) != "none");
}

TEST_CASE("changes by others are told from our own") {
    TempFolder folder;
    const std::string path = folder.file("a.db");
    { const store::Store made(options(path)); }
    const store::Activity activity;
    store::sqlite::Tx tx(path, store::opened::to_write | store::opened::by_one_thread, activity);
    SQLite::Database other = raw(path);
    const auto change = [&](const std::string& value) {
        return "UPDATE counters SET value = " + value + " WHERE name = 'live_users'";
    };
    CHECK(tx.changed_by_others());  // nothing is known yet
    CHECK_FALSE(tx.changed_by_others());
    tx.run("BEGIN IMMEDIATE");
    CHECK_FALSE(tx.changed_by_others());
    tx.run(change("1"));
    CHECK_FALSE(tx.changed_by_others());
    tx.run("COMMIT");
    CHECK_FALSE(tx.changed_by_others());
    CHECK(tx.first_text("PRAGMA wal_checkpoint(TRUNCATE)") == "0");
    CHECK(rows(other, "SELECT value FROM counters WHERE name = 'live_users'") == "1");
    tx.run(change("2"));
    CHECK_FALSE(tx.changed_by_others());  // neither readers nor checkpoints count

    other.exec(change("3"));
    CHECK(tx.changed_by_others());
    CHECK_FALSE(tx.changed_by_others());
    other.exec(change("4"));
    tx.run("BEGIN IMMEDIATE");
    CHECK(tx.changed_by_others());
    CHECK_FALSE(tx.changed_by_others());
    tx.run("ROLLBACK");
    other.exec("BEGIN IMMEDIATE; " + change("5") + "; ROLLBACK");
    CHECK_FALSE(tx.changed_by_others());
}

TEST_CASE("the cache may be used while somebody looks for other programs") {
    store::Watch watch;
    CHECK_FALSE(watch.is_on());
    CHECK_FALSE(watch.wanted());
    CHECK(watch.note_use());
    CHECK_FALSE(watch.note_use());
    CHECK_FALSE(watch.is_on());
    CHECK(watch.wanted());
    watch.begin(true);
    CHECK(watch.is_on());
    watch.end_round(true);  // used since it began
    CHECK(watch.is_on());
    CHECK(watch.wanted());
    watch.end_round(true);  // not used since the round before
    CHECK_FALSE(watch.is_on());
    CHECK_FALSE(watch.wanted());
    CHECK(watch.note_use());
    watch.begin(false);  // the file could not be looked at
    CHECK_FALSE(watch.is_on());
    CHECK(watch.wanted());
    watch.begin(true);
    watch.end_round(false);
    CHECK_FALSE(watch.is_on());
}

TEST_CASE("a statement that names the wrong user is found out in builds with assertions") {
    if (!store::checks_concerned) return;
    Two two("wrong");
    const auto error_of_change = [&](const Change& change) {
        return error_of([&] { two.store.write(change); });
    };
    const std::string alice = id_of(1), bob = id_of(2);
    const std::string before = told(two.store, 3);
    CHECK(error_of_change([&](auto& tx) {
              tx.execute_for(alice, "UPDATE users SET status = 'suspended' WHERE id = $1", bob);
          }) == "a statement for the user \"" + alice + "\" changed users of " + bob);
    CHECK(error_of_change([&](auto& tx) {
              tx.execute_for(alice, "DELETE FROM api_keys WHERE id = $1", key_id(3));
          }) == "a statement for the user \"" + alice + "\" changed api_keys of " + bob);
    CHECK(error_of_change([&](auto& tx) {
              tx.execute_for("", "DELETE FROM api_keys WHERE id = $1", key_id(3));
          }) == "a statement for the user \"\" changed api_keys of " + bob);
    CHECK(error_of_change([&](auto& tx) {
              tx.execute_for(bob, "DELETE FROM api_keys WHERE user_id IN ($1, $2)", alice, bob);
          }) == "a statement for the user \"" + bob + "\" changed api_keys of " + alice);
    CHECK(error_of_change([&](auto& tx) {
              tx.execute_for("", "INSERT INTO user_roles (user_id, role) VALUES ($1, 'owner')",
                             bob);
          }) == "a statement for the user \"\" changed user_roles of " + bob);
    CHECK(told(two.store, 3) == before);  // nothing of it was stored
    CHECK(stored(two.store, 3) == before);
    two.store.write([&](store::Tx& tx) {
        CHECK(tx.execute_for(bob, "DELETE FROM api_keys WHERE id = $1", key_id(3)) == 1);
        CHECK(tx.execute_for(alice, "DELETE FROM api_keys WHERE id = $1", key_id(3)) == 0);
    });
    CHECK(told(two.store, 3) == "none");
}
