// docs/contract/organizations.md, "The {organization} parameter", "GET /organizations",
// "GET /organizations/{organization}", "POST /organizations", "PATCH
// /organizations/{organization}", "DELETE /organizations/{organization}" and "GET
// /organizations/{organization}/members/roles"; docs/contract/roles.md, "Rights in organizations".
#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string second_id = "0b0e7c1a-5a4e-4f57-9a3e-0123456789ab";
const std::string upper_second = "0B0E7C1A-5A4E-4F57-9A3E-0123456789AB";
const std::string nowhere = "11111111-1111-1111-1111-111111111111";

/// A second organization, with Carl as its only member and admin.
struct TwoOrganizations : People {
    TwoOrganizations() : TwoOrganizations(coder_users::Options()) {}
    explicit TwoOrganizations(const coder_users::Options& options) : People(options) {
        const std::string now = std::to_string(coder_users::micros(server.now()) + 1);
        const std::string carl_id = id_of("carl");
        execute(
            "INSERT INTO organizations (id, name, name_folded, created_at, updated_at) VALUES ('" +
            second_id + "', 'alpha', 'alpha', " + now + ", " + now + ")");
        execute("UPDATE organization_members SET organization_id = '" + second_id +
                "' WHERE user_id = '" + carl_id + "'");
        execute("INSERT INTO organization_member_roles VALUES ('" + carl_id + "', '" + second_id +
                "', 'organization-admin:" + second_id + "')");
        carl = log_in("carl");
    }
    std::string first_json = "{\"id\":\"" + organization +
                             R"(","name":"owner","created_at":"2026-01-02T03:04:05.678901Z",)" +
                             R"("updated_at":"2026-01-02T03:04:05.678901Z"})";
    std::string second_json = "{\"id\":\"" + second_id +
                              R"(","name":"alpha","created_at":"2026-01-02T03:04:05.678902Z",)" +
                              R"("updated_at":"2026-01-02T03:04:05.678902Z"})";
};

std::string bad_uuid(const std::string& text) { return "Invalid UUID \"" + text + "\"."; }

}  // namespace

TEST_CASE("the organizations that a caller can read") {
    const TwoOrganizations world;
    const std::string first = "[" + world.first_json + "]\n";
    const std::string both = "[" + world.first_json + "," + world.second_json + "]\n";
    check_rows(world,
               {
                   {"without a session", "GET", "/organizations", "", "", 401, no_session},
                   {"an owner", "GET", "/organizations", world.owner, "", 200, both},
                   {"a template-admin", "GET", "/organizations/", world.tina, "", 200, both},
                   {"a user-admin", "GET", "/organizations", world.udo, "", 200, first},
                   {"an auditor", "GET", "/organizations", world.anna, "", 200, first},
                   {"a member", "GET", "/organizations", world.bob, "", 200, first},
                   {"a member of another", "GET", "/organizations", world.carl, "", 200,
                    "[" + world.second_json + "]\n"},
                   {"another method", "PUT", "/organizations", world.owner, "{}", 405, bad_method},
               });
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("bob") + "'");
    CHECK(world.server.send("GET", "/organizations", world.log_in("bob")).body == "[]\n");
}

TEST_CASE("an organization by its id") {
    const TwoOrganizations world;
    const std::string first = "/organizations/" + world.organization;
    const std::string second = "/organizations/" + second_id;
    check_rows(
        world,
        {
            {"without a session", "GET", first, "", "", 401, no_session},
            {"without a session, no uuid", "GET", "/organizations/x", "", "", 401, no_session},
            {"a member", "GET", first, world.bob, "", 200, world.first_json + "\n"},
            {"letter case", "GET", "/organizations/" + upper_second, world.carl, "", 200,
             world.second_json + "\n"},
            {"an owner", "GET", second, world.owner, "", 200, world.second_json + "\n"},
            {"a template-admin", "GET", second, world.tina, "", 200, world.second_json + "\n"},
            {"a user-admin", "GET", second, world.udo, "", 404, not_found_answer},
            {"an auditor", "GET", second, world.anna, "", 404, not_found_answer},
            {"a member of another", "GET", first, world.carl, "", 404, not_found_answer},
            {"unknown", "GET", "/organizations/" + nowhere, world.owner, "", 404, not_found_answer},
            {"all zero", "GET", "/organizations/" + nil_id, world.bob, "", 200,
             world.first_json + "\n"},
            {"default", "GET", "/organizations/default", world.bob, "", 200,
             world.first_json + "\n"},
            {"default, hidden", "GET", "/organizations/default", world.carl, "", 404,
             not_found_answer},
            {"all zero, hidden", "GET", "/organizations/" + nil_id, world.carl, "", 404,
             not_found_answer},
            {"a name", "GET", "/organizations/alpha", world.owner, "", 200,
             world.second_json + "\n"},
            {"a name, letter case", "GET", "/organizations/ALPHA", world.carl, "", 200,
             world.second_json + "\n"},
            {"the name of the first", "GET", "/organizations/Owner", world.bob, "", 200,
             world.first_json + "\n"},
            {"another method", "PUT", first, world.owner, "", 405, bad_method},
        });
    for (const std::string path : {"", "/members/roles"})
        for (const auto& [sent, shown] : std::vector<std::pair<std::string, std::string>>{
                 {"x", "x"},
                 {"alph", "alph"},
                 {"Default", "Default"},
                 {"a%22b%5C%3C", "a\"b\\<"},
                 {"0b0e7c1a5a4e4f579a3e0123456789ab", "0b0e7c1a5a4e4f579a3e0123456789ab"},
                 {"%7B" + second_id + "%7D", "{" + second_id + "}"}}) {
            INFO(sent << path);
            const Answer answer =
                world.server.send("GET", "/organizations/" + sent + path, world.owner);
            CHECK(answer.status == 400);
            CHECK(parse(answer.body)["message"].text() == bad_uuid(shown));
            CHECK(parse(answer.body)["detail"].text().size() > 2);
            CHECK_FALSE(parse(answer.body).has("validations"));
        }
}

TEST_CASE("the roles that an organization's members may get") {
    const TwoOrganizations world;
    const std::string first = "/organizations/" + world.organization + "/members/roles";
    const std::string second = "/organizations/" + second_id + "/members/roles";
    const auto list = [](const std::string& id, const std::string& flag) {
        return "[{\"name\":\"organization-admin:" + id +
               R"(","display_name":"Organization Admin","assignable":)" + flag + "}]\n";
    };
    check_rows(
        world,
        {
            {"without a session", "GET", first, "", "", 401, no_session},
            {"an owner", "GET", first, world.owner, "", 200, list(world.organization, "true")},
            {"an organization admin", "GET", first, world.oda, "", 200,
             list(world.organization, "true")},
            {"a user-admin", "GET", first, world.udo, "", 200, list(world.organization, "false")},
            {"an auditor", "GET", first, world.anna, "", 200, list(world.organization, "false")},
            {"a member", "GET", first, world.bob, "", 200, list(world.organization, "false")},
            {"a template-admin, a foreign one", "GET", second, world.tina, "", 200,
             list(second_id, "false")},
            {"an owner, a foreign one", "GET", "/organizations/" + upper_second + "/members/roles",
             world.owner, "", 200, list(second_id, "true")},
            {"an organization admin, a foreign one", "GET", second, world.oda, "", 404,
             not_found_answer},
            {"a member, a foreign one", "GET", first, world.carl, "", 404, not_found_answer},
            {"another method", "PUT", first, world.owner, "", 405, bad_method},
            {"below it", "GET", first + "/roles", world.owner, "", 404, route_not_found},
        });
}

TEST_CASE("a name that hides an organization is answered like one that nobody has") {
    const int minor = GENERATE(6, 8, 9, 21, 35);
    CAPTURE(minor);
    coder_users::Options options = in_memory();
    options.coder_version = "2." + std::to_string(minor);
    const TwoOrganizations world(options);
    for (const std::string rest : {"", "/members/roles"}) {
        INFO(rest);
        const auto get = [&](const std::string& name, const std::string& token) {
            return world.server.send("GET", "/organizations/" + name + rest, token);
        };
        for (const std::string name : {"alpha", "nothing"}) {
            INFO(name);
            const Answer answer = get(name, world.bob);
            CHECK(answer.status == (minor < 9 ? 400 : 404));
            CHECK(parse(answer.body)["message"].text() ==
                  (minor < 9 ? bad_uuid(name) : parse(not_found_answer)["message"].text()));
            CHECK(parse(answer.body).has("detail") == (minor < 9));
        }
        CHECK(get(second_id, world.bob).body == not_found_answer);
        CHECK(get("default", world.carl).body == not_found_answer);
        CHECK(get(nil_id, world.carl).body == not_found_answer);
        CHECK(get("alpha", world.carl).status == 200);
        CHECK(get("default", world.bob).status == 200);
        CHECK(get(nil_id, world.bob).status == 200);
    }
}

namespace {

std::string named(const std::string& name) { return "{\"name\":" + json_text(name) + "}"; }

BrokenRule bad_name(const std::string& name) { return {"name", "organization_name", name}; }

}  // namespace

TEST_CASE("a new organization: the checks in their order") {
    const People world;
    std::vector<Row> rows{
        {"without a session", "POST", "/organizations", "", named("crew"), 401, no_session},
        {"1: a member", "POST", "/organizations", world.bob, named("default"), 403,
         forbidden_answer},
        {"2: reserved", "POST", "/organizations", world.owner, named("default"), 400,
         refused("Organization name \"default\" is reserved.")},
        {"2: reserved, letter case", "POST", "/organizations", world.owner, named("DeFault"), 400,
         refused("Organization name \"DeFault\" is reserved.")},
        {"3: taken", "POST", "/organizations", world.owner, named("OWNER"), 409,
         message("Organization already exists with that name.")},
        {"0: no name", "POST", "/organizations", world.bob, "{}", 400,
         broken({{"name", "required", ""}})},
        {"0: null", "POST", "/organizations", world.owner, "null", 400,
         broken({{"name", "required", ""}})},
        {"0: everything", "POST", "/organizations", world.bob,
         R"({"icon":")" + std::string(4097, 'i') + R"(","description":")" + std::string(4097, 'd') +
             R"(","display_name":"x ","name":"-"})",
         400,
         broken({bad_name("-"),
                 {"display_name", "organization_display_name", "x "},
                 {"description", "max", std::string(4097, 'd')},
                 {"icon", "max", std::string(4097, 'i')}})},
    };
    for (const std::string& token : {world.anna, world.tina, world.udo, world.oda})
        rows.push_back({"1: not an owner", "POST", "/organizations", token, named("crew"), 403,
                        forbidden_answer});
    for (const std::string name : {"new", "NEW", "create", "a b", "a--b", "a-", "a_b", "\xc3\xa4",
                                   "abcdefghijabcdefghijabcdefghijabc"})
        rows.push_back({"0: " + name, "POST", "/organizations", world.owner, named(name), 400,
                        broken({bad_name(name)})});
    for (const std::string name : {" x", "x\xc2\xa0", "\xe3\x80\x80x"})
        rows.push_back({"0: white space", "POST", "/organizations", world.owner,
                        "{\"name\":\"x\",\"display_name\":" + json_text(name) + "}", 400,
                        broken({{"display_name", "organization_display_name", name}})});
    const std::string long_name(65, 'x');
    rows.push_back({"0: a long display name", "POST", "/organizations", world.owner,
                    R"({"name":"x","display_name":")" + long_name + "\"}", 400,
                    broken({{"display_name", "organization_display_name", long_name}})});
    check_rows(world, rows);
    check_undecodable(world, "POST", "/organizations", world.bob,
                      {"", "{", R"({"name":1})", R"({"name":"x","icon":[]})"});
}

TEST_CASE("an owner makes an organization and becomes its first member") {
    coder_users::Options options = in_memory();
    options.coder_version = "2.35";
    People world(options);
    world.server.advance(std::chrono::seconds(1));
    const std::string now = coder_users::to_rfc3339(world.server.now());
    const std::string owner = world.id_of("owner");
    const auto json = [&](const std::string& id, const std::string& rest) {
        return "{\"id\":\"" + id + "\"," + rest;
    };
    const Answer made = world.server.send(
        "POST", "/organizations", world.owner,
        R"({"name":"First-Me","display_name":"Us","description":"d","icon":"/i.png"})");
    CHECK(made.status == 201);
    const std::string id = parse(made.body)["id"].text();
    CHECK(made.body ==
          json(id, R"("name":"First-Me","created_at":")" + now + R"(","updated_at":")" + now +
                       R"(","display_name":"Us","description":"d","icon":"/i.png",)" +
                       R"("is_default":false,"default_org_member_roles":)" +
                       "[\"organization-workspace-access\"]}\n"));
    CHECK(newest_entry(world) == id + "|" + owner + "|127.0.0.1|organization|create|" + id +
                                     "|First-Me|201|{" +
                                     diff_field("name", "\"\"", "\"First-Me\"") + "," +
                                     diff_field("display_name", "\"\"", "\"Us\"") + "," +
                                     diff_field("description", "\"\"", "\"d\"") + "," +
                                     diff_field("icon", "\"\"", "\"/i.png\"") + "}");
    CHECK(world.sql("SELECT user_id FROM organization_members WHERE organization_id = '" + id +
                    "'") == owner);
    CHECK(world.sql("SELECT count(*) FROM organization_member_roles WHERE organization_id = '" +
                    id + "'") == "0");
    CHECK(
        parse(world.server.send("GET", "/users/me", world.owner).body)["organization_ids"].text() ==
        "[\"" + world.organization + "\",\"" + id + "\"]");
    CHECK(world.server.send("GET", "/organizations/first-me", world.owner).body == made.body);
    CHECK(parse(world.server.send("POST", "/organizations", world.owner, named("second"))
                    .body)["display_name"]
              .text() == "second");
    CHECK(world.sql("SELECT count(*) FROM organizations WHERE is_default = 1") == "1");
}

TEST_CASE("a changed organization: the checks in their order") {
    const TwoOrganizations world;
    const std::string path = "/organizations/alpha", o = world.owner;
    const std::string on_alpha = "organization|write|alpha|";
    const std::string roles_refused = detailed(
        "Changing default organization roles is not enabled on this deployment.",
        "Setting default_org_member_roles to anything other than [organization-workspace-access] "
        "requires the \"minimum-implicit-member\" experiment.");
    const std::string other_roles = R"("default_org_member_roles":["organization-auditor"])";
    check_rows(
        world,
        {
            {"without a session", "PATCH", path, "", "{}", 401, no_session},
            {"hidden", "PATCH", path, world.bob, "{", 404, not_found_answer},
            {"unknown", "PATCH", "/organizations/" + nowhere, o, "{", 404, not_found_answer},
            {"0: a rule", "PATCH", path, world.carl,
             R"({"name":"new","display_name":" x","description":")" + std::string(4097, 'd') +
                 "\"}",
             400,
             broken({bad_name("new"),
                     {"display_name", "organization_display_name", " x"},
                     {"description", "max", std::string(4097, 'd')}})},
            {"1: its admin", "PATCH", path, world.carl, named("default"), 403, forbidden_answer,
             on_alpha + "403"},
            {"1: a template-admin", "PATCH", path, world.tina, "{}", 403, forbidden_answer,
             on_alpha + "403"},
            {"2: reserved", "PATCH", path, o, R"({"name":"Default",)" + other_roles + "}", 400,
             refused("Organization name \"Default\" is reserved."), on_alpha + "400"},
            {"3: other roles", "PATCH", path, o, R"({"name":"owner",)" + other_roles + "}", 403,
             roles_refused, on_alpha + "403"},
            {"3: no roles", "PATCH", path, o, R"({"default_org_member_roles":[]})", 403,
             roles_refused, on_alpha + "403"},
            {"4: taken", "PATCH", path, o, named("OWNER"), 409,
             "{\"message\":" + json_text("Organization already exists with the name \"OWNER\".") +
                 R"(,"validations":[{"field":"name","detail":)" +
                 "\"This value is already in use and should be unique.\"}]}\n",
             on_alpha + "409"},
        });
    check_undecodable(world, "PATCH", path, world.carl,
                      {"", "{", R"({"name":1})", R"({"default_org_member_roles":"x"})",
                       R"({"default_org_member_roles":[1]})"});
    CHECK(world.sql("SELECT DISTINCT organization_id, resource_id FROM audit_logs WHERE "
                    "resource_type = 'organization'") == second_id + "|" + second_id);
}

TEST_CASE("what is sent of an organization is changed, and the rest stays") {
    TwoOrganizations world;
    struct Case {
        std::string body, stored, changes;
    };
    const std::string roles = R"("default_org_member_roles":["organization-workspace-access"])";
    for (const Case& each :
         {Case{R"({"name":"Beta","display_name":"B","description":"d","icon":"i",)" + roles + "}",
               "Beta|beta|B|d|i",
               diff_field("name", "\"alpha\"", "\"Beta\"") + "," +
                   diff_field("display_name", "\"\"", "\"B\"") + "," +
                   diff_field("description", "\"\"", "\"d\"") + "," +
                   diff_field("icon", "\"\"", "\"i\"")},
          Case{R"({"name":"","display_name":"","description":null,"icon":null})", "Beta|beta|B|d|i",
               ""},
          Case{"null", "Beta|beta|B|d|i", ""},
          Case{R"({"name":"BETA","description":"","icon":"","default_org_member_roles":null})",
               "BETA|beta|B||",
               diff_field("name", "\"Beta\"", "\"BETA\"") + "," +
                   diff_field("description", "\"d\"", "\"\"") + "," +
                   diff_field("icon", "\"i\"", "\"\"")}}) {
        INFO(each.body);
        world.server.advance(std::chrono::seconds(1));
        const Answer answer =
            world.server.send("PATCH", "/organizations/" + second_id, world.owner, each.body);
        CHECK(answer.status == 200);
        CHECK(parse(answer.body)["id"].text() == second_id);
        CHECK(parse(answer.body)["updated_at"].text() ==
              coder_users::to_rfc3339(world.server.now()));
        CHECK(parse(answer.body)["is_default"].text() == "false");  // it answers as 2.12
        CHECK_FALSE(parse(answer.body).has("display_name"));
        CHECK(world.sql("SELECT name, name_folded, display_name, description, icon FROM "
                        "organizations WHERE id = '" +
                        second_id + "'") == each.stored);
        const std::string name = each.stored.substr(0, each.stored.find('|'));
        CHECK(newest_entry(world) == second_id + "|" + world.id_of("owner") +
                                         "|127.0.0.1|organization|write|" + second_id + "|" + name +
                                         "|200|{" + each.changes + "}");
    }
    CHECK(world.server.send("GET", "/organizations/alpha", world.owner).status == 400);
    CHECK(world.server.send("POST", "/organizations", world.owner, named("alpha")).status == 201);
}

TEST_CASE("a deleted organization: the checks in their order") {
    const TwoOrganizations world;
    const std::string path = "/organizations/alpha", home = "/organizations/default";
    const auto entry = [](const std::string& name, int status) {
        return "organization|delete|" + name + "|" + std::to_string(status);
    };
    const std::string is_default = message("Default organization cannot be deleted.");
    const auto too_many = [](const std::string& members) {
        return detailed("Error deleting organization.",
                        "This organization has " + members + " that must be deleted first.");
    };
    check_rows(world, {
                          {"without a session", "DELETE", path, "", "", 401, no_session},
                          {"hidden", "DELETE", path, world.bob, "", 404, not_found_answer},
                          {"its admin", "DELETE", path, world.carl, "", 403, forbidden_answer,
                           entry("alpha", 403)},
                          {"a member, the default", "DELETE", home, world.bob, "", 403,
                           forbidden_answer, entry("owner", 403)},
                          {"the default", "DELETE", home, world.owner, "", 400, is_default,
                           entry("owner", 400)},
                      });
    REQUIRE(world.server.send("POST", path + "/members/bob", world.owner).status == 200);
    check_rows(world, {{"two members", "DELETE", path, world.owner, "", 400, too_many("1 member"),
                        entry("alpha", 400)}});
    REQUIRE(world.server.send("POST", path + "/members/anna", world.owner).status == 200);
    check_rows(world, {{"three members", "DELETE", path, world.owner, "", 400,
                        too_many("2 members"), entry("alpha", 400)}});
}

TEST_CASE("a deleted organization takes its last membership along, and its name is free") {
    const TwoOrganizations world;
    const std::string before =
        parse(world.server.send("GET", "/users/me", world.carl).body)["organization_ids"].text();
    CHECK(before == "[\"" + second_id + "\"]");
    const Answer answer =
        world.server.send("DELETE", "/organizations/" + upper_second, world.owner);
    CHECK(answer.status == 200);
    CHECK(answer.body == message("Organization has been deleted."));
    CHECK(newest_entry(world) ==
          second_id + "|" + world.id_of("owner") + "|127.0.0.1|organization|delete|" + second_id +
              "|alpha|200|{" + diff_field("name", "\"alpha\"", "\"\"") + "}");
    CHECK(world.sql("SELECT (SELECT count(*) FROM organizations WHERE id = '" + second_id +
                    "') + (SELECT count(*) FROM organization_members WHERE organization_id = '" +
                    second_id +
                    "') + (SELECT count(*) FROM organization_member_roles WHERE organization_id = "
                    "'" +
                    second_id + "')") == "0");
    INFO("the key of its last member stays");
    CHECK(
        parse(world.server.send("GET", "/users/me", world.carl).body)["organization_ids"].text() ==
        "[]");
    CHECK(world.server.send("GET", "/organizations/alpha", world.owner).status == 400);
    CHECK(world.server.send("DELETE", "/organizations/" + second_id, world.owner).body ==
          not_found_answer);
    CHECK(world.server.send("POST", "/organizations", world.owner, named("alpha")).status == 201);
}
