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
    // Without a token, too: a page must not log anybody in, or be the first user.
    CHECK(world.server.send("POST", "/users/login", "", "{}", foreign).status == 403);
    CHECK(
        world.server.send("POST", "/users/login", "", "{}", with("Cookie", "coder_session_token="))
            .status == 403);
    CHECK(world.server.send("PUT", "/users/me/profile", "", body, with("Coder-Session-Token", ""))
              .status == 403);
    CHECK(
        world.server.send("POST", "/users/login", "", "{}", with("Cookie", "coder_session_token=x"))
            .status == 403);
}

TEST_CASE("a page elsewhere can neither take over a fresh server nor log anybody in") {
    const HeaderList page{{"Origin", "https://evil.example"},
                          {"Sec-Fetch-Site", "cross-site"},
                          {"Content-Type", "text/plain"}};
    TestServer server;
    const std::string first =
        R"({"email":"owner@example.org","username":"owner","password":")" + good_password + "\"}";
    const Answer taken = server.send("POST", "/users/first", "", first, page);
    CHECK(taken.status == 403);
    CHECK(taken.body == refused_answer);
    CHECK(server.send("GET", "/users/first").status == 404);
    CHECK(server.send("POST", "/users/first", "", first).status == 201);
    const Answer login = server.send("POST", "/users/login", "", first, page);
    CHECK(login.status == 403);
    CHECK(login.body == refused_answer);
    CHECK_FALSE(login.has("set-cookie"));
    CHECK(server.send("POST", "/users/login", "", first).status == 201);
}

TEST_CASE("pages of the access URL may send changes, whatever a proxy makes of the Host") {
    coder_users::Options options;
    options.access_url = "https://users.example.com/base";
    World world(options);
    const auto status = [&](const std::string& origin) {
        return world.server
            .send("POST", "/users/login", "", "{}",
                  {{"Origin", origin}, {"Host", "inner:3000"}, {"Sec-Fetch-Site", "same-site"}})
            .status;
    };
    CHECK(status("https://users.example.com") == 400);
    CHECK(status("HTTPS://Users.example.com:443") == 400);
    CHECK(status("http://users.example.com") == 403);
    CHECK(status("https://users.example.com:444") == 403);
    CHECK(status("https://users.example.com.evil.example") == 403);
    CHECK(status("null") == 403);
}
