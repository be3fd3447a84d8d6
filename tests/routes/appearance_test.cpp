// docs/contract/settings.md, "GET /users/{user}/appearance" and "PUT /users/{user}/appearance".
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

namespace {

coder_users::Options answering_as(const std::string& release) {
    coder_users::Options options = in_memory();
    options.coder_version = release;
    return options;
}

/// What a change of the appearance sends, and what is stored of bob's settings then.
struct Look {
    std::string body, stored;
};

const std::string settings_of_bob =
    "SELECT s.name, s.value FROM user_settings s JOIN users u ON u.id = s.user_id "
    "WHERE u.username = 'bob' ORDER BY s.name";

std::string choosing(const std::string& members, const std::string& theme = "dark") {
    return R"({"theme_preference":")" + theme + "\"" + (members.empty() ? "" : "," + members) + "}";
}

}  // namespace

TEST_CASE("the appearance is shown with the keys of the release, and stored at every release") {
    const std::string all =
        choosing(R"("theme_mode":"sync","theme_light":"light-tritan","theme_dark":"dark",)"
                 R"("terminal_font":"fira-code")");
    const std::string theme = R"({"theme_preference":"dark")";
    const std::string font = theme + R"(,"terminal_font":"fira-code")";
    const std::string modes =
        font + R"(,"theme_mode":"sync","theme_light":"light-tritan","theme_dark":"dark")";
    for (const auto& [release, shown] :
         std::vector<std::pair<std::string, std::string>>{{"2.6", theme},
                                                          {"2.8", theme},
                                                          {"2.21", theme},
                                                          {"2.22", font},
                                                          {"2.33", font},
                                                          {"2.34", modes},
                                                          {"2.35", modes}}) {
        CAPTURE(release);
        const World world(answering_as(release));
        const std::string bob = world.member("bob"), path = "/users/me/appearance";
        const std::string first = world.server.send("GET", path, bob).body;
        CHECK(parse(first)["theme_preference"].text().empty());
        CHECK(parse(first).size() == parse(shown + "}").size());
        for (const char* key : {"terminal_font", "theme_mode", "theme_light", "theme_dark"})
            if (parse(first).has(key)) CHECK(parse(first)[key].text().empty());
        const Answer changed = world.server.send("PUT", path, bob, all);
        CHECK(changed.status == 200);
        if (release == "2.6" || release == "2.8")
            CHECK(changed.body == world.server.send("GET", "/users/me", bob).body);
        else
            CHECK(changed.body == shown + "}\n");
        CHECK(world.server.send("GET", path, bob).body == shown + "}\n");
        CHECK(world.server.send("GET", "/users/BOB/appearance", world.owner).body == shown + "}\n");
        CHECK(
            world.sql(settings_of_bob) ==
            "terminal_font|fira-code\ntheme_dark|dark\ntheme_light|light-tritan\ntheme_mode|sync");
    }
}

TEST_CASE("modes and themes that there are not are refused in the order of the fields") {
    const People world(answering_as("2.35"));
    const std::string path = "/users/me/appearance";
    const auto row = [&](const std::string& title, const std::string& body,
                         const std::vector<BrokenRule>& rules) {
        return Row{title, "PUT", path, world.bob, body, 400, broken(rules)};
    };
    check_rows(
        world,
        {
            row("an unknown mode", choosing(R"("theme_mode":"Sync")"),
                {{"theme_mode", "oneof", "Sync"}}),
            row("sync alone", choosing(R"("theme_mode":"sync")"),
                {{"theme_light", "required_if", ""}, {"theme_dark", "required_if", ""}}),
            row("sync with an empty theme",
                choosing(R"("theme_mode":"sync","theme_light":"","theme_dark":"dark")"),
                {{"theme_light", "required_if", ""}}),
            row("an unknown light theme", choosing(R"("theme_light":"blue")"),
                {{"theme_light", "oneof", "blue"}}),
            row("an unknown dark theme",
                choosing(R"("theme_mode":"sync","theme_light":"light","theme_dark":"auto")"),
                {{"theme_dark", "oneof", "auto"}}),
            row("everything",
                R"({"theme_mode":"x","theme_dark":"y","theme_light":"z","terminal_font":"f"})",
                {{"theme_preference", "required", ""},
                 {"theme_mode", "oneof", "x"},
                 {"theme_light", "oneof", "z"},
                 {"theme_dark", "oneof", "y"}}),
            {"ahead of the permission", "PUT", "/users/bob/appearance", world.anna,
             choosing(R"("theme_mode":"x")"), 400, broken({{"theme_mode", "oneof", "x"}})},
        });
    check_undecodable(world, "PUT", path, world.bob,
                      {choosing(R"("theme_mode":1)"), choosing(R"("theme_light":true)"),
                       choosing(R"("theme_dark":["dark"])"), choosing(R"("terminal_font":{})")});
}

TEST_CASE("a terminal font is one of five, and is judged behind the permission") {
    const People world;
    const std::string path = "/users/bob/appearance",
                      unsupported = message("Unsupported font family.");
    const std::string arial = choosing(R"("terminal_font":"Arial")");
    check_rows(
        world,
        {
            {"oneself", "PUT", path, world.bob, arial, 400, unsupported, "user|write|bob|400"},
            {"an owner", "PUT", path, world.owner, arial, 400, unsupported, "user|write|bob|400"},
            {"letter case", "PUT", path, world.bob, choosing(R"("terminal_font":"Fira-Code")"), 400,
             unsupported, "user|write|bob|400"},
            {"an auditor", "PUT", path, world.anna, arial, 403, forbidden_answer,
             "user|write|bob|403"},
        });
    for (const std::string font :
         {"geist-mono", "ibm-plex-mono", "fira-code", "source-code-pro", "jetbrains-mono"}) {
        CAPTURE(font);
        CHECK(world.server
                  .send("PUT", path, world.bob, choosing("\"terminal_font\":\"" + font + "\""))
                  .status == 200);
        CHECK(world.sql(settings_of_bob) == "terminal_font|" + font);
    }
    for (const std::string keeping : {R"("terminal_font":"")", R"("terminal_font":null)", ""}) {
        CAPTURE(keeping);
        CHECK(world.server.send("PUT", path, world.bob, choosing(keeping)).status == 200);
        CHECK(world.sql(settings_of_bob) == "terminal_font|jetbrains-mono");
    }
}

TEST_CASE("the mode decides what becomes of the themes for light and dark") {
    const People world(answering_as("2.35"));
    const std::string both = R"("theme_light":"light","theme_dark":"dark")";
    for (const Look& each : {
             Look{choosing(both), ""},  // without a mode they count for nothing
             Look{choosing(R"("theme_mode":"",)" + both), ""},
             Look{choosing("", "auto"), ""},
             Look{choosing(R"("theme_mode":"single")"), "theme_mode|single"},
             Look{choosing(R"("theme_mode":"single","theme_dark":"dark-tritan")"),
                  "theme_dark|dark-tritan\ntheme_mode|single"},
             Look{choosing(R"("theme_mode":"sync",)" + both),
                  "theme_dark|dark\ntheme_light|light\ntheme_mode|sync"},
             Look{choosing(R"("theme_light":"light-tritan")"),
                  "theme_dark|dark\ntheme_light|light\ntheme_mode|sync"},
             Look{choosing("", "auto-protan"),
                  "theme_dark|dark\ntheme_light|light\ntheme_mode|sync"},
             Look{choosing("", "auto-tritan"), "theme_dark|dark\ntheme_light|light\ntheme_mode|"},
             Look{choosing(R"("theme_mode":"single","theme_light":"")", "auto"),
                  "theme_dark|dark\ntheme_light|light\ntheme_mode|single"},
             Look{choosing("", "auto-protan-deuter"),
                  "theme_dark|dark\ntheme_light|light\ntheme_mode|"},
         }) {
        CAPTURE(each.body);
        const Answer answer =
            world.server.send("PUT", "/users/me/appearance", world.bob, each.body);
        CHECK(answer.status == 200);
        CHECK(world.sql(settings_of_bob) == each.stored);
        CHECK(answer.body == world.server.send("GET", "/users/me/appearance", world.bob).body);
    }
    CHECK(world.sql("SELECT count(*) FROM user_settings") == "3");  // nobody else's
}

TEST_CASE("the audit log shows what has changed of the appearance") {
    const People world;
    const std::string path = "/users/me/appearance", bob = world.id_of("bob");
    const auto differs = [&](const std::string& body, const std::string& diff) {
        CAPTURE(body);
        CHECK(world.server.send("PUT", path, world.bob, body).status == 200);
        CHECK(newest_entry(world) ==
              nil_id + "|" + bob + "|127.0.0.1|user|write|" + bob + "|bob|200|{" + diff + "}");
    };
    const auto from_nothing = [](const std::string& name, const std::string& value) {
        return diff_field(name, "\"\"", "\"" + value + "\"");
    };
    const std::string all = choosing(
        R"("theme_mode":"sync","theme_light":"light","theme_dark":"dark","terminal_font":"fira-code")");
    differs(all, from_nothing("theme_preference", "dark") + "," +
                     from_nothing("theme_mode", "sync") + "," +
                     from_nothing("theme_light", "light") + "," +
                     from_nothing("theme_dark", "dark") + "," +
                     from_nothing("terminal_font", "fira-code"));
    differs(all, "");
    differs(choosing(R"("terminal_font":"geist-mono")"),
            diff_field("terminal_font", "\"fira-code\"", "\"geist-mono\""));
    differs(choosing("", "auto"), diff_field("theme_preference", "\"dark\"", "\"auto\"") + "," +
                                      diff_field("theme_mode", "\"sync\"", "\"\""));
}

TEST_CASE("what a user has chosen goes with it") {
    const People world;
    const std::string bob = world.id_of("bob");
    world.server.send("PUT", "/users/bob/appearance", world.owner,
                      choosing(R"("terminal_font":"fira-code")"));
    world.server.send("PUT", "/users/bob/preferences", world.owner,
                      R"({"thinking_display_mode":"preview"})");
    world.server.send("PUT", "/users/bob/notifications/preferences", world.owner,
                      R"({"template_disabled_map":{"11111111-1111-1111-1111-111111111111":true}})");
    const std::string count =
        "SELECT (SELECT count(*) FROM user_settings), "
        "(SELECT count(*) FROM notification_preferences)";
    CHECK(world.sql(count) == "2|1");
    REQUIRE(world.server.send("DELETE", "/users/bob", world.owner).status == 200);
    CHECK(world.sql(count) == "0|0");
}
