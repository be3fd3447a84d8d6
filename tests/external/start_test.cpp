// The start of a login, its cookies, and the checks of its return that come before the provider is
// asked (docs/contract/external_login.md, "GET /users/authmethods", "Steps of a login" and "Start";
// threats O5, O9, O10, O12).
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;

std::string text(const std::string& value) { return '"' + value + '"'; }

const std::string alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const std::string attributes = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=600";

/// name -> the cookie without its name.
std::map<std::string, std::string> cookies_of(const Answer& answer) {
    std::map<std::string, std::string> out;
    for (const std::string& cookie : answer.all("set-cookie"))
        out[cookie.substr(0, cookie.find('='))] = cookie.substr(cookie.find('=') + 1);
    return out;
}

bool is_random(const std::string& value, std::size_t size) {
    return value.size() == size && value.find_first_not_of(alphanumeric) == std::string::npos;
}

}  // namespace

TEST_CASE("[O6] [O10] a start sends the browser to the provider with state, nonce and challenge",
          "[O6][O10]") {
    OidcWorld oidc([](Options& options) { options.oidc.scopes = {"openid", "email"}; });
    std::map<std::string, std::string> before;
    for (int i = 0; i < 2; ++i) {
        const Answer answer = oidc.login.ask("?redirect=%2Fworkspaces%3Fa%3Db");
        CHECK(answer.status == 307);
        const std::string location = answer.header("location"), base = oidc.provider.url();
        REQUIRE(location.substr(0, base.size() + 11) == base + "/authorize?");
        auto query = parse_form(location.substr(base.size() + 11));
        auto cookies = cookies_of(answer);
        CHECK(query["client_id"] == "client");
        CHECK(query["redirect_uri"] == "http://coder.example/api/v2/users/oidc/callback");
        CHECK(query["response_type"] == "code");
        CHECK(query["scope"] == "openid email");
        CHECK(query["access_type"] == "offline");
        CHECK(query["code_challenge_method"] == "S256");
        CHECK(query.size() == 9);
        CHECK(is_random(query["state"], 32));
        CHECK(cookies["oauth_state"] == query["state"] + attributes);
        CHECK(cookies["oauth_redirect"] == "/workspaces?a=b" + attributes);
        CHECK(cookies["oauth_nonce"] == query["nonce"] + attributes);
        CHECK(query["nonce"].size() >= 22);
        CHECK(cookies.size() == 4);
        const std::string verifier = cookies["oauth_pkce_verifier"];
        const std::size_t size = verifier.find(';');
        CHECK(verifier.substr(size) == attributes);
        CHECK(size >= 43);  // RFC 7636 4.1
        CHECK(size <= 128);
        CHECK(query["code_challenge"] == s256(verifier.substr(0, size)));
        CHECK(location.find("provider-secret") == std::string::npos);
        for (const char* fresh : {"state", "nonce", "code_challenge"})
            CHECK(query[fresh] != before[fresh]);
        before = query;
    }
    CHECK(oidc.login.count("api_keys") == "1");
}

TEST_CASE("[O10] no header of the request changes where the provider sends the browser", "[O10]") {
    OidcWorld oidc([](Options& options) {
        options.access_url = "https://coder.example:8443/";
        options.proxy_trusted_origins = {"127.0.0.0/8"};
        options.proxy_trusted_headers = {"X-Forwarded-For"};
    });
    const HeaderList evil{{"Host", "evil.example"},
                          {"X-Forwarded-Host", "evil.example"},
                          {"X-Forwarded-Proto", "http"},
                          {"Forwarded", "host=evil.example"}};
    const Flow flow = oidc.login.begin("", {}, evil);
    CHECK(flow["redirect_uri"] == "https://coder.example:8443/api/v2/users/oidc/callback");
    CHECK(flow.location.find("evil") == std::string::npos);

    INFO("an https access URL makes all cookies Secure");
    for (const auto& [name, cookie] : cookies_of(oidc.login.ask("")))
        CHECK(cookie.substr(cookie.find(';')) == attributes + "; Secure");
}

TEST_CASE("the options of a start: parameters of the URL and an endpoint with a query") {
    OidcWorld oidc([](Options& options) {
        options.oidc.auth_url_params = {{"prompt", "select account"}, {"hd", "corp.example&x=1"}};
    });
    OidcFace face = oidc.provider.good();
    face.discovery["authorization_endpoint"] =
        text(oidc.provider.url() + "/authorize?tenant=a%20b");
    oidc.provider.show(face);
    const Flow flow = oidc.login.begin();
    CHECK(flow["prompt"] == "select account");
    CHECK(flow["hd"] == "corp.example&x=1");
    CHECK(flow["tenant"] == "a b");
    CHECK(flow["client_id"] == "client");
    CHECK(flow["access_type"].empty());
    CHECK(flow["x"].empty());
}

TEST_CASE("[O9] where a login ends is reduced to a path, at the start and on the way back",
          "[O9]") {
    OidcWorld oidc;
    const std::pair<std::string, std::string> cases[] = {
        {"", "/"},
        {"foo/bar", "/foo/bar"},
        {"/foo?a=b&c=d", "/foo?a=b&c=d"},
        {"//evil", "/"},
        {"//evil/x", "/x"},
        {"///evil", "/evil"},
        {"/\\evil", "/evil"},
        {"\\\\evil", "/evil"},
        {"\\/evil", "/evil"},
        {"https://evil/p?a=b", "/p?a=b"},
        {"https://evil//x", "/x"},
        {"https://evil/\\x", "/x"},
        {"http://user:pass@evil:80/p#frag", "/p"},
        {"HTTPS://evil/p", "/p"},
        {"https://evil", "/"},
        {"javascript:x", "/"},
        {"javascript://%0aalert(1)", "/"},
        {"data:x", "/"},
        {"data:text/html,<script>alert(1)</script>", "/"},
        {"vbscript:x", "/"},
        {"file:///etc/passwd", "/"},
        {"/a%zz", "/"},
        {"/a%", "/"},
        {std::string("/a\nSet-Cookie: x=y"), "/"},
        {std::string("/a\x01"), "/"},
        {"/a\tb", "/"},
        {"/a;b", "/a%3Bb"},
        {"/a\"b", "/a%22b"},
        {"/a b", "/a%20b"},
        {"/a\\b", "/a%5Cb"},
        {"/gr\xc3\xbc\xc3\x9f"
         "e",
         "/gr%C3%BC%C3%9Fe"},
        {"/#frag", "/"},
        {"?a=b", "/?a=b"},
    };
    for (const auto& [given, expected] : cases) {
        INFO(given);
        const Flow flow = oidc.login.begin("?redirect=" + form_encoded(given));
        CHECK(flow.cookies["oauth_redirect"] == expected);
        const Answer answer = oidc.login.back(flow, oidc.provider.authorize(flow.location));
        CHECK(answer.status == 307);
        CHECK(answer.header("location") == expected);
        CHECK(answer.all("location").size() == 1);
    }
}

TEST_CASE("[O9] a forged redirect cookie leads nowhere else", "[O9]") {
    OidcWorld oidc;
    for (const auto& [forged, expected] : {std::pair<std::string, std::string>{"//evil", "/"},
                                           {"https://evil/p", "/p"},
                                           {"/\\evil", "/evil"},
                                           {"javascript:x", "/"},
                                           {"/a\"b", "/a%22b"},
                                           {"%2f%2fevil", "/%2f%2fevil"},
                                           {"", "/"}}) {
        INFO(forged);
        Flow flow = oidc.login.begin();
        flow.cookies.set("oauth_redirect", forged);
        const Answer answer = oidc.login.back(flow, oidc.provider.authorize(flow.location));
        CHECK(answer.status == 307);
        CHECK(answer.header("location") == expected);
    }
    Flow flow = oidc.login.begin();
    flow.cookies.remove("oauth_redirect");
    const Answer answer = oidc.login.back(flow, oidc.provider.authorize(flow.location));
    CHECK(answer.header("location") == "/");
}

TEST_CASE("[O9] whatever is asked for, the way back is one path of this server", "[O9]") {
    OidcWorld oidc;
    const std::string pieces[] = {
        "/",      "//",     "\\",      "%2f",         "%5c",  "evil.example",
        ":",      "https:", "http://", "javascript:", "@",    "?",
        "#",      "&",      ";",       "\"",          " ",    "%",
        "%0d%0a", "..",     "a",       "\xc3\xa9",    "\xff", "=",
        "+"};
    unsigned random = 12345;  // the same texts each time
    const auto next = [&](unsigned below) {
        random = random * 1103515245u + 12345u;
        return (random >> 16) % below;
    };
    for (int i = 0; i < 400; ++i) {
        std::string given;
        for (unsigned n = next(7); n-- > 0;) given += pieces[next(std::size(pieces))];
        INFO(given);
        const Answer answer = oidc.login.ask("?redirect=" + form_encoded(given));
        if (answer.status == 400) continue;  // not UTF-8: refused before the operation
        CHECK(answer.status == 307);
        CookieJar jar;
        jar.take(answer);
        const std::string reduced = jar["oauth_redirect"];
        REQUIRE_FALSE(reduced.empty());
        CHECK(reduced[0] == '/');
        CHECK(reduced.substr(0, 2) != "//");
        CHECK(reduced.find_first_not_of(alphanumeric + "!#$%&'()*+-./:=?@[]_~") ==
              std::string::npos);
        INFO("reducing it again changes nothing");
        const Flow again = oidc.login.begin("?redirect=" + form_encoded(reduced));
        CHECK(again.cookies["oauth_redirect"] == reduced);
    }
}

TEST_CASE("[O5] a state that is missing, wrong, old or another browser's ends the login", "[O5]") {
    OidcWorld oidc;
    const std::string state_needed = "State must be provided.";
    const std::string cookie_needed = "Cookie \"oauth_state\" must be provided.";
    const std::string mismatched = "State mismatched.";
    const auto refused = [&](int status, const std::string& message, const Flow& flow,
                             const std::string& query) {
        INFO(query);
        oidc.login.check_refused({status, message}, [&] { return oidc.login.back(flow, query); });
    };
    const Flow flow = oidc.login.begin(), other = oidc.login.begin();
    const std::string state = flow["state"];
    refused(400, state_needed, flow, "code=x");
    refused(400, state_needed, flow, "code=x&state=");
    refused(401, cookie_needed, Flow{}, "code=x&state=" + state);
    refused(401, mismatched, flow, "code=x&state=" + other["state"]);
    refused(401, mismatched, flow, "code=x&state=" + state + "0");
    refused(401, mismatched, flow, "code=x&state=" + state.substr(1));
    refused(401, mismatched, other, oidc.provider.authorize(flow.location));
    for (const std::string lost : {"oauth_pkce_verifier", "oauth_nonce"}) {
        Flow without = flow;
        without.cookies.remove(lost);
        refused(401, mismatched, without, oidc.provider.authorize(flow.location));
        without.cookies.set(lost, "");
        refused(401, mismatched, without, oidc.provider.authorize(flow.location));
    }
    Flow empty = flow;
    empty.cookies.set("oauth_state", "");
    refused(401, cookie_needed, empty, "code=x&state=" + state);
    CHECK(oidc.provider.count("/token") == 0);

    INFO("the cookies of a login that ended are gone, so its state cannot be used again");
    Flow used = flow;
    const std::string query = oidc.provider.authorize(flow.location);
    const Answer answer = oidc.login.back(used, query);
    CHECK(answer.status == 307);
    check_cookies_cleared(answer);
    used.cookies.take(answer);
    refused(401, cookie_needed, used, query);
}

TEST_CASE("[O6] a nonce or verifier of another login does not fit", "[O6]") {
    OidcWorld oidc;
    const Flow flow = oidc.login.begin(), other = oidc.login.begin();
    Flow mixed = flow;
    mixed.cookies.set("oauth_nonce", other.cookies["oauth_nonce"]);
    oidc.login.check_refused(refusal(400, untrusted, "*"), [&] {
        return oidc.login.back(mixed, oidc.provider.authorize(flow.location));
    });
    const Flow next = oidc.login.begin();
    mixed = next;
    mixed.cookies.set("oauth_pkce_verifier", other.cookies["oauth_pkce_verifier"]);
    oidc.login.check_refused(refusal(500, not_exchanged, "invalid_grant"), [&] {
        return oidc.login.back(mixed, oidc.provider.authorize(next.location));
    });
}

TEST_CASE("[O12] what the provider says went wrong is shown as text, cut to 512 bytes", "[O12]") {
    OidcWorld oidc;
    const Flow flow = oidc.login.begin();
    const auto refused = [&](const std::string& query, const std::string& error,
                             const std::string& detail) {
        const Answer answer =
            oidc.login.check_refused({400, "Encountered error in oidc process: " + error, detail},
                                     [&] { return oidc.login.back(flow, query); });
        CHECK(answer.header("x-content-type-options") == "nosniff");
        CHECK(answer.body.find('<') == std::string::npos);
    };
    refused("error=access_denied", "access_denied", "");
    refused("error=a&error_description=No+way", "a", "No way");
    refused("error=a&error_uri=https%3A%2F%2Fe.example", "a", "error_uri: https://e.example");
    refused("error=a&error_description=d&error_uri=u", "a", "d, error_uri: u");
    refused("error=a&code=x&state=" + flow["state"], "a", "");
    refused("error=%3Cscript%3Ealert(1)%3C%2Fscript%3E&error_description=%3Cimg+src%3Dx%3E",
            "<script>alert(1)</script>", "<img src=x>");
    const std::string longest(512, 'x');
    refused("error=" + longest + "yz&error_description=" + longest + "y&error_uri=" + longest + "y",
            longest, longest + ", error_uri: " + longest);
    CHECK(oidc.provider.count("/token") == 0);
}

TEST_CASE("what is configured is told, and what is not is refused") {
    SECTION("nothing") {
        const World world;
        CHECK(world.server.send("GET", "/users/authmethods").body ==
              R"({"password":{"enabled":true},"github":{"enabled":false},"oidc":{"enabled":false,)"
              R"("signInText":"","iconUrl":""}})"
              "\n");
        for (const std::string path : {"/users/oidc/callback", "/users/oauth2/github/callback"})
            for (const std::string query : {"", "?code=x&state=y", "?error=x"}) {
                const Answer answer = world.server.send("GET", path + query);
                CHECK(answer.status == 400);
                CHECK(answer.body == message("The oauth2 method requested is not configured!"));
            }
    }
    SECTION("OpenID, and passwords are off") {
        OidcWorld oidc([](Options& options) {
            options.oidc.sign_in_text = "Corp \"SSO\"";
            options.oidc.icon_url = "https://corp.example/icon.png";
        });
        CHECK(oidc.world.server.send("GET", "/users/authmethods").body ==
              R"({"password":{"enabled":true},"github":{"enabled":false},"oidc":{"enabled":true,)"
              R"("signInText":"Corp \"SSO\"","iconUrl":"https://corp.example/icon.png"}})"
              "\n");
        CHECK(oidc.world.server.send("GET", "/users/oauth2/github/callback").status == 400);
    }
}

TEST_CASE("passwords can be off while a provider logs people in") {
    TempFolder folder;
    OidcStandIn provider;
    Options options = with_oidc(provider, nullptr);
    options.database = folder.file("users.db");
    TestServer(options).owner();
    options.disable_password_auth = true;
    const TestServer server(options);
    CHECK(parse(server.send("GET", "/users/authmethods").body)["password"]["enabled"].text() ==
          "false");
    const Answer start = server.send("GET", "/users/oidc/callback");
    CookieJar cookies;
    cookies.take(start);
    const Answer answer =
        server.send("GET", "/users/oidc/callback?" + provider.authorize(start.header("location")),
                    "", "", cookies.headers());
    CHECK(answer.status == 307);
    CHECK(server.send("GET", "/users/me", session_of(answer)).status == 200);
}

TEST_CASE("[O16] nobody logs in before the first user exists", "[O16]") {
    const OidcStandIn provider;
    const TestServer server(with_oidc(provider, nullptr));
    for (const std::string query : {"", "?code=x&state=y", "?error=x"}) {
        const Answer answer = server.send("GET", "/users/oidc/callback" + query);
        check_page(answer, 403, "Initial user required", "The initial user has not been created!");
        check_no_session(answer);
    }
    CHECK(server.send("GET", "/users/first").status == 404);
    CHECK(provider.count("/.well-known/openid-configuration") == 0);
}

TEST_CASE("a login without a place to go back to ends on a page that says what happened") {
    const HeaderList browser{{"Accept", "text/html,application/xhtml+xml"}};
    for (const bool page : {false, true}) {
        INFO((page ? "with" : "without") << " the web page");
        OidcWorld oidc([&](Options& options) { options.web_page = page; });
        const Answer back = oidc.log_in();
        REQUIRE(back.status == 307);
        REQUIRE(back.header("location") == "/");
        HeaderList headers = browser;
        headers.emplace_back("Cookie", "coder_session_token=" + session_of(back));
        const auto get = [&](const std::string& method, const std::string& path,
                             const HeaderList& sent) {
            return oidc.world.server.send(method, "!" + path, "", "", sent);
        };
        const Answer end = get("GET", "/", headers);
        CHECK(end.header("content-type") == "text/html; charset=utf-8");
        if (page) {
            CHECK(end.status == 200);
            continue;
        }
        CHECK(end.status == 404);
        CHECK(end.header("content-security-policy").find("default-src 'none'") == 0);
        CHECK(end.body.find("Route not found.") == std::string::npos);
        CHECK(end.body.find("If you have just logged in, that has worked") != std::string::npos);
        CHECK(get("HEAD", "/?x=y", headers).header("content-type") == "text/html; charset=utf-8");

        INFO("programs, and everything else, get what they always got");
        CHECK(get("GET", "/", {}).body == route_not_found);
        CHECK(get("GET", "/", {{"Accept", "*/*"}}).body == route_not_found);
        CHECK(get("GET", "/login", headers).body == route_not_found);
        CHECK(get("POST", "/", headers).body.find("<html") == std::string::npos);
    }
    const World without;
    CHECK(without.server.send("GET", "!/", "", "", browser).body == route_not_found);
}
