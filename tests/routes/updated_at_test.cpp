// When a user was last updated (docs/contract/users.md, "Life of a user").
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

coder_users::Options at_35() {
    coder_users::Options options;
    options.coder_version = "2.35";
    return options;
}

struct Clocked : World {
    Clocked() : World(at_35()) { server.create(owner, "bob"); }

    /// Sends a request a second later. Returns whether bob counts as updated by it; what is
    /// answered then and later is the same.
    bool updates(const std::string& method, const std::string& target,
                 const std::string& body = "") {
        const std::string before = updated();
        server.advance(std::chrono::seconds(1));
        const Answer answer = server.send(method, target, owner, body);
        INFO(method << " " << target << " " << answer.body);
        CHECK(answer.status / 100 == 2);
        const std::string after = updated();
        if (answer.status != 204 && parse(answer.body).has("updated_at"))
            CHECK(parse(answer.body)["updated_at"].text() == after);
        return after != before;
    }
    std::string updated() {
        return parse(server.send("GET", "/users/bob", owner).body)["updated_at"].text();
    }
};

}  // namespace

TEST_CASE("a profile, an address and a change of the status update a user, others do not") {
    Clocked world;
    CHECK(world.updated() ==
          parse(world.server.send("GET", "/users/bob", world.owner).body)["created_at"].text());
    const std::string profile = "/users/bob/profile", status = "/users/bob/status/";
    CHECK(world.updates("PUT", profile, R"({"username":"bob"})"));
    CHECK(world.updates("PUT", profile, R"({"username":"bob","name":"Bob"})"));
    CHECK(world.updates("PUT", "/users/bob/email", R"({"email":"rob@example.org"})"));
    CHECK(world.updates("PUT", status + "activate"));
    CHECK_FALSE(world.updates("PUT", status + "activate"));
    CHECK(world.updates("PUT", status + "suspend"));
    CHECK_FALSE(world.updates("PUT", status + "suspend"));
    CHECK(world.updates("PUT", status + "activate"));
    CHECK_FALSE(world.updates("PUT", "/users/bob/roles", R"({"roles":["auditor"]})"));
    CHECK_FALSE(world.updates("PUT", "/users/bob/appearance", R"({"theme_preference":"dark"})"));
    CHECK_FALSE(world.updates("PUT", "/users/bob/password", R"({"password":"another-Horse-10"})"));
    CHECK_FALSE(world.updates("POST", "/users/bob/keys/tokens", "{}"));
}

TEST_CASE("a login updates a user whom it makes active, a use of a key always does") {
    Clocked world;
    const std::string made = world.updated();
    world.server.advance(std::chrono::seconds(1));
    const std::string token = world.log_in("bob");
    const std::string active = world.updated();
    CHECK(active != made);
    CHECK(world.sql("SELECT last_seen_at < created_at FROM users WHERE username = 'bob'") == "1");
    world.server.advance(std::chrono::seconds(1));
    world.log_in("bob");
    CHECK(world.updated() == active);

    const std::string stored = world.sql("SELECT updated_at FROM users WHERE username = 'bob'");
    world.server.advance(std::chrono::seconds(1));
    const auto me = parse(world.server.send("GET", "/users/me", token).body);
    CHECK(me["updated_at"].text() == me["last_seen_at"].text());
    CHECK(me["updated_at"].text() != active);
    CHECK(world.updated() == me["updated_at"].text());
    INFO("no use of a key writes it");
    const std::string seen = std::to_string(coder_users::micros(world.server.now()));
    CHECK(world.comes_to_hold("SELECT last_seen_at FROM users WHERE username = 'bob'", seen));
    CHECK(world.sql("SELECT updated_at FROM users WHERE username = 'bob'") == stored);
    CHECK(world.updated() == me["updated_at"].text());
    CHECK(
        parse(world.server.send("GET", "/users?q=bob", world.owner).body)["users"][0]["updated_at"]
            .text() == me["updated_at"].text());
    CHECK(world.server.service().as(coder_users::Identity::system()).find_user("bob").updated_at ==
          world.server.now());
}
