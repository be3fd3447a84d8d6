// Compares the list with a simple model that checks every user, with more users than the list
// treats as few.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "../test_database.hpp"
#include "catch.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;
using store::users::Filter;
using store::users::Page;

namespace {

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t end) { return random() % end; }

template <class Values>
auto one_of(Random& random, const Values& values) {
    return values[below(random, values.size())];
}

struct Model {
    std::vector<User> users;  // sorted by folded name

    void sort() {
        std::sort(users.begin(), users.end(), [](const User& a, const User& b) {
            return fold_ascii(a.username) < fold_ascii(b.username);
        });
    }
    static bool matches(const User& user, const Filter& filter) {
        const auto holds = [](const auto& list, const auto& value) {
            return std::find(list.begin(), list.end(), value) != list.end();
        };
        const auto within = [&](const std::string& text) {
            return fold_ascii(text).find(filter.text) != std::string::npos;
        };
        const bool role =
            filter.roles.empty() || std::any_of(user.roles.begin(), user.roles.end(),
                                                [&](auto& r) { return holds(filter.roles, r); });
        return (!filter.only_ids || has_word(*filter.only_ids, user.id)) &&
               (within(user.username) || within(user.email)) && role &&
               (filter.statuses.empty() || holds(filter.statuses, user.status)) &&
               (filter.name.empty() ||
                fold_ascii(user.name).find(filter.name) != std::string::npos) &&
               (filter.login_types.empty() || holds(filter.login_types, user.login_type)) &&
               (!filter.service_account || user.is_service_account == *filter.service_account) &&
               (!filter.created_until || user.created_at <= *filter.created_until) &&
               (!filter.created_from || user.created_at >= *filter.created_from) &&
               (!filter.seen_until || user.last_seen_at <= *filter.seen_until) &&
               (!filter.seen_from || user.last_seen_at >= *filter.seen_from);
    }
    std::string list(const Filter& filter, const Page& page) const {
        std::string after;
        for (const User& user : users)
            if (user.id == page.after_id) after = fold_ascii(user.username);
        std::int64_t count = 0, skipped = 0, taken = 0;
        std::string names;
        for (const User& user : users) {
            if (!matches(user, filter)) continue;
            ++count;
            if (fold_ascii(user.username) <= after) continue;
            if (skipped++ < page.offset) continue;
            if (page.limit > 0 && taken++ >= page.limit) continue;
            names += ' ' + user.username;
        }
        return std::to_string(count) + names;
    }
};

std::string listed(store::Connection& c, const Filter& filter, const Page& page) {
    const auto list = store::users::list(c, filter, page);
    std::string out = std::to_string(list.count);
    for (const auto& user : list.users) out += ' ' + user->username;
    return out;
}

std::string listed(store::Store& store, const Filter& filter, const Page& page) {
    return store.read([&](store::Connection& c) { return listed(c, filter, page); });
}

/// As a change lists it, which uses no texts that are kept in memory.
std::string listed_in_change(store::Store& store, const Filter& filter, const Page& page) {
    return store.write([&](store::Tx& tx) { return listed(tx, filter, page); });
}

const std::vector<UserStatus> statuses{UserStatus::active, UserStatus::dormant,
                                       UserStatus::suspended};
const std::vector<std::string> roles{"owner", "auditor", "user-admin"};

User made_up(Random& random, int number) {
    User user;
    user.id = "00000000-0000-4000-8000-" + std::string(12 - std::to_string(number).size(), '0') +
              std::to_string(number);
    const std::vector<std::string> parts{"Ann", "bob", "CA", "d", "e%", "_f", "x-y", "\xc3\xa4"};
    user.username = one_of(random, parts) + one_of(random, parts) + std::to_string(number);
    user.email = user.username + (below(random, 50) ? "@Example.org" : "@rare.net");
    user.status = below(random, 3) ? UserStatus::active : one_of(random, statuses);
    user.last_seen_at = now + std::chrono::seconds(below(random, 100));
    user.name = one_of(random, parts) + ' ' + one_of(random, parts);
    user.created_at = now + std::chrono::seconds(below(random, 100));
    if (!below(random, 5)) user.login_type = LoginType::github;
    if (!below(random, 20)) {
        user.is_service_account = true;
        user.login_type = LoginType::none;
        user.email = "";
    }
    // Most are auditors; few have another role.
    if (below(random, 10)) user.roles.push_back("auditor");
    if (!below(random, 100)) user.roles.push_back("owner");
    return user;
}

Filter made_up_filter(Random& random, const Model& model) {
    const std::vector<std::string> texts{"",   "",    "a",    "b1",  "%",       "_",    "e%",
                                         "12", "nnb", "rare", "org", "example", "@exa", "\xc3\xa4",
                                         "y1", "%_f", "777",  "é",   "\"",      "zzz"};
    Filter filter;
    filter.text = one_of(random, texts);
    for (const UserStatus status : statuses)
        if (!below(random, 4)) filter.statuses.push_back(status);
    for (const std::string& role : roles)
        if (!below(random, 4)) filter.roles.push_back(role);
    if (!below(random, 6)) filter.seen_from = now + std::chrono::seconds(below(random, 100));
    if (!below(random, 6)) filter.seen_until = now + std::chrono::seconds(below(random, 100));
    if (!below(random, 6)) filter.created_from = now + std::chrono::seconds(below(random, 100));
    if (!below(random, 6)) filter.created_until = now + std::chrono::seconds(below(random, 100));
    if (!below(random, 6)) filter.name = one_of(random, texts);
    if (!below(random, 8)) filter.service_account = below(random, 2) == 0;
    for (const LoginType type : {LoginType::password, LoginType::github, LoginType::none})
        if (!below(random, 8)) filter.login_types.push_back(type);
    if (!below(random, 12))
        filter.only_ids = {one_of(random, model.users).id, one_of(random, model.users).id};
    return filter;
}

}  // namespace

TEST_CASE("every list is what a look at everybody would give") {
    Random random(8);
    store::Store store(anywhere("model"));
    Model model;
    constexpr int many = 2 * store::users::few + 200;
    store.write([&](store::Tx& tx) {
        for (int i = 0; i < many; ++i) {
            model.users.push_back(made_up(random, i));
            store::users::insert(tx, model.users.back(), "");
        }
    });
    for (int round = 0; round < 4; ++round) {
        model.sort();
        for (int i = 0; i < 60; ++i) {
            const Filter filter = made_up_filter(random, model);
            Page page;
            page.limit = static_cast<std::int64_t>(below(random, 4) * 7);
            page.offset = static_cast<std::int64_t>(below(random, 3) * below(random, many));
            if (below(random, 2) && !filter.only_ids)
                page.after_id = one_of(random, model.users).id;
            CAPTURE(round, filter.text, filter.statuses.size(), filter.roles, page.after_id,
                    page.limit, page.offset);
            const std::string expected = model.list(filter, page);
            const bool same = listed(store, filter, page) == expected;
            CHECK(same);
            const bool same_in_change = listed_in_change(store, filter, page) == expected;
            CHECK(same_in_change);
        }
        store.write([&](store::Tx& tx) {
            for (int i = 0; i < 100; ++i) {
                const std::size_t at = below(random, model.users.size());
                User& user = model.users[at];
                if (i % 4 == 0) {
                    store::users::remove(tx, user.id);
                    model.users.erase(model.users.begin() + static_cast<std::ptrdiff_t>(at));
                } else if (i % 4 == 1) {
                    if (user.is_service_account) continue;
                    user.email = "Moved" + std::to_string(round * 1000 + i) + "@y12.example";
                    store::users::set_email(tx, user.id, user.email);
                } else if (i % 4 == 2) {
                    user.username = "Renamed" + std::to_string(round * 1000 + i);
                    store::users::set_username(tx, user.id, user.username);
                } else {
                    user.status = one_of(random, statuses);
                    store::users::set_status(tx, user.id, user.status, now);
                }
            }
        });
    }
}

TEST_CASE("a change of users that is rolled back is neither counted nor found") {
    store::Store store(anywhere("undone"));
    add_user(store, user_named("alice", 1));
    CHECK_THROWS(store.write([](store::Tx& tx) {
        store::users::insert(tx, user_named("carol", 2), "");
        store::users::remove(tx, id_of(1));
        throw std::runtime_error("no");
    }));
    Filter filter;
    CHECK(listed(store, filter, {}) == "1 alice");
    filter.text = "lice";
    CHECK(listed(store, filter, {}) == "1 alice");
    filter.text = "carol";
    CHECK(listed(store, filter, {}) == "0");
    // A user that is deleted or never existed does not change anything.
    store.write([](store::Tx& tx) {
        store::users::remove(tx, id_of(1));
        store::users::remove(tx, id_of(1));
        store::users::set_username(tx, id_of(1), "alice2");
        store::users::remove(tx, id_of(99));
    });
    CHECK(listed(store, {}, {}) == "0");
    add_user(store, user_named("alice", 3));
    CHECK(listed(store, {}, {}) == "1 alice");
}

TEST_CASE("what is derived can be made anew") {
    store::Store store(anywhere("anew"));
    add_user(store, user_named("alice", 1));
    add_user(store, user_named("bob", 2));
    store.write([](store::Tx& tx) {
        store::users::remove(tx, id_of(2));
        tx.execute("UPDATE users SET username_folded = 'eve', username = 'Eve' WHERE id = $1",
                   id_of(1));
        tx.execute("UPDATE counters SET value = 77");
        store::users::derive_all(tx);
    });
    CHECK(listed(store, {}, {}) == "1 Eve");
    Filter filter;
    filter.text = "eve";
    CHECK(listed(store, filter, {}) == "1 Eve");
    if (coder_users_test::on_postgres()) return;  // its index follows the rows
    CHECK(rows(store, "SELECT count(*) FROM users_text WHERE users_text MATCH '\"example\"'") ==
          "1");
}
