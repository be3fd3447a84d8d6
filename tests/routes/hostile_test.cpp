// Attacks through values: SQL in strings, tokens in URLs, headers in answers.
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "people.hpp"
#include "test_database.hpp"

using namespace coder_users_test;

TEST_CASE("a token in the URL is no token") {
    const World world;
    const std::string token = percent_encoded(world.owner);
    for (const std::string name :
         {"coder_session_token", "Coder-Session-Token", "session_token", "token", "access_token"}) {
        CAPTURE(name);
        const Answer answer = world.server.send("GET", "/users/me?" + name + "=" + token);
        CHECK(answer.status == 401);
        CHECK(answer.body == no_session);
    }
    const Answer named = world.server.send("GET", "/users/" + token, world.owner);
    CHECK(named.status == 404);
    CHECK(world.server.log().find(world.owner.substr(11)) == std::string::npos);
}

namespace {

/// Selects what tables there are.
std::string schema_query() {
    return on_postgres() ? "SELECT table_name, column_name FROM information_schema.columns "
                           "WHERE table_schema = 'coder_users' ORDER BY 1, 2"
                         : "SELECT sql FROM sqlite_schema";
}

}  // namespace

TEST_CASE("SQL in any string is text") {
    World world;
    world.server.create(world.owner, "bob");
    const std::string schema = world.sql(schema_query());
    const std::string users = world.sql("SELECT count(*) FROM users");
    for (const std::string text : {"'; DROP TABLE users; --", "' OR '1'='1", "\" OR \"\"=\"",
                                   "x' UNION SELECT "
                                   "hashed_password FROM users --",
                                   "%", "_", "\\", "$1", "?1", "/*", "');"}) {
        CAPTURE(text);
        const std::string quoted = json_text(text), coded = percent_encoded(text);
        const auto send = [&](const std::string& method, const std::string& path,
                              const std::string& body = "") {
            const Answer answer = world.server.send(method, path, world.owner, body);
            INFO(method << " " << path << " " << body << ": " << answer.body);
            CHECK(answer.status / 100 != 5);
            CHECK(answer.body.find("$2b$") == std::string::npos);
            return answer;
        };
        for (const std::string path : {"/users/", "/users/me/keys/", "/users/me/keys/tokens/",
                                       "/users/me/organizations/", "/organizations/"})
            CHECK(send("GET", path + coded).status / 100 == 4);
        for (const std::string path : {"/users?after_id=", "/users?limit="})
            CHECK(send("GET", path + coded).status == 400);
        for (const std::string path : {"/users?q=", "/audit?q=", "/users?q=status:"})
            send("GET", path + coded);
        send("GET", "/users/me/keys/tokens?include_all=" + coded);
        CHECK(send("POST", "/users",
                   "{\"email\":\"a@x.org\",\"username\":" + quoted +
                       ",\"password\":" + json_text(good_password) + "}")
                  .status == 400);
        CHECK(send("POST", "/users/login", "{\"email\":\"o@x.org\",\"password\":" + quoted + "}")
                  .status == 401);
        CHECK(send("PUT", "/users/bob/roles", "{\"roles\":[" + quoted + "]}").status == 400);

        // Fields that accept any text keep it unchanged.
        CHECK(
            send("PUT", "/users/bob/appearance", "{\"theme_preference\":" + quoted + "}").status ==
            200);
        CHECK(world.sql("SELECT theme_preference FROM users WHERE username = 'bob'") == text);
        CHECK(send("POST", "/users/me/keys/tokens", "{\"token_name\":" + quoted + "}").status ==
              201);
        CHECK(parse(send("GET", "/users/me/keys/tokens/" + coded).body)["token_name"].text() ==
              text);
        CHECK(
            request(world.server.port(), "GET", "/api/v2/users/me", {{"Coder-Session-Token", text}})
                .status == 401);
    }
    CHECK(world.sql(schema_query()) == schema);
    CHECK(world.sql("SELECT count(*) FROM users") == users);
}

TEST_CASE("nothing that a client sends becomes a header of an answer") {
    World world;
    world.server.create(world.owner, "bob");
    const std::set<std::string> known{"content-type",
                                      "content-length",
                                      "x-coder-build-version",
                                      "x-coder-request-id",
                                      "x-content-type-options",
                                      "cache-control",
                                      "connection",
                                      "allow",
                                      "set-cookie",
                                      "keep-alive"};
    const HeaderList sent{{"Origin", "null"},
                          {"X-Request-Id", "mine"},
                          {"X-Coder-Request-Id", "mine"},
                          {"Access-Control-Request-Method", "DELETE"},
                          {"X-HTTP-Method-Override", "DELETE"},
                          {"X-Forwarded-Host", "evil.example"},
                          {"X-Forwarded-Proto", "https"}};
    for (const std::string method : {"GET", "HEAD", "OPTIONS", "TRACE", "POST"})
        for (const std::string path :
             {"/users/bob", "/users/bob?_method=DELETE", "/users/a%0d%0aX-Evil:%201",
              "/users/%0d%0a%0d%0abody", "!//evil.example/%2e%2e", "/"}) {
            const Answer answer = world.server.send(method, path, world.owner, "", sent);
            INFO(method << " " << path << " " << answer.status);
            CHECK(answer.status / 100 != 5);
            for (const auto& [name, value] : answer.headers) {
                CAPTURE(name, value);
                CHECK(known.count(name) == 1);
                CHECK(value.find("mine") == std::string::npos);
                CHECK(value.find("evil") == std::string::npos);
            }
        }
    CHECK_FALSE(world.id_of("bob").empty());
}
