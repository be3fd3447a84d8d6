// The test kit.
#include "coder_users/testing.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../sanitized.hpp"
#include "../temp_folder.hpp"

namespace testing_test {

using namespace coder_users::testing;
using coder_users::Options;
using coder_users_test::file_bytes;
using coder_users_test::sanitized;
using coder_users_test::TempFolder;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST_CASE("a fixture in one line is a logged-in user with its roles") {
    Server server;
    const Client owner = server.owner();
    CHECK(server.owner().token == owner.token);  // made once
    const Answer me = owner.get("/users/me");
    CHECK(me.status == 200);
    CHECK(me["id"] == owner.id);
    CHECK(me["roles.0.name"] == "owner");

    const Client auditor = server.user_with_roles({"auditor", "user-admin"});
    CHECK(auditor.username == "auditor");
    CHECK(auditor.get("/users/me")["roles.1.name"] == "user-admin");
    CHECK(server.user_with_roles({"auditor"}).username == "auditor-2");
    const Client member = server.user_with_roles();
    CHECK(member.username == "member");
    CHECK(member.get("/audit").status == 403);
    CHECK(server.visitor().get("/users/me").status == 401);
    CHECK(owner.get("/users")["count"] == "4");
}

TEST_CASE("a service account comes with a token, and without an address") {
    Server server;
    server.owner();
    const Client robot = server.service_account("robot", {"auditor"});
    CHECK(robot.get("/users/me")["username"] == "robot");
    CHECK(robot.get("/users/me")["id"] == robot.id);
    CHECK(robot.get("/users/me")["email"].empty());
    CHECK(robot.email.empty());
    CHECK(robot.get("/audit").status == 200);
    CHECK(server.service_account("robot2").get("/audit").status == 403);
}

TEST_CASE("a name that is taken is named") {
    Server server;
    server.user("bob");
    CHECK_THROWS_WITH(server.user("bob"), "this server already has a user \"bob\"");
    CHECK_THROWS_AS(server.user("Bob"), std::invalid_argument);
    CHECK_THROWS_AS(server.user("b b"), coder_users::LineError);
    CHECK(server.user("bobby").get("/users/me").status == 200);
}

TEST_CASE("a server may be moved, and its clients go on") {
    Server first;
    const Client owner = first.owner();
    Server second(std::move(first));
    CHECK(owner.get("/users/me").status == 200);
    CHECK(second.owner().token == owner.token);
    CHECK(second.owner().get("/users/me").status == 200);
}

TEST_CASE("a client reads, creates, changes and deletes, in the process and over HTTP") {
    Server server;
    for (const Client& owner : {server.owner(), server.owner().over_http()}) {
        const Answer made = owner.post("/users", R"({"email":"bob@example.com","username":"bob",)"
                                                 R"("password":"correct-Horse-9"})");
        REQUIRE(made.status == 201);
        CHECK(owner.put("/users/bob/roles", R"({"roles":["auditor"]})")["roles.0.name"] ==
              "auditor");
        CHECK(owner.get("/api/v2/users/bob")["id"] == made["id"]);
        CHECK(owner.del("/users/bob").status == 200);
        CHECK(owner.get("/users/bob").status == 404);
    }
    CHECK_THROWS_AS(server.owner().get("/users/me")["no.such"], std::out_of_range);
}

TEST_CASE("the password of the fixtures is good for a login") {
    Server server;
    const Client owner = server.owner();
    const Answer answer = server.visitor().post(
        "/users/login", R"({"email":"owner@example.com","password":"correct-Horse-9"})");
    CHECK(answer.status == 201);
    CHECK(Client(server.service(), answer["session_token"]).get("/users/me").status == 200);
}

TEST_CASE("the clock moves while the server runs") {
    Server server;
    const Client owner = server.owner();
    const Answer token =
        owner.post("/users/me/keys/tokens", R"({"token_name":"ci","lifetime":3600000000000})");
    REQUIRE(token.status == 201);
    const Client robot(server.service(), token["key"]);
    CHECK(robot.get("/users/me").status == 200);
    CHECK(owner.get("/users?q=last_seen_before:\"2026-01-02T03:30:00Z\"")["count"] == "1");

    server.clock().advance(hours(2));  // the token ends, and the session is prolonged
    CHECK(robot.get("/users/me").status == 401);
    CHECK(owner.get("/users/me").status == 200);
    CHECK(owner.get("/users?q=last_seen_before:\"2026-01-02T03:30:00Z\"")["count"] == "0");

    server.clock().advance(hours(25));  // the session ends
    CHECK(owner.get("/users/me").status == 401);
}

/// Returns the answers of a new server to a sequence of requests. They hold ids, tokens and SSH
/// keys.
std::string story(std::uint64_t seed, coder_users::SshKeyAlgorithm algorithm) {
    const Controls controls(seed);
    Options options = Options::for_tests(controls);
    options.ssh_key_algorithm = algorithm;
    Server server(controls, options);
    std::string told = server.owner().token;
    const Client owner = server.owner();
    const auto tell = [&](const Answer& answer) {
        for (const auto& [name, value] : answer.headers) told += name + ": " + value + '\n';
        told += answer.body;
    };
    tell(owner.post("/users", R"({"email":"bob@example.com","username":"bob",)"
                              R"("password":"correct-Horse-9"})"));
    tell(owner.get("/users/bob/gitsshkey"));
    tell(owner.put("/users/bob/gitsshkey"));
    tell(owner.post("/users/me/keys/tokens", "{}"));
    tell(owner.post("/users/login", R"({"email":"bob@example.com","password":"correct-Horse-9"})"));
    tell(owner.get("/audit?limit=10"));
    return told;
}

TEST_CASE("ids, tokens and SSH keys repeat byte for byte") {
    using coder_users::SshKeyAlgorithm;
    const std::string told = story(1, SshKeyAlgorithm::ed25519);
    CHECK(told.find("ssh-ed25519 AAAA") != std::string::npos);
    CHECK(story(1, SshKeyAlgorithm::ed25519) == told);
    CHECK(story(2, SshKeyAlgorithm::ed25519) != told);
    const std::string other = story(1, SshKeyAlgorithm::ecdsa);
    CHECK(other.find("ecdsa-sha2-nistp256 AAAA") != std::string::npos);
    CHECK(story(1, SshKeyAlgorithm::ecdsa) == other);
}

TEST_CASE("restore() brings back data, clock and randomness") {
    Server server;
    const Client owner = server.owner();
    const Client bob = server.user("bob");
    const auto before = server.snapshot();
    const auto change = [&] {
        server.clock().advance(hours(3));
        const Answer seen = bob.get("/users/me");  // activity that is not stored yet
        const Answer made = owner.post("/users/me/keys/tokens", R"({"token_name":"ci"})");
        REQUIRE(made.status == 201);
        CHECK(owner.del("/users/bob").status == 200);
        CHECK(bob.get("/users/me").status == 401);
        return seen.body + made.body;
    };
    const std::string first = change();
    server.faults().fail_write();
    server.restore(before);
    CHECK(server.clock().now() == Clock().now());
    CHECK(bob.get("/users/me")["last_seen_at"] == "2026-01-02T03:04:05Z");
    CHECK(owner.get("/users/me/keys/tokens/ci").status == 404);
    server.restore(before);
    CHECK(change() == first);
    server.restore(before);
    CHECK(server.user_with_roles({"auditor"}).username == "auditor");
    server.restore(before);
    CHECK(server.user_with_roles({"auditor"}).username == "auditor");
}

TEST_CASE("a snapshot of a file is restored, too, and by another server") {
    const TempFolder folder;
    const Controls controls;
    Options options = Options::for_tests(controls);
    options.database = folder.file("users.db");
    Server server(controls, options);
    const Client bob = server.user("bob");
    const auto before = server.snapshot();
    REQUIRE(server.owner().del("/users/bob").status == 200);
    server.restore(before);
    CHECK(bob.get("/users/me").status == 200);

    Server other;
    other.restore(before);
    CHECK(Client(other.service(), bob.token).get("/users/me")["id"] == bob.id);
}

TEST_CASE("the n-th change fails and nothing of it is stored") {
    Server server;
    const Client owner = server.owner();
    const auto create = [&](const std::string& name) {
        return owner
            .post("/users", R"({"email":")" + name + R"(@example.com","username":")" + name +
                                R"(","password":"correct-Horse-9"})")
            .status;
    };
    server.faults().fail_write(2);
    CHECK(create("anna") == 201);
    CHECK(owner.get("/users/me").status == 200);
    CHECK(create("bert") == 503);
    CHECK(owner.get("/users/bert").status == 404);
    CHECK(create("bert") == 201);
}

TEST_CASE("the n-th change is slow") {
    Server server;
    const Client owner = server.owner();
    const auto change = [&] {
        const auto start = std::chrono::steady_clock::now();
        CHECK(owner.put("/users/me/appearance", R"({"theme_preference":"dark"})").status == 200);
        return std::chrono::steady_clock::now() - start;
    };
    server.faults().slow_write(milliseconds(200), 2);
    change();
    CHECK(change() >= milliseconds(200));
}

TEST_CASE("the n-th request is answered 429") {
    Server server;
    const Client owner = server.owner();
    server.faults().limit_request(2);
    CHECK(owner.get("/users/me").status == 200);
    const Answer limited = owner.get("/users/me");
    CHECK(limited.status == 429);
    CHECK(limited["message"] ==
          "You've been rate limited for sending more than 512 requests in 1m0s.");
    CHECK(std::count(limited.headers.begin(), limited.headers.end(),
                     std::pair<std::string, std::string>("Retry-After", "1")) == 1);
    CHECK(owner.get("/users/me").status == 200);
    server.faults().limit_request();
    server.faults().clear();
    CHECK(owner.get("/users/me").status == 200);
    CHECK_THROWS_AS(server.faults().limit_request(0), std::invalid_argument);
}

TEST_CASE("servers for tests and real ones refuse each other's files") {
    using Catch::Matchers::ContainsSubstring;
    const TempFolder folder;
    Options real;
    real.database = folder.file("real.db");
    real.port = 0;
    coder_users::start(real).stop();
    const std::string before = file_bytes(real.database);
    Options test = Options::for_tests();
    test.database = real.database;
    CHECK_THROWS_WITH(coder_users::start(test), ContainsSubstring("Options::for_tests()"));
    CHECK(file_bytes(real.database) == before);
    CHECK(folder.listing() == "real.db real.db.key real.db.lock");

    test.database = folder.file("test.db");
    coder_users::start(test).stop();
    coder_users::start(test).stop();
    real.database = test.database;
    CHECK_THROWS_WITH(coder_users::start(real), ContainsSubstring("can be foreseen"));
}

TEST_CASE("a real server gives no snapshots") {
    Options real;
    real.database = ":memory:";
    real.port = 0;
    auto users = coder_users::start(real);
    CHECK_THROWS_AS(users.snapshot(), std::logic_error);
    CHECK_THROWS_AS(users.restore(Server().service().snapshot()), std::logic_error);
}

TEST_CASE("two hundred servers live side by side") {
    std::vector<std::unique_ptr<Server>> servers;
    for (int i = 0; i < (sanitized ? 50 : 200); ++i)
        servers.push_back(std::make_unique<Server>(Controls(static_cast<std::uint64_t>(i))));
    for (const auto& server : servers) CHECK(server->owner().get("/users")["count"] == "1");
    CHECK(servers.front()->owner().over_http().get("/users/me").status == 200);
    CHECK(servers.back()->owner().over_http().get("/users/me").status == 200);
}

TEST_CASE("servers of the kit answer as the release that is asked for, side by side") {
    Server page, first("2.6"), newest("2.35", Controls(7));
    const auto begins = [](Server& server) {
        const std::string version = server.visitor().get("/buildinfo")["version"];
        return version.substr(0, version.find('+'));
    };
    CHECK(begins(page) == "v2.6.0");
    CHECK(begins(first) == "v2.6.0");
    CHECK(begins(newest) == "v2.35.0");
    CHECK(newest.owner().get("/users/me").body.find("has_ai_seat") != std::string::npos);
    CHECK(first.owner().get("/users/me").body.find("has_ai_seat") == std::string::npos);
    Server one("2.35", Controls(7)), same("2.35", Controls(7));
    CHECK(one.owner().post("/users/me/keys").body == same.owner().post("/users/me/keys").body);
    CHECK_THROWS_AS(Server("2.36"), std::exception);
}

}  // namespace testing_test
