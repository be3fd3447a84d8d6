// docs/contract/audit.md, "GET /audit": who may read it, search, pages.
#include <algorithm>

#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

/// Twelve entries on three days. `found()` returns the numbers of those that match, newest first.
struct Log : World {
    Log() : World(options()) {
        const auto day = [&] { server.advance(std::chrono::hours(24)); };
        // 1 user create owner, 2 login: 2026-01-02
        day();
        const std::string bob = member("bob");  // 3 user create, 4 login
        send("POST", "/users", owner,           // 5 user create
             R"({"email":"eve@example.org","username":"Eve","login_type":"none"})", 201);
        send("POST", "/users/me/keys/tokens", bob, R"({"token_name":"Deploy 1"})", 201);  // 6
        day();
        send("PUT", "/users/bob/profile", owner, R"({"username":"Rob"})", 200);                // 7
        send("DELETE", "/users/me", owner, "", 403);                                           // 8
        send("DELETE", "/users/eve", owner, "", 200);                                          // 9
        send("POST", "/users/login", "", R"({"email":"x@example.org","password":"x"})", 401);  // 10
        send("PUT", "/users/me/gitsshkey", bob, "", 200);                                      // 11
        send("PUT", "/organizations/" + organization + "/members/rob/roles", owner, "{}",
             200);  // 12
    }
    std::string found(const std::string& query, const std::string& token = "") const {
        const Answer answer = server.send("GET", "/audit?" + query, token.empty() ? owner : token);
        INFO(query << " " << answer.body.substr(0, 200));
        CHECK(answer.status == 200);
        const Value json = parse(answer.body);
        std::string numbers = json["count"].text() + ":";
        for (std::size_t i = 0; i < json["audit_logs"].size(); ++i)
            numbers += " " + sql("SELECT entry FROM audit_logs WHERE id = '" +
                                 json["audit_logs"][i]["id"].text() + "'");
        return numbers;
    }

 private:
    static coder_users::Options options() {
        coder_users::Options chosen;
        chosen.session_duration = std::chrono::hours(24 * 30);
        return chosen;
    }
    void send(const char* method, const std::string& target, const std::string& token,
              const std::string& body, int status) const {
        const Answer answer = server.send(method, target, token, body);
        INFO(method << " " << target << " " << answer.body);
        REQUIRE(answer.status == status);
    }
};

std::string q(const std::string& text) { return "q=" + percent_encoded(text); }

/// Returns the validations of a refusal as lines of "field: detail".
std::string problems(const Answer& answer) {
    CHECK(answer.status == 400);
    const Value json = parse(answer.body);
    CHECK(json["message"].text() == "Invalid audit search query.");
    std::string lines;
    for (std::size_t i = 0; i < json["validations"].size(); ++i)
        lines += json["validations"][i]["field"].text() + ": " +
                 json["validations"][i]["detail"].text() + "\n";
    return lines;
}

}  // namespace

TEST_CASE("owners and auditors read the audit log, others not even its errors") {
    const People world;
    std::vector<Row> rows{{"without a session", "GET", "/audit", "", "", 401, no_session},
                          {"another method", "POST", "/audit", world.owner, "{}", 405, bad_method}};
    for (const std::string& token : {world.bob, world.oda, world.udo, world.tina})
        for (const std::string query : {"", "?q=nonsense:x", "?limit=x", "?q=:&offset=-1"})
            rows.push_back(
                {"not theirs", "GET", "/audit" + query, token, "", 403, forbidden_answer});
    check_rows(world, rows);
    for (const std::string& token : {world.owner, world.anna})
        CHECK(world.server.send("GET", "/audit/", token).status == 200);
}

TEST_CASE("the search of the audit log") {
    const Log world;
    const std::string bob = world.id_of("Rob");
    const std::string all = "12: 12 11 10 9 8 7 6 5 4 3 2 1", none = "0:";
    std::string upper_id = bob;
    std::transform(bob.begin(), bob.end(), upper_id.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"", all},
             {"   ", all},
             {"resource_type:user", "6: 9 8 7 5 3 1"},
             {"user", "6: 9 8 7 5 3 1"},
             {"\"USER\"", "6: 9 8 7 5 3 1"},
             {"Resource_Type:\"User\"", "6: 9 8 7 5 3 1"},
             {"api_key", "4: 10 6 4 2"},
             {"git_ssh_key", "1: 11"},
             {"organization_member", "1: 12"},
             {"convert_login", none},
             {"action:create", "4: 6 5 3 1"},
             {"action:write", "3: 12 11 7"},
             {"action:delete", "2: 9 8"},
             {"action:login", "3: 10 4 2"},
             {"action:logout", none},
             {"action:register", none},
             {"action:start", none},
             {"action:stop", none},
             {"build_reason:initiator", none},
             {"build_reason:autostart user", none},
             {"build_reason:autostop", none},
             {"resource_id:" + bob, "6: 12 11 7 6 4 3"},
             {"resource_id:" + upper_id, "6: 12 11 7 6 4 3"},
             {"resource_id:" + nil_id, "1: 10"},
             {"resource_target:rob", "2: 12 7"},
             {"resource_target:ROB", "2: 12 7"},
             {"resource_target:bob", "1: 3"},
             {"resource_target:ro", none},
             {"resource_target:%", none},
             {"resource_target:\"deploy 1\"", "1: 6"},
             {"username:owner", "8: 12 9 8 7 5 3 2 1"},
             {"username:OWNER", "8: 12 9 8 7 5 3 2 1"},
             {"username:me", "8: 12 9 8 7 5 3 2 1"},
             {"username:rob", "3: 11 6 4"},
             {"username:bob", none},
             {"username:eve", none},
             {"username:%", none},
             {"email:Bob@Example.org", "3: 11 6 4"},
             {"email:x@example.org", none},
             {"email:bob", none},
             {"date_from:2026-01-03", "10: 12 11 10 9 8 7 6 5 4 3"},
             {"date_to:2026-01-03", "6: 6 5 4 3 2 1"},
             {"date_from:2026-01-03 date_to:2026-01-03", "4: 6 5 4 3"},
             {"date_from:2026-01-05", none},
             {"date_to:2026-01-01", none},
             {"date_from:2026-01-04 date_to:2026-01-02", none},
             {"date_from:0001-01-01 date_to:9999-12-31", all},
             {"user action:delete username:owner", "2: 9 8"},
             {"action:login user", none},
             {"resource_target:\"\"", all},
             {"action:\"\" username:\"\" date_from:\"\" resource_id:\"\" build_reason:\"\"",
              all}}) {
        INFO(text);
        CHECK(world.found(q(text)) == expected);
    }
    for (const std::string never : {"organization", "template", "template_version", "workspace",
                                    "workspace_build", "workspace_proxy", "group", "license"}) {
        CHECK(world.found(q(never)) == none);
        CHECK(world.server.send("GET", "/audit?q=" + never, world.owner).body ==
              "{\"audit_logs\":[],\"count\":0}\n");
    }
    const std::string anna = world.member("anna", "auditor");  // 13 and 14
    CHECK(world.found(q("username:me"), anna) == "1: 14");
    CHECK(world.found(q("username:owner date_to:2026-01-03"), anna) == "4: 5 3 2 1");
}

TEST_CASE("the days of a search are days in UTC") {
    const Log world;
    const auto at = [&](const std::string& time) {
        const auto moment = coder_users::parse_rfc3339(time);
        world.execute("UPDATE audit_logs SET time = " +
                      std::to_string(coder_users::micros(*moment)) + " WHERE entry = 10");
        return world.found(q("date_from:2026-02-28 date_to:2026-02-28"));
    };
    CHECK(at("2026-02-27T23:59:59.999999Z") == "0:");
    CHECK(at("2026-02-28T00:00:00Z") == "1: 10");
    CHECK(at("2026-02-28T23:59:59.999999Z") == "1: 10");
    CHECK(at("2026-03-01T00:00:00Z") == "0:");
}

TEST_CASE("a search text outside the grammar") {
    const Log world;
    const auto refused = [&](const std::string& text) {
        return problems(world.server.send("GET", "/audit?" + q(text), world.owner));
    };
    const auto bad = [](const std::string& key, const std::string& value) {
        return key + ": Query param \"" + key + "\" has invalid values: " + value + "\n";
    };
    const auto twice = [](const std::string& key, const std::string& count) {
        return "q: Query parameter \"" + key + "\" provided more than once, found " + count +
               " times\n";
    };
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"action:", "q: Query element \"action:\" cannot start or end with ':'\n"},
             {":x nonsense", "q: Query element \":x\" cannot start or end with ':'\n"},
             {"a:b:c", "q: Query element \"a:b:c\" can only contain 1 ':'\n"},
             {"user api_key", twice("resource_type", "2")},
             {"user user user", twice("resource_type", "3")},
             {"user resource_type:user", twice("resource_type", "2")},
             {"action:login action:login", twice("action", "2")},
             {"users", bad("resource_type", "users")},
             {"user,api_key", bad("resource_type", "user,api_key")},
             {"resource_type:x", bad("resource_type", "x")},
             {"action:create,write", bad("action", "create,write")},
             {"build_reason:x", bad("build_reason", "x")},
             {"resource_id:x", "resource_id: Query param \"resource_id\" must be a valid uuid\n"},
             {"foo:bar", "foo: Query param \"foo\" is not a valid query param\n"},
             {"zoo:1 status:x action:x abc:2",
              bad("action", "x") + "abc: Query param \"abc\" is not a valid query param\n" +
                  "status: Query param \"status\" is not a valid query param\n" +
                  "zoo: Query param \"zoo\" is not a valid query param\n"}}) {
        INFO(text);
        CHECK(refused(text) == expected);
    }
    for (const std::string date : {"x", "2026-1-2", "2026-02-30", "2026-01-02T00:00:00Z", "0",
                                   "2026-13-01", "2026-01-02 ", "02-01-2026", "+2026-01-02"})
        for (const std::string key : {"date_from", "date_to"}) {
            const std::string lines = refused(key + ":\"" + date + "\"");
            const std::string start =
                key + ": Query param \"" + key + "\" must be a valid date format (2006-01-02): ";
            INFO(lines);
            CHECK(lines.substr(0, start.size()) == start);
            CHECK(lines.size() > start.size() + 1);
            CHECK(std::count(lines.begin(), lines.end(), '\n') == 1);
        }
    const std::string lines = refused(
        "build_reason:x date_to:x date_from:x abc:1 email:x username:x resource_target:x "
        "resource_id:x action:x resource_type:x");
    std::string fields;
    for (const std::string_view line : coder_users::split(lines, '\n'))
        fields += std::string(line.substr(0, line.find(':'))) + " ";
    CHECK(fields == "resource_type action resource_id date_from date_to build_reason abc  ");
}

TEST_CASE("pages of the audit log") {
    const Log world;
    for (const auto& [query, expected] : std::vector<std::pair<std::string, std::string>>{
             {"limit=2", "12: 12 11"},
             {"limit=2&offset=3", "12: 9 8"},
             {"offset=10", "12: 2 1"},
             {"offset=12", "12:"},
             {"offset=2147483647&limit=2147483647", "12:"},
             {"limit=%2B2&offset=-0", "12: 12 11"},
             {"limit=&offset=", "12: 12 11 10 9 8 7 6 5 4 3 2 1"},
             {"q=user&limit=1&offset=1", "6: 8"},
             {"q=template&limit=1", "0:"},
             {"after_id=x&limit=1", "12: 12"}})
        CHECK(world.found(query) == expected);
    const auto wrong = [](const std::string& name, const std::string& value,
                          const std::string& reason) {
        return std::pair<std::string, std::string>(
            name, "Query param \"" + name + "\" must be a valid integer (strconv.Atoi: parsing \"" +
                      value + "\": " + reason + ")");
    };
    const std::string bad = "Query parameters have invalid values.";
    check_rows(
        world,
        {
            {"no number", "GET", "/audit?limit=x", world.owner, "", 400,
             with_validations(bad, {wrong("limit", "x", "invalid syntax")})},
            {"out of range", "GET", "/audit?offset=-1&limit=2147483648", world.owner, "", 400,
             with_validations(bad, {wrong("limit", "2147483648", "value out of range"),
                                    wrong("offset", "-1", "value out of range")})},
            {"also when nothing can match", "GET", "/audit?q=template&limit=x", world.owner, "",
             400, with_validations(bad, {wrong("limit", "x", "invalid syntax")})},
            {"behind q", "GET", "/audit?q=foo:bar&limit=x", world.owner, "", 400,
             with_validations("Invalid audit search query.",
                              {{"foo", "Query param \"foo\" is not a valid query param"}})},
        });
    world.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO "
        "audit_logs SELECT i + 100, "
        "'22222222-2222-2222-2222-' || substr(CAST(1000000000000 + i AS TEXT), 2), id, "
        "(SELECT MAX(time) FROM audit_logs), "
        "organization_id, actor_id, ip, user_agent, resource_type, action, resource_id, "
        "resource_target, resource_target_folded, diff, status_code FROM audit_logs, n WHERE "
        "entry = 1");
    for (const std::string query : {"", "?limit=0", "?limit="}) {
        const Value json = parse(world.server.send("GET", "/audit" + query, world.owner).body);
        CHECK(json["count"].text() == "212");
        CHECK(json["audit_logs"].size() == 100);
        CHECK(json["audit_logs"][0]["id"].text() == "22222222-2222-2222-2222-000000000200");
    }
    CHECK(parse(world.server.send("GET", "/audit?limit=1000", world.owner).body)["audit_logs"]
              .size() == 212);
}

TEST_CASE("entries about organizations, and the search for them") {
    const int minor = GENERATE(6, 8, 13, 14, 21, 35);
    CAPTURE(minor);
    coder_users::Options options = in_memory();
    options.coder_version = "2." + std::to_string(minor);
    const World world(options);
    world.server.create(world.owner, "bob");
    const auto send = [&](const std::string& method, const std::string& path,
                          const std::string& body = "") {
        return world.server.send(method, "/organizations" + path, world.owner, body);
    };
    const Answer made = send("POST", "", R"({"name":"crew","display_name":"Us","icon":"i.png"})");
    const std::string crew = parse(made.body)["id"].text();
    send("PATCH", "/crew", R"({"name":"team"})");
    send("PATCH", "/team", R"({"name":"default"})");
    REQUIRE(send("POST", "/team/members/bob").status == 200);
    const auto entries = [&](const std::string& text) {
        return parse(world.server.send("GET", "/audit?" + q(text), world.owner).body)["audit_logs"];
    };
    const auto descriptions = [&](const std::string& text) {
        std::string all;
        const Value list = entries(text);
        for (std::size_t i = 0; i < list.size(); ++i)
            all += list[i]["description"].text() + "|" + list[i]["resource_target"].text() + "\n";
        return all;
    };
    const std::string refused = minor < 14
                                    ? "{user} updated organization {target}|team\n"
                                    : "{user} unsuccessfully attempted to write organization "
                                      "{target}|team\n";
    const std::string about_crew = refused +
                                   "{user} updated organization {target}|team\n"
                                   "{user} created organization {target}|crew\n";
    const std::string joined = "{user} created organization member {target}|bob\n";
    CHECK(descriptions("resource_type:organization") == about_crew);
    CHECK(descriptions("organization_member") == joined);
    for (const std::string& name : {std::string("team"), std::string("TEAM"), crew})
        CHECK(descriptions("organization:" + name) == joined + about_crew);
    CHECK(descriptions("organization:" + world.sql("SELECT name FROM organizations WHERE "
                                                   "is_default = 1"))
              .empty());
    CHECK(descriptions("organization:" + crew + " action:create organization_member") == joined);

    const Value member = entries("organization_member")[0];
    CHECK(descriptions("request_id:" + member["request_id"].text()) == joined);
    CHECK(descriptions("request_id:" + nil_id).empty());
    const std::string organization =
        "{\"display_name\":\"Us\",\"icon\":\"i.png\",\"id\":\"" + crew + "\",\"name\":\"team\"}";
    CHECK(member["organization_id"].text() == crew);
    CHECK(member.has("organization") == (minor >= 14));
    if (minor >= 14) CHECK(member["organization"].text() == organization);
    CHECK_FALSE(entries("user")[0].has("organization"));

    const Value before = entries("resource_type:organization")[0];
    CHECK(before["resource_link"].text().empty());
    CHECK(before["is_deleted"].text() == "false");
    CHECK(before["resource_id"].text() == crew);
    CHECK(before["organization_id"].text() == crew);
    send("DELETE", "/team/members/bob");
    REQUIRE(send("DELETE", "/team").status == 200);
    const Value after = entries("resource_type:organization")[0];
    CHECK(after["description"].text() == "{user} deleted organization {target}");
    CHECK(after["is_deleted"].text() == "true");
    CHECK(entries("organization_member")[0]["is_deleted"].text() == "false");
    if (minor >= 14)
        CHECK(after["organization"].text() ==
              "{\"display_name\":\"\",\"icon\":\"\",\"id\":\"" + crew + "\",\"name\":\"\"}");
    CHECK(entries("organization:" + crew).size() == 6);
}

TEST_CASE("new values and keys of the audit search, and their errors") {
    const World world;
    for (const std::string word : {"health_settings",
                                   "notifications_settings",
                                   "prebuilds_settings",
                                   "oauth2_provider_app",
                                   "oauth2_provider_app_secret",
                                   "custom_role",
                                   "notification_template",
                                   "idp_sync_settings_organization",
                                   "idp_sync_settings_group",
                                   "idp_sync_settings_role",
                                   "workspace_agent",
                                   "workspace_app",
                                   "task",
                                   "ai_seat",
                                   "ai_provider",
                                   "ai_provider_key",
                                   "ai_gateway_key",
                                   "group_ai_budget",
                                   "user_ai_budget_override",
                                   "chat",
                                   "user_secret",
                                   "user_skill",
                                   "action:request_password_reset",
                                   "action:connect",
                                   "action:disconnect",
                                   "action:open",
                                   "action:close"}) {
        INFO(word);
        const Answer answer = world.server.send("GET", "/audit?" + q(word), world.owner);
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["count"].text() == "0");
    }
    CHECK(
        problems(world.server.send(
            "GET",
            "/audit?" + q("build_reason:x organization:Nope date_to:x request_id:x action:x zz:1"),
            world.owner)) ==
        "request_id: Query param \"request_id\" must be a valid uuid\n"
        "action: Query param \"action\" has invalid values: x\n"
        "date_to: Query param \"date_to\" must be a valid date format (2006-01-02): parsing time "
        "\"x\" as \"2006-01-02\": cannot parse \"x\"\n"
        "organization: Query param \"organization\" has invalid value: organization \"nope\" "
        "either does not exist, or you are unauthorized to view it\n"
        "build_reason: Query param \"build_reason\" has invalid values: x\n"
        "zz: Query param \"zz\" is not a valid query param\n");
}
