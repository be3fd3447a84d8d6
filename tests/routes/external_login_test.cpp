// The answers of the callbacks before any provider is asked (docs/contract/external_login.md,
// "Steps of a login").
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/url.hpp"
#include "endpoint_table.hpp"
#include "fixed_answer.hpp"

namespace external_login_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;

const std::string github = "/users/oauth2/github/callback";
const std::string oidc = "/users/oidc/callback";

Options with_github(Options options = {}) {
    options.access_url = "https://users.example.com/";
    options.github.client_id = "github id";
    options.github.client_secret = "github-secret";
    options.github.allow_everyone = true;
    return options;
}

Options with_oidc(const std::string& issuer, Options options = {}) {
    options.access_url = "https://users.example.com";
    options.oidc.issuer_url = issuer;
    options.oidc.client_id = "oidc-id";
    options.oidc.client_secret = "oidc-secret";
    return options;
}

/// Returns the cookies that an answer sets: name -> the rest of the field after it.
std::map<std::string, std::string> cookies(const Answer& answer) {
    std::map<std::string, std::string> found;
    for (const auto& [name, value] : answer.headers) {
        if (name != "set-cookie") continue;
        const std::size_t equals = value.find('=');
        CHECK(found.emplace(value.substr(0, equals), value.substr(equals + 1)).second);
    }
    return found;
}

/// The value of a cookie, which must have the attributes of a login's cookies.
std::string value_of(const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    if (found == all.end()) return "absent";
    const std::size_t end = found->second.find(';');
    CHECK(found->second.substr(end) == "; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure");
    return found->second.substr(0, end);
}

/// The query of a Location, decoded.
coder_users::Url query(const Answer& answer) {
    return coder_users::parse_url(answer.header("location")).value();
}

std::string parameter(const Answer& answer, const char* name) {
    return query(answer).parameter(name).value_or("absent");
}

const std::string cleared = "; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure";

TEST_CASE("a provider that is not configured refuses before anything else") {
    TestServer server;
    for (const std::string& path : {github, oidc}) {
        const Answer answer = server.send("GET", path + "?error=x&code=y");
        CHECK(answer.status == 400);
        CHECK(answer.body == message("The oauth2 method requested is not configured!"));
        CHECK(cookies(answer).empty());
    }
}

TEST_CASE("nobody logs in before there is a first user") {
    TestServer server(with_github());
    const Answer answer = server.send("GET", github + "?error=x");
    CHECK(answer.status == 403);
    CHECK(answer.header("content-type") == "text/html; charset=utf-8");
    CHECK_THAT(answer.body, ContainsSubstring("<title>Initial user required</title>"));
    CHECK_THAT(answer.body, ContainsSubstring("The initial user has not been created!"));
    CHECK_THAT(answer.body, ContainsSubstring("href=\"/login\""));
    CHECK(answer.header("cache-control") == "no-store");
    CHECK(answer.all("content-security-policy") ==
          std::vector<std::string>{"default-src 'none'; base-uri 'none'; form-action 'none'; "
                                   "frame-ancestors 'none'"});
    CHECK(answer.all("referrer-policy") == std::vector<std::string>{"no-referrer"});
    CHECK_FALSE(answer.has("strict-transport-security"));
    CHECK(cookies(answer).empty());
}

TEST_CASE("a login at GitHub starts with everything that binds it to this browser") {
    TestServer server(with_github());
    server.owner();
    const Answer answer = server.send("GET", github + "?redirect=https%3A%2F%2Fevil%2Fp%3Ba");
    REQUIRE(answer.status == 307);
    CHECK(answer.body.empty());
    CHECK(coder_users::starts_with(answer.header("location"),
                                   "https://github.com/login/oauth/authorize?"));
    const auto set = cookies(answer);
    CHECK(set.size() == 3);
    CHECK(value_of(set, "oauth_redirect") == "/p%3Ba");
    const std::string state = value_of(set, "oauth_state");
    CHECK(state.size() == 32);
    CHECK(parameter(answer, "client_id") == "github id");
    CHECK(parameter(answer, "redirect_uri") ==
          "https://users.example.com/api/v2/users/oauth2/github/callback");
    CHECK(parameter(answer, "response_type") == "code");
    CHECK(parameter(answer, "scope") == "read:user read:org user:email");
    CHECK(parameter(answer, "state") == state);
    CHECK(parameter(answer, "access_type") == "offline");
    CHECK(parameter(answer, "code_challenge_method") == "S256");
    CHECK(parameter(answer, "code_challenge").size() == 43);
    CHECK(parameter(answer, "nonce") == "absent");
    CHECK(value_of(set, "oauth_pkce_verifier").size() >= 43);
    CHECK(server.send("GET", github).header("location") != answer.header("location"));
    CHECK(server.send("HEAD", github).status == 307);
}

TEST_CASE("a login at an OpenID provider starts where its discovery document says") {
    const FixedAnswer provider(short_discovery);
    Options options = with_oidc(provider.url());
    options.oidc.scopes = {"openid", "groups"};
    options.oidc.auth_url_params = {{"prompt", "select account"}};
    TestServer server(options);
    server.owner();
    const Answer answer = server.send("GET", oidc);
    REQUIRE(answer.status == 307);
    CHECK(coder_users::starts_with(answer.header("location"), provider.url() + "/authorize?"));
    const auto set = cookies(answer);
    CHECK(set.size() == 4);
    CHECK(value_of(set, "oauth_redirect") == "/");
    CHECK(parameter(answer, "nonce") == value_of(set, "oauth_nonce"));
    CHECK(parameter(answer, "scope") == "openid groups");
    CHECK(parameter(answer, "prompt") == "select account");
    CHECK(parameter(answer, "access_type") == "absent");
    CHECK(parameter(answer, "redirect_uri") ==
          "https://users.example.com/api/v2/users/oidc/callback");
    server.send("GET", oidc);
    CHECK(provider.requests() == 1);
}

TEST_CASE("the state of a conversion is taken over, any other one is not") {
    TestServer server(with_github());
    server.owner();
    const std::string good = "convert-0123456789abcdefghijABCDEFGHIJxy";
    CHECK(parameter(server.send("GET", github + "?oidc_merge_state=" + good), "state") == good);
    for (const std::string bad :
         {"0123456789abcdefghijABCDEFGHIJxy", "convert-", "convert-x",
          "convert-0123456789abcdefghijABCDEFGHIJx_", "convert-0123456789abcdefghijABCDEFGHIJxyz"})
        CHECK(parameter(server.send("GET", github + "?oidc_merge_state=" + bad), "state").size() ==
              32);
}

TEST_CASE("a discovery document that is of no use stops the start, and is not kept") {
    const auto refused = [](const std::function<std::string(const std::string&)>& body) {
        const FixedAnswer provider(body);
        TestServer server(with_oidc(provider.url()));
        server.owner();
        for (int i = 1; i <= 2; ++i) {
            const Answer answer = server.send("GET", oidc);
            CHECK(answer.status == 500);
            CHECK(answer.body == message("An internal server error occurred."));
            CHECK(cookies(answer).empty());
            CHECK(provider.requests() == i);
        }
        CHECK_THAT(server.log(), ContainsSubstring("reason="));
    };
    refused([](const std::string&) { return "<html>"; });
    refused([](const std::string&) { return "[]"; });
    refused([](const std::string& url) { return short_discovery(url + "/"); });
    refused([](const std::string& url) {
        return R"({"issuer":"x",)" + short_discovery(url).substr(1);
    });
    refused([](const std::string& url) {
        std::string text = short_discovery(url);
        return text.replace(text.find("jwks_uri"), 4, "nope");
    });
}

TEST_CASE("the provider's own refusal is passed on, cut and with its cookies cleared") {
    TestServer server(with_github());
    server.owner();
    struct Row {
        std::string query, message, detail;
    };
    const Row rows[] = {
        {"error=access_denied", "access_denied", ""},
        {"error=a&error_description=b+c", "a", "b c"},
        {"error=a&error_uri=u", "a", "error_uri: u"},
        {"error=a&error_description=b&error_uri=u", "a", "b, error_uri: u"},
        {"error=a&code=c&state=convert-", "a", ""},
        {"error=" + std::string(600, 'x'), std::string(512, 'x'), ""},
        {"error=" + std::string(511, 'x') + "%C3%A4", std::string(511, 'x'), ""},
    };
    for (const Row& row : rows) {
        CAPTURE(row.query);
        const Answer answer = server.send("GET", github + "?" + row.query);
        CHECK(answer.status == 400);
        CHECK(parse(answer.body)["message"].text() ==
              "Encountered error in oidc process: " + row.message);
        CHECK(parse(answer.body).has("detail") == !row.detail.empty());
        if (!row.detail.empty()) CHECK(parse(answer.body)["detail"].text() == row.detail);
        auto set = cookies(answer);
        CHECK(set.count("coder_oauth_convert_jwt") ==
              (row.query.find("convert-") != std::string::npos));
        set.erase("coder_oauth_convert_jwt");
        CHECK(set == std::map<std::string, std::string>{{"oauth_state", cleared},
                                                        {"oauth_redirect", cleared},
                                                        {"oauth_pkce_verifier", cleared}});
    }
}

TEST_CASE("a code is taken only from the browser that started the login") {
    const FixedAnswer provider(short_discovery);
    TestServer server(with_github(with_oidc(provider.url())));
    server.owner();
    struct Row {
        std::string query, cookies;
        int status;
        std::string body;
    };
    const std::string mismatched = message("State mismatched.");
    const Row rows[] = {
        {"code=c", "", 400, message("State must be provided.")},
        {"code=c&state=", "oauth_state=s", 400, message("State must be provided.")},
        {"code=c&state=s", "", 401, message("Cookie \\\"oauth_state\\\" must be provided.")},
        {"code=c&state=s", "oauth_state=", 401,
         message("Cookie \\\"oauth_state\\\" must be provided.")},
        {"code=c&state=s", "oauth_state=t; oauth_pkce_verifier=v; oauth_nonce=n", 401, mismatched},
        {"code=c&state=s", "oauth_state=s", 401, mismatched},
        {"code=c&state=s", "oauth_state=s; oauth_nonce=n", 401, mismatched},
        {"code=c&state=S", "oauth_state=s; oauth_pkce_verifier=v; oauth_nonce=n", 401, mismatched},
    };
    for (const std::string& path : {github, oidc})
        for (const Row& row : rows) {
            CAPTURE(path, row.query, row.cookies);
            HeaderList headers;
            if (!row.cookies.empty()) headers.emplace_back("Cookie", row.cookies);
            const Answer answer = server.send("GET", path + "?" + row.query, "", "", headers);
            CHECK(answer.status == row.status);
            CHECK(answer.body == row.body);
            CHECK(cookies(answer).size() == (path == oidc ? 4 : 3));
        }
    CHECK(server
              .send("GET", oidc + "?code=c&state=s", "", "",
                    {{"Cookie", "oauth_state=s; oauth_pkce_verifier=v"}})
              .body == mismatched);
    CHECK(provider.requests() == 0);
}

TEST_CASE("what only leads to a callback is a user's name everywhere else") {
    World world;
    CHECK(world.server.send("GET", oidc + "/x", world.owner).status == 404);
    CHECK(world.server.send("GET", "/users/oidc/keys/tokens", world.owner).body == no_user("oidc"));
    CHECK(world.server.send("POST", "/users/oidc/callback").status == 405);
    CHECK(world.server.send("POST", "/users/oidc/callback").header("allow") ==
          "GET, HEAD, OPTIONS");
    CHECK(world.server.send("GET", "/users/oidc/nosuch").status == 401);
}

}  // namespace external_login_test
