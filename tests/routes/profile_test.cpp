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

namespace {

coder_users::Options at_release(const std::string& version) {
    coder_users::Options options;
    options.coder_version = version;
    return options;
}

}  // namespace

TEST_CASE("full name and picture are kept, changed or cleared, at every release") {
    for (const std::string version : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(version);
        World world(at_release(version));
        world.server.create(world.owner, "bob");
        const std::string entry = world.last_entry();
        struct Case {
            std::string more, name, picture;
        };
        const std::string picture = "http://x.org/" + std::string(2048 - 13, 'p');
        for (const Case& each :
             {Case{R"(,"name":"Bob B","avatar_url":"https://x.org/b.png")", "Bob B",
                   "https://x.org/b.png"},
              Case{"", "Bob B", "https://x.org/b.png"},
              Case{R"(,"name":null,"avatar_url":null)", "Bob B", "https://x.org/b.png"},
              Case{R"(,"name":"\u00c4 B")", "\u00C4 B", "https://x.org/b.png"},
              Case{R"(,"avatar_url":"not fetched")", "\u00C4 B", "not fetched"},
              Case{R"(,"name":"")", "", "not fetched"},
              Case{",\"avatar_url\":\"" + picture + "\"", "", picture},
              Case{R"(,"avatar_url":"")", "", ""}}) {
            CAPTURE(each.more);
            const Answer answer = world.server.send("PUT", "/users/bob/profile", world.owner,
                                                    "{\"username\":\"bob\"" + each.more + "}");
            REQUIRE(answer.status == 200);
            const Value user = parse(answer.body);
            CHECK(user.has("name") == (version != "2.6"));
            if (version != "2.6") CHECK(user["name"].text() == each.name);
            CHECK(user["avatar_url"].text() == each.picture);
            CHECK(world.sql("SELECT name, avatar_url FROM users WHERE username = 'bob'") ==
                  each.name + "|" + each.picture);
            CHECK(world.sql("SELECT name_folded FROM users WHERE username = 'bob'") ==
                  coder_users::fold_ascii(each.name));
            CHECK(world.server.send("GET", "/users/bob", world.owner).body == answer.body);
        }
        INFO("the full name is in the audit log, the picture is not");
        CHECK(world.sql("SELECT diff FROM audit_logs WHERE entry > " + entry +
                        " ORDER BY entry LIMIT 1") ==
              R"({"name":{"old":"","new":"Bob B","secret":false}})");
        CHECK(world.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1") == "{}");
        const Value shown = parse(
            world.server.send("GET", "/audit?limit=1&offset=7", world.owner).body)["audit_logs"][0];
        CHECK(shown["resource_target"].text() == "bob");
        CHECK(shown["diff"].has("name") == (version != "2.6"));
    }
}

TEST_CASE("the fields of a profile are checked in their order, before permission") {
    World world(at_release("2.35"));
    const std::string bob = world.member("bob");
    const std::string anna = world.member("anna", "auditor");
    const std::string long_name(129, 'n'), long_url(2049, 'u');
    const auto row = [&](const std::string& title, const std::string& token,
                         const std::string& text, const std::string& answer) {
        return Row{title, "PUT", "/users/bob/profile", token, text, 400, answer};
    };
    check_rows(
        world,
        {
            row("all of them", anna,
                R"({"username":"a b","name":"x ","avatar_url":")" + long_url + "\"}",
                broken({{"username", "username", "a b"},
                        {"name", "user_real_name", "x "},
                        {"avatar_url", "max", long_url}})),
            row("no user name", bob, R"({"name":"Bob"})", broken({{"username", "required", ""}})),
            row("a long name", bob, R"({"username":"bob","name":")" + long_name + "\"}",
                broken({{"name", "user_real_name", long_name}})),
            row("no string", bob, R"({"username":"bob","avatar_url":1})",
                detailed("Request body must be valid JSON.",
                         "field \"avatar_url\" must be a string")),
        });
    CHECK(world.server.send("PUT", "/users/me/profile", bob, R"({"username":"bob","name":"B"})")
              .status == 200);
    check_rows(world, {{"of somebody else", "PUT", "/users/bob/profile", anna,
                        R"({"username":"bob","name":"X"})", 403,
                        detailed("Forbidden.",
                                 "You don't have permission to view this content. If you believe "
                                 "this is a mistake, please contact your administrator or try "
                                 "signing in with different credentials."),
                        "user|write|bob|403"}});
}

TEST_CASE("the picture is a choice only where no login provider sets it") {
    World world;
    for (const std::string type : {"password", "none", "github", "oidc"}) {
        CAPTURE(type);
        const std::string user = "by-" + type;
        const std::string password =
            type == "password" ? ",\"password\":\"" + good_password + "\"" : "";
        REQUIRE(world.server
                    .send("POST", "/users", world.owner,
                          "{\"email\":\"" + user + "@example.org\",\"username\":\"" + user +
                              "\",\"login_type\":\"" + type + "\"" + password + "}")
                    .status == 201);
        const bool own = type == "password" || type == "none";
        const Answer answer = world.server.send(
            "PUT", "/users/" + user + "/profile", world.owner,
            "{\"username\":\"" + user + "\",\"name\":\"N\",\"avatar_url\":\"https://x.org/a\"}");
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["avatar_url"].text() == (own ? "https://x.org/a" : ""));
        CHECK(world.sql("SELECT name, avatar_url FROM users WHERE username = '" + user + "'") ==
              (own ? "N|https://x.org/a" : "N|"));
    }
}
