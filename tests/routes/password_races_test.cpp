// Concurrent changes of a password, and logins meanwhile (docs/contract/users.md, "PUT
// /users/{user}/password"; threats T4, P17).
#include "people.hpp"

using namespace coder_users_test;

namespace {

std::string numbered(std::size_t i) { return "another-Horse-1" + std::to_string(i); }

std::string passwords(const std::string& old_one, const std::string& new_one) {
    return "{\"old_password\":\"" + old_one + "\",\"password\":\"" + new_one + "\"}";
}

Answer log_in(const World& world, const std::string& password) {
    return world.server.send("POST", "/users/login", "",
                             R"({"email":"bob@example.org","password":")" + password + "\"}");
}

std::size_t that_log_in(const World& world, std::size_t count) {
    std::size_t found = count;
    for (std::size_t i = 0; i < count; ++i)
        if (log_in(world, numbered(i)).status == 201) {
            CHECK(found == count);
            found = i;
        }
    return found;
}

}  // namespace

TEST_CASE("of many own password changes at once one succeeds") {
    constexpr std::size_t count = 8;
    World world;
    const std::string bob = world.member("bob");
    const auto answers = all_at_once(count, [&](std::size_t i) {
        return world.server.send("PUT", "/users/me/password", bob,
                                 passwords(good_password, numbered(i)));
    });
    std::size_t winner = count;
    for (std::size_t i = 0; i < count; ++i) {
        INFO(answers[i].status << " " << answers[i].body);
        if (answers[i].status == 204) {
            CHECK(winner == count);
            winner = i;
        } else {
            // its session has ended, its old password is no longer right, or another change was
            // first
            CHECK(
                (answers[i].status == 401 || answers[i].status == 400 || answers[i].status == 503));
        }
    }
    REQUIRE(winner < count);
    CHECK(that_log_in(world, count) == winner);
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE status_code = 204") == "1");
}

TEST_CASE("of many password changes by an admin the last one acknowledged holds") {
    constexpr std::size_t count = 8;
    World world;
    world.server.create(world.owner, "bob");
    const auto answers = all_at_once(count, [&](std::size_t i) {
        return world.server.send("PUT", "/users/bob/password", world.owner,
                                 passwords("", numbered(i)));
    });
    for (const Answer& answer : answers) {
        INFO(answer.status << " " << answer.body);
        if (answer.status == 204) continue;
        CHECK(answer.status == 503);
        CHECK(answer.body == message("The server is temporarily unable to answer."));
        CHECK(answer.has("retry-after"));
    }
    const std::size_t holds = that_log_in(world, count);
    REQUIRE(holds < count);
    CHECK(answers[holds].status == 204);
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE status_code = 204") ==
          std::to_string(count_statuses(answers)[204]));
}

TEST_CASE("a login with the old password does not outlive the change") {
    World world;
    world.server.create(world.owner, "bob");
    std::string current = good_password;
    for (std::size_t round = 0; round < 20; ++round) {
        const std::string next = numbered(round);
        const auto answers = all_at_once(2, [&](std::size_t i) {
            return i ? log_in(world, current)
                     : world.server.send("PUT", "/users/bob/password", world.owner,
                                         passwords("", next));
        });
        INFO(answers[1].status << " " << answers[1].body);
        REQUIRE(answers[0].status == 204);
        if (answers[1].status == 201) {
            const std::string token = parse(answers[1].body)["session_token"].text();
            CHECK(world.server.send("GET", "/users/me", token).body == bad_key);
        } else {
            CHECK((answers[1].status == 401 || answers[1].status == 503));
        }
        CHECK(world.sql("SELECT count(*) FROM api_keys k JOIN users u ON u.id = k.user_id WHERE "
                        "u.username = 'bob'") == "0");
        current = next;
    }
}
