// Keys: sessions and tokens, look-ups, lists, uses, removal.
#include "coder_users/internal/store/api_keys.hpp"

#include <string>
#include <tuple>
#include <vector>

#include "../test_database.hpp"
#include "catch.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

namespace {

ApiKey full_key(const std::string& id, int user) {
    ApiKey key;
    key.id = id;
    key.user_id = id_of(user);
    key.created_at = now;
    key.updated_at = now + Duration(1);
    key.expires_at = now + Duration(2);
    key.last_used = never;
    key.login_type = LoginType::token;
    key.scopes = {"coder:application_connect"};
    key.ip = "203.0.113.9";
    key.user_agent = "a browser";
    key.token_name = "name of " + id;
    key.lifetime_seconds = INT64_MAX;
    return key;
}

std::optional<store::api_keys::CheckedKey> session(store::Store& store, const std::string& id) {
    return store.read(
        [&](store::Connection& c) { return store::api_keys::find_checked_key(c, id); });
}

}  // namespace

TEST_CASE("a session is the key, its user and the hashed secret") {
    store::Store store(anywhere("session"));
    User alice = user_named("alice", 1);
    alice.roles = {"auditor", "owner"};
    const ApiKey key = full_key("aaaaaaaaaa", 1);
    store.write([&](store::Tx& tx) {
        store::users::insert(tx, alice, "");
        for (int i = 50; i < 53; ++i) {
            store::organizations::insert(tx, {id_of(i), "o" + std::to_string(i), now, now});
            store::organizations::add_member(tx, id_of(i), alice.id, {"x", "y"}, now - Duration(i));
        }
        store::api_keys::insert(tx, key, "digest");
    });
    const auto found = session(store, key.id);
    REQUIRE(found);
    CHECK(found->hashed_secret == "digest");
    CHECK(found->linked);
    const ApiKey& read = found->identity.key;
    CHECK(read.id == key.id);
    CHECK(read.user_id == key.user_id);
    CHECK(read.created_at == key.created_at);
    CHECK(read.updated_at == key.updated_at);
    CHECK(read.expires_at == key.expires_at);
    CHECK(read.last_used == key.last_used);
    CHECK(read.login_type == key.login_type);
    CHECK(read.scope == KeyScope::application_connect);
    CHECK(read.scopes == key.scopes);
    CHECK(read.allow_list == std::vector<std::string>{"*:*"});
    CHECK(read.ip == key.ip);
    CHECK(read.user_agent == key.user_agent);
    CHECK(read.token_name == key.token_name);
    CHECK(read.lifetime_seconds == key.lifetime_seconds);
    const User& user = *found->identity.user;
    CHECK(user.username == "alice");
    CHECK(user.roles == alice.roles);
    CHECK(user.organization_ids == std::vector<std::string>{id_of(52), id_of(51), id_of(50)});
    for (const char* id : {"", "AAAAAAAAAA", "aaaaaaaaa", "aaaaaaaaa%"})
        CHECK_FALSE(session(store, id));
    store.write(
        [](store::Tx& tx) { tx.execute("UPDATE users SET deleted = 1 WHERE id = $1", id_of(1)); });
    CHECK_FALSE(session(store, key.id));
}

TEST_CASE("a session of a provider is linked by a link of that provider alone") {
    store::Store store(anywhere("linked"));
    add_user(store, user_named("alice", 1));
    struct Row {
        LoginType key;
        const char* link;
        bool linked;
    };
    const Row rows[] = {
        {LoginType::password, "", true},       {LoginType::token, "", true},
        {LoginType::github, "", false},        {LoginType::oidc, "", false},
        {LoginType::oidc, "oidc", true},       {LoginType::github, "oidc", false},
        {LoginType::oidc, "github", false},    {LoginType::github, "github", true},
        {LoginType::password, "github", true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.link);
        store.write([&](store::Tx& tx) {
            tx.execute("DELETE FROM api_keys");
            tx.execute("DELETE FROM user_links");
            ApiKey key = full_key("aaaaaaaaaa", 1);
            key.login_type = row.key;
            store::api_keys::insert(tx, key, "");
            if (*row.link)
                tx.execute("INSERT INTO user_links VALUES ($1, $2, 'l', '', '', 0, '')", id_of(1),
                           row.link);
        });
        CHECK(session(store, "aaaaaaaaaa")->linked == row.linked);
    }
}

TEST_CASE("use and expiry of a key only ever grow") {
    store::Store store(anywhere("used"));
    add_user(store, user_named("alice", 1));
    store.write([&](store::Tx& tx) {
        store::api_keys::insert(tx, full_key("aaaaaaaaaa", 1), "");
        store::api_keys::insert(tx, full_key("bbbbbbbbbb", 1), "");
        store::api_keys::set_used(tx, "aaaaaaaaaa", {now + Duration(5), now + Duration(6)});
        store::api_keys::set_used(tx, "aaaaaaaaaa", {now + Duration(4), now + Duration(9)});
        store::api_keys::set_used(tx, "aaaaaaaaaa", {now + Duration(5), now + Duration(1)});
    });
    const ApiKey key = session(store, "aaaaaaaaaa")->identity.key;
    CHECK(key.last_used == now + Duration(5));
    CHECK(key.expires_at == now + Duration(9));
    CHECK(session(store, "bbbbbbbbbb")->identity.key.last_used == never);
}

TEST_CASE("keys are removed one by one or those of applications, or all of a user") {
    store::Store store(anywhere("keys"));
    add_user(store, user_named("alice", 1));
    add_user(store, user_named("bob", 2));
    const auto left = [&] {
        return coder_users_test::in_one_line(rows(store, "SELECT id FROM api_keys ORDER BY id"));
    };
    store.write([&](store::Tx& tx) {
        for (const auto& [id, user, scope] :
             {std::tuple("a", 1, KeyScope::all), std::tuple("b", 1, KeyScope::application_connect),
              std::tuple("c", 1, KeyScope::all),
              std::tuple("d", 2, KeyScope::application_connect)}) {
            ApiKey key = full_key(id, user);
            key.scopes = scopes_of(scope);
            store::api_keys::insert(tx, key, "");
        }
        store::api_keys::remove(tx, "c");
        store::api_keys::remove(tx, "no such key");
    });
    CHECK(left() == "a,b,d");
    store.write([](store::Tx& tx) { store::api_keys::remove_of_applications(tx, id_of(1)); });
    CHECK(left() == "a,d");
    store.write([](store::Tx& tx) { store::api_keys::remove_of_user(tx, id_of(1)); });
    CHECK(left() == "d");
}

TEST_CASE("keys are found by their owner alone, tokens by their name, too") {
    store::Store store(anywhere("find keys"));
    add_user(store, user_named("alice", 1));
    add_user(store, user_named("bob", 2));
    ApiKey session_key = full_key("cccccccccc", 1);
    session_key.login_type = LoginType::password;
    session_key.token_name = "";
    ApiKey later = full_key("bbbbbbbbbb", 1);
    later.created_at = now + Duration(1);
    store.write([&](store::Tx& tx) {
        store::api_keys::insert(tx, session_key, "");
        store::api_keys::insert(tx, later, "");
        store::api_keys::insert(tx, full_key("aaaaaaaaaa", 1), "");
        store::api_keys::insert(tx, full_key("dddddddddd", 2), "");
    });
    store.note_use(full_key("aaaaaaaaaa", 1), now + Duration(7), now + Duration(8), now);
    const auto list = [&](const std::string& user) {
        std::string out;
        for (const auto& token :
             store.read([&](store::Connection& c) { return store::api_keys::tokens(c, {user}); }))
            out += token.key.id.substr(0, 1) + token.username + " ";
        return out;
    };
    CHECK(list(id_of(1)) == "aalice balice ");
    CHECK(list(id_of(2)) == "dbob ");
    CHECK(list(id_of(3)).empty());
    CHECK(list("") == "aalice dbob balice ");
    store.read([](store::Connection& c) {
        namespace keys = store::api_keys;
        CHECK(keys::find(c, id_of(1), "cccccccccc")->login_type == LoginType::password);
        CHECK(keys::find(c, id_of(1), "aaaaaaaaaa")->last_used == now + Duration(7));
        CHECK_FALSE(keys::find(c, id_of(2), "aaaaaaaaaa"));
        CHECK_FALSE(keys::find(c, "", "aaaaaaaaaa"));
        CHECK(keys::find_token(c, id_of(1), "name of bbbbbbbbbb")->id == "bbbbbbbbbb");
        CHECK(keys::find_token(c, id_of(1), "name of aaaaaaaaaa")->expires_at == now + Duration(8));
        CHECK_FALSE(keys::find_token(c, id_of(2), "name of bbbbbbbbbb"));
        CHECK_FALSE(keys::find_token(c, id_of(1), "NAME OF bbbbbbbbbb"));
        CHECK_FALSE(keys::find_token(c, id_of(1), ""));  // that is a session
    });
    store.write([](store::Tx& tx) { store::api_keys::remove_of_user(tx, id_of(1)); });
    CHECK(list("") == "dbob ");
    CHECK(rows(store, "SELECT id FROM api_keys") == "dddddddddd");
}
