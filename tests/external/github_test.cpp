// Login through GitHub (docs/contract/external_login.md, "GitHub"; threat O13).
#include "github_stand_in.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;

using Change = std::function<void(Options&)>;

Options with_github(const GithubStandIn& github, const Change& change) {
    Options options;
    options.access_url = "http://coder.example";
    options.github.client_id = "gh-client";
    options.github.client_secret = "gh-secret";
    options.github.enterprise_base_url = github.url();
    options.github.allow_signups = true;
    options.github.allow_everyone = true;
    if (change) change(options);
    return options;
}

Change members_of(const std::vector<std::string>& organizations,
                  const std::vector<std::string>& teams = {}) {
    return [=](Options& options) {
        options.github.allow_everyone = false;
        options.github.allowed_orgs = organizations;
        options.github.allowed_teams = teams;
    };
}

struct GithubWorld {
    explicit GithubWorld(const Change& change = nullptr)
        : login("/users/oauth2/github/callback", with_github(github, change)) {}
    Answer log_in() {
        const Flow flow = login.begin();
        return login.back(flow, github.authorize(flow.location));
    }
    Answer log_in_as(const GithubUser& user) {
        github.show(user);
        return log_in();
    }
    void check_refused(const Refusal& expected, const GithubUser& user) {
        github.show(user);
        login.check_refused(expected, [&] { return log_in(); });
    }

    GithubStandIn github;
    LoginWorld login;
    World& world = login.world;
};

const std::string no_member = "You aren't a member of the authorized Github organizations!";
const std::string api = "/api/v3";

}  // namespace

TEST_CASE("[O6] [O10] a start sends the browser to GitHub") {
    const GithubWorld world;
    const Answer answer = world.login.ask("");
    CHECK(answer.status == 307);
    const std::string location = answer.header("location");
    const std::string page = world.github.url() + "/login/oauth/authorize?";
    REQUIRE(location.substr(0, page.size()) == page);
    auto query = parse_form(location.substr(page.size()));
    CHECK(query["client_id"] == "gh-client");
    CHECK(query["redirect_uri"] == "http://coder.example/api/v2/users/oauth2/github/callback");
    CHECK(query["response_type"] == "code");
    CHECK(query["scope"] == "read:user read:org user:email");
    CHECK(query["access_type"] == "offline");
    CHECK(query["code_challenge_method"] == "S256");
    CHECK(query["state"].size() == 32);
    CHECK(query.count("nonce") == 0);
    CHECK(query.size() == 8);
    CHECK(answer.all("set-cookie").size() == 3);
    CHECK(world.world.server.send("GET", "/users/authmethods").body ==
          R"({"password":{"enabled":true},"github":{"enabled":true},"oidc":{"enabled":false,)"
          R"("signInText":"","iconUrl":""}})"
          "\n");
}

TEST_CASE("[O13] a login at GitHub creates the account, by its number and not its name", "[O13]") {
    GithubWorld world;
    const std::string entry = world.world.last_entry();
    const Answer answer = world.log_in();
    CHECK(answer.status == 307);
    CHECK(answer.header("location") == "/");
    check_cookies_cleared(answer, false);
    CHECK(world.login.newest_user() ==
          "octocat|octocat@corp.example|github|active|"
          "https://avatars.example/u/583231");
    CHECK(world.world.sql("SELECT login_type, linked_id, token_expires_at FROM user_links") ==
          "github|583231|" + std::to_string(coder_users::micros(coder_users::never)));
    CHECK(world.world.entries_since(entry) == "api_key|register||307");
    const Answer me = world.world.server.send("GET", "/users/me", session_of(answer));
    CHECK(me.status == 200);
    CHECK(parse(me.body)["login_type"].text() == "github");
    CHECK(world.world.sql("SELECT count(*) FROM api_keys WHERE login_type = 'github'") == "1");

    INFO("an avatar that is no URL is none, an address that is too long is refused");
    GithubUser odd;
    odd.avatar_url = "javascript:alert(1)";
    CHECK(world.log_in_as(odd).status == 307);
    CHECK(world.world.sql("SELECT count(*) FROM users WHERE avatar_url <> ''") == "0");
    odd.emails = {R"([{"email":"octo@)" + std::string(250, 'x') +
                  R"(","primary":true,"verified":true}])"};
    world.check_refused(refusal(400, "No email found in OIDC payload!"), odd);

    INFO("the login was renamed at GitHub, and somebody else took the old one");
    GithubUser renamed;
    renamed.login = "tabby";
    CHECK(world.log_in_as(renamed).status == 307);
    CHECK(world.login.count("users") == "2");
    GithubUser other;
    other.id = "99";
    other.emails = {R"([{"email":"other@corp.example","primary":true,"verified":true}])"};
    CHECK(world.log_in_as(other).status == 307);
    CHECK(world.login.count("users") == "3");
    CHECK(world.login.newest_user().substr(0, 8) == "octocat-");
    INFO("and somebody else took the address");
    other.id = "100";
    world.github.show(other);
    world.login.check_page_refused(
        "Account already linked",
        "This account is linked to another identity of the login provider.",
        [&] { return world.log_in(); });
}

TEST_CASE("[O13] only an active membership of an allowed organization counts", "[O13]") {
    GithubWorld world(members_of({"corp", "lab"}));
    const auto in = [](const std::vector<std::string>& pages) {
        GithubUser user;
        user.memberships = pages;
        return user;
    };
    for (const auto& pages : std::vector<std::vector<std::string>>{
             {"[]"},
             {"[" + membership("corp", "pending") + "]"},
             {"[" + membership("corporation", "active") + "]"},
             {"[" + membership("CORP", "active") + "]"},
             {"[" + membership("other", "active") + "," + membership("lab", "pending") + "]"}}) {
        INFO(pages[0]);
        world.check_refused(refusal(401, no_member), in(pages));
    }
    CHECK(world.log_in_as(in({"[" + membership("lab", "active") + "]"})).status == 307);
    INFO("on the third page");
    std::string full = "[";
    for (int i = 0; i < 100; ++i)
        full += (i ? "," : "") + membership("org" + std::to_string(i), "active");
    full += "]";
    CHECK(world.log_in_as(in({full, full, "[" + membership("corp", "active") + "]"})).status ==
          307);
}

TEST_CASE("[O11] [O13] memberships that cannot be listed let nobody in", "[O11][O13]") {
    GithubWorld world(members_of({"corp"}));
    const GithubStandIn elsewhere;
    const std::string path = api + "/user/memberships/orgs";
    const std::string good = "[" + membership("corp", "active") + "]";
    for (const Reply& reply : {Reply{500, good}, Reply{403, R"({"message":"rate limit"})"},
                               Reply{200, "{}"}, Reply{200, "<html>"}, Reply{200, good + "x"},
                               Reply{302, "", {{"Location", elsewhere.url() + path}}}}) {
        INFO(reply.status << " " << reply.body.substr(0, 50));
        GithubUser user;
        user.replies[path] = reply;
        world.check_refused(
            refusal(500, "Internal error fetching authenticated Github user organizations."), user);
    }
    INFO("a next page on another host is not fetched");
    GithubUser user;
    user.replies[path] = {
        200, "[]", {{"Link", "<" + elsewhere.url() + path + "?page=2>; rel=\"next\""}}};
    world.github.show(user);
    const Answer answer = world.log_in();
    CHECK((answer.status == 401 || answer.status == 500));
    CHECK(elsewhere.paths().empty());
    INFO("nor are pages fetched for ever");
    user.replies[path].headers = {
        {"Link", "<" + world.github.url() + path + "?page=2>; rel=\"next\""}};
    world.github.show(user);
    const Answer endless = world.log_in();
    CHECK((endless.status == 401 || endless.status == 500));
    CHECK(world.github.paths().size() < 2'000);
}

TEST_CASE("[O13] with allowed teams, one of them in an own organization is needed", "[O13]") {
    GithubWorld world(members_of({"corp", "lab"}, {"corp/core", "lab/web"}));
    const auto in = [](const std::vector<std::string>& organizations,
                       const std::map<std::string, std::string>& teams) {
        GithubUser user;
        std::string list;
        for (const std::string& name : organizations)
            list += (list.empty() ? "" : ",") + membership(name, "active");
        user.memberships = {"[" + list + "]"};
        user.teams = teams;
        return user;
    };
    const auto refused = [](const std::string& organizations) {
        return refusal(401, "You aren't a member of an authorized team in the " + organizations +
                                " Github organization(s)!");
    };
    world.check_refused(refused("[corp]"), in({"corp"}, {}));
    world.check_refused(refused("[corp]"), in({"corp"}, {{"corp/other", "active"}}));
    world.check_refused(refused("[corp]"), in({"corp"}, {{"corp/core", "pending"}}));
    INFO("a team in an organization one is not in");
    world.check_refused(refused("[corp]"), in({"corp"}, {{"lab/web", "active"}}));
    INFO("a look-up that fails counts as no");
    GithubUser failing = in({"corp"}, {{"corp/core", "active"}});
    failing.replies[api + "/orgs/corp/teams/core/memberships/octocat"] = {500, ""};
    world.check_refused(refused("[corp]"), failing);
    CHECK(world.log_in_as(in({"lab", "corp"}, {{"lab/web", "active"}})).status == 307);
    CHECK(world.log_in_as(in({"corp"}, {{"corp/core", "active"}})).status == 307);
}

TEST_CASE("[O13] only the address that is both primary and verified counts", "[O13]") {
    GithubWorld world;
    const std::string path = api + "/user/emails";
    const auto with = [](const std::vector<std::string>& pages) {
        GithubUser user;
        user.emails = pages;
        return user;
    };
    const std::string needed = "Your primary email must be verified on GitHub!";
    for (const std::string list :
         {R"([])", R"([{"email":"a@x.org","primary":true,"verified":false}])",
          R"([{"email":"a@x.org","primary":false,"verified":true}])",
          R"([{"email":"a@x.org","primary":true,"verified":false},)"
          R"({"email":"b@x.org","primary":false,"verified":true}])",
          R"([{"email":"a@x.org","primary":true}])"})
        world.check_refused(refusal(400, needed), with({list}));
    for (const Reply& reply : {Reply{404, "{}"}, Reply{200, "{}"}, Reply{200, "[1"}}) {
        GithubUser user;
        user.replies[path] = reply;
        world.check_refused(refusal(500, "Internal error fetching personal Github user."), user);
    }
    CHECK(world
              .log_in_as(with({R"([{"email":"a@x.org","primary":false,"verified":true}])",
                               R"([{"email":"o@x.org","primary":true,"verified":true}])"}))
              .status == 307);
    CHECK(world.world.sql("SELECT email FROM users WHERE username = 'octocat'") == "o@x.org");
}

TEST_CASE("[O13] a user that cannot be read, or has no number, is refused", "[O13]") {
    GithubWorld world;
    for (const Reply& reply :
         {Reply{500, "{}"}, Reply{401, "{}"}, Reply{200, "[]"}, Reply{200, ""},
          Reply{200, R"({"login":"octocat","id":1,"id":2,"avatar_url":""})"}}) {
        INFO(reply.status << reply.body);
        GithubUser user;
        user.replies[api + "/user"] = reply;
        world.check_refused(refusal(500, "Internal error fetching authenticated Github user."),
                            user);
    }
    GithubUser zero;
    zero.id = "0";
    world.check_refused(refusal(500,
                                "The GitHub user ID is missing, this should never happen. "
                                "Please report this error."),
                        zero);
}

TEST_CASE("[O5] [O6] errors of GitHub's exchange, which come with 200, end the login", "[O5][O6]") {
    GithubWorld world;
    const Flow flow = world.login.begin();
    const std::string query = world.github.authorize(flow.location);
    CHECK(world.login.back(flow, query).status == 307);
    const Flow again = world.login.begin();
    world.login.check_refused(refusal(500, not_exchanged, "bad_verification_code"),
                              [&] { return world.login.back(again, with_code_of(query, again)); });
    Flow other = world.login.begin();
    other.cookies.set("oauth_pkce_verifier", flow.cookies["oauth_pkce_verifier"]);
    world.login.check_refused(refusal(500, not_exchanged, "bad_verification_code"), [&] {
        return world.login.back(other, world.github.authorize(other.location));
    });
    INFO("states and cookies as with OpenID");
    world.login.check_refused({400, "State must be provided."},
                              [&] { return world.login.back(flow, "code=x"); });
    world.login.check_refused({401, "Cookie \"oauth_state\" must be provided."},
                              [&] { return world.login.back(Flow{}, "code=x&state=y"); });
    world.login.check_refused({401, "State mismatched."},
                              [&] { return world.login.back(flow, "code=x&state=y"); });
    world.login.check_refused({400, "Encountered error in oidc process: access_denied"},
                              [&] { return world.login.back(flow, "error=access_denied"); });
}

TEST_CASE("GitHub's sign-ups are off unless they are switched on") {
    GithubWorld world([](Options& options) { options.github.allow_signups = false; });
    world.login.check_page_refused("Signups are disabled",
                                   "Please contact your Coder administrator to request access.",
                                   [&] { return world.log_in(); });
}

TEST_CASE("[O4] a password account converts to GitHub", "[O4]") {
    GithubWorld world;
    REQUIRE(world.world.server
                .send("POST", "/users", world.world.owner,
                      R"({"email":"octocat@corp.example","username":"cat",)"
                      R"("password":")" +
                          good_password + "\"}")
                .status == 201);
    world.login.check_page_refused(
        "Incorrect login type",
        "Attempting to use login type \"github\", but the user has the login type \"password\". "
        "You can convert your account to use this login type by visiting your account settings.",
        [&] { return world.log_in(); });
    CookieJar cookies;
    cookies.set("coder_session_token", world.world.server.log_in("octocat@corp.example"));
    const Answer asked = world.world.server.send(
        "POST", "/users/me/convert-login", "",
        R"({"to_type":"github","password":")" + good_password + "\"}", cookies.headers());
    REQUIRE(asked.status == 201);
    cookies.take(asked);
    const Flow flow =
        world.login.begin("?oidc_merge_state=" + parse(asked.body)["state_string"].text(), cookies);
    const Answer answer = world.login.back(flow, world.github.authorize(flow.location));
    CHECK(answer.status == 307);
    CHECK(world.world.sql("SELECT login_type FROM users WHERE username = 'cat'") == "github");
    CHECK(world.world.sql("SELECT linked_id FROM user_links") == "583231");
    CHECK(world.log_in().status == 307);
    CHECK(world.login.count("users") == "2");
}

TEST_CASE("[O8] an answer for one provider is no answer for the other", "[O8]") {
    const OidcStandIn provider;
    GithubWorld world([&](Options& options) { options.oidc = with_oidc(provider, nullptr).oidc; });
    const Flow flow = world.login.begin();
    const std::string query = world.github.authorize(flow.location);
    const Answer answer = world.world.server.send("GET", "/users/oidc/callback?" + query, "", "",
                                                  flow.cookies.headers());
    check_response(answer, {401, "State mismatched."});  // there is no nonce
    CHECK(provider.count("/token") == 0);
    check_no_session(answer);
}

TEST_CASE("the full name at GitHub is taken over at each login") {
    GithubWorld world;
    REQUIRE(world.log_in().status == 307);
    const auto stored_name = [&] {
        return world.world.sql("SELECT name FROM users WHERE username = 'octocat'");
    };
    CHECK(stored_name() == "The Octocat");
    GithubUser user;
    for (const auto& [sent, kept] : {std::pair<std::string, std::string>{"null", "The Octocat"},
                                     {R"("")", "The Octocat"},
                                     {"7", "The Octocat"},
                                     {R"(" Mona\u3000")", "Mona"}}) {
        CAPTURE(sent);
        user.name = sent;
        CHECK(world.log_in_as(user).status == 307);
        CHECK(stored_name() == kept);
    }
}
