// The header that lifts the rate limits for owners (docs/contract/http.md, "Rate limits").
#include "limited_server.hpp"

using namespace coder_users_test;
using coder_users::Options;

namespace {

const HeaderList bypass{{"X-Coder-Bypass-Ratelimit", "true"}};
const std::string not_owner =
    "{\"message\":" + json_text("\"X-Coder-Bypass-Ratelimit\" provided but user is not owner") +
    "}\n";

}  // namespace

TEST_CASE("owners may pass the limits by") {
    Options options = limits(2, 1);
    TempFolder folder;
    options.database = folder.file("users.db");
    Limited server(options);
    const std::string owner = server.owner();
    const std::string none = "200 none none";
    for (int i = 0; i < 4; ++i) {
        CHECK(server.state("GET", "/users/me", owner, bypass) == none);
        CHECK(server.state("GET", "/users/authmethods", owner, bypass) == none);
    }
    CHECK(server.state("GET", "/users/me", owner) == "200 2 1");  // they were not counted
    CHECK(server.state("GET", "/users/me", owner) == "200 2 0");
    CHECK(server.state("GET", "/users/me", owner) == "429 2 0");
    CHECK(server.state("GET", "/users/me", owner, bypass) == none);
    for (const std::string other : {"TRUE", "1", "", "false", "true, true", "truex"})
        CHECK(server.state("GET", "/users/me", owner, {{"X-Coder-Bypass-Ratelimit", other}}) ==
              "429 2 0");
    CHECK(server.state("GET", "/users/me", owner, {{"x-coder-bypass-ratelimit", "true"}}) == none);
    const auto limited = server.ask("POST", "/users/me/keys/tokens", owner, {}, "1.2.3.4",
                                    R"({"scope":"application_connect"})");
    REQUIRE(limited.status == 201);
    const std::string key = parse(limited.body)["key"].text();
    CHECK(server.state("GET", "/users/me", key, bypass) == none);
    CHECK(server.state("GET", "/users", key, bypass) == "403 none none");
    // without a valid token the header is ignored
    CHECK(server.state("GET", "/users/me", "", bypass, "6.6.6.6") == "401 2 1");
    CHECK(server.state("GET", "/users/me", "nonsense", bypass, "6.6.6.6") == "401 2 0");
    CHECK(server.state("GET", "/users/me", "", bypass, "6.6.6.6") == "429 2 0");
}

TEST_CASE("nobody else may, whether or not a limit is on") {
    for (const int limit : {3, 0}) {
        Options options = limits(limit, 0);
        Limited server(options);
        const std::string owner = server.owner();
        server.create(owner, "bob");
        const std::string bob = server.log_in("bob@example.org");
        for (const std::string path : {"/users/me", "/users/first", "/nosuch", "/users/nobody/x"})
            for (const std::string method : {"GET", "POST", "OPTIONS"}) {
                const auto response = server.ask(method, path, bob, bypass);
                CHECK(response.status == 428);
                CHECK(response.body == not_owner);
            }
        // before any 429, but counted like everything that reaches gate 3
        server.advance(std::chrono::minutes(2));
        const std::string headers = limit ? " 3 " : " none none";
        for (int left = 2; left >= -1; --left)
            CHECK(server.state("GET", "/users/me", bob, bypass) ==
                  "428" + headers + (limit ? std::to_string((std::max)(left, 0)) : ""));
        CHECK(server.state("GET", "/users/me", bob) == (limit ? "429 3 0" : "200 none none"));
        CHECK(server.state("GET", "/users/me", bob, bypass).substr(0, 3) == "428");
        CHECK(server.state("GET", "!/healthz", bob, bypass) == "200 none none");
        REQUIRE(server
                    .send("PUT", "/users/bob/roles", owner,
                          R"({"roles":["user-admin","auditor","template-admin"]})",
                          {{"X-Coder-Bypass-Ratelimit", "true"}})
                    .status == 200);
        CHECK(server.ask("GET", "/users/me", bob, bypass).body == not_owner);
    }
}
