// docs/contract/users.md, "POST /users/logout".
#include <algorithm>

#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

/// The attributes of a Set-Cookie field in alphabetical order.
std::string attributes(const std::string& cookie) {
    const std::vector<std::string_view> parts = coder_users::split(cookie, ';');
    std::vector<std::string> sorted;
    for (const std::string_view part : parts) sorted.emplace_back(coder_users::trim(part));
    std::sort(sorted.begin(), sorted.end());
    return coder_users::join(sorted, "; ");
}

}  // namespace

TEST_CASE("logging out is for those who are in") {
    World world;
    check_rows(world,
               {
                   {"without a session", "POST", "/users/logout", "", "", 401, no_session},
                   {"with a bad key", "POST", "/users/logout", "0123456789-0123456789012345678901",
                    "", 401, bad_key},
                   {"by GET, without a session", "GET", "/users/logout", "", "", 401, no_session},
                   {"by GET", "GET", "/users/logout", world.owner, "", 405, bad_method},
               });
    CHECK(world.server.send("GET", "/users/logout", world.owner).header("allow") ==
          "OPTIONS, POST");
}

TEST_CASE("logging out ends this session and no other") {
    World world;
    const std::string token = world.member("bob"), other = world.server.log_in("bob@example.org");
    const std::string entry = world.last_entry();
    const Answer answer = world.server.send("POST", "/users/logout", token, "not even looked at {");
    CHECK(answer.status == 200);
    CHECK(answer.body == message("Logged out!"));
    REQUIRE(answer.all("set-cookie").size() == 1);
    CHECK(attributes(answer.header("set-cookie")) ==
          "HttpOnly; Max-Age=0; Path=/; SameSite=Lax; coder_session_token=");
    CHECK(world.sql("SELECT count(*) FROM api_keys WHERE id = '" + token.substr(0, 10) + "'") ==
          "0");
    CHECK(world.entries_since(entry) == "api_key|logout||200");

    const Answer again = world.server.send("GET", "/users/me", token);
    CHECK(again.status == 401);
    CHECK(again.body == bad_key);
    CHECK(world.server.send("POST", "/users/logout", token).status == 401);
    CHECK(world.server.send("GET", "/users/me", other).status == 200);
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);
    CHECK(world.entries_since(entry) == "api_key|logout||200");
}

TEST_CASE("the cleared cookie is as secure as the one that was set") {
    coder_users::Options options;
    options.secure_auth_cookie = true;
    TestServer server(options);
    const Answer answer = server.send("POST", "/users/logout", "", "",
                                      {{"Cookie", "coder_session_token=" + server.owner()}});
    CHECK(answer.status == 200);
    CHECK(attributes(answer.header("set-cookie")) ==
          "HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure; coder_session_token=");
}

TEST_CASE("the cookie with the host prefix is set, read and cleared by that name alone") {
    coder_users::Options options;
    options.host_prefix_cookie = true;
    options.access_url = "https://users.example.com";
    TestServer server(options);
    server.owner();
    const Answer login =
        server.send("POST", "/users/login", "",
                    R"({"email":"owner@example.org","password":")" + good_password + "\"}");
    const std::string token = parse(login.body)["session_token"].text();
    CHECK(login.all("set-cookie") ==
          std::vector<std::string>{"__Host-coder_session_token=" + token +
                                   "; Path=/; HttpOnly; SameSite=Lax; Secure"});

    const auto status = [&](const std::string& method, const std::string& path,
                            const std::string& cookie) {
        return server.send(method, path, "", "", {{"Cookie", cookie}}).status;
    };
    CHECK(status("GET", "/users/me", "coder_session_token=" + token) == 401);
    CHECK(status("GET", "/users/me", "__host-coder_session_token=" + token) == 401);
    CHECK(status("GET", "/users/me", "__Host-coder_session_token=" + token) == 200);
    CHECK(status("GET", "/users/me",
                 "coder_session_token=x; __Host-coder_session_token=" + token) == 200);
    const auto named = [&](const std::string& name) {
        return server.service()
            .authenticate({"GET", "/", {{"Cookie", name + "=" + token}}, "", ""})
            .user.username;
    };
    CHECK(named("__Host-coder_session_token") == "owner");
    CHECK_THROWS_AS(named("coder_session_token"), coder_users::ApiError);
    CHECK(parse(server.send("GET", "/openapi.json")
                    .body)["components"]["securitySchemes"]["cookie"]["name"]
              .text() == "__Host-coder_session_token");

    const Answer out = server.send("POST", "/users/logout", "", "",
                                   {{"Cookie", "__Host-coder_session_token=" + token}});
    CHECK(out.status == 200);
    CHECK(out.all("set-cookie") ==
          std::vector<std::string>{"__Host-coder_session_token=; Path=/; HttpOnly; SameSite=Lax; "
                                   "Max-Age=0; Secure"});
    CHECK(status("GET", "/users/me", "__Host-coder_session_token=" + token) == 401);
}

TEST_CASE("the host prefix needs a secure cookie") {
    struct Case {
        std::optional<bool> secure;
        std::string access_url;
        bool good;
    };
    for (const Case& each :
         {Case{{}, "", false}, Case{{}, "http://a.example", false},
          Case{false, "https://a.example", false}, Case{{}, "https://a.example", true},
          Case{true, "", true}, Case{true, "http://a.example", true}}) {
        INFO(each.access_url << each.good);
        coder_users::Options options;
        options.host_prefix_cookie = true;
        options.secure_auth_cookie = each.secure;
        options.access_url = each.access_url;
        if (each.good)
            CHECK_NOTHROW(TestServer(options));
        else
            CHECK_THROWS_WITH(TestServer(options),
                              Catch::Matchers::StartsWith("host_prefix_cookie"));
    }
}

TEST_CASE("keys for applications go with the session, tokens stay") {
    World world;
    const std::string session = world.member("bob");
    const std::string token = world.add_key("bob", {});
    KeyRow application;
    application.id = "AppKey0001";
    application.login_type = "password";
    application.scope = "application_connect";
    application.token_name = "";
    world.add_key("bob", application);
    application.id = "AppKey0002";
    world.add_key("owner", application);
    REQUIRE(world.server.send("POST", "/users/logout", session).status == 200);
    CHECK(world.sql("SELECT id FROM api_keys WHERE user_id = '" + world.id_of("bob") + "'") ==
          "Key0000001");
    CHECK(world.sql("SELECT count(*) FROM api_keys WHERE id = 'AppKey0002'") == "1");
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
}

TEST_CASE("a token that logs out is deleted, and named in the audit log") {
    World world;
    const std::string token = world.add_key("owner", {});
    const std::string entry = world.last_entry();
    CHECK(world.server.send("POST", "/users/logout", token).body == message("Logged out!"));
    CHECK(world.entries_since(entry) == "api_key|logout|by-hand|200");
    CHECK(world.server.send("GET", "/users/me", token).body == bad_key);
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);
}
