// The login providers of the test kit (docs/testing.md, "Logins through a provider").
#include <set>
#include <string>

#include "../catch.hpp"
#include "coder_users/testing.hpp"

namespace logins_test {

using namespace coder_users::testing;
using Catch::Matchers::ContainsSubstring;
using coder_users::LoginType;
using coder_users::Options;
using coder_users::Request;
using coder_users::Response;

/// A server with its owner, which trusts the providers of the kit.
struct LoginServer : Server {
    LoginServer()
        : LoginServer(Controls::with_logins(), [](Options& unused) { static_cast<void>(unused); }) {
    }
    template <class Change>
    LoginServer(const Controls& controls, const Change& change)
        : Server(controls, changed(Options::for_tests(controls), change)) {
        owner();
    }
    std::string refused(LoginType type) {
        try {
            log_in(type);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "not refused";
    }

 private:
    template <class Change>
    static Options changed(Options options, const Change& change) {
        change(options);
        return options;
    }
};

void today(Options& options) { options.coder_version = "2.35"; }

TEST_CASE("a login at the OpenID provider makes the user whom the test names, once") {
    LoginServer server;
    CHECK(server.visitor().get("/users/authmethods")["oidc.enabled"] == "true");
    server.logins().oidc({"ada-1", "ada@corp.example", "ada"});
    const Client ada = server.log_in(LoginType::oidc);
    CHECK(ada.username == "ada");
    CHECK(ada.email == "ada@corp.example");
    const Answer seen = server.owner().get("/users/ada");
    CHECK(seen["login_type"] == "oidc");
    CHECK(seen["id"] == ada.id);

    INFO("who is known by the subject, whatever else changes");
    server.logins().oidc({"ada-1", "ada@new.example", "lovelace"});
    const Client again = server.log_in(LoginType::oidc);
    CHECK(again.id == ada.id);
    CHECK(again.email == "ada@new.example");
    CHECK(again.token != ada.token);
    server.logins().oidc({"bob-1", "bob@corp.example", "bob"});
    CHECK(server.log_in(LoginType::oidc).id != ada.id);
    CHECK(server.owner().get("/users")["count"] == "3");
}

TEST_CASE("any claims can be named, and are kept") {
    LoginServer server(Controls::with_logins(), today);
    OidcLogin ada{"ada-1", "ada@corp.example", "ada"};
    ada.claims = {{"groups", R"(["a\"b","c"])"}, {"name", R"("Ada Lovelace")"}};
    server.logins().oidc(ada);
    const Client client = server.log_in(LoginType::oidc);
    const Answer kept = client.get("/users/oidc-claims");
    CHECK(kept["claims.groups.0"] == "a\"b");
    CHECK(kept["claims.sub"] == "ada-1");
    CHECK(kept["claims.email_verified"] == "true");
    CHECK(kept["claims.exp"] == "1767323345");  // five minutes after the kit's clock
    CHECK(client.get("/users/me")["name"] == "Ada Lovelace");

    INFO("also such as no server may trust");
    ada.claims = {{"exp", "1767320000"}};
    server.logins().oidc(ada);
    CHECK_THAT(server.refused(LoginType::oidc), ContainsSubstring("Failed to verify OIDC token."));
    ada.claims = {{"email", ""}};
    server.logins().oidc(ada);
    CHECK_THAT(server.refused(LoginType::oidc), ContainsSubstring("status 400"));
    ada.claims = {};
    ada.email_verified = false;
    server.logins().oidc(ada);
    CHECK_THAT(server.refused(LoginType::oidc), ContainsSubstring("status 403"));
    CHECK(server.owner().get("/users")["count"] == "2");
}

TEST_CASE("a login at GitHub makes the user whom the test names, once") {
    LoginServer server(Controls::with_logins(), today);
    GithubLogin octocat{583231, "octocat", "octocat@corp.example"};
    octocat.name = "The Octocat";
    octocat.avatar_url = "https://avatars.example/u/583231";
    server.logins().github(octocat);
    const Client client = server.log_in(LoginType::github);
    CHECK(client.username == "octocat");
    const Answer me = client.get("/users/me");
    CHECK(me["login_type"] == "github");
    CHECK(me["name"] == "The Octocat");
    CHECK(me["avatar_url"] == octocat.avatar_url);

    octocat.login = "tabby";
    server.logins().github(octocat);
    CHECK(server.log_in(LoginType::github).id == client.id);
    octocat.email_verified = false;
    server.logins().github(octocat);
    CHECK_THAT(server.refused(LoginType::github),
               ContainsSubstring("Your primary email must be verified on GitHub!"));
    octocat.email = "";
    server.logins().github(octocat);
    CHECK_THAT(server.refused(LoginType::github),
               ContainsSubstring("Your primary email must be verified on GitHub!"));
}

TEST_CASE("organizations and teams at GitHub are those that the test names") {
    LoginServer server(Controls::with_logins(), [](Options& options) {
        options.github.allow_everyone = false;
        options.github.allowed_orgs = {"acme"};
        options.github.allowed_teams = {"acme/core"};
    });
    GithubLogin bob{1, "bob", "bob@example.org"};
    bob.orgs = {"other"};
    server.logins().github(bob);
    CHECK_THAT(server.refused(LoginType::github),
               ContainsSubstring("You aren't a member of the authorized Github organizations!"));
    bob.orgs = {"other", "acme"};
    bob.teams = {"acme/web", "other/core"};
    server.logins().github(bob);
    CHECK_THAT(server.refused(LoginType::github), ContainsSubstring("an authorized team"));
    bob.teams.push_back("acme/core");
    server.logins().github(bob);
    CHECK(server.log_in(LoginType::github).username == "bob");
}

TEST_CASE("a provider refuses as the test says, and nobody is logged in") {
    LoginServer server;
    server.logins().refuse_oidc({"access_denied", "Ada said no."});
    CHECK_THAT(server.refused(LoginType::oidc),
               ContainsSubstring("status 400") &&
                   ContainsSubstring("Encountered error in oidc process: access_denied") &&
                   ContainsSubstring("Ada said no."));
    server.logins().refuse_github();
    CHECK_THAT(server.refused(LoginType::github), ContainsSubstring("access_denied"));
    CHECK(server.owner().get("/users")["count"] == "1");

    INFO("until somebody is named");
    server.logins().oidc({"ada-1", "ada@corp.example", "ada"});
    CHECK(server.log_in(LoginType::oidc).username == "ada");
}

TEST_CASE("when nobody is named, the provider says what to do") {
    LoginServer server;
    for (const LoginType type : {LoginType::oidc, LoginType::github})
        CHECK_THAT(server.refused(type), ContainsSubstring("status 409") &&
                                             ContainsSubstring("Nobody is named") &&
                                             ContainsSubstring("PUT /test/v1/logins/"));
    server.logins().oidc({"ada-1", "ada@corp.example", "ada"});
    server.logins().forget();
    CHECK_THAT(server.refused(LoginType::oidc), ContainsSubstring("Nobody is named"));
    CHECK(server.owner().get("/users")["count"] == "1");
}

TEST_CASE("restore() brings back who logs in, and sessions of before are renewed again") {
    LoginServer server;
    server.logins().oidc({"ada-1", "ada@corp.example", "ada"});
    const Client ada = server.log_in(LoginType::oidc);
    const auto moment = server.snapshot();
    for (int round = 0; round < 2; ++round) {
        server.logins().oidc({"bob-1", "bob@corp.example", "bob"});
        server.logins().github({1, "carol", "carol@example.org"});
        CHECK(server.log_in(LoginType::oidc).username == "bob");
        server.clock().advance(std::chrono::minutes(10));  // the provider's tokens end after five
        CHECK(ada.get("/users/me").status == 200);

        server.restore(moment);
        CHECK(std::get<OidcLogin>(server.logins().next().oidc).subject == "ada-1");
        CHECK(std::holds_alternative<std::monostate>(server.logins().next().github));
        CHECK(server.log_in(LoginType::oidc).id == ada.id);
    }
}

TEST_CASE("who cannot log in anywhere is refused, and changes nothing") {
    LoginServer server;
    const Logins& logins = server.logins();
    logins.oidc({"ada-1", "ada@corp.example", "ada"});
    CHECK_THROWS_WITH(logins.oidc({""}), "subject: must not be empty");
    OidcLogin broken{"ada-1"};
    broken.claims = {{"groups", "[1"}};
    CHECK_THROWS_WITH(logins.oidc(broken), "claims: groups is not JSON");
    CHECK_THROWS_WITH(logins.github({0, "bob"}), "id: must be positive");
    CHECK_THROWS_WITH(logins.github({-1, "bob"}), "id: must be positive");
    CHECK_THROWS_WITH(logins.github({1, ""}), "login: must not be empty");
    CHECK_THROWS_WITH(logins.refuse_oidc({""}), "error: must not be empty");
    CHECK_THROWS_AS(logins.set_next({OidcLogin{"bob-1"}, GithubLogin{}}), std::invalid_argument);
    CHECK(std::get<OidcLogin>(logins.next().oidc).subject == "ada-1");
    CHECK(std::holds_alternative<std::monostate>(logins.next().github));
}

TEST_CASE("without logins a server has no providers") {
    Server server;
    server.owner();
    CHECK_FALSE(server.logins().started());
    CHECK_THROWS_AS(server.logins().next(), std::logic_error);
    CHECK_THROWS_AS(server.logins().oidc({"ada-1"}), std::logic_error);
    CHECK(server.visitor().get("/users/oidc/callback").status == 400);
    CHECK(server.visitor().get("/users/authmethods")["oidc.enabled"] == "false");
}

TEST_CASE("the providers check what a client brings") {
    LoginServer server;
    const auto controls = Controls::with_logins();
    Options options = Options::for_tests(controls);
    controls.logins.oidc({"ada-1", "ada@corp.example", "ada"});
    controls.logins.github({1, "bob", "bob@example.org"});

    INFO("a server with another secret gets nothing");
    options.oidc.client_secret = options.github.client_secret = "wrong";
    Server wrong(controls, options);
    wrong.owner();
    CHECK_THROWS_WITH(wrong.log_in(LoginType::oidc), ContainsSubstring("invalid_client"));
    CHECK_THROWS_WITH(wrong.log_in(LoginType::github),
                      ContainsSubstring("incorrect_client_credentials"));
    INFO("and one that they do not know sends its browser in vain");
    options.oidc.client_id = "stranger";
    Server stranger(controls, options);
    stranger.owner();
    CHECK_THROWS_WITH(stranger.log_in(LoginType::oidc), ContainsSubstring("status 400"));
    CHECK(stranger.owner().get("/users")["count"] == "1");

    const std::string issuer = options.oidc.issuer_url;
    const std::string origin = issuer.substr(0, issuer.rfind('/'));
    const auto get = [&](const std::string& path) {
        Request request;
        request.target = path;
        return send(origin, request);
    };
    CHECK(get("/oidc/.well-known/openid-configuration").body.find(issuer) != std::string::npos);
    CHECK(get("/oidc/userinfo").status == 401);
    CHECK(get("/oidc/elsewhere").status == 404);
    CHECK(get("/elsewhere").status == 404);
    CHECK(get("/oidc/%zz").status == 400);
    CHECK(get("/github/api/v3/user").status == 401);
}

/// A login that a test takes through the OpenID provider by hand.
struct LoginByHand {
    LoginByHand() : options(Options::for_tests(controls)), server(controls, options) {
        server.owner();
        controls.logins.oidc({"ada-1", "ada@corp.example", "ada"});
        controls.logins.github({1, "bob", "bob@example.org"});
    }
    Response ask(const std::string& method, const std::string& target, const std::string& body = "",
                 const std::string& token = "") {
        Request request;
        request.method = method;
        request.target = target;
        request.body = body;
        request.headers = {{"User-Agent", "test"},
                           {"Content-Type", "application/x-www-form-urlencoded"},
                           {"Accept", "application/json"}};
        if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
        const std::string& issuer = options.oidc.issuer_url;
        return send(issuer.substr(0, issuer.rfind('/')), request);
    }
    // The challenge is that of the verifier in RFC 7636, Appendix B.
    Response authorize(const std::string& path, const std::string& redirect_uri) {
        const bool oidc = path == "/oidc/authorize";
        return ask("GET", path + "?response_type=code&state=s&nonce=n&client_id=" +
                              (oidc ? options.oidc.client_id : options.github.client_id) +
                              "&code_challenge_method=S256&code_challenge="
                              "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&redirect_uri=" +
                              redirect_uri);
    }
    std::string code(const std::string& path, const std::string& redirect_uri) {
        for (const auto& [name, value] : authorize(path, redirect_uri).headers)
            if (name == "Location") {
                const std::size_t begin = value.find("code=") + 5;
                return value.substr(begin, value.find('&', begin) - begin);
            }
        return "none";
    }
    Response redeem(const std::string& path, const std::string& code) {
        return ask("POST", path,
                   "grant_type=authorization_code&code=" + code + "&client_id=" +
                       options.oidc.client_id + "&client_secret=" + options.oidc.client_secret +
                       "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&redirect_uri=" +
                       oidc_callback);
    }

    const std::string oidc_callback = "http://127.0.0.1:1/api/v2/users/oidc/callback";
    const std::string github_callback = "http://127.0.0.1:1/api/v2/users/oauth2/github/callback";
    const Controls controls = Controls::with_logins();
    const Options options;
    Server server;
};

TEST_CASE("the providers send nobody elsewhere than to the callbacks of a server") {
    LoginByHand login;
    CHECK(login.authorize("/oidc/authorize", login.oidc_callback).status == 302);
    CHECK(login.authorize("/github/login/oauth/authorize", login.github_callback).status == 302);
    CHECK(login.authorize("/oidc/authorize", login.github_callback).status == 400);
    CHECK(login.authorize("/github/login/oauth/authorize", login.oidc_callback).status == 400);
    for (const std::string bad :
         {"http%3A%2F%2Fhere", "http://here/users/oidc/callback/", "http://here/oidc/callback",
          "/api/v2/users/oidc/callback", "http:///users/oidc/callback",
          "ftp://h/users/oidc/callback", "http://h/x%0d%0aSet-Cookie:a=b/users/oidc/callback",
          "http://h/%01/users/oidc/callback", "http://h/%20/users/oidc/callback",
          "http://h/?/users/oidc/callback", "http://h/%23/users/oidc/callback",
          "http://u@h/users/oidc/callback", "http://h/users/oidc/callback?x=y", ""}) {
        INFO(bad);
        const Response answer = login.authorize("/oidc/authorize", bad);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.body, ContainsSubstring("no start of a login"));
    }
}

TEST_CASE("an access token of the OpenID provider lasts five minutes by the clock of the test") {
    LoginByHand login;
    const Response tokens =
        login.redeem("/oidc/token", login.code("/oidc/authorize", login.oidc_callback));
    REQUIRE(tokens.status == 200);
    const std::string access = json_member(tokens.body, "access_token");
    CHECK(login.ask("GET", "/oidc/userinfo", "", access).status == 200);
    login.server.clock().advance(std::chrono::seconds(299));
    CHECK(login.ask("GET", "/oidc/userinfo", "", access).status == 200);
    login.server.clock().advance(std::chrono::seconds(1));
    const Response late = login.ask("GET", "/oidc/userinfo", "", access);
    CHECK(late.status == 401);
    CHECK(json_member(late.body, "error") == "invalid_token");
    CHECK(login
              .ask("POST", "/oidc/token",
                   "grant_type=refresh_token&client_id=" + login.options.oidc.client_id +
                       "&client_secret=" + login.options.oidc.client_secret +
                       "&refresh_token=" + json_member(tokens.body, "refresh_token"))
              .status == 200);
}

TEST_CASE("reset() ends the codes and access tokens of the providers") {
    LoginByHand login;
    login.server.mark_start();
    const std::string exchange = "/github/login/oauth/access_token";
    const std::string authorize = "/github/login/oauth/authorize";
    const std::string access = json_member(
        login.redeem("/oidc/token", login.code("/oidc/authorize", login.oidc_callback)).body,
        "access_token");
    const std::string github = json_member(
        login.redeem(exchange, login.code(authorize, login.github_callback)).body, "access_token");
    CHECK(login.ask("GET", "/oidc/userinfo", "", access).status == 200);
    CHECK(login.ask("GET", "/github/api/v3/user", "", github).status == 200);
    const std::string code = login.code("/oidc/authorize", login.oidc_callback);
    const std::string github_code = login.code(authorize, login.github_callback);

    login.server.reset();
    CHECK(login.ask("GET", "/oidc/userinfo", "", access).status == 401);
    CHECK(login.ask("GET", "/github/api/v3/user", "", github).status == 401);
    const Response late = login.redeem("/oidc/token", code);
    CHECK(late.status == 400);
    CHECK(json_member(late.body, "error") == "invalid_grant");
    CHECK(json_member(login.redeem(exchange, github_code).body, "error") ==
          "bad_verification_code");
    CHECK(login.server.log_in(LoginType::oidc).username == "ada");
}

TEST_CASE("port 0 in the access URL is the port of the server") {
    Options options = Options::for_tests();
    options.access_url = "http://127.0.0.1:0/";
    Server server(Controls(), options);
    server.owner();
    const Answer info = server.visitor().get("/buildinfo");
    CHECK(info["dashboard_url"] == server.url() + "/");
    options.access_url = "http://example.org:10";
    CHECK(Server(Controls(), options).visitor().get("/buildinfo")["dashboard_url"] ==
          "http://example.org:10");
    options.access_url = "http://127.0.0.1:0";
    CHECK_THROWS_WITH(coder_users::open(options),
                      "access_url: port 0 needs a server that listens by start()");
}

}  // namespace logins_test
