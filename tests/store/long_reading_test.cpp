// A state of the database that is read in several steps, and how the store ends such a reading.
#include "coder_users/internal/store/long_reading.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store_fixture.hpp"

using namespace store_test;

namespace {

std::string count(store::Store& from, store::LongReading& reading) {
    return from.read(reading, [](store::Connection& c, std::optional<store::Query>&) {
        return c.first_text("SELECT count(*) FROM users");
    });
}

constexpr const char* ended = "a reader took too long, or the database was opened anew";
constexpr const char* others = "other long answers are not finished";

}  // namespace

TEST_CASE("a long reading sees one state, and keeps its place in a statement") {
    const TempFolder folder;
    store::Store users(options(folder.file("users.db")));
    add_user(users, user_named("a", 1));
    add_user(users, user_named("b", 2));
    store::LongReading reading = users.begin_long_reading();
    const auto next = [&] {
        return users.read(reading, [](store::Connection& c, std::optional<store::Query>& rows) {
            if (!rows) rows.emplace(c.query("SELECT username FROM users ORDER BY username"));
            return rows->next() ? rows->text(0) : std::string();
        });
    };
    CHECK(next() == "a");
    add_user(users, user_named("c", 3));
    users.write([](store::Tx& tx) { store::users::remove(tx, id_of(2)); });
    CHECK(next() == "b");
    CHECK(next().empty());
    CHECK(count(users, reading) == "2");
    store::LongReading later = users.begin_long_reading();
    CHECK(count(users, later) == "3");
}

TEST_CASE("there are never too many long readings") {
    const TempFolder folder;
    store::Store users(options(folder.file("users.db")));
    std::vector<store::LongReading> eight;
    eight.reserve(8);
    for (int i = 0; i < 8; ++i) eight.push_back(users.begin_long_reading());
    CHECK(error_of([&] { users.begin_long_reading(); }) == others);
    CHECK_THROWS_AS(users.begin_long_reading(), store::Busy);
    eight.pop_back();
    CHECK(error_of([&] { users.begin_long_reading(); }).empty());
}

TEST_CASE("while one lasts too long no other begins, and after twice the time a change ends all") {
    const TempFolder folder;
    store::StoreOptions chosen = options(folder.file("users.db"));
    chosen.long_turn = std::chrono::milliseconds(200);
    store::Store users(chosen);
    store::LongReading slow = users.begin_long_reading();
    CHECK(count(users, slow) == "0");
    CHECK(eventually([&] { return error_of([&] { users.begin_long_reading(); }) == others; }));
    CHECK(count(users, slow) == "0");
    int user = 0;
    CHECK(eventually([&] {
        ++user;
        add_user(users, user_named("u" + std::to_string(user), user));
        return error_of([&] { count(users, slow); }) == ended;
    }));
    store::LongReading next = users.begin_long_reading();
    CHECK(count(users, next) == std::to_string(user));
}

TEST_CASE("the end of the store is the end of its long readings") {
    const TempFolder folder;
    auto users = std::make_unique<store::Store>(options(folder.file("users.db")));
    add_user(*users, user_named("a", 1));
    store::LongReading reading = users->begin_long_reading();
    CHECK(count(*users, reading) == "1");
    users.reset();
    CHECK_FALSE(std::filesystem::exists(folder.file("users.db-wal")));
    CHECK(error_of([&] { reading.use([](store::Connection&, std::optional<store::Query>&) {}); }) ==
          ended);
}
