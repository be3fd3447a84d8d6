// Which address counts as the client's, behind proxies or not (docs/contract/http.md, "Address
// of the client"; threat L5).
#include "people.hpp"

using namespace coder_users_test;

namespace {

coder_users::Options behind_proxies() {
    coder_users::Options options;
    options.proxy_trusted_origins = {"10.0.0.0/8", "192.168.1.1", "fd00::/8"};
    options.proxy_trusted_headers = {"X-Real-Ip", "X-Forwarded-For"};
    return options;
}

/// The address that the audit log names for a request.
std::string seen(World& world, const std::string& peer, const HeaderList& headers) {
    const auto response =
        world.server.service().handle({"POST", "/api/v2/users/login", headers,
                                       R"({"email":"nobody@example.org","password":"x"})", peer});
    CHECK(response.status == 401);
    return world.sql("SELECT ip FROM audit_logs ORDER BY entry DESC LIMIT 1");
}

HeaderList forwarded(const std::string& value) { return {{"X-Forwarded-For", value}}; }

}  // namespace

TEST_CASE("trusted proxies name the client") {
    World world(behind_proxies());
    struct Case {
        std::string title, peer;
        HeaderList headers;
        std::string client;
    };
    const std::string proxy = "10.1.2.3";
    for (const Case& each :
         {Case{"a peer that is no proxy", "1.2.3.4", forwarded("9.9.9.9"), "1.2.3.4"},
          Case{"a neighbour of a proxy", "192.168.1.2", forwarded("9.9.9.9"), "192.168.1.2"},
          Case{"a proxy by its address", "192.168.1.1", forwarded("9.9.9.9"), "9.9.9.9"},
          Case{"no header", proxy, {}, proxy},
          Case{"an empty header", proxy, forwarded(""), proxy},
          Case{"one address", proxy, forwarded("9.9.9.9"), "9.9.9.9"},
          Case{"the right-most counts", proxy, forwarded("6.6.6.6, 9.9.9.9"), "9.9.9.9"},
          Case{"behind another proxy", proxy, forwarded("9.9.9.9,10.0.0.5"), "9.9.9.9"},
          Case{"behind several", proxy, forwarded("6.6.6.6 , 9.9.9.9,10.0.0.5,\t192.168.1.1"),
               "9.9.9.9"},
          Case{"all trusted: the left-most", proxy, forwarded("10.0.0.7, 10.0.0.8"), "10.0.0.7"},
          Case{"no address", proxy, forwarded("nonsense"), proxy},
          Case{"with a port", proxy, forwarded("9.9.9.9:1234"), "9.9.9.9"},
          Case{"a port of the right-most", proxy, forwarded("9.9.9.9, 203.0.113.9:5555"),
               "203.0.113.9"},
          Case{"IPv6 with a port", proxy, forwarded("6.6.6.6, [2001:db8::1]:443"), "2001:db8::1"},
          Case{"a proxy with a port", proxy, forwarded("9.9.9.9, 10.0.0.5:80"), "9.9.9.9"},
          Case{"in brackets", proxy, forwarded("[2001:db8::1]"), proxy},
          Case{"a network", proxy, forwarded("9.9.9.0/24"), proxy},
          Case{"too many parts", proxy, forwarded("9.9.9.9.9"), proxy},
          Case{"something to the left", proxy, forwarded("6.6.6.6, x, 9.9.9.9, "), "9.9.9.9"},
          Case{"something at the right end", proxy, forwarded("9.9.9.9, unknown"), proxy},
          Case{"something behind proxies", proxy, forwarded("9.9.9.9, _hidden, 10.0.0.5"), proxy},
          Case{"something there, and a second header",
               proxy,
               {{"X-Real-Ip", "9.9.9.9, x"}, {"X-Forwarded-For", "8.8.8.8"}},
               proxy},
          Case{"IPv6", proxy, forwarded("2001:DB8:0:0::1"), "2001:db8::1"},
          Case{"an IPv6 proxy", "fd00::5", forwarded("9.9.9.9, fdff::1"), "9.9.9.9"},
          Case{"a mapped proxy", "::ffff:10.1.2.3", forwarded("9.9.9.9"), "9.9.9.9"},
          Case{"a mapped client", proxy, forwarded("::ffff:9.9.9.9"), "9.9.9.9"},
          Case{"no peer address", "", forwarded("9.9.9.9"), ""},
          Case{"letter case of the name", proxy, {{"x-forwarded-FOR", "9.9.9.9"}}, "9.9.9.9"},
          Case{"another header",
               proxy,
               {{"Forwarded", "for=9.9.9.9"}, {"True-Client-Ip", "9.9.9.9"}},
               proxy},
          Case{"the first name of the option",
               proxy,
               {{"X-Forwarded-For", "9.9.9.9"}, {"X-Real-Ip", "8.8.8.8"}},
               "8.8.8.8"},
          Case{"without an address there, the next",
               proxy,
               {{"X-Real-Ip", "unknown"}, {"X-Forwarded-For", "9.9.9.9"}},
               "9.9.9.9"},
          Case{"a proxy's address there is one",
               proxy,
               {{"X-Real-Ip", "10.9.9.9"}, {"X-Forwarded-For", "9.9.9.9"}},
               "10.9.9.9"},
          Case{"repeated lines are one list",
               proxy,
               {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "9.9.9.9"}},
               "9.9.9.9"},
          Case{"repeated lines, all read",
               proxy,
               {{"X-Forwarded-For", "9.9.9.9"},
                {"x-forwarded-for", "10.0.0.2"},
                {"X-Forwarded-For", ""}},
               "9.9.9.9"}}) {
        INFO(each.title);
        CHECK(seen(world, each.peer, each.headers) == each.client);
    }
}

TEST_CASE("without trusted proxies or headers the peer is the client") {
    for (const bool proxies : {false, true}) {
        coder_users::Options options = behind_proxies();
        if (proxies)
            options.proxy_trusted_headers.clear();
        else
            options.proxy_trusted_origins.clear();
        World world(options);
        for (const std::string peer : {"10.1.2.3", "1.2.3.4", "fd00::1", ""})
            CHECK(seen(world, peer, forwarded("9.9.9.9")) == peer);
    }
}

TEST_CASE("the header of a trusted proxy tells callers apart") {
    coder_users::Options options = behind_proxies();
    options.api_rate_limit = 2;
    TestServer server(options, true);
    const auto status = [&](const std::string& peer, const std::string& client) {
        return server.service()
            .handle({"GET", "/api/v2/buildinfo", forwarded(client), "", peer})
            .status;
    };
    for (const int expected : {200, 200, 429}) CHECK(status("10.0.0.1", "1.1.1.1") == expected);
    CHECK(status("10.0.0.2", "1.1.1.1") == 429);
    CHECK(status("1.1.1.1", "2.2.2.2") == 429);  // the same client without a proxy
    CHECK(status("10.0.0.1", "1.1.1.2") == 200);
    for (const int expected : {200, 200, 429})
        CHECK(status("3.3.3.3", "4.4.4." + std::to_string(expected)) == expected);
}

TEST_CASE("a client behind a proxy cannot choose the address that its logins are counted by") {
    coder_users::Options options = behind_proxies();
    options.login_rate_limit = 3;
    TestServer server(options, true);
    const auto status = [&](const std::string& claimed) {
        return server.service()
            .handle({"POST", "/api/v2/users/login", forwarded(claimed + ", 203.0.113.9:5555"),
                     R"({"email":"nobody@example.org","password":"x"})", "10.0.0.1"})
            .status;
    };
    int claimed = 0;
    for (const int expected : {401, 401, 401, 429, 429})
        CHECK(status("9.9.9." + std::to_string(++claimed)) == expected);
}

TEST_CASE("bad networks stop the server at start-up") {
    for (const std::string bad : {"", "x", "10.0.0.0/33", "10.0.0.0/", "fd00::/129", "10.0.0.0/-1",
                                  "10.0.0.1:80", "10.0.0.0/8/8", "localhost"}) {
        coder_users::Options options;
        options.proxy_trusted_origins = {"10.0.0.0/8", bad};
        INFO(bad);
        CHECK_THROWS_WITH(TestServer(options),
                          Catch::Matchers::ContainsSubstring("proxy_trusted_origins"));
    }
}
