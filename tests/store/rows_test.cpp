// The smaller tables: organizations, Git SSH keys, audit log, deployment.
#include <string>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/store/audit.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "coder_users/internal/store/git_ssh_keys.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;

TEST_CASE("organizations are listed oldest first and found by id and folded name") {
    store::Store store(anywhere("organizations"));
    store.write([](store::Tx& tx) {
        store::organizations::insert(tx, {id_of(52), "Young", now + Duration(1), now});
        store::organizations::insert(tx, {id_of(51), "b", now, now + Duration(7)});
        store::organizations::insert(tx, {id_of(50), "a", now, now});
    });
    const auto all = store.read(store::organizations::oldest_first);
    REQUIRE(all.size() == 3);
    CHECK(all[0].id == id_of(50));
    CHECK(all[1].id == id_of(51));
    CHECK(all[1].updated_at == now + Duration(7));
    CHECK(all[2].name == "Young");
    store.read([](store::Connection& c) {
        CHECK(store::organizations::find(c, id_of(52))->name == "Young");
        CHECK_FALSE(store::organizations::find(c, "young"));
        CHECK(store::organizations::find_by_name(c, "yOUNG")->id == id_of(52));
        CHECK_FALSE(store::organizations::find_by_name(c, id_of(52)));
        CHECK_FALSE(store::organizations::find_by_name(c, "y%"));
    });
}

TEST_CASE("members have their explicit roles, sorted, which can be replaced") {
    store::Store store(anywhere("members"));
    add_user(store, user_named("alice", 1));
    add_user(store, user_named("bob", 2));
    store.write([](store::Tx& tx) {
        for (int i = 50; i < 53; ++i)
            store::organizations::insert(tx, {id_of(i), "o" + std::to_string(i), now, now});
        store::organizations::add_member(tx, id_of(51), id_of(1), {"z", "a"}, now);
        store::organizations::add_member(tx, id_of(50), id_of(1), {}, now + Duration(1));
        store::organizations::add_member(tx, id_of(51), id_of(2), {"b"}, now);
    });
    const auto members = [&](int user) {
        return store.read([&](store::Connection& c) {
            return store::organizations::memberships(c, id_of(user));
        });
    };
    auto alice = members(1);
    REQUIRE(alice.size() == 2);
    CHECK(alice[0].user_id == id_of(1));
    CHECK(alice[0].organization_id == id_of(51));
    CHECK(alice[0].roles == std::vector<std::string>{"a", "z"});
    CHECK(alice[1].organization_id == id_of(50));
    CHECK(alice[1].roles.empty());
    CHECK(members(3).empty());

    store.write([&](store::Tx& tx) {
        store::organizations::set_roles(tx, alice[0], {"n", "m"}, now + Duration(9));
        store::organizations::set_roles(tx, alice[1], {}, now + Duration(8));
    });
    alice = members(1);
    CHECK(alice[0].roles == std::vector<std::string>{"m", "n"});
    CHECK(alice[0].created_at == now);
    CHECK(alice[0].updated_at == now + Duration(9));
    CHECK(alice[1].roles.empty());
    CHECK(members(2)[0].roles == std::vector<std::string>{"b"});
    CHECK(members(2)[0].updated_at == now);
    CHECK_THROWS(store.write(
        [](store::Tx& tx) { store::organizations::add_member(tx, id_of(99), id_of(1), {}, now); }));
}

TEST_CASE("a Git SSH key comes back as it was stored and can be replaced") {
    store::Store store(in_memory("ssh"));
    add_user(store, user_named("alice", 1));
    add_user(store, user_named("bob", 2));
    const std::string sealed("a\0b", 3);
    store.write([&](store::Tx& tx) {
        store::git_ssh_keys::insert(tx, {{id_of(1), now, now + Duration(1), "public\n"}, sealed});
        store::git_ssh_keys::insert(tx, {{id_of(2), now, now, "other\n"}, "x"});
    });
    const auto find = [&](int user) {
        return store.read(
            [&](store::Connection& c) { return store::git_ssh_keys::find(c, id_of(user)); });
    };
    auto found = find(1);
    REQUIRE(found);
    CHECK(found->key.user_id == id_of(1));
    CHECK(found->key.created_at == now);
    CHECK(found->key.updated_at == now + Duration(1));
    CHECK(found->key.public_key == "public\n");
    CHECK((found->sealed_private_key == sealed));
    CHECK_FALSE(find(3));
    store.write([&](store::Tx& tx) {
        store::git_ssh_keys::replace(tx, {{id_of(1), never, now + Duration(5), "new\n"}, "y"});
    });
    found = find(1);
    CHECK(found->key.created_at == now);
    CHECK(found->key.updated_at == now + Duration(5));
    CHECK(found->key.public_key == "new\n");
    CHECK(found->sealed_private_key == "y");
    CHECK(find(2)->key.public_key == "other\n");
}

TEST_CASE("audit entries are counted up and keep their values") {
    store::Store store(in_memory("audit"));
    add_user(store, user_named("alice", 1));
    AuditEntry entry;
    entry.id = id_of(10);
    entry.request_id = id_of(11);
    entry.time = now;
    entry.actor_id = id_of(1);
    entry.ip = "::1";
    entry.user_agent = "curl \"'\xff";
    entry.resource_type = "user";
    entry.action = "write";
    entry.resource_id = id_of(1);
    entry.resource_target = "Alice";
    entry.diff = "{\"a\":1}";
    entry.status_code = 200;
    store.write([&](store::Tx& tx) {
        store::audit::insert(tx, entry);
        entry.id = id_of(12);
        entry.actor_id.reset();
        store::audit::insert(tx, entry);
    });
    CHECK(rows(store,
               "SELECT entry || '|' || coalesce(actor_id, 'NULL') || '|' || ip || '|' || "
               "resource_target_folded || '|' || organization_id || '|' || diff || '|' || "
               "status_code || '|' || time FROM audit_logs ORDER BY entry") ==
          "1|" + id_of(1) + "|::1|alice|" + std::string(nil_uuid) + "|{\"a\":1}|200|" +
              std::to_string(micros(now)) + "\n2|NULL|::1|alice|" + std::string(nil_uuid) +
              "|{\"a\":1}|200|" + std::to_string(micros(now)));
    CHECK((rows(store, "SELECT user_agent FROM audit_logs LIMIT 1") == entry.user_agent));
}

TEST_CASE("facts about the deployment are found by their exact name") {
    store::Store store(anywhere("facts"));
    store.write([](store::Tx& tx) { store::deployment::insert(tx, "a", ""); });
    const auto find = [&](const char* name) {
        return store.read([&](store::Connection& c) { return store::deployment::find(c, name); });
    };
    CHECK(find("a") == "");
    CHECK_FALSE(find("A"));
    CHECK_FALSE(find(""));
}
