// docs/contract/roles.md, "Roles of the host": they are given, listed, found and recorded as the
// built-in ones, and grant what Service::may() asks about and nothing of this API.
#include <string>
#include <vector>

#include "people.hpp"

using namespace coder_users_test;
using coder_users::Identity;
using coder_users::Options;

namespace {

Options with_roles(std::vector<coder_users::HostRole> roles, const std::string& release = "2.6") {
    Options options;
    options.roles = std::move(roles);
    options.coder_version = release;
    return options;
}

const coder_users::HostRole editor{"editor", "Editor", {"notes:write", "notes:read"}};
const coder_users::HostRole reader{"a-reader", "", {"notes:read"}};

std::string stored_roles(const World& world, const std::string& name) {
    return world.sql("SELECT roles FROM users WHERE username = '" + name + "'");
}

/// A role in an answer, its members sorted by name.
std::string shown(const std::string& name, const std::string& display_name) {
    return "{\"display_name\":\"" + display_name + "\",\"name\":\"" + name + "\"}";
}

bool may(World& world, const std::string& token, const std::string& right) {
    auto& service = world.server.service();
    return service.may(service.authenticate(token), right);
}

}  // namespace

TEST_CASE("roles of the host are listed among the others, by name") {
    const auto listed = [](const std::string& name, const std::string& display_name) {
        return "{\"name\":\"" + name + "\",\"display_name\":\"" + display_name +
               "\",\"assignable\":";
    };
    const People world(with_roles({editor, reader}));
    const auto list = [&](const std::string& flag) {
        return "[" + listed("a-reader", "a-reader") + flag + "}," + listed("auditor", "Auditor") +
               flag + "}," + listed("editor", "Editor") + flag + "}," + listed("owner", "Owner") +
               flag + "}," + listed("template-admin", "Template Admin") + flag + "}," +
               listed("user-admin", "User Admin") + flag + "}]\n";
    };
    check_rows(world,
               {
                   {"an owner", "GET", "/users/roles", world.owner, "", 200, list("true")},
                   {"a user-admin", "GET", "/users/roles", world.udo, "", 200, list("false")},
                   {"a member", "GET", "/users/roles", world.bob, "", 200, list("false")},
               });
    World later(with_roles({editor}, "2.35"));
    const Value roles = parse(later.server.send("GET", "/users/roles", later.owner).body);
    CHECK(roles[1]["name"].text() == "editor");
    CHECK(roles[1]["built_in"].text() == "false");
    CHECK(roles[1]["site_permissions"].text() == "[]");
    CHECK(roles[0]["built_in"].text() == "true");

    auto& service = later.server.service();
    const auto typed = service.as(service.authenticate(later.owner)).list_roles();
    CHECK(typed.size() == 5);
    CHECK(typed.at(1).name == "editor");
    CHECK(typed.at(1).display_name == "Editor");
    CHECK(typed.at(1).rights == editor.rights);
    CHECK_FALSE(typed.at(1).built_in);
    CHECK(typed.at(1).assignable);
    CHECK(typed.at(0).built_in);
    CHECK(typed.at(0).rights.empty());
}

TEST_CASE("owners give and take roles of the host, and nobody else does") {
    const People world(with_roles({editor}));
    const std::string to_bob = "/users/bob/roles", body = role_set({"editor", "auditor"});
    const std::string not_yours =
        refused("update site roles: not authorized to assign role \"editor\"");
    check_rows(world,
               {
                   {"a user-admin", "PUT", to_bob, world.udo, role_set({"editor"}), 400, not_yours,
                    "user|write|bob|400"},
                   {"an auditor", "PUT", to_bob, world.anna, role_set({"editor"}), 403,
                    forbidden_answer, "user|write|bob|403"},
                   {"an unknown role", "PUT", to_bob, world.owner, role_set({"editors"}), 400,
                    unsupported("editors"), "user|write|bob|400"},
                   {"in another case", "PUT", to_bob, world.owner, role_set({"Editor"}), 400,
                    unsupported("Editor"), "user|write|bob|400"},
                   {"oneself", "PUT", "/users/me/roles", world.owner, role_set({"owner", "editor"}),
                    400, message("You cannot change your own roles."), "user|write|owner|400"},
               });
    const Answer given = world.server.send("PUT", to_bob, world.owner, body);
    CHECK(given.status == 200);
    CHECK(parse(given.body)["roles"].text() ==
          "[" + shown("auditor", "Auditor") + "," + shown("editor", "Editor") + "]");
    CHECK(stored_roles(world, "bob") == "auditor editor");
    CHECK(newest_entry(world).find(R"("rbac_roles":{"old":[],"new":["auditor","editor"])") !=
          std::string::npos);
    CHECK(parse(world.server.send("GET", "/users/me", world.bob).body)["roles"].size() == 2);

    INFO("a user-admin who lacks the role does not manage who has it, and cannot become it");
    CHECK(world.server
              .send("PUT", "/users/bob/password", world.udo, R"({"password":"an0ther-Horse"})")
              .status == 403);
    world.give_role("udo", "editor");
    world.give_role("udo", "auditor");
    CHECK(
        world.server.send("PUT", "/users/bob/profile", world.log_in("udo"), R"({"username":"bob"})")
            .status == 200);

    CHECK(world.server.send("PUT", to_bob, world.owner, role_set({})).status == 200);
    CHECK(stored_roles(world, "bob").empty());
}

TEST_CASE("a role of the host is a site role wherever one is named") {
    World world(with_roles({editor, reader}));
    const Answer made = world.server.send(
        "POST", "/users", world.owner,
        R"({"email":"nora@example.org","username":"nora","roles":["editor"],"password":")" +
            good_password + "\"}");
    CHECK(made.status == 201);
    CHECK(parse(made.body)["roles"].text() == "[" + shown("editor", "Editor") + "]");
    world.server.service().seed(
        R"({"username":"sam","email":"sam@example.org","roles":["a-reader"]})");
    CHECK(stored_roles(world, "sam") == "a-reader");
    CHECK_THROWS_AS(world.server.service().seed(
                        R"({"username":"tom","email":"tom@example.org","roles":["king"]})"),
                    coder_users::LineError);

    const auto found = [&](const std::string& q) {
        const Value page = parse(world.server.send("GET", "/users?q=" + q, world.owner).body);
        std::string names;
        for (std::size_t i = 0; i < page["users"].size(); ++i)
            names += page["users"][i]["username"].text() + " ";
        return names + page["count"].text();
    };
    CHECK(found("role:editor") == "nora 1");
    CHECK(found("role:EDITOR") == "nora 1");
    CHECK(found("role:editor,a-reader") == "nora sam 2");
    CHECK(found("role:owner,editor") == "nora owner 2");
    CHECK(found("role:king") == "0");
    CHECK(parse(world.server
                    .send("GET", "/organizations/default/paginated-members?q=role:editor",
                          world.owner)
                    .body)["members"][0]["global_roles"]
              .text() == "[" + shown("editor", "Editor") + "]");

    const Answer moved = world.server.send("PUT", "/users/nora/email", world.owner,
                                           R"({"email":"nora@example.com"})");
    CHECK(moved.status == 200);
    CHECK(parse(moved.body)["roles"].text() == "[" + shown("editor", "Editor") + "]");

    const std::string members = "/organizations/default/members/nora/roles";
    check_rows(world, {{"no role of organizations", "PUT", members, world.owner,
                        role_set({"editor"}), 400, message("must only update organization roles"),
                        "organization_member|write|nora|400"}});
    const std::string audit = world.server.send("GET", "/audit?limit=1", world.owner).body;
    CHECK(parse(audit)["audit_logs"][0]["user"]["roles"].text() ==
          "[" + shown("owner", "Owner") + "]");
}

TEST_CASE("a right of the host is had through a role, and nothing else is had through it") {
    World world(with_roles({editor}));
    const std::string bob = world.member("bob", "editor"), carl = world.member("carl");
    auto& service = world.server.service();
    CHECK(may(world, bob, "notes:write"));
    CHECK(may(world, bob, "notes:read"));
    CHECK_FALSE(may(world, bob, "notes:delete"));
    CHECK_FALSE(may(world, bob, "notes"));
    CHECK_FALSE(may(world, bob, ""));
    CHECK_FALSE(may(world, carl, "notes:write"));
    CHECK_FALSE(may(world, world.owner, "notes:write"));
    CHECK(service.may(Identity::system(), "notes:write"));

    INFO("it is a plain user to this API");
    for (const auto& [path, status] :
         std::vector<std::pair<std::string, int>>{{"/users/carl", 404}, {"/audit", 403}})
        CHECK(world.server.send("GET", path, bob).status == status);
    CHECK(parse(world.server.send("GET", "/users", bob).body)["count"].text() == "1");
    CHECK_FALSE(service.may(service.authenticate(bob), coder_users::Action::create_users));

    INFO("it counts for what the user is now");
    const Identity known = service.authenticate(bob);
    world.server.send("PUT", "/users/bob/roles", world.owner, role_set({}));
    CHECK_FALSE(service.may(known, "notes:write"));
    world.server.send("PUT", "/users/bob/roles", world.owner, role_set({"editor"}));
    CHECK(service.may(known, "notes:write"));
    world.server.send("PUT", "/users/bob/status/suspend", world.owner);
    CHECK_FALSE(service.may(known, "notes:write"));
    world.server.send("PUT", "/users/bob/status/activate", world.owner);
    CHECK(service.may(known, "notes:write"));
    world.server.send("POST", "/users/logout", bob);
    CHECK_FALSE(service.may(known, "notes:write"));
    CHECK_FALSE(service.may(Identity(), "notes:write"));
}

TEST_CASE("a key that is less than its user has no right of the host") {
    World world(with_roles({editor}));
    const std::string bob = world.member("bob", "editor");
    const auto token = [&](const std::string& body) {
        return parse(world.server.send("POST", "/users/me/keys/tokens", bob, body).body)["key"]
            .text();
    };
    CHECK(may(world, token("{}"), "notes:write"));
    CHECK_FALSE(may(world, token(R"({"scope":"application_connect"})"), "notes:write"));
    CHECK_FALSE(may(world, token(R"({"scopes":["user:read"]})"), "notes:write"));
    CHECK_FALSE(
        may(world, token(R"({"allow_list":["user:)" + world.id_of("bob") + "\"]}"), "notes:write"));
}

TEST_CASE("a role that is not declared any more stays, is shown by its name and grants nothing") {
    const TempFolder folder;
    Options options = in_memory();
    options.database = folder.file("users.db");
    options.roles = {editor};
    {
        TestServer server(options);
        server.create(server.owner(), "bob");
        const std::string owner = server.log_in("owner@example.org");
        server.send("PUT", "/users/bob/roles", owner, role_set({"editor"}));
    }
    options.roles = {};
    {
        TestServer server(options);
        const std::string owner = server.log_in("owner@example.org");
        const Identity bob = server.service().authenticate(server.log_in("bob@example.org"));
        CHECK_FALSE(server.service().may(bob, "notes:write"));
        CHECK(bob.user.roles == std::vector<std::string>{"editor"});
        CHECK(parse(server.send("GET", "/users/bob", owner).body)["roles"].text() ==
              "[" + shown("editor", "editor") + "]");
        CHECK(parse(server.send("GET", "/users?q=role:editor", owner).body)["count"].text() == "1");
        CHECK(server.send("GET", "/users/roles", owner).body.find("editor") == std::string::npos);
        INFO("it may stay beside others and be taken away, but not be given");
        CHECK(
            server.send("PUT", "/users/bob/roles", owner, role_set({"auditor", "editor"})).status ==
            200);
        server.create(owner, "carl");
        const Answer given = server.send("PUT", "/users/carl/roles", owner, role_set({"editor"}));
        CHECK(given.status == 400);
        CHECK(given.body == unsupported("editor"));
    }
    options.roles = {editor};
    {
        TestServer server(options);
        const Identity bob = server.service().authenticate(server.log_in("bob@example.org"));
        CHECK(server.service().may(bob, "notes:write"));
    }
    options.roles = {};
    TestServer server(options);
    const std::string owner = server.log_in("owner@example.org");
    CHECK(server.send("PUT", "/users/bob/roles", owner, role_set({"auditor"})).status == 200);
    CHECK(stored(options.database, "SELECT roles FROM users WHERE username = 'bob'") == "auditor");
}
