// Searches that look at everybody in texts that are kept in memory, beside what LIKE finds.
#include "coder_users/internal/store/user_texts.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/store/user_list.hpp"
#include "sanitized.hpp"
#include "store_fixture.hpp"

using namespace store_test;
using namespace coder_users;
using store::KeptTexts;
using store::UserTexts;
using store::users::Filter;
using store::users::Page;

namespace {

using Random = std::mt19937;

/// Up to `most` letters, of which many occur often and some are special to LIKE or not ASCII.
std::string made_up_text(Random& random, std::size_t most) {
    const std::vector<std::string> letters{"a",
                                           "a",
                                           "b",
                                           "b",
                                           "c",
                                           "%",
                                           "_",
                                           "-",
                                           "\\",
                                           "'",
                                           "\xc3\xa4",
                                           "\xc3\x84",
                                           "\xe2\x82\xac",
                                           "\xef\xbf\xbc"};
    std::string text;
    for (std::size_t i = random() % most + 1; i > 0; --i)
        text += letters[random() % letters.size()];
    return text;
}

/// Users with made-up texts, once as they are kept and once in a table.
struct Both {
    UserTexts kept;
    SQLite::Database table{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_MEMORY};

    explicit Both(Random& random) {
        table.exec("CREATE TABLE users (name TEXT PRIMARY KEY, email TEXT NOT NULL)");
        std::map<std::string, std::string> emails;
        for (int i = 0; i < 60; ++i) {
            const std::string name = made_up_text(random, 6);
            emails[name] = random() % 2 ? name + "@" + made_up_text(random, 3)
                                        : std::string(random() % 9 ? made_up_text(random, 9) : "");
        }
        for (const auto& [name, email] : emails) {
            SQLite::Statement insert(table, "INSERT INTO users VALUES (?, ?)");
            insert.bind(1, name), insert.bind(2, email);
            insert.exec();
            REQUIRE(kept.add(name, email, table.getLastInsertRowid()));
        }
    }

    /// The rows of the users with a text, in the order of names, by LIKE.
    std::vector<std::int64_t> like(const std::string& part, const std::string& after = "") {
        SQLite::Statement select(table,
                                 "SELECT rowid FROM users WHERE (email LIKE ?1 ESCAPE '\\' OR name "
                                 "LIKE ?1 ESCAPE '\\') AND name > ?2 ORDER BY name");
        select.bind(1, store::users::containing(part)), select.bind(2, after);
        std::vector<std::int64_t> rows;
        while (select.executeStep()) rows.push_back(select.getColumn(0).getInt64());
        return rows;
    }
};

}  // namespace

TEST_CASE("kept texts hold what LIKE finds") {
    Random random(5);
    for (int round = 0; round < 20; ++round) {
        Both both(random);
        for (int i = 0; i < 100; ++i) {
            const std::string part = made_up_text(random, 4);
            const auto expected = both.like(part);
            CAPTURE(part, expected.size());
            const UserTexts::Found found = both.kept.find(part, 5);
            CHECK(found.count == static_cast<std::int64_t>(expected.size()));
            const auto first =
                static_cast<std::ptrdiff_t>((std::min)(expected.size(), std::size_t{5}));
            CHECK(found.rows == std::vector(expected.begin(), expected.begin() + first));

            const std::string after = random() % 3 ? made_up_text(random, 6) : "";
            auto page = both.like(part, after);
            const std::size_t skipped = (std::min)(page.size(), std::size_t{random() % 4});
            page.erase(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(skipped));
            page.resize((std::min)(page.size(), std::size_t{7}));
            CHECK(both.kept.page(part, after, static_cast<std::int64_t>(skipped), 7) == page);
        }
    }
}

TEST_CASE("texts in which LIKE finds something else are not kept") {
    for (const char* good :
         {"", "a", "%_\\", "\xc3\x84", "\xef\xbf\xbc", "\xf0\x90\x80\x80", "\x01\x7f", "\"'"})
        CHECK(store::compares_by_bytes(good));
    for (const std::string& bad :
         {std::string("aB"), std::string("a\0b", 3), std::string("a\xc3"), std::string("\xff"),
          std::string("\xc0\x80"), std::string("\xed\xa0\x80"), std::string("\x80"),
          std::string("\xef\xbf\xbd"), std::string("\xef\xbf\xbe"), std::string("\xef\xbf\xbf")}) {
        CHECK_FALSE(store::compares_by_bytes(bad));
        CHECK_FALSE(UserTexts().add("a", bad, 1));
        CHECK_FALSE(UserTexts().add(bad, "a", 1));
    }
}

TEST_CASE("kept texts are bounded in bytes, in the length of names and in the number of rows") {
    constexpr std::size_t most = 32 << 10;
    UserTexts texts(most);
    CHECK_FALSE(texts.add("a", "b", -1));
    CHECK_FALSE(texts.add("a", "b", std::int64_t{1} << 32));
    CHECK_FALSE(texts.add(std::string(1 << 16, 'a'), "b", 1));
    CHECK(texts.bytes() == 0);
    const std::string long_text(1 << 10, 'x');
    std::int64_t added = 0;
    while (texts.add(std::to_string(added), long_text, added)) ++added;
    CHECK(added == 31);
    CHECK(texts.bytes() <= most);
    CHECK(texts.find("x", 0).count == 31);
}

TEST_CASE("most users need hardly more than their addresses") {
    UserTexts texts;
    for (int i = 10'000; i < 20'000; ++i) {
        const std::string name = "name-" + std::to_string(i);
        REQUIRE(texts.add(name, name + "@example.org", i));
    }
    const std::size_t addresses = 10'000 * std::string("name-10000@example.org").size();
    CHECK(texts.bytes() <= addresses + 10'000 * 13);
}

namespace {

/// Kept texts that nobody forbids to use, and how often they were made.
struct Keeper {
    KeptTexts kept{[] { return true; }};
    int made = 0;

    KeptTexts::State state(std::int64_t number) { return {kept.drops(), number}; }
    /// Wants those of a state as a search does; returns whether it got any.
    bool want(const KeptTexts::State& state, bool fits = true) {
        if (kept.find(state)) return true;
        const auto read = [&]() -> KeptTexts::Texts {
            ++made;
            return fits ? std::make_shared<const UserTexts>() : nullptr;
        };
        return kept.make(state, read) != nullptr;
    }
};

}  // namespace

TEST_CASE("texts are made for the second search in a row that needs the same") {
    Keeper keeper;
    CHECK_FALSE(keeper.want(keeper.state(1)));
    CHECK_FALSE(keeper.want(keeper.state(2)));
    CHECK_FALSE(keeper.want(keeper.state(1)));
    CHECK(keeper.made == 0);
    CHECK(keeper.want(keeper.state(1)));
    CHECK(keeper.want(keeper.state(1)));
    CHECK(keeper.made == 1);
    CHECK_FALSE(keeper.want(keeper.state(2)));
    CHECK(keeper.want(keeper.state(1)));
    CHECK(keeper.made == 1);
    CHECK(keeper.want(keeper.state(2)));
    CHECK_FALSE(keeper.kept.find(keeper.state(1)));
    CHECK(keeper.made == 2);
}

TEST_CASE("texts that cannot be kept are made more and more seldom, until they can") {
    Keeper keeper;
    std::vector<int> searches;  // from one making to the next
    CHECK_FALSE(keeper.want(keeper.state(1), false));
    for (int made = 0, since = 0; searches.size() < 13; ++since) {
        CHECK_FALSE(keeper.want(keeper.state(1), false));
        if (keeper.made == made) continue;
        made = keeper.made;
        searches.push_back(std::exchange(since, 0));
    }
    CHECK(searches == std::vector<int>{0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024});
    keeper.kept.drop();
    CHECK_FALSE(keeper.want(keeper.state(2), false));
    CHECK(keeper.made == 13);
    while (!keeper.want(keeper.state(2))) continue;
    CHECK(keeper.made == 14);
    CHECK_FALSE(keeper.want(keeper.state(3), false));
    CHECK_FALSE(keeper.want(keeper.state(3), false));
    CHECK(keeper.made == 15);
}

TEST_CASE("where there is no memory for texts, searches go on without") {
    Keeper keeper;
    int tried = 0;
    const auto read = [&]() -> KeptTexts::Texts {
        ++tried;
        throw std::bad_alloc();
    };
    for (int i = 0; i < 3; ++i) CHECK_FALSE(keeper.kept.make(keeper.state(1), read));
    CHECK(tried == 1);
    CHECK(keeper.want(keeper.state(1)));
}

TEST_CASE("texts that were dropped are not found again, nor made of states seen before") {
    Keeper keeper;
    const auto before = keeper.state(1);
    SECTION("kept") {
        keeper.want(before);
        REQUIRE(keeper.want(before));
        keeper.kept.drop();
        CHECK_FALSE(keeper.kept.find(before));
        CHECK_FALSE(keeper.kept.find(keeper.state(1)));
    }
    SECTION("made meanwhile") {
        keeper.want(before);
        const auto read = [&] {
            keeper.kept.drop();
            return std::make_shared<const UserTexts>();
        };
        CHECK(keeper.kept.make(before, read));  // of the state of who asks
        CHECK_FALSE(keeper.kept.find(before));
        CHECK_FALSE(keeper.kept.find(keeper.state(1)));
    }
    SECTION("while everything is replaced") {
        std::optional<KeptTexts::Closed> closed(keeper.kept);
        const auto meanwhile = keeper.state(1);
        for (int i = 0; i < 3; ++i) CHECK_FALSE(keeper.want(meanwhile));
        closed.reset();
        keeper.want(meanwhile);
        keeper.want(meanwhile);
        CHECK_FALSE(keeper.kept.find(meanwhile));
        CHECK_FALSE(keeper.kept.find(keeper.state(1)));
    }
    CHECK_FALSE(keeper.want(keeper.state(1)));
    CHECK(keeper.want(keeper.state(1)));
}

TEST_CASE("one thread makes texts, the others search without, and a failure is no obstacle") {
    Keeper keeper;
    keeper.want(keeper.state(1));
    const auto read = [&] {
        CHECK_FALSE(keeper.want(keeper.state(1)));  // as others may do meanwhile
        CHECK_FALSE(keeper.want(keeper.state(1)));
        CHECK(keeper.made == 0);
        return std::make_shared<const UserTexts>();
    };
    CHECK(keeper.kept.make(keeper.state(1), read));
    CHECK(keeper.want(keeper.state(1)));

    keeper.want(keeper.state(2));
    const auto fail = []() -> KeptTexts::Texts { throw std::runtime_error("no"); };
    CHECK_THROWS_AS(keeper.kept.make(keeper.state(2), fail), std::runtime_error);
    CHECK(keeper.want(keeper.state(2)));
}

namespace {

constexpr int crowd_size = 1200;

std::string id_in_crowd(int number) {
    return "00000000-0000-4000-8000-" + std::to_string(100'000'000'000 + number);
}

/// So many users that their texts are kept.
void add_crowd(store::Store& store) {
    store.write([](store::Tx& tx) {
        store::users::deriving(tx, [&] {
            for (int i = 0; i < crowd_size; ++i) {
                User user = user_named("user-" + std::to_string(10'000 + i), 0);
                user.id = id_in_crowd(i);
                store::users::insert_row(tx, user, "");
            }
            return crowd_size;
        });
    });
}

Filter with_text(const std::string& text) {
    Filter filter;
    filter.text = text;
    return filter;
}

/// The count and the names of the first three.
std::string listed(store::Connection& c, const std::string& text, const Page& page = {"", 3, 0}) {
    const auto list = store::users::list(c, with_text(text), page);
    std::string out = std::to_string(list.count);
    for (const auto& user : list.users) out += " " + user->username;
    return out;
}

std::string listed(store::Store& store, const std::string& text, const Page& page = {"", 3, 0}) {
    return store.read([&](store::Connection& c) { return listed(c, text, page); });
}

/// Whether the texts of the state that a reader sees now are kept.
bool are_kept(store::Store& store) {
    return store.read([](store::Connection& c) {
        const auto state = store::users::state_of_texts(c, "a");
        return state && c.shared_texts().kept().find(*state);
    });
}

/// Searches until they are kept, which for a file begins when it is looked at now and then.
void let_keep(store::Store& store) {
    REQUIRE(eventually([&] {
        listed(store, "~~");
        return are_kept(store);
    }));
}

void rename(store::Store& store, int number, const std::string& name) {
    store.write([&](store::Tx& tx) { store::users::set_username(tx, id_in_crowd(number), name); });
}

/// The same in a file and in memory.
store::StoreOptions stored_where(bool file, const TempFolder& folder) {
    return file ? options(folder.file("users.db")) : in_memory("texts");
}

}  // namespace

TEST_CASE("searches are what they are without kept texts") {
    const bool file = GENERATE(true, false);
    const TempFolder folder;
    store::Store store(stored_where(file, folder));
    add_crowd(store);
    const auto all = [](store::Connection& c) {
        std::string out;
        for (const char* text : {"u", "r-", "user", "zq", "10007", "R", "1000", "119", "@", "."})
            for (const Page& page : {Page{"", 3, 0}, Page{"", 2, 1199}, Page{"", 2, 700},
                                     Page{id_in_crowd(600), 2, 1}, Page{"", 0, 1198}})
                out += listed(c, text, page) + "\n";
        return out;
    };
    CHECK_FALSE(are_kept(store));
    const std::string without = store.write([](store::Tx& tx) { return listed(tx, "u"); });
    CHECK(without == "1200 user-10000 user-10001 user-10002");
    // A change uses no texts.
    const std::string first = store.write([&](store::Tx& tx) { return all(tx); });
    let_keep(store);
    CHECK(store.read([&](store::Connection& c) { return all(c); }) == first);
    CHECK(listed(store, "u") == without);
    CHECK(listed(store, "u", {"", 2, 1199}) == "1200 user-11199");
    CHECK(listed(store, "u", {id_in_crowd(1199), 2, 0}) == "1200");
    CHECK(listed(store, "u", {"", 2, 1200}) == "1200");
}

TEST_CASE("a search among few members or holders of a role needs no texts of everybody") {
    store::Store store(in_memory("texts-of-few"));
    add_crowd(store);
    Organization crew;
    crew.id = "00000000-0000-4000-8000-000000000001";
    crew.name = "crew";
    store.write([&](store::Tx& tx) {
        store::organizations::insert(tx, crew);
        store::organizations::add_member(tx, crew.id, id_in_crowd(3), {}, crew.created_at);
        store::users::set_roles(tx, id_in_crowd(4), {"owner"});
    });
    Filter among_members = with_text("u"), among_holders = among_members;
    among_members.organization_id = crew.id;
    among_holders.roles = {"owner"};
    for (int i = 0; i < 3; ++i) {
        for (const auto& [filter, name] :
             {std::pair(among_members, "user-10003"), std::pair(among_holders, "user-10004")}) {
            const auto list = store.read([&, &wanted = filter](store::Connection& c) {
                return store::users::list(c, wanted, {"", 3, 0});
            });
            CHECK(list.count == 1);
            CHECK(list.users.at(0)->username == name);
        }
    }
    CHECK_FALSE(are_kept(store));
}

TEST_CASE("texts of few users are not kept") {
    store::Store store(in_memory("few-texts"));
    for (int i = 1; i < 5; ++i) add_user(store, user_named("user" + std::to_string(i), i));
    for (int i = 0; i < 3; ++i) CHECK(listed(store, "r") == "4 user1 user2 user3");
    CHECK_FALSE(are_kept(store));
}

TEST_CASE("every change of texts shows in the next search") {
    const bool file = GENERATE(true, false);
    const TempFolder folder;
    store::Store store(stored_where(file, folder));
    add_crowd(store);
    const auto changed = [&](const char* what, const std::function<void(store::Tx&)>& change,
                             const std::string& expected) {
        INFO(what);
        let_keep(store);
        store.write(change);
        CHECK_FALSE(are_kept(store));
        CHECK(listed(store, "zq") == expected);
        let_keep(store);
        CHECK(listed(store, "zq") == expected);
    };
    namespace users = store::users;
    const auto id = id_in_crowd(7);
    changed(
        "a name", [&](auto& tx) { users::set_username(tx, id, "zq1"); }, "1 zq1");
    changed(
        "an address", [&](auto& tx) { users::set_email(tx, id_in_crowd(2), "x@zq"); },
        "2 user-10002 zq1");
    changed(
        "a new user", [](auto& tx) { users::insert(tx, user_named("Zq0", 1), ""); },
        "3 user-10002 Zq0 zq1");
    changed(
        "a deletion", [&](auto& tx) { users::remove(tx, id); }, "2 user-10002 Zq0");
    changed(
        "many new users",
        [](auto& tx) {
            users::deriving(tx, [&] {
                users::insert_row(tx, user_named("zq9", 2), "");
                return 1;
            });
        },
        "3 user-10002 Zq0 zq9");
    changed(
        "other statements",
        [](auto& tx) {
            tx.execute(
                "UPDATE users SET username = 'zq8', username_folded = 'zq8' "
                "WHERE username = 'zq9'");
            users::derive_all(tx);
        },
        "3 user-10002 Zq0 zq8");
}

TEST_CASE("what is undone or only tried changes no search") {
    store::Store store(in_memory("undone-texts"));
    add_crowd(store);
    rename(store, 1, "zq1");
    let_keep(store);
    const auto to_be_undone = [](store::Tx& tx) {
        store::users::set_username(tx, id_in_crowd(1), "zq2");
        CHECK(listed(tx, "zq") == "1 zq2");
    };
    store.write([&](store::Tx& tx) { tx.run_and_undo([&] { to_be_undone(tx); }); });
    CHECK(are_kept(store));
    CHECK(listed(store, "zq") == "1 zq1");
    CHECK_THROWS(store.write([&](store::Tx& tx) {
        to_be_undone(tx);
        throw std::runtime_error("no");
    }));
    CHECK(are_kept(store));
    CHECK(listed(store, "zq") == "1 zq1");
    store.write([&](store::Tx& tx) {
        tx.run_and_undo([&] { to_be_undone(tx); });
        store::users::set_username(tx, id_in_crowd(1), "zq3");
    });
    CHECK(listed(store, "zq") == "1 zq3");
    let_keep(store);
    CHECK(listed(store, "zq") == "1 zq3");
}

TEST_CASE("a commit that fails leaves searches as they were") {
    const TempFolder folder;
    store::Store store(options(folder.file("users.db")));
    add_crowd(store);
    let_keep(store);
    CHECK_THROWS(store.write([](store::Tx& tx) {
        tx.execute("PRAGMA defer_foreign_keys = ON");
        store::users::set_username(tx, id_in_crowd(1), "zq1");
        tx.execute("INSERT INTO user_roles VALUES ('nobody', 'owner')");
    }));
    CHECK(listed(store, "zq") == "0");
    let_keep(store);
    rename(store, 1, "zq2");
    CHECK(listed(store, "zq") == "1 zq2");
}

TEST_CASE("what is put in the place of everything is what searches find, under the same number") {
    const bool file = GENERATE(true, false);
    const TempFolder folder;
    store::Store store(stored_where(file, folder));
    add_crowd(store);
    const std::string image = store.image();
    rename(store, 1, "zq1");
    let_keep(store);
    CHECK(listed(store, "zq") == "1 zq1");
    store.replace_everything(image);
    CHECK(listed(store, "zq") == "0");
    rename(store, 1, "zq2");
    CHECK(listed(store, "zq") == "1 zq2");
    let_keep(store);
    CHECK(listed(store, "zq") == "1 zq2");
}

TEST_CASE("a long reading searches its own state") {
    const TempFolder folder;
    store::Store store(options(folder.file("users.db")));
    add_crowd(store);
    rename(store, 1, "zq1");
    let_keep(store);
    store::LongReading reading = store.begin_long_reading();
    const auto in_reading = [&] {
        return store.read(reading, [](store::Connection& c, std::optional<store::Query>&) {
            return listed(c, "zq");
        });
    };
    CHECK(in_reading() == "1 zq1");
    rename(store, 1, "zq2");
    let_keep(store);
    CHECK(listed(store, "zq") == "1 zq2");
    CHECK(in_reading() == "1 zq1");
    CHECK(in_reading() == "1 zq1");  // whose texts may be made, too
    CHECK(listed(store, "zq") == "1 zq2");
    const std::string image = store.image();
    store.replace_everything(image);
    CHECK(listed(store, "zq") == "1 zq2");
}

TEST_CASE("what another program changes shows at once if it counts, and else within a second") {
    const TempFolder folder;
    store::Store store(options(folder.file("users.db")));
    add_crowd(store);
    let_keep(store);
    SQLite::Database other = raw(folder.file("users.db"));
    const auto rename_by = [&](const std::string& name) {
        return "UPDATE users SET username = '" + name + "', username_folded = '" + name +
               "' WHERE id = '" + id_in_crowd(1) + "';";
    };
    other.exec("BEGIN;" + rename_by("zq") +
               "UPDATE counters SET value = value + 1 WHERE name = 'user_texts'; COMMIT");
    CHECK(listed(store, "zq") == "1 zq");
    let_keep(store);
    other.exec(rename_by("q-") +
               "UPDATE users SET email = 'q@x', email_folded = 'q@x' WHERE username = 'q-'");
    const std::string at_once = listed(store, "r-", {"", 2, 0});
    CHECK(at_once.find("q-") == std::string::npos);  // who has no "r-" any more
    other.exec(rename_by("qz"));
    CHECK(eventually([&] { return listed(store, "qz") == "1 qz"; }));
    CHECK(listed(store, "zq") == "0");
    let_keep(store);
    CHECK(listed(store, "qz") == "1 qz");
}

TEST_CASE("the number of changes begins again at its end") {
    store::Store store(in_memory("last-number"));
    add_crowd(store);
    for (const char* last : {"9223372036854775807", "9223372036854775806", "9.3e18"}) {
        INFO(last);
        store.write([&](store::Tx& tx) {
            tx.execute("UPDATE counters SET value = " + std::string(last) +
                       " WHERE name = 'user_texts'");
        });
        for (int i = 0; i < 3; ++i) {
            const std::string name = "zq" + std::to_string(i);
            let_keep(store);
            rename(store, 1, name);
            CHECK(listed(store, "zq") == "1 " + name);
            let_keep(store);
            CHECK(listed(store, "zq") == "1 " + name);
        }
    }
}

TEST_CASE("a file in which nothing was counted yet is searched like any other") {
    const TempFolder folder;
    store::Store store(options(folder.file("users.db")));
    add_crowd(store);
    store.write(
        [](store::Tx& tx) { tx.execute("DELETE FROM counters WHERE name = 'user_texts'"); });
    let_keep(store);
    CHECK(listed(store, "zq") == "0");
    rename(store, 1, "zq1");
    CHECK(listed(store, "zq") == "1 zq1");
}

TEST_CASE(
    "searches beside renamings find one of the states, and never one before the last answer") {
    const bool file = GENERATE(true, false);
    const TempFolder folder;
    store::Store store(stored_where(file, folder));
    add_crowd(store);
    rename(store, 1, "zq1000");
    let_keep(store);
    std::atomic<int> answered{1000}, wrong{0}, kept{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            while (!over) {
                const int least = answered;
                const std::string found = listed(store, "zq");
                const int number = found.rfind("1 zq", 0) == 0 ? std::stoi(found.substr(4)) : 0;
                if (number < least || number > answered + 1) ++wrong;
                if (are_kept(store)) ++kept;
            }
        });
    const int rounds = coder_users_test::sanitized ? 30 : 100;
    for (int i = 1; i <= rounds; ++i) {
        for (const int before = kept; i % 10 == 0 && kept == before;) std::this_thread::yield();
        rename(store, 1, "zq" + std::to_string(1000 + i));
        answered = 1000 + i;
        if (listed(store, "zq") != "1 zq" + std::to_string(1000 + i)) ++wrong;
    }
    over = true;
    for (std::thread& reader : readers) reader.join();
    CHECK(wrong == 0);
    CHECK(kept > 0);
}
