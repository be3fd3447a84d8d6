// Lets a browser log in at a certified OpenID provider, the npm package oidc-provider.
#include "real_provider.hpp"

#include "browser.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;

const std::string here = "http://coder.example";
const std::string callback = "/api/v2/users/oidc/callback";

Options trusting(const RealProvider& provider, const std::function<void(Options&)>& change) {
    Options options;
    options.access_url = here;
    options.oidc.issuer_url = provider.issuer();
    options.oidc.client_id = "coder-users";
    options.oidc.client_secret = "provider-secret";
    if (change) change(options);
    return options;
}

/// A server whose clock agrees with the provider's, and a browser.
struct Walk {
    explicit Walk(const RealProvider& provider,
                  const std::function<void(Options&)>& change = nullptr)
        : issuer(provider.issuer()), world(trusting(provider, change)) {
        world.server.advance(std::chrono::duration_cast<coder_users::Duration>(
            std::chrono::system_clock::now() - world.server.now()));
        world.owner = world.server.log_in("owner@example.org");
        browser.resolve(issuer, provider.port());
        browser.resolve(here, world.server.port());
    }
    /// Logs another user in, at the same browser.
    Page log_in_as(const std::string& account) {
        browser.forget_cookies(issuer);
        browser.forget_cookies(here);
        browser.set_cookie(issuer, "account", form_encoded(account));
        return browser.open(here + callback);
    }
    Value me() { return parse(browser.send("GET", here, "/api/v2/users/me").body); }
    std::string session() const { return browser.cookie(here, "coder_session_token"); }

    const std::string issuer;
    World world;
    Browser browser;
};

std::vector<std::string> arguments() { return {"--redirect-uri", here + callback}; }
/// Checks that a login ended well: at "/", where this server has no page.
void check_home(const Page& page) {
    CHECK(page.url == here + "/");
    CHECK(page.answer.status == 404);
}

}  // namespace

TEST_CASE("people come in through a real provider, once and again", "[real]") {
    if (no_node()) return;
    const RealProvider provider(arguments());
    Walk walk(provider);
    const Page page = walk.log_in_as("ada@corp.example");
    check_home(page);
    INFO(page.trail.size());
    CHECK(page.trail.size() >= 5);  // start, provider, its page, provider, callback, home
    const Value me = walk.me();
    CHECK(me["username"].text() == "ada");
    CHECK(me["email"].text() == "ada@corp.example");
    CHECK(me["login_type"].text() == "oidc");
    CHECK(me["avatar_url"].text() == provider.issuer() + "/pictures/ada%40corp.example");
    for (const std::string name :
         {"oauth_state", "oauth_nonce", "oauth_pkce_verifier", "oauth_redirect"})
        CHECK(walk.browser.cookie(here, name).empty());

    INFO("again, with the provider's session and without its page");
    const std::string first = walk.session();
    const Page again = walk.browser.open(here + callback + "?redirect=%2Fapi%2Fv2%2Fusers%2Fme");
    CHECK(again.url == here + "/api/v2/users/me");
    CHECK(again.answer.status == 200);
    CHECK(again.trail.size() < page.trail.size());
    CHECK(walk.session() != first);
    CHECK(walk.world.sql("SELECT count(*) FROM users") == "2");

    INFO("suspended");
    REQUIRE(walk.world.server.send("PUT", "/users/ada/status/suspend", walk.world.owner).status ==
            200);
    const Page suspended = walk.log_in_as("ada@corp.example");
    check_page(suspended.answer, 403, "Account suspended",
               "Your account is suspended. Contact an admin to reactivate your account.");
    CHECK(walk.session().empty());

    INFO("somebody says no at the provider");
    const Page denied = walk.log_in_as("deny");
    check_response(denied.answer, {400, "Encountered error in oidc process: access_denied", "*"});
    CHECK(walk.session().empty());

    INFO("an address that the provider has not verified");
    const Page unverified = walk.log_in_as("unverified-eve@corp.example");
    check_response(unverified.answer,
                   {403,
                    "Verify the \"unverified-eve@corp.example\" email address on your OIDC "
                    "provider to authenticate!"});
    CHECK(walk.world.sql("SELECT count(*) FROM users") == "2");
}

TEST_CASE("a real provider: sign-ups off, domains, conversion", "[real]") {
    if (no_node()) return;
    const RealProvider provider(arguments());
    {
        Walk walk(provider, [](Options& options) { options.oidc.allow_signups = false; });
        check_page(walk.log_in_as("ada@corp.example").answer, 403, "Signups are disabled",
                   "Please contact your Coder administrator to request access.");
        CHECK(walk.session().empty());
        CHECK(walk.world.sql("SELECT count(*) FROM users") == "1");
    }
    {
        Walk walk(provider,
                  [](Options& options) { options.oidc.email_domains = {"corp.example"}; });
        check_response(walk.log_in_as("ada@evil-corp.example").answer,
                       {403,
                        "Your email \"ada@evil-corp.example\" is not in domains "
                        "[\"corp.example\"]!"});
        CHECK(walk.session().empty());
        check_home(walk.log_in_as("ada@CORP.example"));
        CHECK(walk.me()["email"].text() == "ada@CORP.example");
    }
    Walk walk(provider);
    Browser& browser = walk.browser;
    REQUIRE(walk.world.server
                .send("POST", "/users", walk.world.owner,
                      R"({"email":"bob@corp.example","username":"bob","password":")" +
                          good_password + "\"}")
                .status == 201);
    const Page refused = walk.log_in_as("bob@corp.example");
    CHECK(refused.answer.status == 403);
    CHECK(refused.answer.body.find("Incorrect login type") != std::string::npos);

    REQUIRE(browser
                .send("POST", here, "/api/v2/users/login",
                      R"({"email":"bob@corp.example","password":")" + good_password + "\"}")
                .status == 201);
    const Answer asked = browser.send("POST", here, "/api/v2/users/me/convert-login",
                                      R"({"to_type":"oidc","password":")" + good_password + "\"}");
    REQUIRE(asked.status == 201);
    check_home(browser.open(here + callback +
                            "?oidc_merge_state=" + parse(asked.body)["state_string"].text()));
    CHECK(walk.session().empty());
    CHECK(walk.world.sql("SELECT login_type FROM users WHERE username = 'bob'") == "oidc");
    check_home(browser.open(here + callback));
    CHECK(walk.me()["username"].text() == "bob");
}

TEST_CASE("a real provider restarts with new keys, and renews its tokens", "[real]") {
    if (no_node()) return;
    RealProvider provider(
        {"--redirect-uri", here + callback, "--client-auth", "client_secret_basic"});
    Walk walk(provider);
    check_home(walk.log_in_as("ada@corp.example"));
    const std::string expiry = walk.world.sql("SELECT token_expires_at FROM user_links");
    walk.world.server.advance(std::chrono::hours(2));
    CHECK(walk.me()["username"].text() == "ada");
    CHECK(
        walk.world.comes_to_hold("SELECT token_expires_at > " + expiry + " FROM user_links", "1"));

    walk.world.server.advance(-std::chrono::hours(2));
    walk.world.server.advance(std::chrono::seconds(11));  // it asks for keys at most once in 10 s
    provider.restart();
    check_home(walk.log_in_as("ada@corp.example"));
    CHECK(walk.me()["username"].text() == "ada");
    CHECK(walk.world.sql("SELECT count(*) FROM users") == "2");
}
