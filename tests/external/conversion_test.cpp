// The end of the conversion of a password account (docs/contract/external_login.md, "End of a
// conversion"; threat O4).
#include "../test_database.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;

std::string text(const std::string& value) { return '"' + value + '"'; }
const std::string not_found =
    "Convert to oauth cookie not found. Missing signed jwt to authorize "
    "this action. Please try again.";
const std::string not_valid = "Convert to oauth cookie is not valid. Please try again.";
const std::string convert_cookie = "coder_oauth_convert_jwt";

/// ada, who has a password and is logged in, at a browser.
struct Converting : OidcWorld {
    explicit Converting(const std::function<void(Options&)>& change = {}) : OidcWorld(change) {
        REQUIRE(world.server
                    .send("POST", "/users", world.owner,
                          R"({"email":"ada@corp.example","username":"ada","password":")" +
                              good_password + "\"}")
                    .status == 201);
        session = world.server.log_in("ada@corp.example");
        world.server.send("GET", "/users/me", session);
    }

    /// Asks for the conversion and begins the login with its state.
    Flow begin(const std::string& to = "oidc") {
        CookieJar cookies;
        cookies.set("coder_session_token", session);
        const Answer asked =
            world.server.send("POST", "/users/me/convert-login", "",
                              R"({"to_type":")" + to + R"(","password":")" + good_password + "\"}",
                              cookies.headers());
        REQUIRE(asked.status == 201);
        cookies.take(asked);
        state = parse(asked.body)["state_string"].text();
        return login.begin("?oidc_merge_state=" + state, cookies);
    }
    Answer finish(const Flow& flow) { return login.back(flow, provider.authorize(flow.location)); }
    void show(const Members& claims) {
        OidcFace face = provider.good();
        face.claims = changed(face.claims, claims);
        provider.show(face);
    }
    /// Checks that the conversion is refused, deletes its cookie, and changes nothing.
    void check_conversion_refused(int status, const std::string& message, const Flow& flow) {
        const Answer answer =
            login.check_refused(refusal(status, message), [&] { return finish(flow); });
        const auto cookies = answer.all("set-cookie");
        CHECK(std::find(cookies.begin(), cookies.end(),
                        convert_cookie + "=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0") !=
              cookies.end());
        CHECK(world.server.send("GET", "/users/me", session).status == 200);
    }
    std::string login_type() const {
        return world.sql("SELECT login_type FROM users WHERE username = 'ada'");
    }

    std::string session, state;
};

/// Reads and forges the convert cookie: decodes a part of it, or signs other claims.
std::string decoded(std::string part) {
    for (char& c : part) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (part.size() % 4 != 0) part += '=';
    return coder_users::rules::base64_decode(part).value();
}
std::string payload(const std::string& token) {
    const std::size_t first = token.find('.');
    return decoded(token.substr(first + 1, token.rfind('.') - first - 1));
}

}  // namespace

TEST_CASE("[O4] a password account converts with its session, its password and its provider",
          "[O4]") {
    Converting converting;
    const World& world = converting.world;
    const std::string ada = world.id_of("ada");
    const std::string other_session = world.server.log_in("ada@corp.example");
    const auto made = [&](const std::string& path) {
        const Answer answer = world.server.send("POST", path, other_session, "{}");
        REQUIRE(answer.status == 201);
        return parse(answer.body)["key"].text();
    };
    const std::string for_applications = made("/users/me/keys");
    const std::string token = made("/users/me/keys/tokens");
    const Flow flow = converting.begin();
    CHECK(flow["state"] == converting.state);
    CHECK(flow.cookies["oauth_state"] == converting.state);
    world.execute(give_passcode("ada"));
    const std::string entry = world.last_entry();
    converting.show({{"picture", text("https://p.example/1")}});
    const Answer answer = converting.finish(flow);
    CHECK(answer.status == 307);
    CHECK(answer.header("location") == "/");
    check_cookies_cleared(answer);
    const auto cookies = answer.all("set-cookie");
    for (const std::string& name : {convert_cookie, std::string("coder_session_token")})
        CHECK(std::find(cookies.begin(), cookies.end(),
                        name + "=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0") != cookies.end());

    CHECK(converting.login_type() == "oidc");
    CHECK(world.sql("SELECT user_id, login_type, linked_id FROM user_links") ==
          ada + "|oidc|" + converting.provider.url() + "||ada-1");

    INFO("what the password opened has ended, and nothing else");
    for (const std::string& ended : {converting.session, other_session, for_applications})
        CHECK(world.server.send("GET", "/users/me", ended).status == 401);
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);
    CHECK(world.sql("SELECT login_type FROM api_keys WHERE user_id = '" + ada + "'") == "token");
    CHECK(world.sql("SELECT count(*) FROM api_keys WHERE login_type = 'oidc'") == "0");
    CHECK(world.sql("SELECT hashed_password <> '' FROM users WHERE id = '" + ada + "'") == "1");
    CHECK(world.entries_since(entry) == "user|write|ada|307");
    const Value diff = parse(world.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1"));
    CHECK(diff["login_type"].json().serialize() ==
          R"({"new":"oidc","old":"password","secret":false})");

    CHECK(world.sql("SELECT count(*) FROM one_time_passcodes") == "0");
    CHECK(diff["one_time_passcode_expires_at"]["new"].text() == "0001-01-01T00:00:00Z");

    INFO("the password opens nothing any more, the provider does");
    const Answer password =
        world.server.send("POST", "/users/login", "",
                          R"({"email":"ada@corp.example","password":")" + good_password + "\"}");
    CHECK(password.status == 403);
    CHECK(converting.log_in().status == 307);
    CHECK(converting.login_type() == "oidc");
    CHECK(converting.login.count("users") == "2");

    INFO("the same cookies once more");
    const std::string before = world.snapshot();
    CHECK(converting.finish(flow).status == (on_postgres() ? 401 : 403));  // its state was used
    CHECK((world.snapshot() == before));
}

TEST_CASE("[O4] what keeps a conversion from being completed", "[O4]") {
    Converting converting;
    const std::string of = "Request to convert login type ";
    const auto with_claims = [&](const Flow& good, const std::string& claims) {
        // The server's own key comes from its secret key, which this test does not know. So a
        // changed payload has a bad signature.
        Flow flow = good;
        flow.cookies.set(convert_cookie, coder_users::rules::sign_jwt(claims, "another key"));
        return flow;
    };
    SECTION("somebody whom the provider knows by another address") {
        converting.show({{"sub", text("eve-1")}, {"email", text("eve@corp.example")}});
        converting.check_conversion_refused(
            400,
            "The oidc account with the email \"eve@corp.example\" does not match the email of the "
            "account you are trying to convert. Contact your administrator to resolve this issue.",
            converting.begin());
    }
    SECTION("an unverified address") {
        converting.show({{"email_verified", ""}});
        converting.check_conversion_refused(
            403,
            "Verify the \"ada@corp.example\" email address on your OIDC provider to authenticate!",
            converting.begin());
    }
    SECTION("no convert cookie") {
        Flow flow = converting.begin();
        flow.cookies.remove(convert_cookie);
        converting.check_conversion_refused(400, not_found, flow);
    }
    SECTION("a cookie that is no token, or not signed by this server") {
        const Flow flow = converting.begin();
        const std::string good = flow.cookies[convert_cookie], claims = payload(good);
        const std::string none = coder_users::rules::base64url_encode(R"({"alg":"none"})");
        const std::string body = coder_users::rules::base64url_encode(claims);
        for (const std::string& cookie :
             {std::string("x"), std::string(".."), good + "x", good.substr(0, good.size() - 1),
              good.substr(0, good.rfind('.') + 1), none + "." + body + ".",
              none + "." + body + good.substr(good.rfind('.'))}) {
            INFO(cookie);
            Flow bad = converting.begin();
            bad.cookies.set(convert_cookie, cookie);
            converting.check_conversion_refused(400, not_valid, bad);
        }
        converting.check_conversion_refused(400, not_valid, with_claims(flow, claims));
    }
    SECTION("after 5 minutes") {
        const Flow flow = converting.begin();
        converting.world.server.advance(std::chrono::minutes(5));
        converting.provider.now += 300;
        converting.check_conversion_refused(400, not_valid, flow);
    }
    SECTION("the cookie of an earlier request") {
        const Flow first = converting.begin();
        Flow second = converting.begin();
        second.cookies.set(convert_cookie, first.cookies[convert_cookie]);
        converting.check_conversion_refused(403, of + "failed. State mismatch.", second);
    }
    SECTION("another user's cookie") {
        converting.world.server.create(converting.world.owner, "bob");
        const Flow flow = converting.begin();
        converting.show({{"sub", text("bob-1")}, {"email", text("bob@example.org")}});
        converting.check_conversion_refused(403, of + "from password to oidc failed", flow);
    }
    SECTION("asked for GitHub, finished at OpenID") {
        converting.check_conversion_refused(403, of + "from password to oidc failed",
                                            converting.begin("github"));
    }
    SECTION("an account that has another login type by now") {
        const Flow flow = converting.begin();
        converting.world.execute("UPDATE users SET login_type = 'github' WHERE username = 'ada'");
        converting.check_conversion_refused(403, of + "from github to oidc failed", flow);
    }
    SECTION("the provider's own checks come first") {
        converting.show({{"email_verified", "false"}});
        converting.check_conversion_refused(
            403,
            "Verify the \"ada@corp.example\" email address on your OIDC provider to authenticate!",
            converting.begin());
        converting.show({{"aud", text("other")}});
        const Flow flow = converting.begin();
        converting.login.check_refused(refusal(400, untrusted, "*"),
                                       [&] { return converting.finish(flow); });
    }
    CHECK(converting.login.count("user_links") == "0");
}

TEST_CASE("[O4] a suspended account does not convert", "[O4]") {
    Converting converting;
    const Flow flow = converting.begin();
    converting.world.execute("UPDATE users SET status = 'suspended' WHERE username = 'ada'");
    converting.login.check_page_refused(
        "Account suspended",
        "Your account is suspended. Contact an admin to reactivate your account.",
        [&] { return converting.finish(flow); });
    CHECK(converting.login_type() == "password");
}

TEST_CASE("[O4] a convert cookie of another deployment is refused", "[O4]") {
    // Two deployments under one secret key.
    const auto one_key = [](Options& options) { options.secret_key = std::string(32, 'k'); };
    Converting here(one_key);
    std::string cookie;
    {
        Converting there(one_key);
        there.begin();
        CookieJar cookies;
        cookies.set("coder_session_token", there.session);
        const Answer asked = there.world.server.send(
            "POST", "/users/me/convert-login", "",
            R"({"to_type":"oidc","password":")" + good_password + "\"}", cookies.headers());
        cookies.take(asked);
        cookie = cookies[convert_cookie];
    }
    Flow flow = here.begin();
    flow.cookies.set(convert_cookie, cookie);
    here.check_conversion_refused(403, "Request to convert login type failed. Issuer mismatch.",
                                  flow);
}

TEST_CASE("[O5] only a state of the right form is taken over by a start", "[O5]") {
    OidcWorld oidc;
    const std::string random(32, 'a');
    CHECK(oidc.login.begin("?oidc_merge_state=convert-" + random)["state"] == "convert-" + random);
    const std::vector<std::string> others{"x",
                                          "convert-",
                                          "convert-" + random + "a",
                                          "convert-" + random.substr(1),
                                          random,
                                          "Convert-" + random,
                                          "convert-" + random.substr(1) + "-",
                                          "convert-" + random.substr(2) + "%0a"};
    for (const std::string& state : others) {
        INFO(state);
        const Flow flow = oidc.login.begin("?oidc_merge_state=" + state);
        CHECK(flow["state"].size() == 32);
        CHECK(flow["state"].find("convert") == std::string::npos);
    }
}

TEST_CASE("an ordinary login leaves the convert cookie alone") {
    Converting converting;
    const Flow flow = converting.begin();
    Flow ordinary = converting.login.begin("", flow.cookies);
    converting.show({{"sub", text("carl-1")},
                     {"email", text("carl@corp.example")},
                     {"preferred_username", text("carl")}});
    const Answer answer = converting.finish(ordinary);
    CHECK(answer.status == 307);
    for (const std::string& cookie : answer.all("set-cookie"))
        CHECK(cookie.find(convert_cookie) == std::string::npos);
}
