// Logins at the providers of the test kit by a browser that follows redirects over HTTP
// (docs/testing.md, "Logins through a provider").
#include "browser.hpp"
#include "coder_users/testing.hpp"
#include "server_fixture.hpp"
#include "texts.hpp"

using namespace coder_users_test;

namespace {

using coder_users::testing::Client;
using coder_users::testing::Controls;
using coder_users::testing::GithubLogin;
using coder_users::testing::Server;

const std::string oidc = "/api/v2/users/oidc/callback";
const std::string github = "/api/v2/users/oauth2/github/callback";

/// A server of the kit with its owner, and a browser that finds it and its providers.
struct Kit {
    Kit() : server(Controls::with_logins()), owner(server.owner()) {
        coder_users::Options options;
        server.logins().trusted_by(options);
        const std::string& issuer = options.oidc.issuer_url;
        for (const std::string& url : {server.url(), issuer.substr(0, issuer.rfind('/'))})
            browser.resolve(url, std::stoi(url.substr(url.rfind(':') + 1)));
    }
    Page open(const std::string& path) { return browser.open(server.url() + path); }
    /// Who is logged in at the browser.
    coder_users::testing::Answer me() {
        const std::string token = browser.cookie(server.url(), "coder_session_token");
        return Client(server.service(), token).get("/users/me");
    }

    Server server;
    const Client owner;
    Browser browser;
};

}  // namespace

TEST_CASE("a browser logs in at the kit's OpenID provider and ends where it wanted to go") {
    Kit kit;
    kit.server.logins().oidc({"ada-1", "ada@corp.example", "ada"});
    const Page page = kit.open(oidc + "?redirect=/api/v2/users/me");
    CHECK(page.url == kit.server.url() + "/api/v2/users/me");
    CHECK(page.trail.size() == 4);  // the start, the provider, the callback, the page
    CHECK(page.answer.status == 200);
    const Value me = parse(page.answer.body);
    CHECK(me["username"].text() == "ada");
    CHECK(me["email"].text() == "ada@corp.example");
    CHECK(me["login_type"].text() == "oidc");
    CHECK(kit.owner.get("/users/ada")["status"] == "active");
}

TEST_CASE("a browser logs in at the kit's GitHub") {
    Kit kit;
    kit.server.logins().github({583231, "octocat", "octocat@corp.example"});
    const Page page = kit.open(github + "?redirect=/api/v2/users/me");
    CHECK(page.answer.status == 200);
    CHECK(parse(page.answer.body)["username"].text() == "octocat");
    CHECK(kit.owner.get("/users/octocat")["login_type"] == "github");
}

TEST_CASE("a refusal of the kit's providers comes back to the browser, and nobody is logged in") {
    Kit kit;
    kit.server.logins().refuse_oidc({"access_denied", "Ada said no."});
    kit.server.logins().refuse_github({"server_error"});
    const Page page = kit.open(oidc);
    CHECK(page.answer.status == 400);
    const Value body = parse(page.answer.body);
    CHECK(body["message"].text() == "Encountered error in oidc process: access_denied");
    CHECK(body["detail"].text() == "Ada said no.");
    CHECK(parse(kit.open(github).answer.body)["message"].text() ==
          "Encountered error in oidc process: server_error");
    CHECK(kit.me().status == 401);
    CHECK(kit.owner.get("/users")["count"] == "1");
}

TEST_CASE("the page of a provider without a user says whom to name") {
    Kit kit;
    for (const std::string& path : {oidc, github}) {
        const Page page = kit.open(path);
        CHECK(page.answer.status == 409);
        CHECK(page.answer.header("content-type") == "text/html; charset=utf-8");
        CHECK_THAT(page.answer.body, Catch::Matchers::ContainsSubstring("PUT /test/v1/logins/"));
    }
}

TEST_CASE("an account with a password is converted to each of the kit's providers") {
    for (const std::string to : {"oidc", "github"}) {
        INFO(to);
        Kit kit;
        const Client ada = kit.server.user("ada");
        kit.server.logins().oidc({"ada-1", "ada@example.com", "ada"});
        kit.server.logins().github({7, "ada", "ada@example.com"});
        const std::string& path = to == "oidc" ? oidc : github;
        CHECK(kit.open(path).answer.status == 403);  // it has a password
        CHECK(ada.get("/users/me")["login_type"] == "password");

        kit.browser.set_cookie(kit.server.url(), "coder_session_token", ada.token);
        const Answer asked = kit.browser.send(
            "POST", kit.server.url(), "/api/v2/users/me/convert-login",
            R"({"to_type":")" + to + R"(","password":")" + coder_users::testing::password + "\"}");
        REQUIRE(asked.status == 201);
        kit.open(path + "?oidc_merge_state=" + parse(asked.body)["state_string"].text());
        CHECK(kit.owner.get("/users/ada")["login_type"] == to);
        CHECK(kit.owner.get("/users/ada")["id"] == ada.id);
        CHECK(ada.get("/users/me").status == 401);  // sessions of before have ended

        kit.browser.forget_cookies(kit.server.url());
        CHECK(kit.open(path + "?redirect=/api/v2/users/me").answer.status == 200);
        CHECK(kit.me()["id"] == ada.id);
    }
}
