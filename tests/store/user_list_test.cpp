#include "coder_users/internal/store/user_list.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
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
    for (const auto& user : list.users) out += user->username + " ";
    return out + "(" + std::to_string(list.count) + ")";
}

Filter with_text(const std::string& text) {
    Filter filter;
    filter.text = text;
    return filter;
}

/// Five live users and a deleted one. The ids are in another order than the names.
struct Five {
    store::Store store{anywhere("list")};
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
    store::Store empty(anywhere("empty"));
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
    const User& dave = *list.users[0];
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
    store::Store store(anywhere("never"));
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
    store::Store store(anywhere("walk"));
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
        for (const auto& user : list.users) met.push_back(fold_ascii(user->username));
        cursor = list.users.back()->id;
    }
    CHECK(met.size() == 100);
    CHECK(std::is_sorted(met.begin(), met.end()));
    CHECK(std::adjacent_find(met.begin(), met.end()) == met.end());
}

TEST_CASE("users of an organization, whether they are few or many") {
    store::Store store(anywhere("members"));
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

TEST_CASE("memberships of a page are those of its users, in their order") {
    store::Store store(anywhere("as-members"));
    store.write([](store::Tx& tx) {
        for (const int organization : {50, 51})
            store::organizations::insert(
                tx, {id_of(organization), "o" + std::to_string(organization), now, now});
        for (int i = 1; i <= 4; ++i) {
            store::users::insert(tx, user_named("user" + std::to_string(i), i), "");
            const auto roles = i == 2   ? std::vector<std::string>{"x", "y"}
                               : i == 3 ? std::vector<std::string>{"x"}
                                        : std::vector<std::string>();
            store::organizations::add_member(tx, id_of(51), id_of(i), {"other"}, now);
            if (i != 4)
                store::organizations::add_member(tx, id_of(50), id_of(i), roles,
                                                 now + std::chrono::seconds(i));
        }
    });
    const auto described = [&](const std::vector<int>& numbers) {
        std::vector<Shared<User>> users;
        for (const int i : numbers)
            users.push_back(std::make_shared<const User>(user_named("u" + std::to_string(i), i)));
        const auto members = store.read([&](store::Connection& c) {
            return store::organizations::as_members(c, id_of(50), users);
        });
        std::string out;
        for (const Member& each : members) {
            CHECK(each.user.id == each.membership.user_id);
            CHECK(each.membership.organization_id == id_of(50));
            CHECK(each.membership.created_at > now);
            out += each.user.username + "(" + join(each.membership.roles, ",") + ")";
        }
        return out;
    };
    CHECK(described({}).empty());
    CHECK(described({1, 2, 3}) == "u1()u2(x,y)u3(x)");
    CHECK(described({3, 1, 2}) == "u3(x)u1()u2(x,y)");
    CHECK(described({2, 4, 3}) == "u2(x,y)u3(x)");  // 4 is no member
    CHECK(described({4}).empty());
}

namespace {

/// The same users once in a file and once in memory.
store::StoreOptions stored_where(bool file, const TempFolder& folder) {
    return file ? options(folder.file("users.db")) : in_memory("recent");
}

/// How many of the users that the next reader may list without reading their rows are known to it.
int remembered(store::Store& store) {
    return store.read([](store::Connection& c) {
        c.recent_users().see(c.data_version());
        int known = 0;
        for (int rowid = 1; rowid <= 10; ++rowid) known += c.recent_users().find(rowid) ? 1 : 0;
        return known;
    });
}

}  // namespace

TEST_CASE("a page of remembered users is the page of their rows") {
    const bool file = GENERATE(true, false);
    const TempFolder folder;
    store::Store store(stored_where(file, folder));
    for (const char* name : {"carol", "alice", "bob"})
        add_user(store, user_named(name, name[0] - 'a' + 1));
    CHECK(remembered(store) == 0);
    CHECK(listed(store, {}, {"", 2, 0}) == "alice bob (3)");
    CHECK(remembered(store) == 2);
    CHECK(listed(store, {}, {"", 2, 0}) == "alice bob (3)");  // from memory alone
    CHECK(listed(store, {}, {"", 3, 0}) == "alice bob carol (3)");
    CHECK(remembered(store) == 3);
    CHECK(listed(store, {}, {id_of(1), 2, 0}) == "bob carol (3)");
    CHECK(listed(store, {}, {"", 2, 2}) == "carol (3)");
    CHECK(listed(store, {}, {"", 101, 0}) == "alice bob carol (3)");

    store.write([](store::Tx& tx) { store::users::set_username(tx, id_of(2), "zoe"); });
    CHECK(remembered(store) == 0);
    CHECK(listed(store, {}, {"", 3, 0}) == "alice carol zoe (3)");
    const std::string image = store.image();
    store.write([](store::Tx& tx) {
        store::users::set_profile(tx, id_of(3), "Carol C.", "", now);
        store::users::remove(tx, id_of(1));
    });
    const auto page = store.read([](store::Connection& c) {
        return store::users::list(c, {}, {"", 3, 0});
    });
    REQUIRE(page.users.size() == 2);
    CHECK(page.users[0]->name == "Carol C.");
    store.replace_everything(image);
    CHECK(listed(store, {}, {"", 3, 0}) == "alice carol zoe (3)");
}

TEST_CASE("a page of remembered users shows uses that are not stored yet") {
    store::Store store(in_memory("recent-uses"));
    User sleeper = user_named("sleeper", 1);
    sleeper.status = UserStatus::dormant;
    add_user(store, sleeper);
    const auto first = [&] {
        const auto page = store.read([](store::Connection& c) {
            return store::users::list(c, {}, {"", 1, 0});
        });
        return *page.users.at(0);
    };
    CHECK(first().status == UserStatus::dormant);
    REQUIRE(remembered(store) == 1);
    ApiKey key;
    key.id = "abcdefghij";
    key.user_id = sleeper.id;
    const Time used = now + std::chrono::hours(1);
    store.note_use(key, used, used, used);
    CHECK(first().status == UserStatus::active);
    CHECK(first().last_seen_at == used);
    CHECK(first().updated_at == used);
    store.store_activity();
    CHECK(first().last_seen_at == used);
}

TEST_CASE("a page of remembered users shows what another program has written") {
    const TempFolder folder;
    store::Store store(options(folder.file("users.db")));
    add_user(store, user_named("alice", 1));
    CHECK(listed(store, {}, {"", 5, 0}) == "alice (1)");
    raw(folder.file("users.db")).exec("UPDATE users SET name = 'Alice A.'");
    const auto page = store.read([](store::Connection& c) {
        return store::users::list(c, {}, {"", 5, 0});
    });
    REQUIRE(page.users.size() == 1);
    CHECK(page.users[0]->name == "Alice A.");
}

TEST_CASE("remembered users are bounded in bytes") {
    store::RecentUsers recent;
    CHECK_FALSE(recent.on());
    User user = user_named("alice", 1);
    user.name = std::string(1000, 'n');
    const auto shared = std::make_shared<const User>(user);
    recent.keep(1, shared);
    CHECK(recent.empty());  // off
    recent.hold(10'000);
    REQUIRE(recent.on());
    recent.see(1);
    int most = 0;
    for (std::int64_t rowid = 1; rowid <= 100; ++rowid) {
        recent.keep(rowid, shared);
        int known = 0;
        for (std::int64_t other = 1; other <= 100; ++other) known += recent.find(other) ? 1 : 0;
        most = (std::max)(most, known);
        CHECK(recent.find(rowid) == shared);
    }
    CHECK(most < 10);
    CHECK(most > 3);
    user.name = std::string(10'000, 'n');
    recent.keep(200, std::make_shared<const User>(user));
    CHECK(recent.find(200) == nullptr);
    recent.see(1);
    CHECK_FALSE(recent.empty());
    recent.see(2);
    CHECK(recent.empty());
}
