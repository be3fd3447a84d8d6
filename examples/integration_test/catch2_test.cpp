#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <coder_users.hpp>
#include <coder_users/testing.hpp>

using coder_users::testing::Client;
using coder_users::testing::Server;

TEST_CASE("a token ends when its time has come") {
    Server server;  // in memory, without users, on a port of its own
    const Client owner = server.owner();

    const auto made =
        owner.post("/users/me/keys/tokens", R"({"token_name":"ci","lifetime":3600000000000})");
    REQUIRE(made.status == 201);
    const Client robot(server.service(), made["key"]);
    CHECK(robot.get("/users/me")["username"] == "owner");

    server.clock().advance(std::chrono::hours(2));
    CHECK(robot.get("/users/me").status == 401);
}

TEST_CASE("my client copes with old and new releases of Coder") {
    for (const std::string release : {"2.6", "2.21", "2.35"}) {
        Server server(release);  // as many in one process as you like
        CHECK(server.visitor().get("/buildinfo")["version"].find("v" + release + ".0") == 0);
        const std::string me = server.owner().get("/users/me").body;
        CHECK((me.find("updated_at") == std::string::npos) == (release == "2.6"));
    }
}

TEST_CASE("an auditor reads the log and changes nothing") {
    Server server;
    const Client auditor = server.user_with_roles({"auditor"});
    const Client bob = server.user("bob");
    CHECK(auditor.get("/audit")["audit_logs.0.resource_target"] == "bob");
    CHECK(auditor.put("/users/bob/profile", R"({"username":"robert"})").status == 403);
    CHECK(bob.over_http().get("/users/me").status == 200);  // over a socket, as a real client
}

TEST_CASE("every section starts from the same users") {
    static Server server;
    static const Client owner = server.owner();
    static const auto users = [] {
        server.user("bob");
        return server.snapshot();
    }();
    server.restore(users);

    SECTION("one deletes bob") { CHECK(owner.del("/users/bob").status == 200); }
    SECTION("the other finds him") { CHECK(owner.get("/users/bob").status == 200); }
}

TEST_CASE("my program copes with a server in trouble") {
    Server server;
    const Client owner = server.owner();
    server.faults().fail_write();  // the next change fails as on a broken disk
    CHECK(owner.post("/users/me/keys").status == 503);
    server.faults().limit_request();
    CHECK(owner.get("/users/me").status == 429);
    CHECK(owner.get("/users/me").status == 200);
}

TEST_CASE("my program tries again when the connection is cut") {
    Server server;
    const Client owner = server.owner().over_http();
    coder_users::testing::Fault cut;
    cut.path = "/api/v2/users/{user}/keys/tokens";
    cut.disconnect = true;
    server.faults().add(cut);
    server.requests().start();
    CHECK_THROWS(owner.post("/users/me/keys/tokens", "{}"));
    CHECK(owner.post("/users/me/keys/tokens", "{}").status == 201);
    CHECK(server.requests().wait({"POST", cut.path}, 2).back().status == 201);
}
