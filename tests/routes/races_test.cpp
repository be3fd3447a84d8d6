// Concurrent requests about the first user, names and roles (docs/contract/users.md, "POST
// /users/first" and "Duplicates"; docs/contract/roles.md, "Assigning site roles"; threats P1, P7,
// P13, P16).
#include <atomic>
#include <map>
#include <thread>

#include "people.hpp"

using namespace coder_users_test;

namespace {

std::map<int, int> statuses(const std::vector<Answer>& answers) {
    std::map<int, int> counts;
    for (const Answer& answer : answers) ++counts[answer.status];
    return counts;
}
using Counts = std::map<int, int>;

constexpr std::size_t many = 32;

}  // namespace

TEST_CASE("of many set-ups at once one succeeds") {
    TempFolder folder;
    const std::string path = folder.file("users.db");
    coder_users::Options options{path};
    options.limits.waiting_hashes = 4 * many;  // one address has a quarter
    TestServer server(options);
    const auto answers = all_at_once(many, [&](std::size_t i) {
        const std::string name = "user" + std::to_string(i);
        return server.send("POST", "/users/first", "",
                           "{\"email\":\"" + name + "@example.org\",\"username\":\"" + name +
                               "\",\"password\":\"" + good_password + "\"}");
    });
    CHECK(statuses(answers) == Counts{{201, 1}, {409, 31}});
    for (const Answer& answer : answers)
        if (answer.status == 409)
            CHECK(answer.body == message("The initial user has already been created."));
    for (const char* table : {"users", "organizations", "organization_members", "user_roles",
                              "git_ssh_keys", "audit_logs"})
        CHECK(stored(path, std::string("SELECT count(*) FROM ") + table) == "1");
}

TEST_CASE("of many creations of one name at once one succeeds") {
    coder_users::Options options;
    options.limits.waiting_hashes = 4 * many;  // one user has a quarter
    World world(options);
    const auto answers = all_at_once(many, [&](std::size_t i) {
        const std::string name = i % 2 ? "Bob" : "bob";
        return world.server.send("POST", "/users", world.owner,
                                 "{\"email\":\"bob" + std::to_string(i) +
                                     "@example.org\",\"username\":\"" + name +
                                     "\",\"password\":\"" + good_password + "\"}");
    });
    CHECK(statuses(answers) == Counts{{201, 1}, {409, 31}});
    const std::string clash =
        with_validations("User already exists.",
                         {{"username", "this value is already in use and should be unique"}});
    for (const Answer& answer : answers)
        if (answer.status == 409) CHECK(answer.body == clash);
    CHECK(world.sql("SELECT count(*) FROM users WHERE username_folded = 'bob'") == "1");
    CHECK(world.sql("SELECT count(*) FROM git_ssh_keys") == "2");
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE action = 'create'") == "2");
}

TEST_CASE("of many creations of one address at once one succeeds") {
    World world;
    const auto answers = all_at_once(8, [&](std::size_t i) {
        return world.server.send("POST", "/users", world.owner,
                                 "{\"email\":\"bob@example.org\",\"username\":\"bob" +
                                     std::to_string(i) + "\",\"login_type\":\"none\"}");
    });
    CHECK(statuses(answers) == Counts{{201, 1}, {409, 7}});
}

TEST_CASE("of many renamings to one name at once one succeeds") {
    World world;
    for (int i = 0; i < 8; ++i) world.server.create(world.owner, "user" + std::to_string(i));
    const auto answers = all_at_once(8, [&](std::size_t i) {
        return world.server.send("PUT", "/users/user" + std::to_string(i) + "/profile", world.owner,
                                 R"({"username":"same"})");
    });
    CHECK(statuses(answers) == Counts{{200, 1}, {409, 7}});
    CHECK(world.sql("SELECT count(*) FROM users WHERE username = 'same'") == "1");
    CHECK(
        world.sql("SELECT count(*) FROM audit_logs WHERE action = 'write' AND status_code = 409") ==
        "7");
}

TEST_CASE("two owners delete each other: one remains") {
    for (int round = 0; round < 10; ++round) {
        World world;
        const std::string second = world.member("second", "owner");
        const auto answers = all_at_once(2, [&](std::size_t i) {
            return i ? world.server.send("DELETE", "/users/owner", second)
                     : world.server.send("DELETE", "/users/second", world.owner);
        });
        const Counts counts = statuses(answers);
        CHECK(counts.at(200) == 1);
        CHECK(counts.size() == 2);
        for (const Answer& answer : answers)
            if (answer.status != 200) {
                CHECK(answer.status == 401);
                CHECK(answer.body == bad_key);
            }
        CHECK(world.sql("SELECT count(*) FROM users u JOIN user_roles r ON r.user_id = u.id WHERE "
                        "role = 'owner' AND deleted = 0") == "1");
        CHECK(world.server.send("GET", "/users/first").status == 200);
    }
}

TEST_CASE("many deletions of one user: one finds it") {
    World world;
    world.server.create(world.owner, "bob");
    const auto answers = all_at_once(
        8, [&](std::size_t) { return world.server.send("DELETE", "/users/BOB", world.owner); });
    CHECK(statuses(answers) == Counts{{200, 1}, {404, 7}});
    for (const Answer& answer : answers)
        if (answer.status == 404) CHECK(answer.body == no_user("BOB"));
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE action = 'delete'") == "1");
}

TEST_CASE("a user that is deleted while its key is in use") {
    World world;
    const std::string bob = world.member("bob");
    std::atomic<bool> gone{false};
    const auto answers = all_at_once(9, [&](std::size_t i) {
        if (i == 0) {
            const Answer deleted = world.server.send("DELETE", "/users/bob", world.owner);
            gone = true;
            return deleted;
        }
        for (;;) {
            const bool afterwards = gone;
            const Answer answer =
                i % 2 ? world.server.send("GET", "/users/me", bob)
                      : world.server.send("PUT", "/users/me/profile", bob, R"({"username":"bob"})");
            if (answer.status != 200 || afterwards) return answer;
        }
    });
    CHECK(statuses(answers) == Counts{{200, 1}, {401, 8}});
    for (std::size_t i = 1; i < answers.size(); ++i) CHECK(answers[i].body == bad_key);
    CHECK(
        world.sql("SELECT count(*) FROM api_keys WHERE user_id NOT IN (SELECT id FROM users WHERE "
                  "deleted = 0)") == "0");
    // activity that is stored later does not restore anything
    const auto deleted =
        world.sql("SELECT deleted, hashed_password FROM users WHERE username = 'bob'");
    CHECK(deleted == "1|");
}

TEST_CASE("a session that logs out while it is in use") {
    World world;
    const std::string bob = world.member("bob");
    std::atomic<bool> out{false};
    const auto answers = all_at_once(8, [&](std::size_t i) {
        if (i == 0) {
            const Answer answer = world.server.send("POST", "/users/logout", bob);
            out = true;
            return answer;
        }
        for (;;) {
            const bool afterwards = out;
            const Answer answer = world.server.send("GET", "/users/me", bob);
            if (answer.status != 200 || afterwards) return answer;
        }
    });
    CHECK(statuses(answers) == Counts{{200, 1}, {401, 7}});
    CHECK(world.sql("SELECT count(*) FROM api_keys WHERE user_id = '" + world.id_of("bob") + "'") ==
          "0");
}

TEST_CASE("of many logouts of one session one is good and one is recorded") {
    World world;
    const std::string bob = world.member("bob");
    const auto answers = all_at_once(
        8, [&](std::size_t) { return world.server.send("POST", "/users/logout", bob); });
    CHECK(statuses(answers) == Counts{{200, 1}, {401, 7}});
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE action = 'logout'") == "1");
}

TEST_CASE("many logins at once all succeed, each with a key of its own") {
    World world;
    world.server.create(world.owner, "bob");
    const auto answers = all_at_once(16, [&](std::size_t) {
        return world.server.send(
            "POST", "/users/login", "",
            R"({"email":"bob@example.org","password":")" + good_password + "\"}");
    });
    CHECK(statuses(answers) == Counts{{201, 16}});
    CHECK(world.sql("SELECT count(DISTINCT id) FROM api_keys WHERE user_id = '" +
                    world.id_of("bob") + "'") == "16");
}

TEST_CASE("a role that is taken away counts for the next request") {
    World world;
    const std::string admin = world.member("udo", "user-admin");
    CHECK(world.server.send("GET", "/users/owner", admin).status == 200);
    const auto set_roles = [&](const std::vector<std::string>& names) {
        return world.server.send("PUT", "/users/udo/roles", world.owner, role_set(names)).status;
    };
    REQUIRE(set_roles({}) == 200);
    CHECK(world.server.send("GET", "/users/owner", admin).body == no_user("owner"));
    REQUIRE(set_roles({"auditor"}) == 200);
    CHECK(world.server.send("GET", "/users/owner", admin).status == 200);
}
