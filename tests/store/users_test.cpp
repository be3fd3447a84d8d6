#include "coder_users/internal/store/users.hpp"

#include <string>
#include <vector>

#include "../test_database.hpp"
#include "catch.hpp"
#include "coder_users/internal/store/git_ssh_keys.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;
namespace users = store::users;

namespace {

std::optional<User> find(store::Store& store, const std::string& id) {
    return store.read([&](store::Connection& c) { return users::find(c, id); });
}

void check_same(const std::optional<User>& found, const User& user) {
    REQUIRE(found);
    CHECK(found->id == user.id);
    CHECK(found->username == user.username);
    CHECK(found->email == user.email);
    CHECK(found->created_at == user.created_at);
    CHECK(found->last_seen_at == user.last_seen_at);
    CHECK(found->status == user.status);
    CHECK(found->login_type == user.login_type);
    CHECK(found->avatar_url == user.avatar_url);
    CHECK(found->theme_preference == user.theme_preference);
    CHECK(found->roles == user.roles);
    CHECK(found->organization_ids == user.organization_ids);
}

User full_user() {
    User user = user_named("Alice", 1);
    user.created_at = from_micros(-1);
    user.last_seen_at = end_of_time;
    user.status = UserStatus::suspended;
    user.login_type = LoginType::oidc;
    user.avatar_url = "'); DROP TABLE users; --";
    user.theme_preference = "\xc3\xa4 \"dark\"";
    user.roles = {"auditor", "owner", "user-admin"};
    return user;
}

}  // namespace

TEST_CASE("a stored user is found as it was, by id, name and address in any letter case") {
    store::Store store(anywhere("find"));
    const User alice = full_user();
    add_user(store, alice);
    add_user(store, user_named("bob", 2));
    check_same(find(store, alice.id), alice);
    const auto named = [&](const char* name) {
        return store.read([&](store::Connection& c) { return users::find_by_username(c, name); });
    };
    const auto addressed = [&](const char* email) {
        return store.read([&](store::Connection& c) { return users::find_by_email(c, email); });
    };
    check_same(named("Alice"), alice);
    check_same(named("aLICE"), alice);
    check_same(addressed("ALICE@EXAMPLE.ORG"), alice);
    for (const char* none : {"", "alic", "alice ", "al%", "_lice", "alice@example.org"})
        CHECK_FALSE(named(none));
    CHECK_FALSE(addressed("alice"));
    CHECK_FALSE(find(store, id_of(3)));
    CHECK_FALSE(find(store, ""));
}

TEST_CASE("every status and login type comes back") {
    store::Store store(anywhere("names"));
    int number = 0;
    for (const UserStatus status : {UserStatus::active, UserStatus::dormant, UserStatus::suspended})
        for (const LoginType type :
             {LoginType::password, LoginType::github, LoginType::oidc, LoginType::none}) {
            User user = user_named("user" + std::to_string(number), number);
            user.status = status;
            user.login_type = type;
            add_user(store, user);
            check_same(find(store, user.id), user);
            ++number;
        }
}

TEST_CASE("roles and memberships are listed once each, memberships oldest first") {
    store::Store store(anywhere("memberships"));
    User alice = full_user();
    store.write([&](store::Tx& tx) {
        users::insert(tx, alice, "");
        for (int i = 0; i < 3; ++i)
            store::organizations::insert(tx, {id_of(50 + i), "org" + std::to_string(i), now, now});
        store::organizations::add_member(tx, id_of(51), alice.id, {}, now + Duration(2));
        store::organizations::add_member(tx, id_of(52), alice.id, {"r"}, now + Duration(1));
        store::organizations::add_member(tx, id_of(50), alice.id, {}, now + Duration(2));
    });
    alice.organization_ids = {id_of(52), id_of(50), id_of(51)};
    check_same(find(store, alice.id), alice);
}

TEST_CASE("the stored hash is that of the live user or empty") {
    store::Store store(anywhere("hash"));
    add_user(store, user_named("alice", 1));
    const auto hash = [&](int number) {
        return store.read(
            [&](store::Connection& c) { return users::hashed_password(c, id_of(number)); });
    };
    CHECK(hash(1) == "hash of alice");
    CHECK(hash(2).empty());
    store.write([](store::Tx& tx) { users::remove(tx, id_of(1)); });
    CHECK(hash(1).empty());
    CHECK(rows(store, "SELECT hashed_password FROM users").empty());
}

TEST_CASE("users exist as long as one of them is not deleted") {
    store::Store store(anywhere("exist"));
    const auto any = [&] { return store.read(users::any_exist); };
    CHECK_FALSE(any());
    add_user(store, user_named("alice", 1));
    CHECK(any());
    store.write([](store::Tx& tx) { users::remove(tx, id_of(1)); });
    CHECK_FALSE(any());
}

TEST_CASE("what another live user has is taken, in any letter case") {
    store::Store store(anywhere("taken"));
    add_user(store, user_named("Alice", 1));
    const auto taken = [&](const char* email, const char* name, const std::string& except) {
        const auto result =
            store.read([&](store::Connection& c) { return users::taken(c, email, name, except); });
        return std::string(result.email ? "e" : "") + (result.username ? "u" : "");
    };
    CHECK(taken("aLICE@example.org", "ALICE", "") == "eu");
    CHECK(taken("alice@example.org", "bob", "") == "e");
    CHECK(taken("bob@example.org", "alice", "") == "u");
    CHECK(taken("alice@example.org", "alice", id_of(1)).empty());
    CHECK(taken("alice@example.org", "alice", id_of(2)) == "eu");
    store.write([](store::Tx& tx) { users::remove(tx, id_of(1)); });
    CHECK(taken("alice@example.org", "alice", "").empty());
}

TEST_CASE("name, status and time of last sight are changed for that live user alone") {
    store::Store store(anywhere("set"));
    add_user(store, user_named("alice", 1));
    add_user(store, user_named("bob", 2));
    store.write([](store::Tx& tx) {
        users::set_username(tx, id_of(1), "Carol");
        users::set_status(tx, id_of(1), UserStatus::dormant, now);
        users::set_theme_preference(tx, id_of(1), "dark");
        users::set_hashed_password(tx, id_of(1), "new");
        users::set_roles(tx, id_of(1), {"owner", "auditor"});
    });
    CHECK(rows(store, "SELECT hashed_password FROM users ORDER BY id") == "new\nhash of bob");
    User found = *find(store, id_of(1));
    CHECK(found.username == "Carol");
    CHECK(found.status == UserStatus::dormant);
    CHECK(found.theme_preference == "dark");
    CHECK(found.roles == std::vector<std::string>{"auditor", "owner"});
    store.write([](store::Tx& tx) { users::set_roles(tx, id_of(1), {}); });
    CHECK(find(store, id_of(1))->roles.empty());
    CHECK(rows(store, "SELECT username_folded FROM users WHERE username = 'Carol'") == "carol");
    check_same(find(store, id_of(2)), user_named("bob", 2));

    store.write([](store::Tx& tx) { users::set_seen(tx, id_of(1), now); });
    store.write([](store::Tx& tx) { users::set_seen(tx, id_of(1), now - Duration(1)); });
    found = *find(store, id_of(1));
    CHECK(found.status == UserStatus::active);
    CHECK(found.last_seen_at == now);

    CHECK_THROWS_AS(store.write([](store::Tx& tx) { users::set_username(tx, id_of(1), "BOB"); }),
                    store::Duplicate);
    store.write([](store::Tx& tx) {
        users::remove(tx, id_of(2));
        users::set_username(tx, id_of(2), "ghost");
        users::set_status(tx, id_of(2), UserStatus::suspended, now);
        users::set_seen(tx, id_of(2), now);        // the audit log shows it
        users::set_username(tx, id_of(1), "BOB");  // the name is free now
    });
    CHECK(rows(store, "SELECT username || status || last_seen_at FROM users WHERE deleted = 1") ==
          "bobactive" + std::to_string(micros(now)));
}

TEST_CASE("users who are inserted together are counted and found like others") {
    store::Store store(in_memory("together"));
    add_user(store, user_named("alice", 1));
    store.write([](store::Tx& tx) {
        users::deriving(tx, [&] {
            for (int i = 2; i <= 4; ++i)
                users::insert_row(tx, user_named("bob" + std::to_string(i), i), "");
            return 3;
        });
    });
    store.write([](store::Tx& tx) { users::deriving(tx, [] { return 0; }); });
    const auto live = "SELECT value FROM counters WHERE name = 'live_users'";
    const auto found = [&](const std::string& text) {
        return rows(store,
                    "SELECT username FROM users_text t JOIN users u ON u.number = t.rowid "
                    "WHERE users_text MATCH '\"" +
                        text + "\"' ORDER BY username");
    };
    CHECK(rows(store, live) == "4");
    CHECK(found("bob") == "bob2\nbob3\nbob4");
    CHECK(found("ali") == "alice");
    store.write([](store::Tx& tx) {
        users::remove(tx, id_of(2));
        users::set_username(tx, id_of(3), "carol");
    });
    CHECK(rows(store, live) == "3");
    CHECK(found("bob") == "bob4\ncarol");  // whose address is that of before
    CHECK(found("carol") == "carol");
    CHECK_THROWS_AS(store.write([](store::Tx& tx) {
        users::deriving(tx, [&] {
            users::insert_row(tx, user_named("dave", 5), "");
            users::insert_row(tx, user_named("dave", 6), "");
            return 2;
        });
    }),
                    store::Duplicate);
    CHECK(rows(store, live) == "3");
    CHECK(found("dave").empty());
}

TEST_CASE("a user name that stays writes nothing") {
    store::Store store(in_memory("same-name"));
    add_user(store, user_named("Alice", 1));
    const auto text = [&] {
        return rows(store, "SELECT id, hex(block) FROM users_text_data ORDER BY id");
    };
    const std::string before = text();
    store.write([](store::Tx& tx) { users::set_username(tx, id_of(1), "Alice"); });
    CHECK(text() == before);
    store.write([](store::Tx& tx) { users::set_username(tx, id_of(1), "alice"); });
    CHECK(find(store, id_of(1))->username == "alice");
    CHECK(text() != before);
}

TEST_CASE("profile and status are stored with the time of the update") {
    store::Store store(anywhere("updated"));
    User alice = user_named("alice", 1);
    alice.updated_at = now;
    alice.last_seen_at = now - Duration(9);
    add_user(store, alice);
    add_user(store, user_named("bob", 2));
    const auto updated = [&] { return find(store, id_of(1))->updated_at; };
    CHECK(updated() == now);
    store.write([](store::Tx& tx) {
        users::set_profile(tx, id_of(1), "Alice \xc3\x84", "https://a", now + Duration(1));
        users::set_profile(tx, id_of(3), "ghost", "", now);
    });
    CHECK(find(store, id_of(1))->name == "Alice \xc3\x84");
    CHECK(find(store, id_of(1))->avatar_url == "https://a");
    CHECK(updated() == now + Duration(1));
    CHECK(rows(store, "SELECT name_folded FROM users ORDER BY id") == "alice \xc3\x84\n");
    store.write([](store::Tx& tx) {
        users::set_status(tx, id_of(1), UserStatus::suspended, now + Duration(2));
    });
    CHECK(updated() == now + Duration(2));
    INFO("whoever was seen later was updated then");
    store.write([](store::Tx& tx) { users::set_seen(tx, id_of(1), now + Duration(5)); });
    CHECK(updated() == now + Duration(5));
    CHECK(rows(store, "SELECT updated_at FROM users WHERE username = 'alice'") ==
          std::to_string(micros(now + Duration(2))));
    store.write([](store::Tx& tx) {
        users::remove(tx, id_of(2));
        users::set_profile(tx, id_of(2), "ghost", "", now);
    });
    CHECK(rows(store, "SELECT name FROM users WHERE deleted = 1").empty());
}

TEST_CASE("any number of users may have no address, and nobody finds them by it") {
    store::Store store(anywhere("no-address"));
    for (const int number : {1, 2}) {
        User robot = user_named("robot" + std::to_string(number), number);
        robot.email = "";
        robot.is_service_account = true;
        add_user(store, robot);
    }
    CHECK(rows(store, "SELECT count(*) FROM users WHERE email = ''") == "2");
    CHECK_FALSE(store.read([](store::Connection& c) { return users::find_by_email(c, ""); }));
    const auto taken =
        store.read([](store::Connection& c) { return users::taken(c, "", "robot1"); });
    CHECK_FALSE(taken.email);
    CHECK(taken.username);
    CHECK(find(store, id_of(2))->is_service_account);
}

TEST_CASE("of a deleted user the row and its site roles stay and nothing else") {
    store::Store store(anywhere("remove"));
    User alice = full_user();
    ApiKey key;
    key.id = "aaaaaaaaaa";
    key.user_id = alice.id;
    store.write([&](store::Tx& tx) {
        users::insert(tx, alice, "hash");
        store::organizations::insert(tx, {id_of(50), "org", now, now});
        store::organizations::add_member(tx, id_of(50), alice.id, {"r1", "r2"}, now);
        store::api_keys::insert(tx, key, "s");
        store::git_ssh_keys::insert(tx, {{alice.id, now, now, "public"}, "sealed"});
        tx.execute("INSERT INTO user_links VALUES ($1, 'oidc', 'l', 'a', 'r', 0, '')", alice.id);
        tx.execute("INSERT INTO user_settings VALUES ($1, 'theme_mode', 'sync')", alice.id);
        tx.execute("INSERT INTO notification_preferences VALUES ($1, 't', 1, 2)", alice.id);
        tx.execute("INSERT INTO one_time_passcodes VALUES ($1, 'h', 3)", alice.id);
        tx.execute("INSERT INTO user_data VALUES ($1, '{}')", alice.id);
    });
    store.write([&](store::Tx& tx) { users::remove(tx, alice.id); });
    CHECK_FALSE(find(store, alice.id));
    check_same(
        store.read([&](store::Connection& c) { return users::find_even_deleted(c, alice.id); }),
        alice);
    for (const char* table : {"api_keys", "git_ssh_keys", "user_links", "organization_members",
                              "organization_member_roles", "user_settings",
                              "notification_preferences", "one_time_passcodes", "user_data"}) {
        CAPTURE(table);
        CHECK(rows(store, std::string("SELECT count(*) FROM ") + table) == "0");
    }
    CHECK(rows(store, "SELECT role FROM user_roles ORDER BY role") == "auditor\nowner\nuser-admin");
    if (!coder_users_test::on_postgres())  // which looks at once
        CHECK(rows(store, "PRAGMA foreign_key_check").empty());
    User again = full_user();
    again.id = id_of(2);
    add_user(store, again);  // name and address are free
    store.write([&](store::Tx& tx) { users::remove(tx, again.id); });
    CHECK(rows(store, "SELECT count(*) FROM users WHERE username_folded = 'alice'") == "2");
}
