#include "coder_users/internal/store/user_list.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;
using store::users::Filter;
using store::users::Page;

namespace {

/// Returns the names in order with the count: "alice bob (3)".
std::string listed(store::Store& store, const Filter& filter = {}, const Page& page = {}) {
    const auto list =
        store.read([&](store::Connection& c) { return store::users::list(c, filter, page); });
    std::string out;
    for (const User& user : list.users) out += user.username + " ";
    return out + "(" + std::to_string(list.count) + ")";
}

Filter with_text(const std::string& text) {
    Filter filter;
    filter.text = text;
    return filter;
}

/// Five live users and a deleted one. The ids are in another order than the names.
struct Five {
    store::Store store{in_memory("list")};
    Five() {
        const auto add = [&](const char* name, int number, UserStatus status, int seen,
                             std::vector<std::string> roles) {
            User user = user_named(name, number);
            user.status = status;
            user.last_seen_at = now + std::chrono::seconds(seen);
            user.roles = std::move(roles);
            add_user(store, user);
        };
        add("dave", 1, UserStatus::active, 4, {"auditor", "owner"});
        add("Bob", 2, UserStatus::dormant, 2, {"user-admin"});
        add("alice", 3, UserStatus::active, 1, {});
        add("Eve", 4, UserStatus::suspended, 5, {"auditor"});
        add("carol", 5, UserStatus::active, 3, {"owner", "user-admin"});
        add("bz-gone", 6, UserStatus::active, 9, {"owner"});
        store.write([](store::Tx& tx) { store::users::remove(tx, id_of(6)); });
    }
};

}  // namespace

TEST_CASE("live users are listed by their folded names") {
    Five five;
    CHECK(listed(five.store) == "alice Bob carol dave Eve (5)");
    store::Store empty(in_memory("empty"));
    CHECK(listed(empty) == "(0)");
}

TEST_CASE("a listed user is whole") {
    Five five;
    five.store.write([](store::Tx& tx) {
        store::organizations::insert(tx, {id_of(50), "o", now, now});
        store::organizations::insert(tx, {id_of(51), "p", now, now});
        store::organizations::add_member(tx, id_of(51), id_of(1), {}, now);
        store::organizations::add_member(tx, id_of(50), id_of(1), {}, now + Duration(1));
    });
    const auto list = five.store.read(
        [&](store::Connection& c) { return store::users::list(c, with_text("dave"), {}); });
    REQUIRE(list.users.size() == 1);
    const User& dave = list.users[0];
    CHECK(dave.id == id_of(1));
    CHECK(dave.roles == std::vector<std::string>{"auditor", "owner"});
    CHECK(dave.organization_ids == std::vector<std::string>{id_of(51), id_of(50)});
    CHECK(dave.last_seen_at == now + std::chrono::seconds(4));
}

TEST_CASE("text is looked for in names and addresses and stands for itself") {
    Five five;
    User odd = user_named("odd", 7);
    odd.email = "100%_\\x'\"@Host.net";
    add_user(five.store, odd);
    struct Row {
        const char *text, *found;
    };
    const Row rows[] = {
        {"a", "alice Bob carol dave Eve (5)"},  // all addresses at example.org
        {"bob", "Bob (1)"},
        {"ob@ex", "Bob (1)"},
        {"host", "odd (1)"},
        {"e.org", "alice Bob carol dave Eve (5)"},
        {"%", "odd (1)"},
        {"_", "odd (1)"},
        {"\\", "odd (1)"},
        {"0%_\\x'\"@", "odd (1)"},
        {"\\\\", "(0)"},
        {"%%", "(0)"},
        {"b_b", "(0)"},
        {"b%", "(0)"},
        {"*", "(0)"},
        {"nobody", "(0)"},
        {"gone", "(0)"},
        {"\xff", "(0)"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(listed(five.store, with_text(row.text)) == row.found);
    }
    CHECK(listed(five.store, with_text(std::string(8'192, 'x'))) == "(0)");
}

TEST_CASE("what only rows hold is a condition like the others") {
    Five five;
    five.store.write([](store::Tx& tx) {
        tx.execute("UPDATE users SET name_folded = 'x_y \xc3\x84' WHERE username = 'dave'");
        tx.execute("UPDATE users SET login_type = 'github' WHERE username IN ('dave', 'alice')");
        tx.execute(
            "UPDATE users SET is_service_account = 1, login_type = 'none' WHERE username = "
            "'Eve'");
        tx.execute("UPDATE users SET created_at = created_at + 10 WHERE username = 'Bob'");
        tx.execute("INSERT INTO user_links VALUES ($1, 'github', '12', '', '', 0, '')", id_of(1));
        tx.execute("INSERT INTO user_links VALUES ($1, 'github', '123', '', '', 0, '')", id_of(3));
        tx.execute("INSERT INTO user_links VALUES ($1, 'oidc', '12', '', '', 0, '')", id_of(5));
    });
    const auto with = [&](auto&& set) {
        Filter filter;
        set(filter);
        return listed(five.store, filter);
    };
    CHECK(with([](Filter& f) { f.name = "_y \xc3\x84"; }) == "dave (1)");
    CHECK(with([](Filter& f) { f.name = "%"; }) == "(0)");
    CHECK(with([](Filter& f) { f.login_types = {LoginType::github}; }) == "alice dave (2)");
    CHECK(with([](Filter& f) {
              f.login_types = {LoginType::none, LoginType::github};
          }) == "alice dave Eve (3)");
    CHECK(with([](Filter& f) { f.login_types = {LoginType::token}; }) == "(0)");
    CHECK(with([](Filter& f) { f.service_account = true; }) == "Eve (1)");
    CHECK(with([](Filter& f) { f.service_account = false; }) == "alice Bob carol dave (4)");
    const auto addressed = [&](int number, const std::string& text = "") {
        Filter filter;
        filter.email = fold_ascii(five.store
                                      .read([&](store::Connection& c) {
                                          return store::users::find_even_deleted(c, id_of(number));
                                      })
                                      .value()
                                      .email);
        filter.text = text;
        return listed(five.store, filter);
    };
    CHECK(addressed(2) == "Bob (1)");
    CHECK(addressed(2, "alice") == "(0)");
    CHECK(addressed(6) == "(0)");  // deleted
    CHECK(with([](Filter& f) { f.github_id = 12; }) == "dave (1)");
    CHECK(with([](Filter& f) { f.github_id = -12; }) == "(0)");
    CHECK(with([](Filter& f) {
              f.github_id = 12;
              f.text = "alice";
          }) == "(0)");
    const User bob =
        *five.store.read([](store::Connection& c) { return store::users::find(c, id_of(2)); });
    CHECK(with([&](Filter& f) { f.created_from = bob.created_at; }) == "Bob (1)");
    CHECK(with([&](Filter& f) { f.created_from = bob.created_at + Duration(1); }) == "(0)");
    CHECK(with([&](Filter& f) { f.created_until = bob.created_at - Duration(1); }) ==
          "alice carol dave Eve (4)");
    CHECK(with([&](Filter& f) { f.created_until = bob.created_at; }) ==
          "alice Bob carol dave Eve (5)");
    CHECK(with([](Filter& f) {
              f.roles = {"auditor"};
              f.service_account = true;
          }) == "Eve (1)");
}

TEST_CASE("all conditions must hold, of the values of one any") {
    Five five;
    Filter filter;
    filter.statuses = {UserStatus::active};
    CHECK(listed(five.store, filter) == "alice carol dave (3)");
    filter.statuses = {UserStatus::suspended, UserStatus::dormant};
    CHECK(listed(five.store, filter) == "Bob Eve (2)");
    filter = {};
    filter.roles = {"owner"};
    CHECK(listed(five.store, filter) == "carol dave (2)");
    filter.roles = {"auditor", "user-admin"};
    CHECK(listed(five.store, filter) == "Bob carol dave Eve (4)");
    filter.roles = {"no-such"};
    CHECK(listed(five.store, filter) == "(0)");
    filter.roles = {"auditor", "user-admin"};
    filter.statuses = {UserStatus::active};
    filter.text = "d";
    CHECK(listed(five.store, filter) == "dave (1)");

    filter = {};
    filter.seen_until = now + std::chrono::seconds(2);
    CHECK(listed(five.store, filter) == "alice Bob (2)");
    filter.seen_from = now + std::chrono::seconds(2);
    CHECK(listed(five.store, filter) == "Bob (1)");
    filter.seen_until.reset();
    CHECK(listed(five.store, filter) == "Bob carol dave Eve (4)");
    filter.seen_from = now + std::chrono::seconds(6);
    CHECK(listed(five.store, filter) == "(0)");

    filter = {};
    filter.only_ids = {id_of(2)};
    CHECK(listed(five.store, filter) == "Bob (1)");
    filter.text = "alice";
    CHECK(listed(five.store, filter) == "(0)");
}

TEST_CASE("who was never seen is before any time") {
    store::Store store(in_memory("never"));
    add_user(store, user_named("alice", 1));
    Filter filter;
    filter.seen_until = *parse_rfc3339("0000-01-01T00:00:00Z");
    CHECK(listed(store, filter) == "alice (1)");
}

TEST_CASE("pages follow each other by cursor, whoever it is") {
    Five five;
    const auto after = [&](int number, std::int64_t limit = 0, std::int64_t offset = 0,
                           const Filter& filter = {}) {
        return listed(five.store, filter, {id_of(number), limit, offset});
    };
    CHECK(after(3) == "Bob carol dave Eve (5)");
    CHECK(after(2) == "carol dave Eve (5)");
    CHECK(after(4) == "(5)");
    CHECK(after(6) == "carol dave Eve (5)");  // deleted
    CHECK(after(99) == "(5)");                // nobody
    CHECK(after(3, 2) == "Bob carol (5)");
    CHECK(after(3, 2, 1) == "carol dave (5)");
    Filter owners;
    owners.roles = {"owner"};
    CHECK(after(2, 0, 0, owners) == "carol dave (2)");  // does not match the filter
    Filter own;
    own.only_ids = {id_of(5)};
    CHECK(after(2, 0, 0, own) == "(1)");  // nobody may be seen, so that name must not matter
    CHECK(after(5, 0, 0, own) == "(1)");
}

TEST_CASE("limit and offset cut users, not rows, and never the count") {
    Five five;
    const auto page = [&](std::int64_t limit, std::int64_t offset) {
        return listed(five.store, {}, {"", limit, offset});
    };
    CHECK(page(0, 0) == "alice Bob carol dave Eve (5)");
    CHECK(page(1, 0) == "alice (5)");
    CHECK(page(2, 3) == "dave Eve (5)");
    CHECK(page(0, 4) == "Eve (5)");
    CHECK(page(3, 5) == "(5)");
    CHECK(page(0, INT64_MAX) == "(5)");
    CHECK(page(INT64_MAX, 0) == "alice Bob carol dave Eve (5)");
}

TEST_CASE("walking by cursor meets everybody once") {
    store::Store store(in_memory("walk"));
    store.write([](store::Tx& tx) {
        for (int i = 0; i < 100; ++i) {
            const std::string name = (i % 2 ? "U" : "u") + std::to_string(i * 37 % 100);
            store::users::insert(tx, user_named(name, i), "");
        }
    });
    std::vector<std::string> met;
    std::string cursor;
    for (int pages = 0; pages < 20; ++pages) {
        const auto list = store.read([&](store::Connection& c) {
            return store::users::list(c, {}, {cursor, 7, 0});
        });
        CHECK(list.count == 100);
        if (list.users.empty()) break;
        for (const User& user : list.users) met.push_back(fold_ascii(user.username));
        cursor = list.users.back().id;
    }
    CHECK(met.size() == 100);
    CHECK(std::is_sorted(met.begin(), met.end()));
    CHECK(std::adjacent_find(met.begin(), met.end()) == met.end());
}

TEST_CASE("users of an organization, whether they are few or many") {
    store::Store store(in_memory("members"));
    constexpr int all = 2600;
    const auto numbered = [](int number) {
        return "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + number);
    };
    store.write([&](store::Tx& tx) {
        store::organizations::insert(tx, {numbered(9001), "many", now, now});
        store::organizations::insert(tx, {numbered(9002), "some", now, now});
        for (int i = 0; i < all; ++i) {
            User user = user_named("u" + std::to_string(10000 + i), 0);
            user.id = numbered(i + 1);
            if (i == 7) user.roles = {"auditor"};
            store::users::insert_row(tx, user, "");
            if (i % 2) store::organizations::add_member(tx, numbered(9001), user.id, {}, now);
            if (i % 1000 == 1)
                store::organizations::add_member(tx, numbered(9002), user.id, {}, now);
        }
        store::users::derive_all(tx);
    });
    const auto members = [&](int organization, const Page& page, const std::string& text = "") {
        Filter filter = with_text(text);
        filter.organization_id = numbered(organization);
        return listed(store, filter, page);
    };
    CHECK(members(9002, {}) == "u10001 u11001 u12001 (3)");
    CHECK(members(9002, {"", 1, 1}) == "u11001 (3)");
    CHECK(members(9002, {}, "1100") == "u11001 (1)");
    CHECK(members(9001, {"", 2, 0}) == "u10001 u10003 (1300)");
    CHECK(members(9001, {"", 2, 1298}) == "u12597 u12599 (1300)");
    CHECK(members(9001, {numbered(12), 1, 0}) == "u10013 (1300)");
    CHECK(members(9001, {"", 1, 0}, "u1") == "u10001 (1300)");
    CHECK(members(9003, {}) == "(0)");
    Filter filter;
    filter.organization_id = numbered(9001);
    filter.roles = {"auditor"};
    CHECK(listed(store, filter) == "u10007 (1)");
    filter.organization_id = numbered(9002);
    CHECK(listed(store, filter) == "(0)");
    INFO("a cursor that the caller does not see");
    filter = {};
    filter.organization_id = numbered(9002);
    CHECK(listed(store, filter, {numbered(1), 1, 0}) == "u10001 (3)");
    filter.only_members_visible = true;
    CHECK(listed(store, filter, {numbered(1), 1, 0}) == "(3)");
    CHECK(listed(store, filter, {numbered(2), 1, 0}) == "u11001 (3)");
}
