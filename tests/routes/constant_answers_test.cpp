// docs/contract/constant_answers.md, "What they are for" and "What stays out";
// docs/contract/scopes.md, "GET /auth/scopes".
#include "coder_users/internal/wire/constant_answers.hpp"

#include <set>

#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string url = "https://coder-users.example";
const std::string access_url = "https://users.example.org";

coder_users::Options answering_as(const std::string& release) {
    coder_users::Options options = in_memory();
    options.coder_version = release;
    options.access_url = access_url;
    return options;
}

struct Constant {
    std::string path;
    bool open;
    std::string body;
};

std::vector<Constant> constants(const World& world, const std::string& release) {
    const std::string version = "v" + release + ".0+coder-users." + coder_users::version;
    const std::string deployment =
        world.sql("SELECT value FROM deployment WHERE name = 'deployment_id'");
    return {
        {"/updatecheck", true,
         R"({"current":true,"version":")" + version + R"(","url":")" + url + "\"}\n"},
        {"/appearance", false,
         R"({"application_name":"","logo_url":"","docs_url":")" + url +
             R"(","service_banner":{"enabled":false},"announcement_banners":[]})"
             "\n"},
        {"/experiments", false, "[]\n"},
        {"/experiments/available", false, "{\"safe\":[]}\n"},
        {"/regions", false,
         R"({"regions":[{"id":")" + deployment +
             R"(","name":"primary","display_name":"Default","icon_url":"/emojis/1f3e1.png",)"
             R"("healthy":true,"path_app_url":")" +
             access_url + R"(","wildcard_hostname":""}]})" + "\n"},
        {"/notifications/inbox", false, "{\"notifications\":[],\"unread_count\":0}\n"},
        {"/notifications/settings", false, "{\"notifier_paused\":true}\n"},
        {"/notifications/templates/system", false, "[]\n"},
        {"/notifications/templates/custom", false, "[]\n"},
        {"/notifications/dispatch-methods", false, "{\"available\":[],\"default\":\"\"}\n"},
    };
}

const std::vector<std::string> releases{"2.6", "2.8", "2.21", "2.35"};

}  // namespace

TEST_CASE("what clients ask for first is answered in the same way at every release") {
    for (const std::string& release : releases) {
        CAPTURE(release);
        const People world(answering_as(release));
        for (const Constant& each : constants(world, release))
            check_rows(
                world,
                {
                    {"by nobody", "GET", each.path, "", "", each.open ? 200 : 401,
                     each.open ? each.body : no_session},
                    {"by a member", "GET", each.path, world.bob, "", 200, each.body},
                    {"by the owner", "GET", each.path + "/", world.owner, "", 200, each.body},
                    {"HEAD", "HEAD", each.path, world.bob, "", 200, ""},
                    {"another method", "POST", each.path, world.owner, "{", 405, bad_method},
                    {"below it", "GET", each.path + "/x", "", "", 404, route_not_found},
                });
    }
}

TEST_CASE("entitlements name every feature, and which of them are there") {
    for (const std::string& release : releases) {
        CAPTURE(release);
        World world(answering_as(release));
        world.server.advance(std::chrono::hours(1));
        const Answer answer = world.server.send("GET", "/entitlements");
        CHECK(answer.status == 200);
        const Value features = parse(answer.body)["features"];
        CHECK(features.size() == 27);
        const std::set<std::string> there{"audit_log", "multiple_organizations",
                                          "service_accounts"};
        std::string text, last;
        for (const auto& each : coder_users::wire::features) {
            CHECK(last < each.name);
            last = each.name;
            CHECK(each.is_there == (there.count(each.name) == 1));
            text += (text.empty() ? "\"" : ",\"") + last +
                    (each.is_there ? R"(":{"entitlement":"entitled","enabled":true})"
                                   : R"(":{"entitlement":"not_entitled","enabled":false})");
        }
        CHECK(answer.body ==
              "{\"features\":{" + text +
                  R"(},"warnings":[],"errors":[],"has_license":false,"trial":false,)"
                  R"("require_telemetry":false,"refreshed_at":"2026-01-02T03:04:05.678901Z"})"
                  "\n");
        CHECK(world.server.send("HEAD", "/entitlements").status == 200);
        CHECK(world.server.send("PUT", "/entitlements").status == 405);
        CHECK(world.server.send("POST", "/entitlements/refresh").body == route_not_found);
    }
}

TEST_CASE("owners and auditors see how the server is set up") {
    {
        const People world(answering_as("2.6"));
        const std::string path = "/deployment/config";
        const std::string body = R"({"config":{"access_url":"https://users.example.org",)"
                                 R"("disable_password_auth":false},"options":[]})"
                                 "\n";
        check_rows(world,
                   {
                       {"nobody", "GET", path, "", "", 401, no_session},
                       {"a member", "GET", path, world.bob, "", 403, forbidden_answer},
                       {"a user-admin", "GET", path, world.udo, "", 403, forbidden_answer},
                       {"a template-admin", "GET", path, world.tina, "", 403, forbidden_answer},
                       {"an organization admin", "GET", path, world.oda, "", 403, forbidden_answer},
                       {"an auditor", "GET", path, world.anna, "", 200, body},
                       {"an owner", "GET", path, world.owner, "", 200, body},
                       {"HEAD", "HEAD", path, world.owner, "", 200, ""},
                       {"another method", "PUT", path, world.owner, "", 405, bad_method},
                       {"below it", "GET", path + "/x", "", "", 404, route_not_found},
                       {"beside it", "GET", "/deployment", "", "", 404, route_not_found},
                   });
    }
    coder_users::Options options = in_memory();
    const World world(options);
    const std::string token = world.owner;
    CHECK(world.server.send("GET", "/deployment/config", token).body ==
          "{\"config\":{\"access_url\":\"\",\"disable_password_auth\":false},\"options\":[]}\n");
    CHECK(parse(world.server.send("GET", "/regions", token).body)["regions"][0]["path_app_url"]
              .text()
              .empty());
}

TEST_CASE("a server without passwords says so") {
    coder_users::Options options = in_memory();
    options.disable_password_auth = true;
    TestServer server(options);
    const auto made = server.service().create_first_user(
        {"owner@example.org", "owner", good_password, coder_users::LoginType::password, ""});
    const auto session =
        server.service().as(coder_users::Identity::system()).make_session(made.username);
    const Answer answer = server.send("GET", "/deployment/config", session.token);
    CHECK(parse(answer.body)["config"]["disable_password_auth"].text() == "true");
}

TEST_CASE("scopes are listed for everybody, without their short names") {
    World world;
    const Answer answer = world.server.send("GET", "/auth/scopes");
    CHECK(answer.status == 200);
    const Value list = parse(answer.body)["external"];
    REQUIRE(list.size() == 55);
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i > 0) CHECK(list[i - 1].text() < list[i].text());
        names.insert(list[i].text());
        const Answer made = world.server.send("POST", "/users/me/keys/tokens", world.owner,
                                              "{\"scopes\":[" + json_text(list[i].text()) + "]}");
        CHECK(made.status == 201);
    }
    CHECK(names.count("coder:all") == 1);
    CHECK(names.count("all") == 0);
    CHECK(names.count("application_connect") == 0);
    check_rows(world, {
                          {"with a bad key", "GET", "/auth/scopes/", "x", "", 200, answer.body},
                          {"HEAD", "HEAD", "/auth/scopes", "", "", 200, ""},
                          {"another method", "POST", "/auth/scopes", "", "", 405, bad_method},
                          {"below it", "GET", "/auth/scopes/x", "", "", 404, route_not_found},
                          {"beside it", "GET", "/auth", "", "", 404, route_not_found},
                      });
}

TEST_CASE("what this server has nothing of is not found") {
    const People world(answering_as("2.35"));
    for (const std::string path :
         {"/groups", "/scim/v2/Users", "/licenses", "/deployment/stats", "/deployment/ssh",
          "/notifications", "/notifications/inbox/watch", "/notifications/templates",
          "/external-auth", "/oauth2", "/oauth2-provider/apps", "/templates", "/workspaces",
          "/insights/daus", "/debug/health", "/updatecheck/x"}) {
        CAPTURE(path);
        CHECK(world.server.send("GET", path, world.owner).body == route_not_found);
        CHECK(world.server.send("GET", path).body == route_not_found);
    }
    for (const std::string& path : std::vector<std::string>{
             "/users/me/secrets", "/users/me/skills", "/users/me/webpush/subscription",
             "/users/me/workspaces", "/organizations/" + world.organization + "/workspace-quota",
             "/organizations/" + world.organization + "/settings/idpsync/groups",
             "/organizations/" + world.organization + "/groups"}) {
        CAPTURE(path);
        CHECK(world.server.send("GET", path, world.owner).body == route_not_found);
        CHECK(world.server.send("GET", path).body == no_session);
    }
    CHECK(world.server.send("GET", "!/.well-known/oauth-authorization-server").body ==
          route_not_found);
    CHECK(world.server.send("GET", "!/api/experimental/x").body == route_not_found);
    CHECK(world.server.send("PUT", "/appearance", world.owner, "{}").body == bad_method);
    CHECK(world.server.send("PUT", "/notifications/settings", world.owner, "{}").body ==
          bad_method);
}
