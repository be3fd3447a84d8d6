#include "coder_users/internal/store/sqlite/group_commit.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "store_fixture.hpp"

using namespace store_test;

namespace {

using Change = std::function<void(store::Tx&)>;

struct Refused {
    int number;
};

Change put_value(const std::string& name) {
    return [name](store::Tx& tx) { store::deployment::insert(tx, name, "x"); };
}

std::string names(store::Store& store) {
    return rows(store, "SELECT name FROM deployment ORDER BY name");
}

/// Returns "done", or the kind of the error of a change.
std::string outcome(store::Store& store, const Change& change) {
    try {
        store.write(change);
        return "done";
    } catch (const Refused& refused) {
        return "refused " + std::to_string(refused.number);
    } catch (const store::Duplicate& error) {
        return error.column();
    } catch (const store::Busy&) {
        return "busy";
    } catch (const store::Unavailable&) {
        return "unavailable";
    } catch (const std::exception& error) {
        return error.what();
    }
}

/// Runs `changes` in one transaction, in their order, after a first change that waits for them.
std::vector<std::string> together(store::Store& store, const Change& first,
                                  const std::vector<Change>& changes) {
    std::vector<std::string> outcomes(changes.size() + 1);
    std::atomic<bool> go{false}, inside{false};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        outcomes[0] = outcome(store, [&](store::Tx& tx) {
            inside = true;
            eventually([&] { return go.load(); });
            first(tx);
        });
    });
    eventually([&] { return inside.load(); });
    for (std::size_t i = 0; i < changes.size(); ++i) {
        threads.emplace_back([&, i] { outcomes[i + 1] = outcome(store, changes[i]); });
        eventually([&] { return store.waiting_writes() == i + 1; });
    }
    go = true;
    for (std::thread& thread : threads) thread.join();
    return outcomes;
}

using Outcomes = std::vector<std::string>;

}  // namespace

TEST_CASE("changes that wait together are one transaction, unseen until its end") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    std::string inside, outside;
    const auto outcomes = together(store, put_value("a"),
                                   {put_value("b"), [&](store::Tx& tx) {
                                        inside = tx.first_text("SELECT count(*) FROM deployment");
                                        outside = rows(store, "SELECT count(*) FROM deployment");
                                    }});
    CHECK(outcomes == Outcomes{"done", "done", "done"});
    CHECK(inside == "2");
    CHECK(outside == "0");
    CHECK(names(store) == "a\nb");
}

TEST_CASE("a refused change does not disturb its neighbours, wherever it stands") {
    TempFolder folder;
    const bool memory = GENERATE(true, false);
    store::Store store(memory ? in_memory("neighbours") : options(folder.file("a.db")));
    store.write(put_value("taken"));
    const auto refused = [](int number) {
        return [number](store::Tx& tx) {
            store::deployment::insert(tx, "gone" + std::to_string(number), "x");
            throw Refused{number};
        };
    };
    const auto outcomes = together(
        store, refused(1),
        {refused(2), put_value("b"), refused(3), put_value("taken"), put_value("c"), refused(4)});
    CHECK(outcomes == Outcomes{"refused 1", "refused 2", "done", "refused 3", "deployment.name",
                               "done", "refused 4"});
    CHECK(names(store) == "b\nc\ntaken");
}

TEST_CASE("each change runs once, and sees those before it") {
    store::Store store(in_memory("once"));
    std::vector<int> ran;
    std::vector<Change> changes;
    for (int i = 1; i <= 20; ++i)
        changes.push_back([&, i](store::Tx& tx) {
            ran.push_back(std::stoi(tx.first_text("SELECT count(*) FROM deployment")));
            store::deployment::insert(tx, std::to_string(i), "x");
        });
    const auto outcomes = together(store, put_value("0"), changes);
    CHECK(outcomes == Outcomes(21, "done"));
    REQUIRE(ran.size() == 20);
    for (int i = 0; i < 20; ++i) CHECK(ran[static_cast<std::size_t>(i)] == i + 1);
}

TEST_CASE("more changes than fit one group are all made") {
    store::Store store(in_memory("many"));
    std::vector<Change> changes;
    for (int i = 0; i < 150; ++i) changes.push_back(put_value(std::to_string(i)));
    CHECK(together(store, put_value("first"), changes) == Outcomes(151, "done"));
    CHECK(rows(store, "SELECT count(*) FROM deployment") == "151");
}

TEST_CASE("what runs alone comes between two groups, in its turn") {
    TempFolder folder;
    const bool memory = GENERATE(true, false);
    const bool restores = GENERATE(true, false);
    store::Store store(memory ? in_memory("alone") : options(folder.file("a.db")));
    const std::string empty = store.image();
    std::string image;
    std::atomic<bool> go{false}, inside{false};
    std::vector<std::string> outcomes(3);
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        outcomes[0] = outcome(store, [&](store::Tx& tx) {
            inside = true;
            eventually([&] { return go.load(); });
            store::deployment::insert(tx, "a", "x");
        });
    });
    eventually([&] { return inside.load(); });
    threads.emplace_back([&] { outcomes[1] = outcome(store, put_value("b")); });
    eventually([&] { return store.waiting_writes() == 1; });
    threads.emplace_back(
        [&] { restores ? store.replace_everything(empty) : void(image = store.image()); });
    eventually([&] { return store.waiting_writes() == 2; });
    threads.emplace_back([&] { outcomes[2] = outcome(store, put_value("c")); });
    eventually([&] { return store.waiting_writes() == 3; });
    go = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(outcomes == Outcomes{"done", "done", "done"});
    CHECK(names(store) == (restores ? "c" : "a\nb\nc"));
    if (restores) return;
    store.replace_everything(image);
    CHECK(names(store) == "a\nb");
}

// On a full disk SQLite rolls the whole transaction back, so none of its changes may be told
// "done".
TEST_CASE("a full disk fails the changes of its transaction and no later one") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    store.write(put_value("before"));
    const auto too_big = [](store::Tx& tx) {
        const std::string pages = tx.first_text("PRAGMA page_count");
        tx.run("PRAGMA max_page_count = " + pages);
        try {
            store::deployment::insert(tx, "big", std::string(100'000, 'x'));
        } catch (...) {
            tx.run("PRAGMA max_page_count = 1000000");
            throw;
        }
    };
    const auto outcomes =
        together(store, put_value("a"), {put_value("b"), too_big, put_value("c"), put_value("d")});
    CHECK(outcomes == Outcomes{"unavailable", "unavailable", "unavailable", "done", "done"});
    CHECK(names(store) == "before\nc\nd");
}

TEST_CASE("a change that hides the end of its transaction is not believed") {
    store::Store store(in_memory("hidden"));
    const auto rolls_back = [](store::Tx& tx) { tx.execute("ROLLBACK"); };
    const auto outcomes = together(store, put_value("a"), {rolls_back, put_value("b")});
    CHECK(outcomes == Outcomes{"unavailable", "unavailable", "done"});
    CHECK(names(store) == "b");
}

// As SQLite 3.40 does when it has no memory for the end of a statement, and says nothing.
TEST_CASE("nothing is stored by what a change does after the end of its transaction") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    const auto goes_on = [](store::Tx& tx) {
        tx.run("ROLLBACK");
        store::deployment::insert(tx, "late", "x");
    };
    const auto outcomes = together(store, put_value("a"), {goes_on, put_value("b")});
    CHECK(outcomes == Outcomes{"unavailable", "unavailable", "done"});
    CHECK(names(store) == "b");
}

TEST_CASE("a commit that fails fails all its changes, and the next works") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    const auto breaks_commit = [](store::Tx& tx) {
        tx.execute("PRAGMA defer_foreign_keys = ON");
        tx.execute("INSERT INTO user_roles VALUES ('nobody', 'owner')");
    };
    const auto outcomes = together(store, put_value("a"), {breaks_commit, put_value("b")});
    CHECK(outcomes.size() == 3);
    for (const std::string& each : outcomes) CHECK(each.find("FOREIGN KEY") != std::string::npos);
    CHECK(names(store).empty());
    CHECK(outcome(store, put_value("c")) == "done");
    CHECK(rows(store, "SELECT count(*) FROM user_roles") == "0");
}

TEST_CASE("those who wait when the lock cannot be had are told so at once, not one by one") {
    TempFolder folder;
    store::Store store(options(folder.file("a.db")));
    store.write([](store::Tx& tx) { tx.run("PRAGMA busy_timeout = 500"); });
    SQLite::Database other = raw(folder.file("a.db"));
    other.exec("BEGIN IMMEDIATE");
    std::vector<std::string> outcomes(20);
    std::vector<std::thread> threads;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        threads.emplace_back([&, i] { outcomes[i] = outcome(store, put_value("x")); });
    for (std::thread& thread : threads) thread.join();
    CHECK(outcomes == Outcomes(20, "busy"));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    other.exec("COMMIT");
    CHECK(outcome(store, put_value("y")) == "done");
    CHECK(names(store) == "y");
}
