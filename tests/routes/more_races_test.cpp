// Concurrent requests about roles, status and keys (docs/contract/roles.md, "Assigning site roles";
// threats P7, P16).
#include "people.hpp"

using namespace coder_users_test;

TEST_CASE("two owners demote each other: one remains") {
    TestServer server;
    std::string first = server.owner();
    server.create(first, "second");
    const std::string second = server.log_in("second@example.org");
    const std::string as_owner = R"({"roles":["owner"]})", none = R"({"roles":[]})";
    REQUIRE(server.send("PUT", "/users/second/roles", first, as_owner).status == 200);
    for (int round = 0; round < 100; ++round) {
        const auto answers = all_at_once(2, [&](std::size_t i) {
            return i ? server.send("PUT", "/users/owner/roles", second, none)
                     : server.send("PUT", "/users/second/roles", first, none);
        });
        INFO(round << " " << answers[0].body << answers[1].body);
        const bool first_won = answers[0].status == 200;
        const Answer &won = answers[first_won ? 0 : 1], &lost = answers[first_won ? 1 : 0];
        REQUIRE(won.status == 200);
        CHECK(lost.status == 404);
        CHECK(lost.body == no_user(first_won ? "owner" : "second"));
        const std::string& winner = first_won ? first : second;
        CHECK(parse(server.send("GET", "/users?q=role:owner", winner).body)["count"].text() == "1");
        REQUIRE(server
                    .send("PUT", first_won ? "/users/second/roles" : "/users/owner/roles", winner,
                          as_owner)
                    .status == 200);
    }
}

TEST_CASE("an owner is demoted while it makes another one: never none") {
    TestServer server;
    const std::string first = server.owner();
    server.create(first, "second");
    server.create(first, "third");
    const std::string second = server.log_in("second@example.org");
    for (int round = 0; round < 30; ++round) {
        REQUIRE(server.send("PUT", "/users/second/roles", first, R"({"roles":["owner"]})").status ==
                200);
        const auto answers = all_at_once(2, [&](std::size_t i) {
            return i ? server.send("PUT", "/users/third/roles", second, R"({"roles":["owner"]})")
                     : server.send("PUT", "/users/second/roles", first, R"({"roles":[]})");
        });
        CHECK(answers[0].status == 200);
        // a user who was demoted first made nobody an owner
        const std::string roles =
            parse(server.send("GET", "/users/third", first).body)["roles"].text();
        if (answers[1].status == 200)
            CHECK(roles != "[]");
        else
            CHECK(roles == "[]");
        CHECK((answers[1].status == 200 || answers[1].status == 404));
        REQUIRE(server.send("PUT", "/users/third/roles", first, "{}").status == 200);
    }
}

TEST_CASE("a user is deleted while its token is in use") {
    for (int round = 0; round < 10; ++round) {
        World world;
        const std::string bob = world.member("bob"), id = world.id_of("bob");
        const auto answers = all_at_once(8, [&](std::size_t i) {
            switch (i) {
                case 0:
                    return world.server.send("DELETE", "/users/bob", world.owner);
                case 1:
                    return world.server.send("POST", "/users/me/keys/tokens", bob, "{}");
                case 2:
                    return world.server.send("POST", "/users/me/keys", bob);
                case 3:
                    return world.server.send("PUT", "/users/me/profile", bob,
                                             R"({"username":"rob"})");
                case 4:
                    return world.server.send("PUT", "/users/me/gitsshkey", bob);
                case 5:
                    return world.server.send("PUT", "/users/bob/roles", world.owner,
                                             R"({"roles":["auditor"]})");
                default:
                    return world.server.send("GET", "/users/me", bob);
            }
        });
        // If the renaming came first, the name means nobody.
        const bool deleted = answers[0].status == 200;
        INFO(round << " " << answers[0].status);
        CHECK((deleted || (answers[0].status == 404 && answers[3].status == 200)));
        for (std::size_t i = 1; i < answers.size(); ++i) {
            INFO(i << " " << answers[i].status << " " << answers[i].body);
            const int status = answers[i].status;
            CHECK((status == 200 || status == 201 || status == 401 || (i == 5 && status == 404)));
            if (status == 401) CHECK(answers[i].body == bad_key);
        }
        if (!deleted) continue;
        for (const char* table : {"api_keys", "git_ssh_keys", "organization_members"})
            CHECK(world.sql(std::string("SELECT count(*) FROM ") + table + " WHERE user_id = '" +
                            id + "'") == "0");
        for (const std::size_t i : {std::size_t{1}, std::size_t{2}})
            if (answers[i].status == 201)
                CHECK(world.server.send("GET", "/users/me", parse(answers[i].body)["key"].text())
                          .body == bad_key);
        CHECK(world.server.send("GET", "/users/me", bob).body == bad_key);
    }
}

TEST_CASE("a key is deleted many times at once: once it was there") {
    const World world;
    const std::string token = world.add_key("owner", {});
    const auto answers = all_at_once(16, [&](std::size_t i) {
        return world.server.send("DELETE", "/users/me/keys/Key0000001",
                                 i % 2 ? token : world.owner);
    });
    int done = 0;
    for (const Answer& answer : answers) {
        INFO(answer.status << " " << answer.body);
        done += answer.status == 204;
        CHECK((answer.status == 204 || answer.status == 404 || answer.status == 401));
    }
    CHECK(done == 1);
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE action = 'delete'") == "1");
}

TEST_CASE("a suspended user changes nothing any more once that is acknowledged") {
    for (int round = 0; round < 10; ++round) {
        World world;
        const std::string bob = world.member("bob");
        const auto answers = all_at_once(4, [&](std::size_t i) {
            return i ? world.server.send("PUT", "/users/me/appearance", bob,
                                         "{\"theme_preference\":\"" + std::to_string(i) + "\"}")
                     : world.server.send("PUT", "/users/bob/status/suspend", world.owner);
        });
        CHECK(answers[0].status == 200);
        for (std::size_t i = 1; i < 4; ++i)
            CHECK((answers[i].status == 200 || answers[i].status == 401));
        const std::string entries = world.sql(
            "SELECT entry FROM audit_logs WHERE status_code = 200 AND entry > (SELECT entry FROM "
            "audit_logs WHERE diff LIKE '%suspended%')");
        CHECK(entries.empty());
    }
}
