// The end or change of a session counts from its answer on, even if the session was read before
// (docs/contract/http.md, "Authentication").
#include <string>
#include <vector>

#include "server_fixture.hpp"

using namespace coder_users_test;

namespace {

struct Row {
    const char *method, *path, *body;
    int status;        ///< of the change, which the owner makes unless `own` is set
    int afterwards;    ///< of a later GET /users/me with bob's session
    const char* told;  ///< part of the body of that answer
    bool own = false;
};

const Row changes[] = {
    {"PUT", "/users/bob/status/suspend", "", 200, 401, "suspended"},
    {"PUT", "/users/bob/roles", R"({"roles":["auditor"]})", 200, 200, "auditor"},
    {"PUT", "/users/bob/profile", R"({"username":"robert"})", 200, 200, "robert"},
    {"PUT", "/users/bob/email", R"({"email":"rob@x.org"})", 200, 200, "rob@x.org"},
    {"PUT", "/users/bob/password", R"({"password":"AnotherGood1Password!"})", 204, 401, "invalid"},
    {"PUT", "/users/me/appearance", R"({"theme_preference":"dark"})", 200, 200, "dark", true},
    {"POST", "/users/logout", "", 200, 401, "invalid", true},
    {"DELETE", "/users/bob/sessions", "", 204, 401, "invalid"},
    {"DELETE", "/users/bob", "", 200, 401, "invalid"},
};

}  // namespace

TEST_CASE("a change of a session counts for the next request") {
    TestServer server;
    const std::string owner = server.owner();
    for (const Row& row : changes) {
        CAPTURE(row.path);
        const std::string bob = server.member(owner, "bob");
        for (int i = 0; i < 3; ++i) REQUIRE(server.send("GET", "/users/me", bob).status == 200);
        CHECK(server.service().authenticate(bob).user.username == "bob");
        const Answer change = server.send(row.method, row.path, row.own ? bob : owner, row.body);
        CHECK(change.status == row.status);
        const Answer answer = server.send("GET", "/users/me", bob);
        CHECK(answer.status == row.afterwards);
        CHECK(answer.body.find(row.told) != std::string::npos);
        server.send("DELETE",
                    row.afterwards == 200 && std::string(row.told) == "robert" ? "/users/robert"
                                                                               : "/users/bob",
                    owner);
    }
}

TEST_CASE("a token that is deleted ends for everybody who uses it") {
    TestServer server;
    const std::string owner = server.owner();
    const std::string made = server.send("POST", "/users/me/keys/tokens", owner, "{}").body;
    const std::string token = parse(made)["key"].text();
    for (int i = 0; i < 3; ++i) REQUIRE(server.send("GET", "/users/me", token).status == 200);
    const std::string path = "/users/me/keys/" + token.substr(0, token.find('-'));
    CHECK(server.send("DELETE", path, token).status == 204);
    CHECK(server.send("GET", "/users/me", token).status == 401);
    CHECK(server.send("GET", "/users/me", owner).status == 200);
}
