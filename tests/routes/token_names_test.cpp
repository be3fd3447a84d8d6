// Names of tokens: taken ones, free ones, those the server makes (docs/contract/keys.md,
// "POST /users/{user}/keys/tokens").
#include <atomic>
#include <set>

#include "coder_users/internal/rules/crypto.hpp"
#include "people.hpp"
#include "texts.hpp"

using namespace coder_users_test;

namespace {

const std::string path = "/users/me/keys/tokens";
const std::string deploy = R"({"token_name":"deploy"})";
const std::string deploy_taken =
    with_validations("A token with name \"deploy\" already exists.",
                     {{"name", "This value is already in use and should be unique."}});

std::string tokens_of(const World& world, const std::string& name) {
    return world.sql("SELECT count(*) FROM api_keys WHERE login_type = 'token' AND user_id = '" +
                     world.id_of(name) + "'");
}

}  // namespace

TEST_CASE("a live token keeps its name for itself") {
    const People world;
    REQUIRE(world.server.send("POST", path, world.bob, deploy).status == 201);
    check_rows(world, {
                          {"again", "POST", path, world.bob, deploy, 409, deploy_taken},
                          {"by an owner", "POST", "/users/bob/keys/tokens", world.owner, deploy,
                           409, deploy_taken},
                          {"after all other checks", "POST", path, world.bob,
                           R"({"token_name":"deploy","lifetime":-1})", 400,
                           detailed("Failed to validate create API key request.",
                                    "lifetime must be positive number greater than 0")},
                      });
    for (const std::string other : {"Deploy", "deploy ", "DEPLOY"})
        CHECK(world.server.send("POST", path, world.bob, "{\"token_name\":\"" + other + "\"}")
                  .status == 201);
    CHECK(world.server.send("POST", path, world.carl, deploy).status == 201);
    CHECK(world.server.send("POST", path, world.owner, deploy).status == 201);
    CHECK(tokens_of(world, "bob") == "4");
}

TEST_CASE("an expired token gives its name away") {
    People world;
    REQUIRE(world.server
                .send("POST", path, world.bob, R"({"token_name":"deploy","lifetime":60000000000})")
                .status == 201);
    const std::string id = "SELECT id FROM api_keys WHERE token_name = 'deploy'";
    const std::string old = world.sql(id);
    world.server.advance(std::chrono::microseconds(59999999));
    CHECK(world.server.send("POST", path, world.bob, deploy).body == deploy_taken);
    world.server.advance(std::chrono::microseconds(1));
    const std::string entry = world.last_entry();
    CHECK(world.server.send("POST", path, world.bob, deploy).status == 201);
    CHECK(world.sql(id) != old);
    CHECK(tokens_of(world, "bob") == "1");
    CHECK(world.entries_since(entry) == "api_key|create|deploy|201");
    CHECK(world.server.send("GET", "/users/me/keys/" + old, world.bob).body == not_found_answer);
}

TEST_CASE("a deleted token gives its name away") {
    const People world;
    REQUIRE(world.server.send("POST", path, world.bob, deploy).status == 201);
    const std::string id = world.sql("SELECT id FROM api_keys WHERE token_name = 'deploy'");
    REQUIRE(world.server.send("DELETE", "/users/me/keys/" + id, world.bob).status == 204);
    CHECK(world.server.send("POST", path, world.bob, deploy).status == 201);
}

TEST_CASE("tokens without a name get one") {
    const People world;
    std::set<std::string> names;
    for (const std::string body : {R"({})", R"({"token_name":""})", R"({"token_name":null})",
                                   R"({"Token_name":"x"})", "null"})
        for (int i = 0; i < 10; ++i)
            REQUIRE(world.server.send("POST", path, world.bob, body).status == 201);
    const Answer answer = world.server.send("GET", path, world.bob);
    const Value tokens = parse(answer.body);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string name = tokens[i]["token_name"].text();
        INFO(name);
        CHECK(is_generated_name(name));
        CHECK(names.insert(name).second);
    }
    CHECK(names.size() == 50);
}

TEST_CASE("a generated name that the user has already is made again") {
    // The same bytes for every name, until the user has that name.
    auto calls = std::make_shared<std::atomic<int>>(0);
    auto repeats = std::make_shared<std::atomic<bool>>(false);
    coder_users::Options options;
    options.env.random = [calls, repeats](unsigned char* bytes, std::size_t count) {
        coder_users::rules::system_random(bytes, count);
        if (count == 4 && *repeats && ++*calls % 3 != 0)
            std::fill(bytes, bytes + count, static_cast<unsigned char>(7));
    };
    World world(options);
    *repeats = true;
    CHECK(world.server.send("POST", path, world.owner, "{}").status == 201);
    CHECK(world.server.send("POST", path, world.owner, "{}").status == 201);
    CHECK(world.server.send("POST", path, world.owner, "{}").status == 201);
    CHECK(world.sql("SELECT count(DISTINCT token_name) FROM api_keys WHERE login_type = 'token'") ==
          "3");
}

TEST_CASE("of many creations of one token name at once one succeeds") {
    const People world;
    const auto answers = all_at_once(
        32, [&](std::size_t) { return world.server.send("POST", path, world.bob, deploy); });
    CHECK(count_statuses(answers) == StatusCounts{{201, 1}, {409, 31}});
    for (const Answer& answer : answers)
        if (answer.status == 409) CHECK(answer.body == deploy_taken);
    CHECK(tokens_of(world, "bob") == "1");
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE resource_target = 'deploy'") == "1");
}
