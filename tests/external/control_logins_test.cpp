// Logins at the providers of the test server, which a program names by its control API
// (docs/contract/test_server.md, "Logins").
#include "browser.hpp"
#include "coder_users/test_server.hpp"
#include "server_fixture.hpp"
#include "texts.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Request;
using coder_users::Response;
using coder_users::testing::OidcLogin;
using coder_users::testing::TestServer;
using coder_users::testing::TestServerOptions;

const std::string oidc = "/api/v2/users/oidc/callback";
const std::string github = "/api/v2/users/oauth2/github/callback";
const std::string nobody = R"({"oidc":null,"github":null})"
                           "\n";

/// A test server, its control API, and a browser that finds it and its login providers.
struct Controlled {
    Controlled() : server(TestServerOptions()), url(server.server().url()) {
        browser.resolve(url, std::stoi(url.substr(url.rfind(':') + 1)));
    }
    Response control(const std::string& method, const std::string& path,
                     const std::string& body = "", bool with_token = true) {
        Request request;
        request.method = method;
        request.target = "/test/v1" + path;
        request.body = body;
        if (with_token) request.headers = {{"Authorization", "Bearer " + server.control_token()}};
        return coder_users::testing::send(url, request);
    }
    /// Names who logs in.
    void name(const std::string& provider, const std::string& body) {
        const Response answer = control("PUT", "/logins/" + provider, body);
        CHECK(answer.status == 200);
        CHECK(answer.body == control("GET", "/logins").body);
    }
    /// Checks that `body` is refused with this detail, and names nobody.
    void refused(const std::string& provider, const std::string& body, const std::string& detail) {
        INFO(body);
        const std::string before = control("GET", "/logins").body;
        const Response answer = control("PUT", "/logins/" + provider, body);
        CHECK(answer.status == 400);
        CHECK(parse(answer.body)["detail"].text() == detail);
        CHECK_FALSE(parse(answer.body)["message"].text().empty());
        CHECK(control("GET", "/logins").body == before);
    }
    /// Opens a page of the server; finds the provider on the way.
    Page open(const std::string& path) {
        const Answer start = browser.send("GET", url, path);
        const std::string there = start.header("location");
        if (start.status != 307 || there.substr(0, 4) != "http") return {url + path, start, {}};
        const std::string origin = there.substr(0, there.find('/', 8));
        browser.resolve(origin, std::stoi(origin.substr(origin.rfind(':') + 1)));
        return browser.open(there);
    }
    Value me() {
        const std::string token = browser.cookie(url, "coder_session_token");
        return parse(
            coder_users::testing::Client(server.server().service(), token).get("/users/me").body);
    }
    Value user(const std::string& user_name) {
        return parse(server.server().owner().get("/users/" + user_name).body);
    }

    TestServer server;
    const std::string url;
    Browser browser;
};

}  // namespace

TEST_CASE("PUT logins/oidc names who logs in, and a client that follows redirects is logged in") {
    Controlled test;
    CHECK(test.control("GET", "/logins").body == nobody);
    test.name("oidc",
              R"({"subject":"ada-1","email":"ada@corp.example","email_verified":true,)"
              R"("preferred_username":"ada","groups":["ops","a<b"],"level":9007199254740993})");
    const Value named = parse(test.control("GET", "/logins").body)["oidc"];
    CHECK(named["subject"].text() == "ada-1");
    CHECK(named["groups"][1].text() == "a<b");

    const Page page = test.open(oidc + "?redirect=/api/v2/users/me");
    CHECK(page.answer.status == 200);
    CHECK(page.url == test.url + "/api/v2/users/me");
    CHECK(parse(page.answer.body)["username"].text() == "ada");
    CHECK(test.user("ada")["login_type"].text() == "oidc");
    CHECK(test.user("ada")["email"].text() == "ada@corp.example");
    INFO("all claims are kept");
    const Answer claims = test.browser.send("GET", test.url, "/api/v2/users/oidc-claims");
    CHECK(parse(claims.body)["claims"]["groups"][0].text() == "ops");
    CHECK(claims.body.find("\"level\":9007199254740993") != std::string::npos);
    INFO("and it stays until it is changed");
    test.browser.forget_cookies(test.url);
    CHECK(test.open(oidc + "?redirect=/api/v2/users/me").answer.status == 200);
}

TEST_CASE("PUT logins/github names who logs in there") {
    Controlled test;
    test.name("github", R"({"id":583231,"login":"octocat","email":"octocat@corp.example",)"
                        R"("name":"The Octocat","orgs":["acme"],"teams":["acme/core"]})");
    const Value named = parse(test.control("GET", "/logins").body)["github"];
    CHECK(named["id"].text() == "583231");
    CHECK(named["email_verified"].text() == "true");
    CHECK(named["teams"][0].text() == "acme/core");
    CHECK(test.open(github + "?redirect=/api/v2/users/me").answer.status == 200);
    CHECK(test.me()["username"].text() == "octocat");
    CHECK(test.user("octocat")["login_type"].text() == "github");
}

TEST_CASE("a provider refuses by PUT with an error") {
    Controlled test;
    test.name("oidc", R"({"error":"access_denied","error_description":"Ada said no."})");
    test.name("github", R"({"error":"server_error"})");
    const Page page = test.open(oidc);
    CHECK(page.answer.status == 400);
    CHECK(parse(page.answer.body)["message"].text() ==
          "Encountered error in oidc process: access_denied");
    CHECK(parse(page.answer.body)["detail"].text() == "Ada said no.");
    CHECK(test.open(github).answer.status == 400);
    CHECK(parse(test.control("GET", "/logins").body)["oidc"]["error"].text() == "access_denied");
    CHECK(parse(test.server.server().owner().get("/users").body)["count"].text() == "1");
}

TEST_CASE("DELETE logins and reset name nobody, and the provider says whom to name") {
    Controlled test;
    const std::string ada = R"({"subject":"ada-1","email":"ada@corp.example"})";
    for (const auto& [method, path] :
         {std::pair<std::string, std::string>{"DELETE", "/logins"}, {"POST", "/reset"}}) {
        INFO(path);
        test.name("oidc", ada);
        CHECK(test.control(method, path).status == 204);
        CHECK(test.control("GET", "/logins").body == nobody);
        for (const std::string& provider : {oidc, github}) {
            const Page page = test.open(provider);
            CHECK(page.answer.status == 409);
            CHECK_THAT(page.answer.body, Catch::Matchers::ContainsSubstring("/test/v1/logins/"));
        }
    }
    CHECK(parse(test.server.server().owner().get("/users").body)["count"].text() == "1");
}

TEST_CASE("a snapshot holds who logs in, and what has come since is gone") {
    Controlled test;
    test.name("oidc",
              R"({"subject":"ada-1","email":"ada@corp.example","preferred_username":"ada"})");
    CHECK(test.control("POST", "/snapshots", R"({"name":"ada"})").status == 201);
    CHECK(test.open(oidc + "?redirect=/api/v2/users/me").answer.status == 200);
    test.name("oidc",
              R"({"subject":"bob-1","email":"bob@corp.example","preferred_username":"bob"})");
    CHECK(test.control("POST", "/snapshots/ada/restore").status == 204);
    CHECK(test.user("ada").has("message"));  // not found
    test.browser.forget_cookies(test.url);
    CHECK(test.open(oidc + "?redirect=/api/v2/users/me").answer.status == 200);
    CHECK(test.me()["username"].text() == "ada");
}

TEST_CASE("a test server converts an account with a password by its providers") {
    Controlled test;
    const Response made = test.control("POST", "/users", R"({"username":"ada"})");
    REQUIRE(made.status == 201);
    const Value ada = parse(made.body);
    test.name("oidc", R"({"subject":"ada-1","email":"ada@example.com"})");
    test.browser.set_cookie(test.url, "coder_session_token", ada["token"].text());
    const Answer asked =
        test.browser.send("POST", test.url, "/api/v2/users/me/convert-login",
                          R"({"to_type":"oidc","password":")" + ada["password"].text() + "\"}");
    REQUIRE(asked.status == 201);
    test.open(oidc + "?oidc_merge_state=" + parse(asked.body)["state_string"].text());
    CHECK(test.user("ada")["login_type"].text() == "oidc");
    test.browser.forget_cookies(test.url);
    CHECK(test.open(oidc + "?redirect=/api/v2/users/me").answer.status == 200);
    CHECK(test.me()["id"].text() == ada["id"].text());
}

TEST_CASE("who cannot log in anywhere is refused by PUT, and changes nothing") {
    Controlled test;
    test.name("oidc", R"({"subject":"ada-1"})");
    test.name("github", R"({"id":1,"login":"bob"})");
    test.refused("oidc", "{}", "subject: must not be empty");
    test.refused("oidc", R"({"subject":""})", "subject: must not be empty");
    test.refused("oidc", R"({"subject":7})", "field \"subject\" must be a string");
    test.refused("oidc", R"({"subject":"a","email_verified":"yes"})",
                 "field \"email_verified\" must be a boolean");
    test.refused("oidc", R"({"subject":"a","error":"access_denied"})", "unknown field \"subject\"");
    test.refused("oidc", R"({"error_description":"why"})", "error_description: goes with error");
    test.refused("oidc", R"({"error":""})", "error: must not be empty");
    test.refused("github", "{}", "id: must be positive");
    test.refused("github", R"({"id":1})", "login: must not be empty");
    test.refused("github", R"({"id":-1,"login":"bob"})", "id: must be positive");
    test.refused("github", R"({"id":"1","login":"bob"})",
                 "field \"id\" must be an integer of 64 bits");
    test.refused("github", R"({"id":1,"login":"bob","orgs":"acme"})",
                 "field \"orgs\" must be an array of strings");
    test.refused("github", R"({"id":1,"login":"bob","org":["acme"]})", "unknown field \"org\"");
    for (const std::string provider : {"oidc", "github"})
        for (const std::string body : {"[1]", "{", "7", "nonsense"}) {
            INFO(body);
            CHECK(test.control("PUT", "/logins/" + provider, body).status == 400);
        }
    CHECK(std::get<OidcLogin>(test.server.server().logins().next().oidc).subject == "ada-1");
}

TEST_CASE("logins of the control API need its token") {
    Controlled test;
    for (const auto& [method, path] : {std::pair<std::string, std::string>{"GET", "/logins"},
                                       {"PUT", "/logins/oidc"},
                                       {"PUT", "/logins/github"},
                                       {"DELETE", "/logins"}})
        CHECK(test.control(method, path, R"({"subject":"ada-1"})", false).status == 401);
    CHECK(test.control("GET", "/logins").body == nobody);
    CHECK(test.control("PUT", "/logins/gitlab", "{}").status == 404);
}
