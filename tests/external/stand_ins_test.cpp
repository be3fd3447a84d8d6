// Checks that the stand-ins of providers are as strict as real ones: a client that makes a mistake
// gets nothing from them.
#include "github_stand_in.hpp"
#include "oidc_stand_in.hpp"
#include "people.hpp"
#include "real_provider.hpp"

using namespace coder_users_test;

namespace {

Answer post(int port, const std::string& path, const std::map<std::string, std::string>& form,
            const HeaderList& headers = {}) {
    std::string body;
    for (const auto& [name, value] : form)
        body += (body.empty() ? "" : "&") + name + "=" + form_encoded(value);
    return request(port, "POST", path, headers, body);
}
int port_of(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

}  // namespace

TEST_CASE("the OpenID stand-in gives a token for its code, verifier and secret, once") {
    OidcStandIn provider;
    const int port = port_of(provider.url());
    const auto code_for = [&] {
        const std::string query = provider.authorize(
            "/authorize?state=s&nonce=n&client_id=client&response_type=code&redirect_uri="
            "http%3A%2F%2Fhere%2Fusers%2Foidc%2Fcallback"
            "&code_challenge_method=S256&code_challenge=" +
            s256("verifier"));
        return parse_form(query).at("code");
    };
    std::map<std::string, std::string> form{{"grant_type", "authorization_code"},
                                            {"client_id", "client"},
                                            {"client_secret", "client secret+%"},
                                            {"code_verifier", "verifier"},
                                            {"redirect_uri", "http://here/users/oidc/callback"}};
    for (const std::string wrong :
         {"client_secret", "code_verifier", "redirect_uri", "grant_type"}) {
        INFO(wrong);
        auto bad = form;
        bad["code"] = code_for();
        bad[wrong] = "x";
        CHECK(post(port, "/token", bad).status >= 400);
    }
    form["code"] = code_for();
    const Answer answer = post(port, "/token", form);
    CHECK(answer.status == 200);
    CHECK(post(port, "/token", form).status == 400);

    const std::string token = parse(answer.body)["id_token"].text();
    const std::size_t first = token.find('.'), second = token.rfind('.');
    CHECK(first < second);
    const std::string access = parse(answer.body)["access_token"].text();
    CHECK(request(port, "GET", "/userinfo").status == 401);
    CHECK(request(port, "GET", "/userinfo", {{"Authorization", "Bearer " + access}}).status == 200);
    CHECK(provider.count("/token") == 6);
}

TEST_CASE("the GitHub stand-in answers as GitHub does") {
    GithubStandIn github;
    const int port = port_of(github.url());
    const auto exchanged = [&](const std::string& secret) {
        const std::string query = github.authorize(
            "/login/oauth/authorize?state=s&client_id=gh-client&response_type=code&redirect_uri="
            "http%3A%2F%2Fhere%2Fusers%2Foauth2%2Fgithub%2Fcallback"
            "&code_challenge_method=S256&code_challenge=" +
            s256("verifier"));
        const Answer answer = post(port, "/login/oauth/access_token",
                                   {{"client_id", "gh-client"},
                                    {"client_secret", secret},
                                    {"code", parse_form(query).at("code")},
                                    {"code_verifier", "verifier"}},
                                   {{"User-Agent", "test"}, {"Accept", "application/json"}});
        CHECK(answer.status == 200);
        return parse(answer.body);
    };
    CHECK(exchanged("x")["error"].text() == "incorrect_client_credentials");
    const std::string token = "Bearer " + exchanged("gh-secret")["access_token"].text();
    CHECK(request(port, "GET", "/api/v3/user", {{"Authorization", token}}).status == 403);
    const HeaderList named{{"User-Agent", "test"}, {"Authorization", token}};
    const Answer user = request(port, "GET", "/api/v3/user", named);
    CHECK(parse(user.body)["id"].text() == "583231");
    CHECK(request(port, "GET", "/api/v3/user", {{"User-Agent", "test"}}).status == 401);
    const Answer wrong = post(port, "/login/oauth/access_token", {{"code", "x"}},
                              {{"User-Agent", "test"}, {"Accept", "application/json"}});
    CHECK(wrong.status == 200);
    CHECK(parse(wrong.body)["error"].text() == "bad_verification_code");
}

TEST_CASE("a stand-in that never answers ends with its test") {
    std::unique_ptr<RawClient> client;
    {
        const StandInServer server([](const SeenRequest&) {
            return Reply{200, "", {}, Reply::Pace::never};
        });
        client = std::make_unique<RawClient>(server.port());
        client->send(request_text("GET", "/"));
    }
    CHECK(client->at_end());
}

TEST_CASE("the real provider keeps its address and changes its keys when it restarts", "[real]") {
    if (no_node()) return;
    RealProvider provider({});
    const auto get = [&](const std::string& path) {
        return parse(request(provider.port(), "GET", path).body);
    };
    CHECK(get("/.well-known/openid-configuration")["issuer"].text() == provider.issuer());
    const Value before = get("/jwks")["keys"];
    provider.restart();
    CHECK(get("/.well-known/openid-configuration")["issuer"].text() == provider.issuer());
    const Value after = get("/jwks")["keys"];
    CHECK(before.size() == 1);
    CHECK(after.size() == 1);
    CHECK(before[0]["kid"].text() != after[0]["kid"].text());
    CHECK(before[0]["n"].text() != after[0]["n"].text());
}
