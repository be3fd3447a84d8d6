// docs/contract/audit.md, "Entries", as they appear on the wire.
#include "coder_users/internal/base/uuid.hpp"
#include "people.hpp"
#include "shape_check.hpp"

using namespace coder_users_test;

namespace {

Value newest(const World& world, const std::string& token) {
    const Answer answer = world.server.send("GET", "/audit?limit=1", token);
    REQUIRE(answer.status == 200);
    return parse(answer.body)["audit_logs"][0];
}
std::string user_json(const World& world, const std::string& name) {
    std::string body = world.server.send("GET", "/users/" + name, world.owner).body;
    body.pop_back();
    return body;
}

}  // namespace

TEST_CASE("an entry with all its members") {
    const People world;
    const Answer change = world.server.send("PUT", "/users/bob/profile", world.owner,
                                            R"({"username":"Rob"})", {{"User-Agent", "a<b\"c"}});
    REQUIRE(change.status == 200);
    const std::string id = world.sql("SELECT id FROM audit_logs ORDER BY entry DESC LIMIT 1");
    const std::string body = world.server.send("GET", "/audit?limit=1", world.anna).body;
    CHECK(body == "{\"audit_logs\":[{\"id\":\"" + id + "\",\"request_id\":\"" +
                      change.header("x-coder-request-id") +
                      R"(","time":"2026-01-02T03:04:05.678901Z","organization_id":")" + nil_id +
                      R"(","ip":"127.0.0.1","user_agent":"a\u003cb\"c","resource_type":"user",)" +
                      R"("action":"write","resource_id":")" + world.id_of("Rob") +
                      R"(","resource_target":"Rob","resource_icon":"","diff":{)" +
                      diff_field("username", "\"bob\"", "\"Rob\"") +
                      R"(},"status_code":200,"additional_fields":{},)" +
                      R"("description":"{user} updated user {target}",)" +
                      R"("resource_link":"/users?filter=Rob","is_deleted":false,"user":)" +
                      user_json(world, "owner") + "}],\"count\":" + world.last_entry() + "}\n");
    CHECK(coder_users::parse_uuid(id) == id);
    CHECK(id != change.header("x-coder-request-id"));
}

TEST_CASE("the actor is shown as it is now") {
    const People world;
    REQUIRE(
        world.server.send("PUT", "/users/me/profile", world.udo, R"({"username":"Ulla"})").status ==
        200);
    CHECK(newest(world, world.owner)["user"]["username"].text() == "Ulla");
    REQUIRE(world.server.send("PUT", "/users/ulla/status/suspend", world.owner).status == 200);
    const auto by_ulla = [&] {
        return parse(
            world.server.send("GET", "/audit?q=resource_target:ulla&limit=1&offset=1", world.owner)
                .body)["audit_logs"][0];
    };
    CHECK(by_ulla()["user"].text() == parse(user_json(world, "ulla")).text());
    CHECK(by_ulla()["user"]["status"].text() == "suspended");
    CHECK(by_ulla()["resource_link"].text() == "/users?filter=Ulla");

    const std::string before = user_json(world, "ulla");
    REQUIRE(world.server.send("DELETE", "/users/ulla", world.owner).status == 200);
    const Value deletion = newest(world, world.owner);
    CHECK(deletion["action"].text() == "delete");
    CHECK(deletion["is_deleted"].text() == "true");
    CHECK(deletion["resource_link"].text() == "");
    CHECK(deletion["resource_target"].text() == "Ulla");
    const Value own = parse(
        world.server.send("GET", "/audit?q=resource_target:ulla&limit=1&offset=2", world.owner)
            .body)["audit_logs"][0];
    std::string expected = before;
    const std::string membership = "[\"" + world.organization + "\"]";
    expected.replace(expected.find(membership), membership.size(), "[]");
    CHECK(own["user"].text() == parse(expected).text());  // with the roles that it had
    CHECK(own["user"]["roles"][0]["name"].text() == "user-admin");
    CHECK(own["is_deleted"].text() == "true");
    CHECK(own["resource_link"].text() == "");
}

TEST_CASE("an unknown actor is null") {
    const People world;
    world.server.send("POST", "/users/login", "",
                      R"({"email":"nobody@example.org","password":"x"})");
    const Value entry = newest(world, world.owner);
    CHECK(entry["user"].text() == "null");
    CHECK(entry["resource_id"].text() == nil_id);
    CHECK(entry["resource_target"].text() == "");
    CHECK(entry["status_code"].text() == "401");
    CHECK(entry["diff"].text() == "{}");
    CHECK(entry["is_deleted"].text() == "false");
    world.server.send("POST", "/users/login", "", R"({"email":"bob@example.org","password":"x"})");
    const Value known = newest(world, world.owner);
    CHECK(known["user"]["username"].text() == "bob");
    CHECK(known["resource_id"].text() == world.id_of("bob"));
    CHECK(known["description"].text() == "{user} logged in");
}

TEST_CASE("descriptions are templates") {
    const People world;
    world.server.create(world.owner, "gone");
    const std::string organization = "/organizations/" + world.organization + "/members/";
    struct Case {
        std::string method, path, body, type, action, description, link;
    };
    const std::string to_bob = "/users?filter=bob";
    for (const Case& each :
         {Case{"POST", "/users", R"({"email":"n@example.org","username":"n","login_type":"none"})",
               "user", "create", "{user} created user {target}", "/users?filter=n"},
          Case{"PUT", "/users/bob/profile", R"({"username":"bob"})", "user", "write",
               "{user} updated user {target}", to_bob},
          Case{"PUT", "/users/bob/appearance", R"({"theme_preference":"x"})", "user", "write",
               "{user} updated user {target}", to_bob},
          Case{"PUT", "/users/bob/password", R"({"password":"another-Horse-10"})", "user", "write",
               "{user} updated user {target}", to_bob},
          Case{"PUT", "/users/bob/status/suspend", "", "user", "write",
               "{user} updated user {target}", to_bob},
          Case{"PUT", "/users/bob/roles", "{}", "user", "write", "{user} updated user {target}",
               to_bob},
          Case{"DELETE", "/users/me", "", "user", "delete", "{user} deleted user {target}",
               "/users?filter=owner"},
          Case{"DELETE", "/users/gone", "", "user", "delete", "{user} deleted user {target}", ""},
          Case{"PUT", "/users/bob/gitsshkey", "", "git_ssh_key", "write",
               "{user} updated the git ssh key", ""},
          Case{"POST", "/users/bob/keys", "", "api_key", "create",
               "{user} created api key {target}", ""},
          Case{"POST", "/users/bob/keys/tokens", "{}", "api_key", "create",
               "{user} created api key {target}", ""},
          Case{"DELETE", "/users/me/keys/" + world.add_key("owner", {}).substr(0, 10), "",
               "api_key", "delete", "{user} deleted api key {target}", ""},
          Case{"PUT", organization + "bob/roles", "{}", "organization_member", "write",
               "{user} updated organization member {target}", ""},
          Case{"POST", "/users/login",
               R"({"email":"owner@example.org","password":")" + good_password + "\"}", "api_key",
               "login", "{user} logged in", ""}}) {
        INFO(each.method << " " << each.path);
        const std::string entry = world.last_entry();
        const Answer answer = world.server.send(each.method, each.path, world.owner, each.body);
        INFO(answer.status << " " << answer.body);
        CHECK(world.last_entry() == std::to_string(std::stoi(entry) + 1));
        const Value found = newest(world, world.owner);
        CHECK(found["resource_type"].text() == each.type);
        CHECK(found["action"].text() == each.action);
        CHECK(found["description"].text() == each.description);
        CHECK(found["resource_link"].text() == each.link);
        CHECK(found["status_code"].text() == std::to_string(answer.status));
        CHECK(found["request_id"].text() == answer.header("x-coder-request-id"));
        CHECK(found["user"]["username"].text() == "owner");
        CHECK(found["organization_id"].text() ==
              (each.type == "organization_member" ? world.organization : nil_id));
    }
    CHECK(world.server.send("POST", "/users/logout", world.carl).status == 200);
    CHECK(newest(world, world.owner)["description"].text() == "{user} logged out");
    for (const auto& [kind, text] : std::vector<std::pair<std::string, std::string>>{
             {"resource_type = 'api_key', action = 'register'", "{user} registered"},
             {"resource_type = 'convert_login', action = 'create'",
              "{user} created login type conversion {target}"}}) {
        world.execute("UPDATE audit_logs SET " + kind + " WHERE entry = " + world.last_entry());
        CHECK(newest(world, world.owner)["description"].text() == text);
    }
}

TEST_CASE("every entry has the shape of the contract") {
    const People world;
    world.server.send("POST", "/users/login", "", R"({"email":"x@example.org","password":"x"})");
    const Answer answer = world.server.send("GET", "/audit", world.owner);
    const Value entries = parse(answer.body)["audit_logs"];
    REQUIRE(entries.size() > 10);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Value& each = entries[i];
        CHECK(each.size() == 18);
        for (const char* uuid : {"id", "request_id", "organization_id", "resource_id"})
            CHECK(is_uuid_text(each[uuid].text()));
        CHECK(is_time_text(each["time"].text()));
        CHECK(each["resource_icon"].text() == "");
        CHECK(each["additional_fields"].text() == "{}");
        const Value diff = each["diff"];
        for (const auto& [field, values] : diff.json().get<picojson::object>()) {
            INFO(field);
            const Value value(values);
            CHECK(value.size() == 3);
            CHECK(value["old"].text() !=
                  (value["secret"].text() == "true" ? "x" : value["new"].text()));
        }
    }
}
