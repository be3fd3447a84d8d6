// docs/contract/http.md, "Rate limits"; threats L4, L5.
#include "limited_server.hpp"

using namespace coder_users_test;
using coder_users::Options;

TEST_CASE("512 requests a minute, then 429 until the window ends") {
    Limited server;
    const auto expect = [&](int status, const std::string& remaining, const std::string& retry,
                            const std::string& reset) {
        const auto response = server.ask("GET", "/users/first");
        INFO(remaining);
        CHECK(response.status == status);
        CHECK(header_of(response.headers, "X-RateLimit-Limit", "none") == "512");
        CHECK(header_of(response.headers, "X-RateLimit-Remaining", "none") == remaining);
        CHECK(header_of(response.headers, "X-RateLimit-Reset", "none") == reset);
        CHECK(header_of(response.headers, "Retry-After", "none") == retry);
        if (status == 429) CHECK(response.body == too_many("512"));
    };
    server.advance(std::chrono::microseconds(321'099));  // a whole second: 1767323046
    for (int left = 511; left >= 0; --left) expect(404, std::to_string(left), "none", "1767323106");
    expect(429, "0", "60", "1767323106");
    server.advance(std::chrono::milliseconds(500));
    expect(429, "0", "60", "1767323106");
    server.advance(std::chrono::milliseconds(59'499));
    expect(429, "0", "1", "1767323106");
    server.advance(std::chrono::milliseconds(1));  // the window starts with its first request
    expect(404, "511", "none", "1767323166");
    server.advance(std::chrono::hours(1));
    expect(404, "511", "none", "1767326766");
}

TEST_CASE("over HTTP the limits are the same") {
    TestServer server(limits(2, 0), true);
    CHECK(server.send("GET", "/buildinfo").header("x-ratelimit-remaining") == "1");
    CHECK(server.send("GET", "/buildinfo").status == 200);
    const Answer refused = server.send("HEAD", "/buildinfo");
    CHECK(refused.status == 429);
    CHECK(refused.body.empty());
    CHECK(refused.header("retry-after") == "60");
    CHECK(refused.header("cache-control") == "no-store");
    CHECK(server.send("OPTIONS", "/buildinfo").body == too_many("2"));
}

TEST_CASE("60 logins and password changes a minute") {
    Limited server;
    const std::string owner = server.owner();  // a login over HTTP, from another address
    const auto expect_sixty = [&](const std::string& method, const std::string& path,
                                  const std::string& token) {
        for (int left = 59; left >= 0; --left)
            CHECK(server.state(method, path, token) == "400 60 " + std::to_string(left));
        const auto refused = server.ask(method, path, token);
        CHECK(refused.status == 429);
        CHECK(refused.body == too_many("60"));
        CHECK(header_of(refused.headers, "X-RateLimit-Limit", "none") == "60");
        CHECK(header_of(refused.headers, "X-RateLimit-Remaining", "none") == "0");
        CHECK(header_of(refused.headers, "X-RateLimit-Reset", "none") == "1767323106");
        CHECK(header_of(refused.headers, "Retry-After", "none") == "60");
    };
    expect_sixty("POST", "/users/login", "");
    expect_sixty("PUT", "/users/me/password", owner);
    CHECK(server.ask("PUT", "/users/nobody/password", owner).status == 429);
    // The tight group depends on the method; the other one continues to count.
    CHECK(server.state("GET", "/users/login") == "405 512 450");
    CHECK(server.state("GET", "/users/me/password", owner) == "405 512 449");
    for (const std::string path : {"/users/logout", "/users/first", "/users", "/users/me/keys"})
        CHECK(server.state("POST", path).substr(4) == "512 511");
    CHECK(server.state("PUT", "/users/me/profile").substr(4) == "512 511");
}

TEST_CASE("the tightest group speaks") {
    {
        Limited server(limits(5, 5));  // a tie: the tight one
        for (int i = 4; i >= 0; --i)
            CHECK(server.state("POST", "/users/login") == "400 5 " + std::to_string(i));
        CHECK(server.ask("POST", "/users/login").body == too_many("5"));
    }
    {
        Limited server(limits(2, 4));
        CHECK(server.state("POST", "/users/login") == "400 2 1");
        CHECK(server.state("POST", "/users/login") == "400 2 0");
        CHECK(server.ask("POST", "/users/login").body == too_many("2"));
        CHECK(server.state("POST", "/users/login") == "429 2 0");
        // both limits are exceeded: the smaller one is reported
        CHECK(server.ask("POST", "/users/login").body == too_many("2"));
    }
    {
        Limited server(limits(3, 2));  // the limit that was hit is not that of the tightest
        for (int i = 0; i < 3; ++i) server.ask("GET", "/users/login");
        server.advance(std::chrono::seconds(30));
        const auto refused = server.ask("POST", "/users/login");
        CHECK(refused.status == 429);
        CHECK(refused.body == too_many("3"));
        CHECK(header_of(refused.headers, "X-RateLimit-Limit", "none") == "2");
        CHECK(header_of(refused.headers, "X-RateLimit-Remaining", "none") == "1");
        CHECK(header_of(refused.headers, "Retry-After", "none") == "30");
    }
}

TEST_CASE("limits can be switched off, each for itself") {
    const std::string off = " none none";
    for (const int none : {0, -1}) {
        Limited server(limits(none, 1));
        for (int i = 0; i < 3; ++i) CHECK(server.state("GET", "/users/first") == "404" + off);
        CHECK(server.state("POST", "/users/login") == "400 1 0");
        CHECK(server.ask("POST", "/users/login").body == too_many("1"));
        CHECK(server.state("GET", "/users/login") == "405" + off);
    }
    for (const int none : {0, -1}) {
        Limited server(limits(2, none));
        CHECK(server.state("POST", "/users/login") == "400 2 1");
        CHECK(server.state("POST", "/users/login") == "400 2 0");
        CHECK(server.ask("POST", "/users/login").body == too_many("2"));
    }
    TestServer without(limits(1, 1), false);  // Options::disable_rate_limits
    for (int i = 0; i < 3; ++i) {
        const Answer answer = without.send("POST", "/users/login");
        CHECK(answer.status == 400);
        CHECK_FALSE(answer.has("x-ratelimit-limit"));
    }
    Limited none(limits(0, 0));
    CHECK(none.state("POST", "/users/login") == "400" + off);
}

TEST_CASE("a counter belongs to a route pattern, not to a path or a method") {
    Options options = limits(1000, 0);
    Limited server(options);
    const std::string owner = server.owner();
    const auto left = [&](const std::string& method, const std::string& path) {
        return std::stoi(server.state(method, path, owner).substr(9));
    };
    const std::vector<std::vector<std::pair<std::string, std::string>>> patterns{
        {{"GET", "/users/me"},
         {"DELETE", "/users/nobody"},
         {"HEAD", "/users/x/"},
         {"PATCH", "//users/%6de"},
         {"OPTIONS", "/users/me"},
         {"GET", "/users/oidc"}},
        {{"GET", "/users"}, {"POST", "/users?x=1"}, {"HEAD", "/users"}},
        {{"GET", "/nosuch"},
         {"POST", "/users/me/nosuch"},
         {"GET", "!/"},
         {"GET", "!/login"},
         {"OPTIONS", "/a/b/c"},
         {"GET", "/users/first/x"},
         {"PUT", "/audit/x"}},
        {{"GET", "/users/me/keys/tokens/a"}, {"GET", "/users/x/keys/tokens/b"}},
        {{"GET", "/users/me/keys/tokens/tokenconfig"}},
        {{"GET", "/users/me/keys/abc"}, {"DELETE", "/users/me/keys/def"}},
        {{"GET", "/"}, {"GET", "/?x"}},
    };
    for (const auto& pattern : patterns) {
        int expected = 999;
        for (const auto& [method, path] : pattern) {
            INFO(method << " " << path);
            CHECK(left(method, path) == expected--);
        }
    }
}

TEST_CASE("a caller is the user of a good token, else an address") {
    Options options = limits(100, 0);
    Limited server(options);
    const std::string owner = server.owner(), second = server.log_in("owner@example.org");
    server.create(owner, "bob");
    const std::string bob = server.log_in("bob@example.org");
    const auto left = [&](const std::string& token, const std::string& address) {
        return server.state("GET", "/users/authmethods", token, {}, address).substr(8);
    };
    const std::string none;
    CHECK(left(owner, "1.1.1.1") == "99");
    CHECK(left(owner, "2.2.2.2") == "98");
    CHECK(left(second, "2001:db8::1") == "97");
    CHECK(left(bob, "1.1.1.1") == "99");
    CHECK(left(none, "1.1.1.1") == "99");
    CHECK(left("nonsense", "1.1.1.1") == "98");
    CHECK(left(owner.substr(0, 11) + std::string(22, 'x'), "1.1.1.1") == "97");
    CHECK(left(none, "1.1.1.2") == "99");
    CHECK(left(none, "2001:db8:0:1::1") == "99");
    CHECK(left(none, "2001:db8:0:1:ffff:ffff:ffff:ffff") == "98");
    CHECK(left(none, "2001:DB8:0:1::2") == "97");
    CHECK(left(none, "2001:db8:0:2::1") == "99");
    CHECK(left(none, "") == "99");
    CHECK(left(none, "") == "98");
    // The tokens of a suspended user and expired tokens are not valid.
    REQUIRE(server.send("PUT", "/users/bob/status/suspend", owner).status == 200);
    CHECK(left(bob, "3.3.3.3") == "99");
    CHECK(left(none, "3.3.3.3") == "98");
    server.advance(std::chrono::hours(25));
    CHECK(left(owner, "4.4.4.4") == "99");
    CHECK(left(none, "4.4.4.4") == "98");
}

TEST_CASE("every request that reaches gate 3 counts and carries the headers") {
    Limited server(limits(100, 0));
    const std::string owner = server.owner();
    const HeaderList foreign{{"Cookie", "coder_session_token=x"}, {"Sec-Fetch-Site", "cross-site"}};
    const std::string a = "5.5.5.5";
    CHECK(server.state("GET", "/users/me/profile", "", {}, a) == "401 100 99");
    CHECK(server.state("PUT", "/users/me/profile", "", {}, a) == "401 100 98");
    CHECK(server.state("OPTIONS", "/users/me/profile", "", {}, a) == "204 100 97");
    CHECK(server.state("PUT", "/users/me/profile", "", foreign, a) == "403 none none");
    CHECK(server.state("PUT", "/users/%zz/profile", "", {}, a) == "400 none none");
    CHECK(server.ask("PUT", "/users/me/profile", "", {}, a, std::string(1048577, ' ')).status ==
          413);
    CHECK(server.state("PUT", "/users/me/profile", "", {}, a) == "401 100 96");
    CHECK(server.state("PUT", "/users/me/profile", owner) == "400 100 99");
    CHECK(server.state("PUT", "/users/nobody/profile", owner) == "404 100 98");
    CHECK(server.state("GET", "/users/me/profile", owner) == "405 100 97");
    for (const std::string path : {"!/healthz", "!/readyz"})
        CHECK(server.state("GET", path, owner) == "200 none none");
    CHECK(server.state("PUT", "!/healthz", owner) == "405 none none");
}
