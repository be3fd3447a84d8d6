// docs/contract/users.md, "GET /users/{user}", and how `{user}` is resolved:
// docs/contract/http.md, "The {user} parameter".
#include "coder_users/testing.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

std::string upper(std::string text) {
    for (char& c : text)
        if (coder_users::is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    return text;
}

}  // namespace

TEST_CASE("a user is found by me, id and name in any letter case") {
    World world;
    const std::string id = world.server.create(world.owner, "Bob-1");
    const std::string expected =
        UserJson{id, "Bob-1", "Bob-1@example.org", world.organization}.answer();
    for (const std::string& text : {id, upper(id), std::string("Bob-1"), std::string("bob-1"),
                                    std::string("BOB-1"), std::string("%42ob%2d1")}) {
        INFO(text);
        const Answer answer = world.server.send("GET", "/users/" + text, world.owner);
        CHECK(answer.status == 200);
        CHECK(answer.body == expected);
    }
    const Answer me = world.server.send("GET", "/users/me", world.owner);
    CHECK(me.status == 200);
    UserJson owner{world.id_of("owner"), "owner", "owner@example.org", world.organization};
    owner.status = "active";
    owner.roles = owner_role;
    owner.last_seen_at = owner.created_at;
    CHECK(me.body == owner.answer());
    CHECK(world.server.send("GET", "/users/owner", world.owner).body == me.body);
}

TEST_CASE("a caller sees itself as others see it, after every change") {
    coder_users::testing::Server server;
    const auto owner = server.owner();
    const auto bob = server.user("bob");
    const auto check_same = [&](const char* after) {
        INFO(after);
        bob.get("/users/me");                             // which may count as a visit
        const auto seen = owner.get("/users/" + bob.id);  // read from its row
        for (int i = 0; i < 3; ++i) {
            const auto own = bob.get("/users/me");
            CHECK(own.status == 200);
            CHECK(own.body == seen.body);
        }
    };
    check_same("the login");
    REQUIRE(owner.put("/users/bob/profile", R"({"username":"bob","name":"B"})").status == 200);
    check_same("another name");
    REQUIRE(owner.put("/users/bob/roles", R"({"roles":["auditor"]})").status == 200);
    check_same("a role");
    REQUIRE(bob.put("/users/me/appearance", R"({"theme_preference":"dark"})").status == 200);
    check_same("another theme");
    server.clock().advance(std::chrono::hours(2));
    check_same("a visit after two hours");
    server.set_coder_version("2.35");
    check_same("another release");
    server.set_coder_version("2.6");
    check_same("the first release");
    const auto before = server.snapshot();
    REQUIRE(owner.put("/users/bob/profile", R"({"username":"bob","name":"C"})").status == 200);
    check_same("a third name");
    server.restore(before);
    check_same("what was before");
}

TEST_CASE("who reads whom: everybody else is not there") {
    World world;
    const std::string bob = world.member("bob");
    const std::string anna = world.member("anna", "auditor");
    const std::string tina = world.member("tina", "template-admin");
    const std::string udo = world.member("udo", "user-admin");
    const std::string id = world.id_of("owner");
    check_rows(
        world,
        {
            {"without a session", "GET", "/users/owner", "", "", 401, no_session},
            {"without a session, nobody", "GET", "/users/nobody", "", "", 401, no_session},
            {"a member, by name", "GET", "/users/owner", bob, "", 404, no_user("owner")},
            {"a member, by id", "GET", "/users/" + id, bob, "", 404, no_user(id)},
            {"a member, nobody", "GET", "/users/nobody", bob, "", 404, no_user("nobody")},
            {"a member, unknown id", "GET", "/users/" + nil_id, bob, "", 404, no_user(nil_id)},
            {"the owner, nobody", "GET", "/users/nobody", world.owner, "", 404, no_user("nobody")},
            {"the owner, unknown id", "GET", "/users/" + nil_id, world.owner, "", 404,
             no_user(nil_id)},
        });
    for (const std::string& token : {anna, tina, udo}) {
        CHECK(world.server.send("GET", "/users/owner", token).status == 200);
        CHECK(world.server.send("GET", "/users/bob", token).status == 200);
    }
    for (const std::string& text : {std::string("me"), std::string("BOB"), world.id_of("bob")})
        CHECK(parse(world.server.send("GET", "/users/" + text, bob).body)["username"].text() ==
              "bob");
    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'bob'");
    CHECK(parse(world.server.send("GET", "/users/bob", anna).body)["status"].text() == "suspended");
}

TEST_CASE("texts that are no user") {
    World world;
    world.server.create(world.owner, "gone");
    const std::string gone = world.id_of("gone");
    REQUIRE(world.server.send("DELETE", "/users/gone", world.owner).status == 200);
    std::string no_dashes = world.id_of("owner");
    for (std::size_t at; (at = no_dashes.find('-')) != std::string::npos;) no_dashes.erase(at, 1);
    const auto row = [&](const std::string& path, const std::string& decoded) {
        return Row{decoded, "GET", "/users/" + path, world.owner, "", 404, no_user(decoded)};
    };
    check_rows(world,
               {
                   row("gone", "gone"),
                   row(gone, gone),
                   row("owner@example.org", "owner@example.org"),
                   row("owner%40example.org", "owner@example.org"),
                   row("ME", "ME"),
                   row("Me", "Me"),
                   row(no_dashes, no_dashes),
                   row("%7B" + world.id_of("owner") + "%7D", "{" + world.id_of("owner") + "}"),
                   row("%20owner", " owner"),
                   row("owner+", "owner+"),
                   row("owner;x=1", "owner;x=1"),
                   row("..", ".."),
                   row("%2E%2e", ".."),
                   row(".", "."),
                   row("a%2Fb", "a/b"),
                   row("..%2Fusers%2Fowner", "../users/owner"),
                   row("owner%2Fprofile", "owner/profile"),
                   row("%22%5C%3C%26", "\"\\<&"),
                   row("'%20OR%20'1'='1", "' OR '1'='1"),
                   row("%25", "%"),
                   row("owner%2525", "owner%25"),
                   row("o_ner", "o_ner"),
                   row("\u00E4", "\u00E4"),
                   row("%C3%A4", "\u00E4"),
                   row("oauth2", "oauth2"),
                   row("oidc", "oidc"),
                   row("oidc/nosuch", "oidc"),
                   row("oauth2/github/nosuch", "oauth2"),
               });
}

TEST_CASE("a renamed user is found by its new name only") {
    World world;
    const std::string id = world.server.create(world.owner, "bob");
    REQUIRE(world.server.send("PUT", "/users/bob/profile", world.owner, R"({"username":"rob"})")
                .status == 200);
    CHECK(world.server.send("GET", "/users/bob", world.owner).status == 404);
    CHECK(parse(world.server.send("GET", "/users/rob", world.owner).body)["id"].text() == id);
}

TEST_CASE("roles are sorted by name and a user without organization has an empty list") {
    World world;
    world.server.create(world.owner, "bob");
    for (const char* role : {"user-admin", "member", "auditor"}) world.give_role("bob", role);
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("bob") + "'");
    UserJson bob{world.id_of("bob"), "bob", "bob@example.org", ""};
    bob.roles = R"([{"name":"auditor","display_name":"Auditor"},)"
                R"({"name":"member","display_name":"Member"},)"
                R"({"name":"user-admin","display_name":"User Admin"}])";
    CHECK(world.server.send("GET", "/users/bob", world.owner).body == bob.answer());
}
