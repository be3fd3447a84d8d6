// docs/contract/organizations.md, "PUT /organizations/{organization}/members/{user}/roles";
// docs/contract/audit.md, "What is recorded".
#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"
#include "test_database.hpp"

using namespace coder_users_test;

namespace {

const std::string second_id = "0b0e7c1a-5a4e-4f57-9a3e-0123456789ab";

std::string no_uuid(const std::string& name) {
    return refused("Role must have proper UUIDs for organization, \"" + name + "\" does not");
}
const std::string site_role = message("must only update organization roles");
const std::string not_your_own = message("You cannot change your own organization roles.");

struct Members : People {
    Members() = default;
    explicit Members(const coder_users::Options& options) : People(options) {}
    std::string path(const std::string& user) const {
        return "/organizations/" + organization + "/members/" + user + "/roles";
    }
    std::string admin = "organization-admin:" + organization;
    std::string member_role = "organization-member:" + organization;

    std::string stored_roles(const std::string& name) const {
        return in_one_line(sql("SELECT role FROM organization_member_roles WHERE user_id = '" +
                               id_of(name) + "' ORDER BY role"));
    }
};

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

}  // namespace

TEST_CASE("the checks of a member's new roles answer in their order") {
    const Members world;
    world.execute(
        "INSERT INTO organizations (id, name, name_folded, created_at, updated_at) VALUES ('" +
        second_id + "', 'alpha', 'alpha', 0, 0)");
    world.server.create(world.owner, "stray");
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("stray") +
                  "'");
    const std::string on_bob = "organization_member|write|bob|400", path = world.path("bob");
    const std::string of_second = "/organizations/" + second_id + "/members/bob/roles";
    const std::string &o = world.owner, &oda = world.oda;
    std::vector<Row> rows{
        {"without a session", "PUT", path, "", "{}", 401, no_session},
        {"a foreign organization", "PUT", of_second, oda, "{", 404, not_found_answer},
        {"1: no membership there", "PUT", of_second, o, "{", 404, not_found_answer},
        {"1: unknown", "PUT", world.path("nobody"), o, "{", 404, not_found_answer},
        {"1: an unknown id", "PUT", world.path(nil_id), o, "{", 404, not_found_answer},
        {"1: a user without a membership", "PUT", world.path("stray"), o, "{", 404,
         not_found_answer},
        {"1: a member may not read it", "PUT", path, world.carl, "{", 404, not_found_answer},
        {"4: an auditor", "PUT", path, world.anna, role_set({"owner"}), 403, forbidden_answer,
         "organization_member|write|bob|403"},
        {"4: a template-admin", "PUT", path, world.tina, "{}", 403, forbidden_answer,
         "organization_member|write|bob|403"},
        {"4: a user-admin", "PUT", path, world.udo, "{}", 403, forbidden_answer,
         "organization_member|write|bob|403"},
        {"4: a user-admin, an owner", "PUT", world.path("OWNER"), world.udo, "null", 403,
         forbidden_answer, "organization_member|write|owner|403"},
        {"another method", "GET", path, o, "", 405, bad_method},
        {"another method, unknown user", "POST", world.path("nobody"), o, "", 405, bad_method},
        {"no uuid", "PUT", "/organizations/x/members/bob/roles", "", "", 401, no_session},
    };
    for (const auto& [token, name] : std::vector<std::pair<std::string, std::string>>{
             {world.bob, "bob"}, {oda, "oda"}, {o, "owner"}})
        for (const std::string& user : {std::string("me"), upper(name), world.id_of(name)})
            rows.push_back({"2: oneself, ahead of the body", "PUT", world.path(user), token, "{",
                            400, not_your_own, "organization_member|write|" + name + "|400"});
    const std::string short_id = world.organization.substr(0, 35);
    const std::string other =
        refused("Must only pass roles for org \"" + world.organization + "\"");
    for (const auto& [name, answer] : std::vector<std::pair<std::string, std::string>>{
             {"owner", site_role},
             {"member", site_role},
             {"auditor", site_role},
             {"organization-admin:x", no_uuid("organization-admin:x")},
             {"organization-admin:" + short_id, no_uuid("organization-admin:" + short_id)},
             {world.admin + ":x", no_uuid(world.admin + ":x")},
             {"owner:", no_uuid("owner:")},
             {":", no_uuid(":")},
             {"organization-admin:" + second_id, other},
             {"nonsense:" + second_id, other},
             {"organization-admin:" + nil_id, other},
             {"", unsupported("")},
             {"Owner", unsupported("Owner")},
             {"Organization-Admin", unsupported("Organization-Admin")},
             {"workspace-access", unsupported("workspace-access")},
             {"nonsense", unsupported("nonsense")},
             {"nonsense:" + world.organization, unsupported("nonsense:" + world.organization)},
             {":" + world.organization, unsupported(":" + world.organization)},
             {"owner:" + world.organization, unsupported("owner:" + world.organization)},
             {"Organization-Admin:" + world.organization,
              unsupported("Organization-Admin:" + world.organization)},
             {"organization-admin:" + upper(world.organization),
              unsupported("organization-admin:" + upper(world.organization))}}) {
        rows.push_back({"5: " + name, "PUT", path, oda, role_set({name}), 400, answer, on_bob});
        rows.push_back({"5, behind a good one: " + name, "PUT", path, o,
                        role_set({world.admin, name, "owner"}), 400, answer, on_bob});
    }
    check_rows(world, rows);
    for (const std::string& named : {std::string("default"), nil_id, std::string("OWNER")})
        CHECK(world.server
                  .send("PUT", "/organizations/" + named + "/members/bob/roles", oda, role_set({}))
                  .status == 200);
    const Answer no_id = world.server.send("PUT", "/organizations/x/members/nobody/roles", o, "{");
    CHECK(no_id.status == 400);
    CHECK(parse(no_id.body)["message"].text() == "Invalid UUID \"x\".");
    CHECK(no_id.body.find("detail") != std::string::npos);

    const std::vector<std::string> undecodable{"", "{", R"({"roles":"x"})", R"({"roles":[null]})",
                                               R"({"roles":[1]})"};
    check_undecodable(world, "PUT", path, o, undecodable);
    check_undecodable(world, "PUT", path, world.anna, undecodable);  // before the permission
    CHECK(world.sql("SELECT DISTINCT organization_id FROM audit_logs WHERE resource_type = "
                    "'organization_member'") == world.organization);
}

TEST_CASE("a member's roles are stored as sent, sorted and without duplicates") {
    Members world;
    const std::string bob = world.id_of("bob"), owner = world.id_of("owner");
    const auto role_json = [](const std::string& name, const std::string& display) {
        return "{\"name\":\"" + name + "\",\"display_name\":\"" + display + "\"}";
    };
    const std::string as_admin = role_json(world.admin, "Organization Admin");
    const std::string as_member = role_json(world.member_role, "");
    const std::string before = world.snapshot();
    struct Case {
        std::string user, token, body, roles, stored, changes;
    };
    const std::string admin = world.admin, member = world.member_role;
    const auto list = [](const std::string& names) { return "[" + names + "]"; };
    for (const Case& each :
         {Case{"bob", world.oda, role_set({member, admin, member}), as_admin + "," + as_member,
               admin + "," + member,
               diff_field("roles", "[]", list(json_text(admin) + "," + json_text(member)))},
          Case{"BOB", world.owner, role_set({member}), as_member, member,
               diff_field("roles", list(json_text(admin) + "," + json_text(member)),
                          list(json_text(member)))},
          Case{bob, world.owner, role_set({member}), as_member, member, ""},
          Case{"bob", world.oda, R"({"roles":null})", "", "NULL",
               diff_field("roles", list(json_text(member)), "[]")},
          Case{"bob", world.owner, "{}", "", "NULL", ""},
          Case{"bob", world.owner, "null", "", "NULL", ""}}) {
        INFO(each.body);
        world.server.advance(std::chrono::seconds(1));
        const std::string now = coder_users::to_rfc3339(world.server.now());
        const std::string actor = each.token == world.oda ? world.id_of("oda") : owner;
        const Answer answer =
            world.server.send("PUT", world.path(each.user), each.token, each.body);
        CHECK(answer.status == 200);
        const Value json = parse(answer.body);
        CHECK(answer.body ==
              "{\"user_id\":\"" + bob + "\",\"organization_id\":\"" + world.organization +
                  R"(","created_at":"2026-01-02T03:04:05.678901Z","updated_at":")" +
                  json["updated_at"].text() + "\",\"roles\":[" + each.roles + "]}\n");
        CHECK(world.stored_roles("bob") == each.stored);
        CHECK(newest_entry(world) == world.organization + "|" + actor +
                                         "|127.0.0.1|organization_member|write|" + bob +
                                         "|bob|200|{" + each.changes + "}");
    }
    world.execute("UPDATE organization_members SET updated_at = created_at");
    CHECK(world.snapshot() == before);
}

TEST_CASE("an organization admin's rights come and go with the role") {
    const Members world;
    CHECK(world.server.send("PUT", world.path("carl"), world.bob, "{}").body == not_found_answer);
    REQUIRE(
        world.server.send("PUT", world.path("bob"), world.oda, role_set({world.admin})).status ==
        200);
    CHECK(parse(world.server.send("GET", "/users/me/roles", world.bob)
                    .body)["organization_roles"][world.organization]
              .text() == "[\"" + world.admin + "\"]");
    CHECK(world.server.send("PUT", world.path("carl"), world.bob, role_set({world.member_role}))
              .status == 200);
    CHECK(world.server.send("PUT", world.path("owner"), world.bob, "{}").status == 200);
    CHECK(world.stored_roles("owner") == "NULL");
    CHECK(parse(world.server.send("GET", "/users/me/roles", world.owner)
                    .body)["organization_roles"][world.organization]
              .text() == "[]");
    CHECK(world.server.send("PUT", world.path("oda"), world.bob, "{}").status == 200);
    CHECK(world.server.send("PUT", world.path("bob"), world.oda, "{}").body == not_found_answer);
    // it never had a right on users
    CHECK(world.server.send("GET", "/users/carl", world.bob).body == no_user("carl"));
    CHECK(world.server.send("PUT", "/users/carl/roles", world.bob, "{}").body == no_user("carl"));
}

TEST_CASE("roles of later releases are stored and listed, and grant nothing") {
    const int minor = GENERATE(6, 8, 21, 35);
    CAPTURE(minor);
    coder_users::Options options = in_memory();
    options.coder_version = "2." + std::to_string(minor);
    const Members world(options);
    const std::string suffix = ":" + world.organization;
    const Answer answer = world.server.send(
        "PUT", world.path("bob"), world.oda,
        role_set({"organization-workspace-creation-ban", "organization-user-admin" + suffix,
                  "organization-auditor", "organization-template-admin", "agents-access",
                  "organization-workspace-access", "organization-auditor" + suffix}));
    REQUIRE(answer.status == 200);
    const std::string end = minor < 12 ? suffix : "";
    const std::vector<std::pair<std::string, std::string>> expected{
        {"agents-access", "Coder Agents User"},
        {"organization-auditor", "Organization Auditor"},
        {"organization-template-admin", "Organization Template Admin"},
        {"organization-user-admin", "Organization User Admin"},
        {"organization-workspace-access", "Organization Workspace Access"},
        {"organization-workspace-creation-ban", "Organization Workspace Creation Ban"}};
    const Value roles = parse(answer.body)["roles"];
    REQUIRE(roles.size() == expected.size());
    std::string stored, listed;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(roles[i]["name"].text() == expected[i].first + end);
        CHECK(roles[i]["display_name"].text() == expected[i].second);
        CHECK(roles[i].has("organization_id") == (minor >= 13));
        stored += (i ? "," : "") + expected[i].first + suffix;
        listed += (i ? "," : "") + json_text(expected[i].first + end);
    }
    CHECK(world.stored_roles("bob") == stored);
    CHECK(parse(world.server.send("GET", "/users/me/roles", world.bob)
                    .body)["organization_roles"][world.organization]
              .text() == "[" + listed + "]");
    CHECK(world.server.send("PUT", world.path("carl"), world.bob, "{}").body == not_found_answer);
    CHECK(world.server.send("DELETE", "/organizations/default/members/carl", world.bob).status ==
          404);
    CHECK(world.server.send("GET", "/users/carl", world.bob).status == 404);
    CHECK(world.server.send("GET", "/audit", world.bob).status == 403);
    const Value all =
        parse(world.server.send("GET", "/organizations/default/members/roles", world.bob).body);
    CHECK(all.size() == (minor < 14 ? 1 : minor < 20 ? 4 : minor < 32 ? 5 : minor < 35 ? 6 : 7));
}
