// docs/contract/users.md, "PUT /users/{user}/appearance".
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string dark = R"({"theme_preference":"dark"})";

std::string theme(const std::string& text) {
    return "{\"theme_preference\":" + json_text(text) + "}";
}

}  // namespace

TEST_CASE("who may change whose appearance") {
    const People world;
    check_edit_is_refused(world, "/appearance", dark);
    for (const auto& [token, user] :
         std::vector<std::pair<std::string, std::string>>{{world.bob, "me"},
                                                          {world.anna, "ANNA"},
                                                          {world.oda, world.id_of("oda")},
                                                          {world.udo, "bob"},
                                                          {world.udo, "udo"},
                                                          {world.owner, "bob"},
                                                          {world.owner, "me"}}) {
        INFO(user);
        CHECK(world.server.send("PUT", "/users/" + user + "/appearance", token, dark).status ==
              200);
    }
}

TEST_CASE("the theme has at most 128 bytes and is no empty text") {
    const People world;
    const std::string longest(128, 'x'), too_long(129, 'x');
    std::string two_byte_letters;
    for (int i = 0; i < 65; ++i) two_byte_letters += "\xc3\xa4";  // 65 letters in 130 bytes
    const std::string missing = broken({{"theme_preference", "required", ""}});
    check_rows(
        world,
        {
            {"missing", "PUT", "/users/me/appearance", world.bob, "{}", 400, missing},
            {"empty", "PUT", "/users/me/appearance", world.bob, theme(""), 400, missing},
            {"null", "PUT", "/users/me/appearance", world.bob, R"({"theme_preference":null})", 400,
             missing},
            {"a null document", "PUT", "/users/me/appearance", world.bob, "null", 400, missing},
            {"another letter case", "PUT", "/users/me/appearance", world.bob,
             R"({"Theme_preference":"x"})", 400, missing},
            {"129 bytes", "PUT", "/users/me/appearance", world.bob, theme(too_long), 400,
             broken({{"theme_preference", "max", too_long}})},
            {"65 letters of 130 bytes", "PUT", "/users/me/appearance", world.bob,
             theme(two_byte_letters), 400, broken({{"theme_preference", "max", two_byte_letters}})},
            {"ahead of the permission", "PUT", "/users/bob/appearance", world.anna, "{}", 400,
             missing},
        });
    check_undecodable(world, "PUT", "/users/me/appearance", world.bob,
                      {"", "{", R"({"theme_preference":1})", R"({"theme_preference":["x"]})",
                       R"({"theme_preference":"a\u0000"})", "\"dark\"", dark + dark});

    for (const std::string& good :
         {longest, two_byte_letters.substr(0, 128), std::string(" "), std::string("<b>&'\"\\"),
          std::string("\xf0\x9f\x8c\x9a"), std::string("auto")}) {
        INFO(good);
        const Answer answer =
            world.server.send("PUT", "/users/me/appearance", world.bob, theme(good));
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["theme_preference"].text() == good);
        CHECK(world.sql("SELECT theme_preference FROM users WHERE username = 'bob'") == good);
    }
}

TEST_CASE("a changed appearance changes nothing else") {
    const People world;
    const std::string owner = world.id_of("owner"), bob = world.id_of("bob");
    std::string expected = world.server.send("GET", "/users/bob", world.owner).body;
    const std::string none = "\"theme_preference\":\"\"", entry = world.last_entry();
    expected.replace(expected.find(none), none.size(), "\"theme_preference\":\"dark\"");
    std::string rows = world.snapshot();

    const Answer answer = world.server.send(
        "PUT", "/users/bob/appearance", world.owner,
        R"({"theme_preference":"dark","id":")" + owner +
            R"(","status":"suspended","roles":["owner"],"hashed_password":"x","deleted":true,)" +
            R"("username":"rob","avatar_url":"x"})");
    CHECK(answer.status == 200);
    CHECK(answer.body == expected);
    CHECK(world.server.send("GET", "/users/me", world.bob).body == expected);
    CHECK(world.entries_since(entry) == "user|write|bob|200");
    CHECK(newest_entry(world) == nil_id + "|" + owner + "|127.0.0.1|user|write|" + bob +
                                     "|bob|200|{" +
                                     diff_field("theme_preference", "\"\"", "\"dark\"") + "}");
    world.execute("UPDATE users SET theme_preference = '' WHERE username = 'bob'");
    CHECK(world.snapshot() == rows);

    world.server.send("PUT", "/users/me/appearance", world.bob, theme("x"));
    world.server.send("PUT", "/users/me/appearance", world.bob, theme("x"));
    CHECK(newest_entry(world) ==
          nil_id + "|" + bob + "|127.0.0.1|user|write|" + bob + "|bob|200|{}");
}
