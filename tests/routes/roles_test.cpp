// docs/contract/users.md, "GET /users/{user}/roles" and "PUT /users/{user}/roles";
// docs/contract/roles.md, "Assigning site roles" and "GET /users/roles"; threats P3, P4, P17, P21.
#include "people.hpp"
#include "test_database.hpp"

using namespace coder_users_test;

namespace {

std::string unassignable(const std::string& name) {
    return refused("update site roles: not authorized to assign role \"" + name + "\"");
}
const std::string site_only = message("Must only update site wide roles");
const std::string not_your_own = message("You cannot change your own roles.");

std::string stored_roles(const World& world, const std::string& name) {
    return in_one_line(world.sql("SELECT role FROM user_roles WHERE user_id = '" +
                                 world.id_of(name) + "' ORDER BY role"));
}

}  // namespace

TEST_CASE("every caller sees which roles there are and whether it may assign them") {
    const People world;
    const auto list = [](const std::string& flag) {
        return R"([{"name":"auditor","display_name":"Auditor","assignable":)" + flag +
               R"(},{"name":"owner","display_name":"Owner","assignable":)" + flag +
               R"(},{"name":"template-admin","display_name":"Template Admin","assignable":)" +
               flag + R"(},{"name":"user-admin","display_name":"User Admin","assignable":)" + flag +
               "}]\n";
    };
    check_rows(world,
               {
                   {"without a session", "GET", "/users/roles", "", "", 401, no_session},
                   {"an owner", "GET", "/users/roles", world.owner, "", 200, list("true")},
                   {"a user-admin", "GET", "/users/roles/", world.udo, "", 200, list("false")},
                   {"an auditor", "GET", "/users/roles", world.anna, "", 200, list("false")},
                   {"a template-admin", "GET", "/users/roles", world.tina, "", 200, list("false")},
                   {"a member", "GET", "/users/roles", world.bob, "", 200, list("false")},
                   {"another method", "PUT", "/users/roles", world.owner, "", 405, bad_method},
                   {"below it", "GET", "/users/roles/roles", world.owner, "", 404, route_not_found},
               });
}

TEST_CASE("the roles of a user as those see them who may") {
    const People world;
    const auto with_roles = [&](const std::string& name, const std::string& organization_roles) {
        std::string json = world.server.send("GET", "/users/" + name, world.owner).body;
        json.erase(json.size() - 2);
        return json + ",\"organization_roles\":{\"" + world.organization + "\":[" +
               organization_roles + "]}}\n";
    };
    const std::string plain = with_roles("bob", "");
    const std::string first =
        with_roles("owner", "\"organization-member:" + world.organization + "\"");
    check_rows(
        world,
        {
            {"without a session", "GET", "/users/bob/roles", "", "", 401, no_session},
            {"a member, itself", "GET", "/users/me/roles", world.bob, "", 200, plain},
            {"a member, another", "GET", "/users/carl/roles", world.bob, "", 404, no_user("carl")},
            {"an auditor", "GET", "/users/bob/roles", world.anna, "", 403, forbidden_answer},
            {"a template-admin", "GET", "/users/bob/roles", world.tina, "", 403, forbidden_answer},
            {"a user-admin", "GET", "/users/BOB/roles", world.udo, "", 200, plain},
            {"a user-admin, an owner", "GET", "/users/owner/roles", world.udo, "", 200, first},
            {"an owner", "GET", "/users/bob/roles", world.owner, "", 200, plain},
            {"an owner, itself", "GET", "/users/me/roles", world.owner, "", 200, first},
            {"an organization admin, itself", "GET", "/users/me/roles", world.oda, "", 200,
             with_roles("oda", "\"organization-admin:" + world.organization + "\"")},
            {"an auditor, itself", "GET", "/users/me/roles", world.anna, "", 200,
             with_roles("anna", "")},
        });
    CHECK(first.find("\"roles\":" + owner_role) != std::string::npos);
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("bob") + "'");
    CHECK(parse(world.server.send("GET", "/users/me/roles", world.bob).body)["organization_roles"]
              .text() == "{}");
}

TEST_CASE("the checks of a new set of roles answer in their order") {
    const People world;
    const std::string path = "/users/bob/roles", &o = world.owner;
    const std::string on_bob = "user|write|bob|400", organization = world.organization;
    std::vector<Row> rows{
        {"without a session", "PUT", path, "", "{}", 401, no_session},
        {"a member, another", "PUT", "/users/carl/roles", world.bob, "{", 404, no_user("carl")},
        {"3: an auditor", "PUT", path, world.anna, role_set({"nonsense"}), 403, forbidden_answer,
         "user|write|bob|403"},
        {"3: a template-admin", "PUT", path, world.tina, "{}", 403, forbidden_answer,
         "user|write|bob|403"},
        {"4: an organization role", "PUT", path, o,
         role_set({"organization-admin:" + organization}), 400, site_only, on_bob},
        {"4: one colon", "PUT", path, o, role_set({":"}), 400, site_only, on_bob},
        {"4: a colon behind", "PUT", path, o, role_set({"owner:"}), 400, site_only, on_bob},
        {"4: two colons", "PUT", path, o, role_set({"a:b:c"}), 400, unsupported("a:b:c"), on_bob},
        {"4: empty", "PUT", path, o, role_set({""}), 400, unsupported(""), on_bob},
        {"4: letter case", "PUT", path, o, role_set({"Auditor"}), 400, unsupported("Auditor"),
         on_bob},
        {"4: a space", "PUT", path, o, role_set({"owner "}), 400, unsupported("owner "), on_bob},
        {"4: inserted as it is", "PUT", path, o, role_set({"a\"b\\<"}), 400, unsupported("a\"b\\<"),
         on_bob},
        {"4: in the order sent", "PUT", path, o, role_set({"owner", "nope", "a:b"}), 400,
         unsupported("nope"), on_bob},
        {"4: in the order sent, turned", "PUT", path, o, role_set({"owner", "a:b", "nope"}), 400,
         site_only, on_bob},
        {"4 ahead of 5", "PUT", path, world.udo, role_set({"owner", "nope"}), 400,
         unsupported("nope"), on_bob},
        {"5: a user-admin gives", "PUT", path, world.udo, role_set({"owner"}), 400,
         unassignable("owner"), on_bob},
        {"5: its own role", "PUT", path, world.udo, role_set({"user-admin"}), 400,
         unassignable("user-admin"), on_bob},
        {"5: the first by name", "PUT", path, world.udo,
         role_set({"template-admin", "user-admin", "member", "auditor"}), 400,
         unassignable("auditor"), on_bob},
        {"5: a user-admin takes", "PUT", "/users/anna/roles", world.udo, "{}", 400,
         unassignable("auditor"), "user|write|anna|400"},
        {"5: from an owner", "PUT", "/users/owner/roles", world.udo, role_set({"member"}), 400,
         unassignable("owner"), "user|write|owner|400"},
        {"5: takes one and gives another", "PUT", "/users/tina/roles", world.udo,
         role_set({"user-admin"}), 400, unassignable("template-admin"), "user|write|tina|400"},
    };
    for (const auto& [token, name] : std::vector<std::pair<std::string, std::string>>{
             {world.bob, "bob"}, {world.anna, "anna"}, {world.udo, "udo"}, {o, "owner"}})
        for (const std::string& user : {std::string("me"), name, world.id_of(name)})
            rows.push_back({"1: oneself, ahead of the body", "PUT", "/users/" + user + "/roles",
                            token, "{", 400, not_your_own, "user|write|" + name + "|400"});
    check_rows(world, rows);
    const std::vector<std::string> undecodable{"",
                                               "{",
                                               R"({"roles":"owner"})",
                                               R"({"roles":[1]})",
                                               R"({"roles":[null]})",
                                               R"({"roles":["owner",["owner"]]})",
                                               R"({"roles":{"0":"owner"}})",
                                               "[\"owner\"]"};
    check_undecodable(world, "PUT", path, o, undecodable);
    check_undecodable(world, "PUT", path, world.anna, undecodable);  // before the permission
}

TEST_CASE("a set of roles replaces the one before") {
    const People world;
    struct Case {
        std::string token, body, stored;
    };
    const std::string all =
        role_set({"user-admin", "owner", "member", "auditor", "template-admin"});
    const std::vector<std::string> twice{"owner", "auditor", "owner", "auditor"};
    for (const Case& each :
         {Case{world.owner, role_set({"user-admin", "auditor"}), "auditor,user-admin"},
          Case{world.owner, role_set(twice), "auditor,owner"},
          Case{world.udo, role_set({"owner", "auditor"}), "auditor,owner"},
          Case{world.udo, role_set({"owner", "auditor", "member"}), "auditor,member,owner"},
          Case{world.udo, role_set({"auditor", "owner"}), "auditor,owner"},
          Case{world.owner, all, "auditor,member,owner,template-admin,user-admin"},
          Case{world.owner, R"({"roles":null})", "NULL"},
          Case{world.udo, role_set({"member", "member"}), "member"},
          Case{world.owner, "{}", "NULL"}, Case{world.owner, R"({"Roles":["owner"]})", "NULL"},
          Case{world.owner, R"({"roles":["owner"],"roles":["auditor"]})", "auditor"},
          Case{world.owner, "null", "NULL"}}) {
        INFO(each.body);
        const std::string entry = world.last_entry();
        const Answer answer = world.server.send("PUT", "/users/bob/roles", each.token, each.body);
        CHECK(answer.status == 200);
        CHECK(answer.body == world.server.send("GET", "/users/bob", world.owner).body);
        CHECK(stored_roles(world, "bob") == each.stored);
        CHECK(world.entries_since(entry) == "user|write|bob|200");
    }
    CHECK(parse(world.server.send("PUT", "/users/bob/roles", world.owner, all).body)["roles"]
              .text() ==
          R"([{"display_name":"Auditor","name":"auditor"},)"
          R"({"display_name":"Member","name":"member"},{"display_name":"Owner","name":"owner"},)"
          R"({"display_name":"Template Admin","name":"template-admin"},)"
          R"({"display_name":"User Admin","name":"user-admin"}])");
    CHECK(newest_entry(world) ==
          nil_id + "|" + world.id_of("owner") + "|127.0.0.1|user|write|" + world.id_of("bob") +
              "|bob|200|{" +
              diff_field("rbac_roles", "[]",
                         R"(["auditor","member","owner","template-admin","user-admin"])") +
              "}");
}

TEST_CASE("ten thousand roles are one set") {
    const People world;
    CHECK(world.server
              .send("PUT", "/users/bob/roles", world.owner,
                    role_set(std::vector<std::string>(10000, "auditor")))
              .status == 200);
    CHECK(stored_roles(world, "bob") == "auditor");
    std::vector<std::string> names;
    for (int i = 0; i < 10000; ++i) names.push_back("role" + std::to_string(i));
    check_rows(world, {{"unknown ones", "PUT", "/users/bob/roles", world.owner, role_set(names),
                        400, unsupported("role0"), "user|write|bob|400"}});
}

TEST_CASE("sessions and tokens follow their user's roles at once") {
    const People world;
    const std::string token = world.add_key("bob", {});
    const auto set = [&](const std::vector<std::string>& names) {
        CHECK(world.server.send("PUT", "/users/bob/roles", world.owner, role_set(names)).status ==
              200);
    };
    const auto status = [&](const std::string& method, const std::string& path) {
        const int of_session = world.server.send(method, path, world.bob).status;
        CHECK(world.server.send(method, path, token).status == of_session);
        return of_session;
    };
    CHECK(status("GET", "/users/carl") == 404);
    set({"auditor"});
    CHECK(status("GET", "/users/carl") == 200);
    CHECK(status("GET", "/audit") == 200);
    CHECK(status("PUT", "/users/carl/status/activate") == 403);
    set({"user-admin"});
    CHECK(status("GET", "/audit") == 403);
    CHECK(status("PUT", "/users/carl/status/activate") == 200);
    set({"owner"});
    CHECK(status("GET", "/users/carl/keys/tokens") == 200);
    CHECK(status("GET", "/audit") == 200);
    set({});
    CHECK(status("GET", "/users/carl") == 404);
    CHECK(status("GET", "/audit") == 403);
}
