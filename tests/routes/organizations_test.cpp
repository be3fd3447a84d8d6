// docs/contract/organizations.md, "The {organization} parameter", "GET /organizations",
// "GET /organizations/{organization}" and
// "GET /organizations/{organization}/members/roles"; docs/contract/roles.md, "Rights in
// organizations".
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
                   {"another method", "POST", "/organizations", world.owner, "{}", 405, bad_method},
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
            {"another method", "DELETE", first, world.owner, "", 405, bad_method},
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
