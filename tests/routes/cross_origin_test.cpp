// docs/contract/http.md, "Cross-origin rule", over HTTP.
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

struct Case {
    std::string title;
    HeaderList headers;
    bool refused;
};

const std::string refused_answer = message("Cross-origin request refused.");

}  // namespace

TEST_CASE("changes with the cookie must come from our own pages") {
    World world;
    const std::string cookie = "coder_session_token=" + world.owner;
    const std::vector<Case> cases{
        {"neither header", {}, false},
        {"same-origin", {{"Sec-Fetch-Site", "same-origin"}}, false},
        {"typed in", {{"Sec-Fetch-Site", "none"}}, false},
        {"cross-site", {{"Sec-Fetch-Site", "cross-site"}}, true},
        {"same-site", {{"Sec-Fetch-Site", "same-site"}}, true},
        {"empty", {{"Sec-Fetch-Site", ""}}, true},
        {"letter case", {{"Sec-Fetch-Site", "Same-Origin"}}, true},
        {"Sec-Fetch-Site wins over Origin",
         {{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://evil.example"}},
         false},
        {"Sec-Fetch-Site wins over a good Origin",
         {{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://localhost"}},
         true},
        {"our origin", {{"Origin", "http://localhost"}}, false},
        {"our origin, letter case", {{"Origin", "HTTP://LocalHost"}}, false},
        {"our origin, default port", {{"Origin", "http://localhost:80"}}, false},
        {"https", {{"Origin", "https://localhost"}}, false},
        {"https, default port",
         {{"Origin", "https://localhost:443"}, {"Host", "localhost"}},
         false},
        {"default port in Host", {{"Origin", "http://localhost"}, {"Host", "localhost:80"}}, false},
        {"another scheme's default port",
         {{"Origin", "https://localhost"}, {"Host", "localhost:80"}},
         true},
        {"a port", {{"Origin", "http://localhost:8080"}, {"Host", "LOCALHOST:8080"}}, false},
        {"another port", {{"Origin", "http://localhost:8081"}, {"Host", "localhost:8080"}}, true},
        {"IPv6", {{"Origin", "http://[::1]:3000"}, {"Host", "[::1]:3000"}}, false},
        {"another host", {{"Origin", "http://evil.example"}}, true},
        {"a host that begins alike", {{"Origin", "http://localhost.evil.example"}}, true},
        {"a host that ends alike", {{"Origin", "http://evil.localhost"}}, true},
        {"a user name", {{"Origin", "http://localhost@evil.example"}}, true},
        {"null", {{"Origin", "null"}}, true},
        {"an empty origin", {{"Origin", ""}}, true},
        {"no scheme", {{"Origin", "localhost"}}, true},
        {"another scheme", {{"Origin", "ftp://localhost"}}, true},
        {"an extension", {{"Origin", "chrome-extension://localhost"}}, true},
        {"a trusted forwarded host is none",
         {{"Origin", "http://evil.example"}, {"X-Forwarded-Host", "evil.example"}},
         true},
        {"a form", {{"Origin", "http://evil.example"}, {"Content-Type", "text/plain"}}, true},
    };
    for (const Case& each : cases) {
        INFO(each.title);
        HeaderList headers = each.headers;
        headers.emplace_back("Cookie", cookie);
        const std::string before = world.snapshot(), entry = world.last_entry();
        const Answer answer = world.server.send("PUT", "/users/me/profile", "", "{}", headers);
        // a request that passes meets the field rules
        CHECK(answer.status == (each.refused ? 403 : 400));
        CHECK(answer.body ==
              (each.refused ? refused_answer : broken({{"username", "required", ""}})));
        CHECK(world.snapshot() == before);
        CHECK(world.entries_since(entry).empty());
    }
}

TEST_CASE("the rule looks at cookies and at methods that change things") {
    World world;
    const HeaderList foreign{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://evil.example"}};
    const auto with = [&](const std::string& name, const std::string& value) {
        HeaderList headers = foreign;
        headers.emplace_back(name, value);
        return headers;
    };
    const HeaderList cookie = with("Cookie", "coder_session_token=" + world.owner);
    for (const std::string method : {"GET", "HEAD"})
        CHECK(world.server.send(method, "/users/me", "", "", cookie).status == 200);
    CHECK(world.server.send("OPTIONS", "/users/me", "", "", cookie).status == 204);
    for (const std::string method : {"POST", "PUT", "PATCH", "DELETE", "TRACE", "get"})
        for (const std::string path : {"/users/me", "/users/login", "/users/first", "/nosuch", "/",
                                       "!/healthz", "!/nosuch"}) {
            INFO(method << path);
            const Answer answer = world.server.send(method, path, "", "", cookie);
            CHECK(answer.status == 403);
            CHECK(answer.body == refused_answer);
        }
    const std::string body = R"({"username":"boss"})";
    CHECK(world.server
              .send("PUT", "/users/me/profile", "", body, with("Coder-Session-Token", world.owner))
              .status == 200);
    CHECK(world.server
              .send("PUT", "/users/me/profile", "", body,
                    with("Authorization", "Bearer " + world.owner))
              .status == 200);
    HeaderList both = cookie;
    both.emplace_back("Coder-Session-Token", world.owner);
    CHECK(world.server.send("PUT", "/users/me/profile", "", body, both).status == 200);
    // the cookie has no token, so there is nothing to protect
    CHECK(world.server.send("POST", "/users/login", "", "{}", foreign).status == 400);
    CHECK(
        world.server.send("POST", "/users/login", "", "{}", with("Cookie", "coder_session_token="))
            .status == 400);
    CHECK(
        world.server.send("POST", "/users/login", "", "{}", with("Cookie", "coder_session_token=x"))
            .status == 403);
}
