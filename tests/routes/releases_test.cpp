// Answers follow Options::coder_version (docs/contract/releases.md, "Keys by release" and "Answers
// that contradict each other").
#include <sstream>

#include "people.hpp"

using namespace coder_users_test;

namespace {

coder_users::Options at_release(const std::string& version) {
    coder_users::Options options = in_memory();
    options.coder_version = version;
    return options;
}

/// The value below `path`, whose parts are joined by dots; numbers are places in arrays.
bool has(const Answer& answer, const std::string& path) {
    Value value = parse(answer.body);
    std::istringstream parts(path);
    std::string part;
    std::vector<std::string> all;
    while (std::getline(parts, part, '.')) all.push_back(part);
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        value = all[i] == "0" ? value[0] : value[all[i]];
    return value.has(all.back());
}

/// A key of an answer, and the release 2.x from which on it is there.
struct Since {
    std::string path, key;
    int minor;
};

const std::vector<Since> keys{
    {"/users/me", "theme_preference", 6},
    {"/users/me", "name", 7},
    {"/users/me", "updated_at", 14},
    {"/users/me", "is_service_account", 32},
    {"/users/me", "has_ai_seat", 32},
    {"/users", "users.0.name", 7},
    {"/users", "users.0.has_ai_seat", 32},
    {"/users/me/keys/tokens", "0.scope", 6},
    {"/users/me/keys/tokens", "0.scopes", 27},
    {"/users/me/keys/tokens", "0.allow_list", 28},
    {"/organizations", "0.is_default", 9},
    {"/organizations", "0.display_name", 13},
    {"/organizations", "0.description", 13},
    {"/organizations", "0.icon", 13},
    {"/organizations", "0.default_org_member_roles", 35},
    {"/organizations/{organization}", "is_default", 9},
    {"/organizations/{organization}/members", "0.global_roles", 6},
    {"/organizations/{organization}/members", "0.status", 32},
    {"/organizations/{organization}/paginated-members", "members.0.name", 6},
    {"/organizations/{organization}/paginated-members", "members.0.user_created_at", 32},
    {"/organizations/{organization}/members/me", "has_ai_seat", 6},
    {"/organizations/{organization}/members/roles", "0.organization_id", 12},
    {"/organizations/{organization}/members/roles", "0.site_permissions", 12},
    {"/organizations/{organization}/members/roles", "0.built_in", 12},
    {"/organizations/{organization}/members/roles", "0.organization_member_permissions", 28},
    {"/users/roles", "0.user_permissions", 12},
    {"/users/authmethods", "github.default_provider_configured", 20},
    {"/buildinfo", "agent_api_version", 7},
    {"/buildinfo", "upgrade_message", 8},
    {"/buildinfo", "deployment_id", 11},
    {"/buildinfo", "telemetry", 13},
    {"/buildinfo", "provisioner_api_version", 15},
    {"/audit", "count_cap", 32},
    {"/audit", "audit_logs.0.user.name", 7},
};

}  // namespace

TEST_CASE("no key appears before its release, and each from it on") {
    for (int minor = 6; minor <= 35; ++minor) {
        const World world(at_release("2." + std::to_string(minor)));
        world.server.send("POST", "/users/me/keys/tokens", world.owner, "{}");
        for (const Since& each : keys) {
            CAPTURE(minor, each.path, each.key);
            std::string path = each.path;
            const auto at = path.find("{organization}");
            if (at != std::string::npos) path.replace(at, 14, world.organization);
            const Answer answer = world.server.send("GET", path, world.owner);
            REQUIRE(answer.status == 200);
            CHECK(has(answer, each.key) == (minor >= each.minor));
        }
        const std::string version =
            "v2." + std::to_string(minor) + ".0+coder-users." + coder_users::version;
        const Answer info = world.server.send("GET", "/buildinfo", "");
        CHECK(parse(info.body)["version"].text() == version);
        CHECK(info.header("x-coder-build-version") == version);
    }
}

TEST_CASE("answers that contradict each other follow the release") {
    const std::string forbidden_detail =
        "You don't have permission to view this content. If you believe this is a mistake, please "
        "contact your administrator or try signing in with different credentials.";
    for (const int minor : {6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 20, 21, 26, 27, 31, 32, 35}) {
        CAPTURE(minor);
        const People world(at_release("2." + std::to_string(minor)));
        const auto send = [&](const std::string& method, const std::string& path,
                              const std::string& token, const std::string& body = "") {
            return world.server.send(method, path, token, body);
        };
        const std::string& org = world.organization;

        const Answer roles = send("GET", "/users/me/roles", world.owner);
        CHECK(parse(roles.body).has("username") == (minor < 7));
        if (minor >= 7) CHECK(parse(roles.body)["roles"].text() == R"(["owner"])");
        const std::string member_role = minor < 9 ? "\"organization-member:" + org + "\"" : "";
        CHECK(parse(roles.body)["organization_roles"][org].text() == "[" + member_role + "]");

        const std::string path = "/organizations/" + org + "/members/bob/roles";
        const Answer member =
            send("PUT", path, world.owner, role_set({"organization-admin:" + org}));
        REQUIRE(member.status == 200);
        CHECK(parse(member.body)["roles"][0]["name"].text() ==
              (minor < 12 ? "organization-admin:" + org : "organization-admin"));
        CHECK(parse(member.body)["roles"][0].has("organization_id") == (minor >= 13));
        CHECK(world.sql("SELECT role FROM organization_member_roles WHERE user_id = '" +
                        world.id_of("bob") + "'") == "organization-admin:" + org);

        const Answer looks =
            send("PUT", "/users/me/appearance", world.owner, R"({"theme_preference":"dark"})");
        CHECK(parse(looks.body).has("username") == (minor < 21));
        CHECK(parse(looks.body)["theme_preference"].text() == "dark");

        const Answer first = send("GET", "/organizations/" + org, world.owner);
        CHECK(parse(first.body)["name"].text() == (minor < 9    ? "owner"
                                                   : minor < 16 ? "first-organization"
                                                                : "coder"));
        CHECK(world.sql("SELECT display_name || '|' || description || '|' || is_default "
                        "FROM organizations") ==
              (minor < 9    ? "owner||1"
               : minor < 16 ? "first-organization|Builtin default organization.|1"
                            : "Coder|Builtin default organization.|1"));

        const Answer weak = send("POST", "/users", world.owner,
                                 R"({"email":"w@x.org","username":"w","password":"weak"})");
        CHECK(weak.status == 400);
        CHECK(parse(weak.body)["message"].text() ==
              (minor < 26 ? "Password not strong enough!" : "Password is invalid"));
        CHECK(parse(weak.body)["validations"][0]["field"].text() == "password");

        const Answer scope =
            send("POST", "/users/me/keys/tokens", world.owner, R"({"scopes":["x"]})");
        CHECK(scope.status == 400);
        CHECK(parse(scope.body)["message"].text() ==
              (minor < 27 ? "Failed to validate create API key request."
                          : "Failed to create API key."));
        if (minor >= 27)
            CHECK(parse(scope.body)["detail"].text() ==
                  "invalid or unsupported API key scope: \"x\"");

        const Answer taken =
            send("PUT", "/users/bob/profile", world.owner, R"({"username":"carl"})");
        CHECK(taken.status == 409);
        CHECK(parse(taken.body)["message"].text() ==
              (minor < 7 ? "User already exists." : "A user with this username already exists."));
        CHECK(parse(taken.body)["validations"][0]["detail"].text() ==
              (minor < 7 ? "this value is already in use and should be unique"
                         : "This username is already in use."));

        CHECK(parse(send("GET", "/users/nobody", world.owner).body).has("detail") == (minor < 32));
        const Answer forbidden = send("GET", "/audit", world.bob);
        CHECK(forbidden.status == 403);
        CHECK(parse(forbidden.body).has("detail") == (minor >= 20));
        if (minor >= 20) CHECK(parse(forbidden.body)["detail"].text() == forbidden_detail);

        const Answer own =
            send("PUT", "/organizations/" + org + "/members/me/roles", world.owner, role_set({}));
        CHECK(own.status == 400);
        CHECK(parse(own.body).has("detail") == (minor >= 16));
        CHECK(send("GET", "/organizations/nothing", world.owner).status == (minor < 9 ? 400 : 404));

        send("POST", "/users/login", "", R"({"email":"bob@example.org","password":"wrong"})");
        const Answer audit = send("GET", "/audit?limit=1", world.owner);
        CHECK(parse(audit.body)["audit_logs"][0]["description"].text() ==
              (minor < 14 ? "{user} logged in" : "{user} unsuccessfully attempted to login"));

        const Answer deleted = send("DELETE", "/users/carl", world.owner);
        CHECK(deleted.status == (minor == 14 ? 204 : 200));
        if (minor == 6) CHECK(parse(deleted.body)["username"].text() == "carl");
        if (minor > 6 && minor != 14) CHECK(deleted.body == message("User has been deleted!"));
        CHECK(world.sql("SELECT deleted FROM users WHERE username = 'carl'") == "1");
    }
}

TEST_CASE("the first user is dormant or active as in the release") {
    for (const auto& [version, status] :
         {std::pair{"2.16", "dormant"}, {"2.17", "active"}, {"2.35", "active"}}) {
        TestServer server(at_release(version));
        const Answer made =
            server.send("POST", "/users/first", "",
                        R"({"email":"a@x.org","username":"a","password":"correct-Horse-9"})");
        REQUIRE(made.status == 201);
        const auto page = server.service().as(coder_users::Identity::system()).list_users();
        CHECK(to_string(page.users.at(0).status) == status);
    }
}

TEST_CASE("expired tokens are listed as in the release, or as is asked") {
    for (const int minor : {31, 32}) {
        CAPTURE(minor);
        World world(at_release("2." + std::to_string(minor)));
        const std::string path = "/users/me/keys/tokens";
        world.server.send("POST", path, world.owner,
                          R"({"token_name":"short","lifetime":1000000000})");
        world.server.advance(std::chrono::seconds(1));
        const auto listed = [&](const std::string& query) {
            return parse(world.server.send("GET", path + query, world.owner).body).size();
        };
        CHECK(listed("") == (minor < 32 ? 1 : 0));
        CHECK(listed("?include_expired=true") == 1);
        CHECK(listed("?include_expired=false") == 0);
        CHECK(listed("?include_expired=true&include_all=true") == 1);
    }
}

TEST_CASE("a release that is not served stops the start") {
    for (const char* version :
         {"", "2", "2.", "2.5", "2.36", "2.06", "3.0", "v2.6", "2.6.0", "2.6 ", "2.100", "1.9"}) {
        CAPTURE(version);
        CHECK_THROWS_WITH(TestServer(at_release(version)),
                          "coder_version: must be a release of Coder, 2.6 to 2.35");
    }
}

TEST_CASE("calls in the process have the texts of the release") {
    World world(at_release("2.35"));
    world.server.create(world.owner, "bob");
    const coder_users::Identity bob = world.server.service().authenticate(world.log_in("bob"));
    try {
        world.server.service().as(bob).create_user({"n@x.org", "n", "correct-Horse-9"});
        FAIL("not refused");
    } catch (const coder_users::ApiError& error) {
        CHECK(error.message() == "You are not authorized to create users.");
    }
    try {
        world.server.service().as(bob).make_session("owner");
        FAIL("not refused");
    } catch (const coder_users::ApiError& error) {
        CHECK(error.status() == 404);
        CHECK(error.detail().empty());
    }
}

TEST_CASE("a host's refusal keeps its words at every release") {
    coder_users::Options options = at_release("2.35");
    options.before = [](const coder_users::Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind != coder_users::EventKind::renamed) return std::nullopt;
        return coder_users::Veto{"Password not strong enough!", 422};
    };
    const World world(options);
    const Answer answer =
        world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"other"})");
    CHECK(answer.status == 422);
    CHECK(answer.body == message("Password not strong enough!"));
}
