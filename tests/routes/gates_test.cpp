// docs/contract/http.md, "Order of checks", "Routing" and "Response headers".
#include "coder_users/internal/base/uuid.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

const std::string refused_origin = message("Cross-origin request refused.");
const std::string bad_url = "/users/%zz";

HeaderList with_cookie(const std::string& token, HeaderList more = {}) {
    more.emplace_back("Cookie", "coder_session_token=" + token);
    return more;
}

std::string first_message(const Answer& answer) { return parse(answer.body)["message"].text(); }

}  // namespace

TEST_CASE("a URL that cannot be decoded is refused ahead of everything else") {
    World world;
    const std::string too_big(1048577, ' ');
    for (const std::string path : {"/users/%zz", "/users/%", "/users/%4", "/users/%ff",
                                   "/users/%00", "/users?q=%zz", "/users?q=%00", "/users?%c3=x",
                                   "/users?x=y&limit=%C0%80", "/users/%ED%A0%80", "/nosuch/%x1"}) {
        INFO(path);
        for (const std::string method : {"GET", "POST", "OPTIONS", "TRACE"}) {
            const Answer answer = world.server.send(method, path, world.owner);
            CHECK(answer.status == 400);
            CHECK(first_message(answer) == "Request URL is not valid.");
            CHECK_FALSE(parse(answer.body)["detail"].text().empty());
        }
    }
    CHECK(first_message(
              world.server.send("POST", bad_url, "", "",
                                with_cookie(world.owner, {{"Sec-Fetch-Site", "cross-site"}}))) ==
          "Request URL is not valid.");
    CHECK(first_message(
              world.server.send("POST", bad_url, "", "x", {{"Content-Encoding", "gzip"}})) ==
          "Request URL is not valid.");
    CHECK(first_message(world.server.send("POST", bad_url, "", too_big)) ==
          "Request URL is not valid.");
}

TEST_CASE("a URL that cannot be decoded keeps the connection, whatever good body is behind it") {
    const World world;
    RawClient client(world.server.port());
    const std::string largest(1048576, 'x');
    for (const std::string& body :
         {std::string("Content-Length: 2\r\n\r\n{}"),
          std::string("Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
          "Content-Length: 1048576\r\n\r\n" + largest,
          "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + largest + "\r\n0\r\n\r\n"}) {
        INFO(body.substr(0, 60));
        client.send("POST /api/v2/users/%zz HTTP/1.1\r\nHost: a\r\n" + body +
                    "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        const Answer refused = client.read();
        CHECK(refused.status == 400);
        CHECK(first_message(refused) == "Request URL is not valid.");
        CHECK_FALSE(refused.has("connection"));
        CHECK(client.read().status == 200);
    }
}

TEST_CASE("the body is measured ahead of the gates behind it") {
    World world;
    const std::string largest(1048576, ' '), too_big(1048577, ' ');
    const std::string large_answer = message("Request body is too large.");
    const std::string encoded_answer = message("Content-Encoding is not supported.");
    const HeaderList foreign = with_cookie(world.owner, {{"Sec-Fetch-Site", "cross-site"}});
    HeaderList encoded = foreign;
    encoded.emplace_back("Content-Encoding", "GZip");
    struct Case {
        std::string path, body;
        HeaderList headers;
        int status;
        std::string answer;
    };
    for (const Case& each :
         {Case{"/users", too_big, {}, 413, large_answer},
          Case{"/nosuch", too_big, {}, 413, large_answer},
          Case{"/users", too_big, foreign, 413, large_answer},
          Case{"/users", too_big, encoded, 415, encoded_answer},
          Case{"/nosuch", "", encoded, 415, encoded_answer},
          Case{"/users", largest, foreign, 403, refused_origin},
          Case{"/users", largest, {}, 401, no_session},
          Case{"/users/login",
               largest,
               {},
               400,
               detailed("Request body must be valid JSON.", "EOF")},
          Case{"/users/logout", largest, with_cookie(world.owner), 200, message("Logged out!")}}) {
        INFO(each.path << " " << each.status);
        const Answer answer = world.server.send("POST", each.path, "", each.body, each.headers);
        CHECK(answer.status == each.status);
        CHECK(answer.body == each.answer);
    }
}

TEST_CASE("of two gates that fail the earlier one answers") {
    World world;
    const std::string bob = world.member("bob");
    KeyRow limited;
    limited.scope = "application_connect";
    const std::string key = world.add_key("bob", limited);
    const HeaderList foreign{{"Sec-Fetch-Site", "cross-site"}};
    const std::string not_json = detailed("Request body must be valid JSON.", "EOF");
    check_rows(
        world,
        {
            {"2 ahead of 5: no such route", "POST", "/nosuch", "", "", 403, refused_origin, "",
             with_cookie(bob, foreign)},
            {"2 ahead of 5: method", "PUT", "/users/login", "", "", 403, refused_origin, "",
             with_cookie(bob, foreign)},
            {"2 ahead of 5, outside the API", "POST", "!/nosuch", "", "", 403, refused_origin, "",
             with_cookie(bob, foreign)},
            {"2 ahead of 6: a bad key", "POST", "/users/logout", "", "", 403, refused_origin, "",
             with_cookie("nonsense", foreign)},
            {"2 ahead of 7", "POST", "/users/logout", "", "", 403, refused_origin, "",
             with_cookie(key, foreign)},
            {"2 ahead of 8", "PUT", "/users/nobody/profile", "", "", 403, refused_origin, "",
             with_cookie(bob, foreign)},
            {"2 ahead of 10", "POST", "/users/login", "", "", 403, refused_origin, "",
             with_cookie(bob, foreign)},
            {"5 ahead of 10: method of a public path", "PUT", "/users/first", "nonsense", "{", 405,
             bad_method},
            {"5: the unknown needs no session", "GET", "/nosuch", "nonsense", "", 404,
             route_not_found},
            {"6 ahead of 8", "GET", "/users/nobody", "nonsense", "", 401,
             detailed(signed_out,
                      "Invalid API key format: incorrect amount of API key parts, "
                      "expected 2 got 1")},
            {"6 ahead of 9: sub-route", "GET", "/users/me/nosuch", "", "", 401, no_session},
            {"6 ahead of 9: method", "PATCH", "/users", "", "", 401, no_session},
            {"6 ahead of 10", "POST", "/users", "", "", 401, no_session},
            {"7 ahead of 8", "GET", "/users/nobody", key, "", 403, forbidden_answer},
            {"7 ahead of 9: sub-route", "GET", "/users/me/nosuch", key, "", 403, forbidden_answer},
            {"7 ahead of 9: no route", "GET", "/users/first/nosuch", key, "", 403,
             forbidden_answer},
            {"7 ahead of 9: method", "PATCH", "/users/me", key, "", 403, forbidden_answer},
            {"7 ahead of 10", "POST", "/users", key, "", 403, forbidden_answer},
            {"8 ahead of 9: sub-route", "GET", "/users/nobody/nosuch", bob, "", 404,
             no_user("nobody")},
            {"8 ahead of 9: deep", "GET", "/users/owner/a/b/c/d", bob, "", 404, no_user("owner")},
            {"8 ahead of 9: method", "PATCH", "/users/nobody", bob, "", 404, no_user("nobody")},
            {"8 ahead of 9: method below", "GET", "/users/nobody/profile", bob, "", 404,
             no_user("nobody")},
            {"8 ahead of 10", "PUT", "/users/nobody/profile", bob, "", 404, no_user("nobody")},
            {"9 ahead of 10", "POST", "/users/me/profile", bob, "", 405, bad_method},
            {"10: decoding ahead of permission", "POST", "/users", bob, "", 400, not_json},
        });
}

TEST_CASE("spellings of a path") {
    World world;
    const std::string users = world.server.send("GET", "/users", world.owner).body;
    for (const std::string path : {"/users/", "//users", "/users//", "!//api///v2/users",
                                   "!/api/v2/%75sers", "!/%61pi/v2/users?", "/users?&&",
                                   "/users?a=b", "!http://elsewhere.example/api/v2/users"}) {
        INFO(path);
        const Answer answer = world.server.send("GET", path, world.owner);
        CHECK(answer.status == 200);
        CHECK(answer.body == users);
        const Answer refused = world.server.send("GET", path);
        CHECK(refused.status == 401);
        CHECK(refused.body == no_session);
    }
    const std::string& t = world.owner;
    check_rows(
        world,
        {
            {"letter case", "GET", "!/API/V2/users", t, "", 404, route_not_found},
            {"letter case below", "GET", "/Users", t, "", 404, route_not_found},
            {"a parameter", "GET", "/users;x=1", t, "", 404, route_not_found},
            {"an encoded slash", "GET", "!/api%2Fv2/users", t, "", 404, route_not_found},
            {"an encoded slash below", "GET", "/users%2Fme", t, "", 404, route_not_found},
            {"dots", "GET", "/nosuch/../users", t, "", 404, route_not_found},
            {"dots that would lead out", "GET", "/users/../buildinfo", t, "", 404, no_user("..")},
            {"dots without a session", "GET", "/users/../buildinfo", "", "", 401, no_session},
            {"encoded dots", "GET", "/users/%2e%2E/first", "", "", 401, no_session},
            {"a slash inside a name", "GET", "/users/me%2F", t, "", 404, no_user("me/")},
            {"root", "GET", "!/", t, "", 404, route_not_found},
            {"login page", "GET", "!/login", t, "", 404, route_not_found},
            {"outside", "GET", "!/users", t, "", 404, route_not_found},
            {"api alone", "GET", "!/api", t, "", 404, route_not_found},
            {"another version", "GET", "!/api/v1/users", t, "", 404, route_not_found},
            {"unknown", "POST", "/nosuch", "", "{", 404, route_not_found},
            {"what others ask for", "GET", "/licenses", "", "", 404, route_not_found},
            {"below a static segment", "GET", "/users/first/x", "", "", 401, no_session},
            {"below a static segment, with a session", "GET", "/users/first/profile", t, "", 404,
             route_not_found},
            {"below login", "PUT", "/users/login/profile", t, R"({"username":"x"})", 404,
             route_not_found},
            {"below logout", "GET", "/users/logout/x", t, "", 404, route_not_found},
            {"a sub-route that is not there", "GET", "/users/me/nosuch", t, "", 404,
             route_not_found},
            {"letter case of a sub-route", "PUT", "/users/me/Profile", t, R"({"username":"x"})",
             404, route_not_found},
            {"guarded: organizations", "GET", "/organizations/x/y/z", "", "", 401, no_session},
            {"guarded: audit", "GET", "/audit/nosuch", "", "", 401, no_session},
            {"guarded: audit, with a session", "GET", "/audit/nosuch", t, "", 404, route_not_found},
            {"guarded: authcheck", "GET", "/authcheck/nosuch", "", "", 401, no_session},
        });
}

TEST_CASE("methods and what a path allows") {
    World world;
    struct Case {
        std::string path, allow;
        bool open;
    };
    for (const Case& each :
         {Case{"/", "GET, HEAD, OPTIONS", true}, Case{"/buildinfo", "GET, HEAD, OPTIONS", true},
          Case{"!/healthz", "GET, HEAD, OPTIONS", true},
          Case{"!/readyz", "GET, HEAD, OPTIONS", true},
          Case{"/users/authmethods", "GET, HEAD, OPTIONS", true},
          Case{"/users/first", "GET, HEAD, OPTIONS, POST", true},
          Case{"/users/login", "OPTIONS, POST", true},
          Case{"/users/otp/request", "OPTIONS, POST", true},
          Case{"/users/otp/change-password", "OPTIONS, POST", true},
          Case{"/users/logout", "OPTIONS, POST", false},
          Case{"/users", "GET, HEAD, OPTIONS, POST", false},
          Case{"/users/me", "DELETE, GET, HEAD, OPTIONS", false},
          Case{"/users/nobody/profile", "OPTIONS, PUT", false}}) {
        INFO(each.path);
        const Answer options = world.server.send("OPTIONS", each.path);
        CHECK(options.status == 204);
        CHECK(options.body.empty());
        CHECK(options.header("allow") == each.allow);
        CHECK_FALSE(options.has("content-type"));
        const std::string path =
            each.path == "/users/nobody/profile" ? "/users/me/profile" : each.path;
        for (const std::string method : {"PATCH", "TRACE", "get", "Post", "PROPFIND", "M-SEARCH"}) {
            INFO(method);
            const Answer answer = world.server.send(method, path, world.owner);
            CHECK(answer.status == 405);
            CHECK(answer.body == bad_method);
            CHECK(answer.header("allow") == each.allow);
            CHECK(world.server.send(method, path).status == (each.open ? 405 : 401));
        }
    }
    check_rows(world, {
                          {"OPTIONS, unknown", "OPTIONS", "/nosuch", "", "", 404, route_not_found},
                          {"OPTIONS of everything", "OPTIONS", "!*", "", "", 404, route_not_found},
                          {"OPTIONS, unknown and guarded", "OPTIONS", "/users/me/nosuch", "", "",
                           401, no_session},
                          {"OPTIONS, unknown, with a session", "OPTIONS", "/users/me/nosuch",
                           world.owner, "", 404, route_not_found},
                          {"HEAD, no content", "HEAD", "/users/me", world.owner, "", 200, ""},
                          {"HEAD, refused", "HEAD", "/users/me", "", "", 401, ""},
                          {"HEAD, unknown", "HEAD", "/nosuch", "", "", 404, ""},
                          {"HEAD where there is no GET", "HEAD", "/users/login", "", "", 405, ""},
                          {"an override is none",
                           "GET",
                           "/users/me",
                           "",
                           "",
                           401,
                           no_session,
                           "",
                           {{"X-HTTP-Method-Override", "DELETE"}}},
                      });
    world.server.send("GET", "/users/me?_method=DELETE", world.owner, "",
                      {{"X-HTTP-Method-Override", "DELETE"}, {"X-Method", "DELETE"}});
    CHECK(world.sql("SELECT count(*) FROM users WHERE deleted = 0") == "1");
}

TEST_CASE("every answer carries the same headers") {
    World world;
    std::string last_id;
    for (const auto& [method, path, status] :
         std::vector<std::tuple<std::string, std::string, int>>{{"GET", "/", 200},
                                                                {"HEAD", "/", 200},
                                                                {"OPTIONS", "/", 204},
                                                                {"GET", "!/healthz", 200},
                                                                {"GET", "!/", 404},
                                                                {"GET", "/nosuch", 404},
                                                                {"PUT", "/", 403},
                                                                {"GET", "/users", 401},
                                                                {"GET", bad_url, 400},
                                                                {"POST", "/users/login", 403},
                                                                {"HEAD", "/users", 401}}) {
        INFO(method << " " << path);
        const Answer answer = world.server.send(
            method, path, "", "", {{"Origin", "null"}, {"X-Coder-Request-Id", "chosen"}});
        CHECK(answer.status == status);
        CHECK(answer.all("x-coder-build-version") ==
              std::vector<std::string>{std::string("v2.6.0+coder-users.") + coder_users::version});
        CHECK(answer.all("x-content-type-options") == std::vector<std::string>{"nosniff"});
        CHECK(answer.all("cache-control") == std::vector<std::string>{"no-store"});
        REQUIRE(answer.all("x-coder-request-id").size() == 1);
        const std::string id = answer.header("x-coder-request-id");
        CHECK(coder_users::parse_uuid(id) == id);
        CHECK(id != last_id);
        last_id = id;
        if (status != 204)
            CHECK(answer.all("content-type") ==
                  std::vector<std::string>{"application/json; charset=utf-8"});
        CHECK_FALSE(answer.has("www-authenticate"));
        CHECK((method != "HEAD" && status != 204) == !answer.body.empty());
        for (const auto& [name, value] : answer.headers)
            CHECK(name.substr(0, 15) != "access-control-");
    }
}

TEST_CASE("every answer tells browsers to stay with https when asked to") {
    for (const int seconds : {0, 1, 63072000}) {
        coder_users::Options options;
        options.strict_transport_security = std::chrono::seconds(seconds);
        World world(options);
        for (const std::string& path : {std::string("/"), std::string("/nosuch"),
                                        std::string("/users"), std::string("!/healthz"), bad_url}) {
            INFO(seconds << path);
            const auto told =
                world.server.send("GET", path, world.owner).all("strict-transport-security");
            if (seconds == 0)
                CHECK(told.empty());
            else
                CHECK(told == std::vector<std::string>{"max-age=" + std::to_string(seconds)});
        }
        RawClient client(world.server.port());
        client.send("nonsense\r\n\r\n");
        CHECK(client.read().has("strict-transport-security") == (seconds > 0));
    }
}
