// docs/contract/settings.md, "Settings": preferences, notification preferences, quiet hours and
// parameters.
#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string preferences = "/users/me/preferences";
const std::string notifications = "/users/me/notifications/preferences";

coder_users::Options answering_as(const std::string& release) {
    coder_users::Options options = in_memory();
    options.coder_version = release;
    return options;
}

std::string stored_settings(const World& world, const std::string& name) {
    return world.sql("SELECT name, value FROM user_settings WHERE user_id = '" + world.id_of(name) +
                     "' ORDER BY name");
}

/// A preference with what it may be, and how another value is refused.
struct Choice {
    std::string name, refusal, detail;
    std::vector<std::string> values;
};

const std::vector<Choice> choices{
    {"thinking_display_mode",
     "Invalid thinking display mode.",
     "must be one of: auto, preview, always_expanded, always_collapsed",
     {"preview", "always_expanded", "always_collapsed", "auto"}},
    {"shell_tool_display_mode",
     "Invalid shell tool display mode.",
     "must be one of: auto, always_expanded, always_collapsed",
     {"auto", "always_expanded", "always_collapsed"}},
    {"code_diff_display_mode",
     "Invalid code diff display mode.",
     "must be one of: auto, always_expanded, always_collapsed",
     {"auto", "always_expanded", "always_collapsed"}},
    {"agent_chat_send_shortcut",
     "Invalid agent chat send shortcut.",
     "must be one of: enter, modifier_enter",
     {"modifier_enter", "enter"}},
};

std::string member(const std::string& name, const std::string& value) {
    return "{" + json_text(name) + ":" + json_text(value) + "}";
}

std::string uuid_of(int number) {
    std::string digits = std::to_string(number);
    return "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}
std::string map_of(const std::string& members) {
    return "{\"template_disabled_map\":{" + members + "}}";
}
std::string wanted(const std::string& id, bool disabled) {
    return "\"" + id + "\":" + (disabled ? "true" : "false");
}
std::string shown(const std::string& id, bool disabled, const std::string& time) {
    return R"({"id":")" + id + R"(","disabled":)" + (disabled ? "true" : "false") +
           R"(,"updated_at":")" + time + "\"}";
}

}  // namespace

TEST_CASE("preferences are shown with the keys of the release, and begin with their defaults") {
    const std::string dismissed = R"({"task_notification_alert_dismissed":false)";
    const std::string thinking = dismissed + R"(,"thinking_display_mode":"auto")";
    const std::string all =
        thinking + R"(,"shell_tool_display_mode":"always_collapsed","code_diff_display_mode":"",)"
                   R"("agent_chat_send_shortcut":"enter")";
    for (const auto& [release, keys] :
         std::vector<std::pair<std::string, std::string>>{{"2.6", dismissed},
                                                          {"2.8", dismissed},
                                                          {"2.21", dismissed},
                                                          {"2.32", dismissed},
                                                          {"2.33", thinking},
                                                          {"2.34", all},
                                                          {"2.35", all}}) {
        CAPTURE(release);
        const World world(answering_as(release));
        CHECK(world.server.send("GET", preferences, world.owner).body == keys + "}\n");
        // What is chosen is stored at every release.
        const Answer changed = world.server.send(
            "PUT", preferences, world.owner,
            R"({"task_notification_alert_dismissed":true,"code_diff_display_mode":"auto"})");
        CHECK(changed.status == 200);
        CHECK(parse(changed.body)["task_notification_alert_dismissed"].text() == "true");
        CHECK(parse(changed.body).size() == parse(keys + "}").size());
        CHECK(stored_settings(world, "owner") ==
              "code_diff_display_mode|auto\ntask_notification_alert_dismissed|true");
    }
}

TEST_CASE("every value of a preference is kept, and what is not sent stays") {
    const People world(answering_as("2.35"));
    std::string before = world.server.send("GET", preferences, world.bob).body;
    const std::string entry = world.last_entry();
    for (const Choice& choice : choices)
        for (const std::string& value : choice.values) {
            CAPTURE(choice.name, value);
            const Answer changed = world.server.send("PUT", "/users/bob/preferences", world.owner,
                                                     member(choice.name, value));
            CHECK(changed.status == 200);
            CHECK(parse(changed.body)[choice.name].text() == value);
            for (const Choice& other : choices)
                if (other.name != choice.name)
                    CHECK(parse(changed.body)[other.name].text() ==
                          parse(before)[other.name].text());
            before = changed.body;
            CHECK(world.server.send("GET", preferences, world.bob).body == before);
        }
    const std::string kept = stored_settings(world, "bob");
    CHECK(kept ==
          "agent_chat_send_shortcut|enter\ncode_diff_display_mode|always_collapsed\n"
          "shell_tool_display_mode|always_collapsed\nthinking_display_mode|auto");
    for (const std::string nothing :
         {"{}", "null", R"({"thinking_display_mode":"","shell_tool_display_mode":null})",
          R"({"task_notification_alert_dismissed":null,"x":1})"}) {
        CAPTURE(nothing);
        CHECK(world.server.send("PUT", preferences, world.bob, nothing).body == before);
        CHECK(stored_settings(world, "bob") == kept);
    }
    for (const std::string flag : {"true", "false"}) {
        const Answer changed = world.server.send(
            "PUT", preferences, world.bob, "{\"task_notification_alert_dismissed\":" + flag + "}");
        CHECK(parse(changed.body)["task_notification_alert_dismissed"].text() == flag);
    }
    CHECK(stored_settings(world, "carl").empty());
    CHECK(world.entries_since(entry).empty());  // not recorded
}

TEST_CASE("the first preference with a value that there is not answers alone") {
    const People world(answering_as("2.35"));
    std::vector<Row> rows;
    std::string all_bad;
    for (const Choice& choice : choices) {
        const std::string answer = with_validations(choice.refusal, {{choice.name, choice.detail}});
        for (const std::string bad : {"x", "Auto", "enter ", "single"})
            rows.push_back({choice.name + " " + bad, "PUT", preferences, world.bob,
                            member(choice.name, bad), 400, answer});
        rows.push_back({choice.name + " by an auditor", "PUT", "/users/bob/preferences", world.anna,
                        member(choice.name, "x"), 403, forbidden_as_of({2, 35})});
        all_bad += "," + json_text(choice.name) + ":\"x\"";
    }
    rows.push_back({"all of them, and a good one", "PUT", preferences, world.bob,
                    "{\"task_notification_alert_dismissed\":true" + all_bad + "}", 400,
                    with_validations(choices[0].refusal, {{choices[0].name, choices[0].detail}})});
    check_rows(world, rows);
    check_undecodable(world, "PUT", preferences, world.bob,
                      {"", "{", "[]", R"({"thinking_display_mode":1})",
                       R"({"task_notification_alert_dismissed":"true"})",
                       R"({"agent_chat_send_shortcut":["enter"]})"});
    check_rows(world, {{"a member", "PUT", "/users/bob/preferences", world.carl, "{}", 404,
                        not_found_answer}});
    CHECK(stored_settings(world, "bob").empty());
}

TEST_CASE("notification preferences are listed by template, each with its last change") {
    for (const std::string release : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(release);
        World world(answering_as(release));
        const std::string token = world.member("bob");
        const std::string entry = world.last_entry();
        CHECK(world.server.send("GET", notifications, token).body == "[]\n");
        const std::string first = uuid_of(1), second = "ffffffff-0000-4000-8000-00000000000A",
                          folded = "ffffffff-0000-4000-8000-00000000000a";
        const std::string then = coder_users::to_rfc3339(world.server.now());
        const std::string both =
            "[" + shown(first, true, then) + "," + shown(folded, false, then) + "]\n";
        CHECK(world.server
                  .send("PUT", notifications, token,
                        map_of(wanted(second, false) + "," + wanted(first, true)))
                  .body == both);
        world.server.advance(std::chrono::minutes(1));
        for (const std::string nothing :
             {"{}", "null", "{\"template_disabled_map\":null}", "{\"template_disabled_map\":{}}"}) {
            CAPTURE(nothing);
            CHECK(world.server.send("PUT", notifications, token, nothing).body == both);
        }
        const std::string now = coder_users::to_rfc3339(world.server.now());
        const std::string changed =
            "[" + shown(first, true, then) + "," + shown(folded, true, now) + "]\n";
        CHECK(world.server
                  .send("PUT", "/users/bob/notifications/preferences", world.owner,
                        map_of(wanted(folded, true)))
                  .body == changed);
        CHECK(world.server.send("GET", notifications, token).body == changed);
        CHECK(world.server.send("GET", notifications, world.owner).body == "[]\n");
        CHECK(world.sql("SELECT template_id, disabled FROM notification_preferences ORDER BY 1") ==
              first + "|1\n" + folded + "|1");
        CHECK(world.entries_since(entry).empty());  // not recorded
    }
}

TEST_CASE("what no notification preference can be is refused") {
    const People world;
    const std::string no_uuid = detailed("Unable to parse notification template UUID.",
                                         "invalid UUID length or format: a uuid has 36 characters");
    const std::string path = "/users/bob/notifications/preferences";
    check_rows(
        world,
        {
            {"no uuid", "PUT", notifications, world.bob, map_of(wanted("x", true)), 400, no_uuid},
            {"an empty key", "PUT", notifications, world.bob, map_of(wanted("", true)), 400,
             no_uuid},
            {"after a good one", "PUT", notifications, world.bob,
             map_of(wanted(uuid_of(1), true) + "," + wanted("x", false)), 400, no_uuid},
            {"in braces", "PUT", notifications, world.bob,
             map_of(wanted("{" + uuid_of(1) + "}", true)), 400, no_uuid},
            {"an auditor", "PUT", path, world.anna, map_of(wanted("x", true)), 403,
             forbidden_answer},
            {"a user-admin", "PUT", path, world.udo, map_of(wanted("x", true)), 403,
             forbidden_answer},
            {"a user-admin reads", "GET", path, world.udo, "", 403, forbidden_answer},
            {"a member", "PUT", path, world.carl, "{}", 404, no_user("bob")},
        });
    check_undecodable(
        world, "PUT", notifications, world.bob,
        {"", "{", "[]", "{\"template_disabled_map\":[]}", "{\"template_disabled_map\":\"x\"}",
         map_of("\"" + uuid_of(1) + "\":\"true\""), map_of("\"" + uuid_of(1) + "\":null"),
         map_of("\"" + uuid_of(1) + "\":1")});
}

TEST_CASE("a user has 256 notification preferences at most") {
    const People world;
    std::string most;
    for (int i = 0; i < 256; ++i) most += (i ? "," : "") + wanted(uuid_of(i), i % 2 == 0);
    const std::string too_many = message("Too many notification preferences.");
    const std::string count = "SELECT count(*) FROM notification_preferences";
    CHECK(
        world.server
            .send("PUT", notifications, world.bob, map_of(most + "," + wanted(uuid_of(999), true)))
            .body == too_many);
    CHECK(world.sql(count) == "0");
    const Answer full = world.server.send("PUT", notifications, world.bob, map_of(most));
    CHECK(full.status == 200);
    CHECK(parse(full.body).size() == 256);
    const std::string before = world.snapshot();
    const Answer refused =
        world.server.send("PUT", notifications, world.bob, map_of(wanted(uuid_of(999), true)));
    CHECK(refused.status == 400);
    CHECK(refused.body == too_many);
    CHECK(world.snapshot() == before);
    CHECK(world.server.send("PUT", notifications, world.bob, map_of(wanted(uuid_of(7), true)))
              .status == 200);
    CHECK(world.server.send("PUT", notifications, world.carl, map_of(wanted(uuid_of(999), true)))
              .status == 200);
    CHECK(world.sql(count) == "257");
}

TEST_CASE("quiet hours begin at the next midnight, for everybody") {
    const auto answer = [](const std::string& next) {
        return R"({"raw_schedule":"CRON_TZ=UTC 0 0 * * *","user_set":false,"user_can_set":false,)"
               R"("time":"00:00","timezone":"UTC","next":")" +
               next + "\"}\n";
    };
    for (const std::string release : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(release);
        World world(answering_as(release));
        const std::string path = "/users/me/quiet-hours", bob = world.member("bob");
        CHECK(world.server.send("GET", path, bob).body == answer("2026-01-03T00:00:00Z"));
        CHECK(world.server.send("HEAD", path, bob).status == 200);
        world.server.advance(coder_users::parse_rfc3339("2026-01-03T00:00:00Z").value() -
                             world.server.now() - coder_users::Duration(1));
        CHECK(world.server.send("GET", path, bob).body == answer("2026-01-03T00:00:00Z"));
        world.server.advance(coder_users::Duration(1));
        const std::string token = world.server.log_in("bob@example.org");
        CHECK(world.server.send("GET", path, token).body == answer("2026-01-04T00:00:00Z"));
    }
}

TEST_CASE("nobody can have quiet hours of its own") {
    const People world;
    const std::string path = "/users/bob/quiet-hours";
    const std::string body = R"({"schedule":"CRON_TZ=Europe/Berlin 30 2 * * *"})";
    const std::string refusal =
        message("Users cannot set custom quiet hours schedule due to deployment configuration.");
    const std::string missing = broken({{"schedule", "required", ""}});
    check_rows(world,
               {
                   {"oneself", "PUT", path, world.bob, body, 403, refusal},
                   {"an owner", "PUT", path, world.owner, body, 403, refusal},
                   {"a user-admin", "PUT", path, world.udo, body, 403, refusal},
                   {"a user-admin, an owner's", "PUT", "/users/owner/quiet-hours", world.udo, body,
                    403, forbidden_answer},
                   {"an auditor", "PUT", path, world.anna, body, 403, forbidden_answer},
                   {"a member", "PUT", path, world.carl, body, 404, no_user("bob")},
                   {"nothing", "PUT", path, world.bob, "{}", 400, missing},
                   {"an empty one", "PUT", path, world.bob, R"({"schedule":""})", 400, missing},
                   {"ahead of the permission", "PUT", path, world.anna, "{}", 400, missing},
               });
    check_undecodable(world, "PUT", path, world.bob, {"", "{", R"({"schedule":1})"});
}

TEST_CASE("nobody has given a template parameters") {
    const People world;
    const std::string path = "/users/bob/autofill-parameters", id = uuid_of(1);
    const auto refused = [](const std::string& detail) {
        return with_validations("Invalid query parameters.", {{"template_id", detail}});
    };
    const std::string empty =
        refused("Query param \"template_id\" is required and cannot be empty");
    const std::string no_uuid = refused("Query param \"template_id\" must be a valid uuid");
    check_rows(world,
               {
                   {"oneself", "GET", path + "?template_id=" + id, world.bob, "", 200, "[]\n"},
                   {"an owner", "GET", path + "?template_id=" + id, world.owner, "", 200, "[]\n"},
                   {"HEAD", "HEAD", path + "?template_id=" + id, world.bob, "", 200, ""},
                   {"missing", "GET", path, world.bob, "", 400, empty},
                   {"empty", "GET", path + "?template_id=", world.bob, "", 400, empty},
                   {"no uuid", "GET", path + "?template_id=x", world.bob, "", 400, no_uuid},
                   {"the first counts", "GET", path + "?template_id=x&template_id=" + id, world.bob,
                    "", 400, no_uuid},
                   {"an auditor", "GET", path, world.anna, "", 403, forbidden_answer},
                   {"a member", "GET", path, world.carl, "", 404, no_user("bob")},
                   {"another method", "PUT", path, world.bob, "", 405, bad_method},
               });
}
