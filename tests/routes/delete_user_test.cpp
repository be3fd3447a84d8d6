// docs/contract/users.md, "DELETE /users/{user}".
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

const std::string not_yourself = message("You cannot delete yourself!");

}  // namespace

TEST_CASE("who may delete whom") {
    World world;
    const std::string bob = world.member("bob");
    const std::string anna = world.member("anna", "auditor");
    const std::string tina = world.member("tina", "template-admin");
    const std::string udo = world.member("udo", "user-admin");
    world.server.create(world.owner, "plain");
    const std::string id = world.id_of("udo");
    check_rows(world,
               {
                   {"without a session", "DELETE", "/users/bob", "", "", 401, no_session},
                   {"a member, itself", "DELETE", "/users/me", bob, "", 403, not_yourself,
                    "user|delete|bob|403"},
                   {"a member, another", "DELETE", "/users/plain", bob, "", 404, no_user("plain")},
                   {"an auditor", "DELETE", "/users/bob", anna, "", 403, forbidden_answer,
                    "user|delete|bob|403"},
                   {"a template-admin", "DELETE", "/users/BOB", tina, "", 403, forbidden_answer,
                    "user|delete|bob|403"},
                   {"a user-admin, an owner", "DELETE", "/users/owner", udo, "", 403,
                    forbidden_answer, "user|delete|owner|403"},
                   {"a user-admin, a role it does not hold", "DELETE", "/users/anna", udo, "", 403,
                    forbidden_answer, "user|delete|anna|403"},
                   {"a user-admin, itself by id", "DELETE", "/users/" + id, udo, "", 403,
                    not_yourself, "user|delete|udo|403"},
                   {"the owner, itself", "DELETE", "/users/me", world.owner, "", 403, not_yourself,
                    "user|delete|owner|403"},
                   {"the owner, itself by name", "DELETE", "/users/OWNER", world.owner, "", 403,
                    not_yourself, "user|delete|owner|403"},
                   {"nobody", "DELETE", "/users/nobody", world.owner, "", 404, no_user("nobody")},
               });
    world.give_role("plain", "member");
    CHECK(world.server.send("DELETE", "/users/plain", udo).status == 200);
    world.execute("DELETE FROM user_roles WHERE user_id = '" + world.id_of("anna") + "'");
    world.give_role("anna", "user-admin");
    CHECK(world.server.send("DELETE", "/users/anna", udo).status == 200);
    CHECK(world.server.send("DELETE", "/users/udo", world.owner).status == 200);
}

TEST_CASE("a deleted user is gone with all that belonged to it") {
    World world;
    const std::string session = world.member("bob", "auditor");
    const std::string token = world.add_key("bob", {});
    const std::string id = world.id_of("bob");
    world.execute("INSERT INTO user_links VALUES ('" + id + "', 'github', '7', '', '', 0, '')");
    world.execute("INSERT INTO organization_member_roles VALUES ('" + id + "', '" +
                  world.organization + "', 'organization-admin:" + world.organization + "')");
    const std::string before = world.server.send("GET", "/users/bob", world.owner).body;
    const std::string entry = world.last_entry();

    const Answer answer = world.server.send("DELETE", "/users/bob", world.owner, "ignored {");
    CHECK(answer.status == 200);
    CHECK(answer.body == before);
    CHECK(world.entries_since(entry) == "user|delete|bob|200");
    CHECK(world.sql("SELECT deleted, hashed_password FROM users WHERE id = '" + id + "'") == "1|");
    for (const char* table : {"api_keys", "git_ssh_keys", "user_links", "organization_members",
                              "organization_member_roles"})
        CHECK(world.sql(std::string("SELECT count(*) FROM ") + table + " WHERE user_id = '" + id +
                        "'") == "0");

    CHECK(world.server.send("GET", "/users/me", session).body == bad_key);
    CHECK(world.server.send("GET", "/users/me", token).body == bad_key);
    CHECK(world.server.send("GET", "/users/bob", world.owner).body == no_user("bob"));
    CHECK(world.server.send("GET", "/users/" + id, world.owner).body == no_user(id));
    CHECK(world.server.send("DELETE", "/users/" + id, world.owner).body == no_user(id));
    CHECK(parse(world.server.send("GET", "/users", world.owner).body)["count"].text() == "1");
    CHECK(parse(world.server.send("GET", "/users?q=role:auditor", world.owner).body)["count"]
              .text() == "0");
    const Answer login =
        world.server.send("POST", "/users/login", "",
                          R"({"email":"bob@example.org","password":")" + good_password + "\"}");
    CHECK(login.status == 401);
    CHECK(login.body == message("Incorrect email or password."));
}

TEST_CASE("name and address of a deleted user are free at once, its key id stays dead") {
    World world;
    const std::string session = world.member("bob");
    const std::string old = world.id_of("bob");
    REQUIRE(world.server.send("DELETE", "/users/bob", world.owner).status == 200);
    const std::string id = world.server.create(world.owner, "bob");
    CHECK(id != old);
    CHECK(world.server.send("GET", "/users/me", session).body == bad_key);
    REQUIRE(world.server.send("DELETE", "/users/bob", world.owner).status == 200);
    CHECK(world.sql("SELECT count(*) FROM users WHERE username = 'bob' AND deleted = 1") == "2");
}

TEST_CASE("deleting users never opens the set-up again") {
    World world;
    world.server.create(world.owner, "bob");
    REQUIRE(world.server.send("DELETE", "/users/bob", world.owner).status == 200);
    CHECK(world.server.send("GET", "/users/first").status == 200);
    CHECK(
        world.server
            .send("POST", "/users/first", "",
                  R"({"email":"a@example.org","username":"a","password":")" + good_password + "\"}")
            .status == 409);
}
