// docs/contract/neighbours.md, "GET /", "GET /buildinfo", "GET /healthz" and "GET /readyz";
// docs/contract/external_login.md, "GET /users/authmethods".
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

const std::string build_version = std::string("v2.6.0+coder-users.") + coder_users::version;
const std::string hello = message("👋");
const std::string fine = message("OK");

}  // namespace

TEST_CASE("everybody is greeted, with or without a session") {
    World world;
    check_rows(world, {
                          {"without a session", "GET", "", "", "", 200, hello},
                          {"with a slash", "GET", "/", "", "", 200, hello},
                          {"with two", "GET", "//", "", "", 200, hello},
                          {"with a session", "GET", "/", world.owner, "", 200, hello},
                          {"with a bad one", "GET", "/", "nonsense", "", 200, hello},
                          {"with a body", "GET", "/", "", "{", 200, hello},
                          {"with a query", "GET", "?x=%20", "", "", 200, hello},
                          {"by POST", "POST", "/", "", "", 405, bad_method},
                      });
    CHECK(world.server.send("POST", "/").header("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("build information names version and access URL") {
    for (const std::string url : {"", "https://users.example.org"}) {
        coder_users::Options options;
        options.access_url = url;
        TestServer server(options);
        const Answer answer = server.send("GET", "/buildinfo");
        CHECK(answer.status == 200);
        const Value json = parse(answer.body);
        CHECK(answer.body == "{\"external_url\":" + json_text(json["external_url"].text()) +
                                 ",\"version\":\"" + build_version + "\",\"dashboard_url\":\"" +
                                 url + "\",\"workspace_proxy\":false}\n");
        CHECK(json["external_url"].text().substr(0, 8) == "https://");
        CHECK(answer.header("x-coder-build-version") == build_version);
    }
}

TEST_CASE("health and readiness lie outside the API") {
    World world;
    check_rows(world,
               {
                   {"health", "GET", "!/healthz", "", "", 200, fine},
                   {"readiness", "GET", "!/readyz", "", "", 200, fine},
                   {"health with a slash", "GET", "!/healthz/", "", "", 200, fine},
                   {"health with a bad session", "GET", "!/healthz", "nonsense", "", 200, fine},
                   {"health by HEAD", "HEAD", "!/healthz", "", "", 200, ""},
                   {"readiness by HEAD", "HEAD", "!/readyz", "", "", 200, ""},
                   {"health by POST", "POST", "!/healthz", "", "", 405, bad_method},
                   {"health inside the API", "GET", "/healthz", "", "", 404, route_not_found},
                   {"readiness inside the API", "GET", "/readyz", "", "", 404, route_not_found},
                   {"more behind it", "GET", "!/healthz/x", "", "", 404, route_not_found},
                   {"letter case", "GET", "!/Healthz", "", "", 404, route_not_found},
               });
    CHECK(world.server.send("POST", "!/healthz").header("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("the ways to log in") {
    const std::string rest =
        R"(},"github":{"enabled":false},"oidc":{"enabled":false,"signInText":"","iconUrl":""}})"
        "\n";
    for (const bool disabled : {false, true}) {
        coder_users::Options options;
        options.disable_password_auth = disabled;
        TestServer server(options);
        const Answer answer = server.send("GET", "/users/authmethods");
        CHECK(answer.status == 200);
        CHECK(answer.body ==
              "{\"password\":{\"enabled\":" + std::string(disabled ? "false" : "true") + rest);
    }
    coder_users::Options options;
    options.access_url = "https://users.example.com";
    options.github.client_id = options.oidc.client_id = "id";
    options.github.client_secret = options.oidc.client_secret = "secret";
    options.github.allow_everyone = true;
    options.oidc.issuer_url = "https://accounts.example.com";
    options.oidc.sign_in_text = "Sign in <here>";
    options.oidc.icon_url = "/icon.svg";
    CHECK(
        TestServer(options).send("GET", "/users/authmethods").body ==
        R"({"password":{"enabled":true},"github":{"enabled":true},)"
        R"("oidc":{"enabled":true,"signInText":"Sign in \u003chere\u003e","iconUrl":"/icon.svg"}})"
        "\n");
    World world;
    check_rows(world,
               {
                   {"by POST", "POST", "/users/authmethods", "", "", 405, bad_method},
                   {"more behind it", "GET", "/users/authmethods/x", "", "", 401, no_session},
                   {"more behind it, with a session", "GET", "/users/authmethods/x", world.owner,
                    "", 404, route_not_found},
               });
}
