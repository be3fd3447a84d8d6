// docs/contract/users.md, "PUT /users/{user}/profile".
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

std::string name(const std::string& text) { return "{\"username\":" + json_text(text) + "}"; }

const std::string taken = with_validations(
    "User already exists.", {{"username", "this value is already in use and should be unique"}});

}  // namespace

TEST_CASE("who may rename whom") {
    World world;
    const std::string bob = world.member("bob");
    const std::string anna = world.member("anna", "auditor");
    const std::string tina = world.member("tina", "template-admin");
    const std::string udo = world.member("udo", "user-admin");
    const auto path = [](const std::string& user) { return "/users/" + user + "/profile"; };
    const std::string refused = "user|write|";
    check_rows(
        world,
        {
            {"without a session", "PUT", path("bob"), "", name("rob"), 401, no_session},
            {"a member, another", "PUT", path("anna"), bob, name("rob"), 404, no_user("anna")},
            {"a member, another, bad body", "PUT", path("anna"), bob, "", 404, no_user("anna")},
            {"an auditor", "PUT", path("bob"), anna, name("rob"), 403, forbidden_answer,
             refused + "bob|403"},
            {"an auditor, a bad body", "PUT", path("bob"), anna, "", 400,
             detailed("Request body must be valid JSON.", "EOF")},
            {"an auditor, a bad name", "PUT", path("bob"), anna, name("a b"), 400,
             broken({{"username", "username", "a b"}})},
            {"an auditor, a taken name", "PUT", path("bob"), anna, name("owner"), 403,
             forbidden_answer, refused + "bob|403"},
            {"a template-admin", "PUT", path("bob"), tina, name("rob"), 403, forbidden_answer,
             refused + "bob|403"},
            {"a user-admin, an owner", "PUT", path("owner"), udo, name("rob"), 403,
             forbidden_answer, refused + "owner|403"},
            {"a user-admin, a role it does not hold", "PUT", path("anna"), udo, name("rob"), 403,
             forbidden_answer, refused + "anna|403"},
            {"a taken name", "PUT", path("bob"), world.owner, name("OWNER"), 409, taken,
             refused + "bob|409"},
            {"a taken name, by a member", "PUT", path("me"), bob, name("anna"), 409, taken,
             refused + "bob|409"},
            {"nothing sent", "PUT", path("me"), bob, "{}", 400,
             broken({{"username", "required", ""}})},
            {"null", "PUT", path("me"), bob, "null", 400, broken({{"username", "required", ""}})},
            {"a reserved name", "PUT", path("me"), bob, name("Me"), 400,
             broken({{"username", "username", "Me"}})},
            {"another spelling of the key", "PUT", path("me"), bob, R"({"Username":"rob"})", 400,
             broken({{"username", "required", ""}})},
        });

    const auto renames = [&](const std::string& user, const std::string& token,
                             const std::string& to) {
        const Answer answer = world.server.send("PUT", path(user), token, name(to));
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["username"].text() == to);
    };
    renames("me", bob, "rob");
    renames("rob", udo, "bob");
    renames("me", udo, "Udo2");
    renames("anna", world.owner, "hanna");
    renames("me", anna, "anna");
}

TEST_CASE("renaming changes the name and nothing else") {
    World world;
    const std::string token = world.member("bob");
    const std::string id = world.id_of("bob");
    const std::string others =
        "SELECT id, email, email_folded, hashed_password, created_at, status, login_type, "
        "avatar_url, theme_preference, deleted FROM users ORDER BY id";
    const std::string before = world.sql(others), entry = world.last_entry();
    world.server.advance(std::chrono::seconds(5));
    const Answer answer = world.server.send(
        "PUT", "/users/me/profile", token,
        R"({"username":"Rob","email":"x@example.org","roles":["owner"],"status":"suspended"})");
    CHECK(answer.status == 200);
    UserJson expected{id, "Rob", "bob@example.org", world.organization, "active"};
    expected.last_seen_at = "2026-01-02T03:04:10.678901Z";
    CHECK(answer.body == expected.answer());
    CHECK(world.sql(others) == before);
    CHECK(world.sql("SELECT username, username_folded FROM users WHERE id = '" + id + "'") ==
          "Rob|rob");
    CHECK(world.entries_since(entry) == "user|write|Rob|200");
    CHECK(world.server.send("GET", "/users/me", token).body == expected.answer());
}

TEST_CASE("the own name again, or in another letter case, is accepted") {
    World world;
    world.server.create(world.owner, "bob");
    for (const std::string to : {"bob", "BOB", "Bob"}) {
        const Answer answer = world.server.send("PUT", "/users/bob/profile", world.owner, name(to));
        CHECK(answer.status == 200);
        CHECK(world.sql("SELECT username, username_folded FROM users WHERE email = "
                        "'bob@example.org'") == to + "|bob");
    }
}

TEST_CASE("a deleted user's name may be taken over") {
    World world;
    world.server.create(world.owner, "bob");
    world.server.create(world.owner, "carl");
    REQUIRE(world.server.send("DELETE", "/users/bob", world.owner).status == 200);
    CHECK(world.server.send("PUT", "/users/carl/profile", world.owner, name("Bob")).status == 200);
}
