// docs/contract/users.md, "GET /users/{user}/organizations" and
// "GET /users/{user}/organizations/{organizationname}"; threat P18.
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string second_id = "0b0e7c1a-5a4e-4f57-9a3e-0123456789ab";

/// Two organizations: that of the first user, and a younger one whose name sorts before it. Carl is
/// a member of the second only, Bob of both.
struct TwoOrganizations : People {
    TwoOrganizations() {
        const std::string later = std::to_string(coder_users::micros(server.now()) + 1);
        execute(
            "INSERT INTO organizations (id, name, name_folded, created_at, updated_at) VALUES ('" +
            second_id + "', 'Alpha Team/2', " + "'alpha team/2', " + later + ", " + later + ")");
        for (const std::string name : {"bob", "carl"})
            execute("INSERT INTO organization_members VALUES ('" + id_of(name) + "', '" +
                    second_id + "', " + later + ", " + later + ")");
        execute("DELETE FROM organization_members WHERE user_id = '" + id_of("carl") +
                "' AND organization_id = '" + organization + "'");
        bob = log_in("bob"), carl = log_in("carl");
    }
    std::string first_json() const {
        return json(organization, "owner", "2026-01-02T03:04:05.678901Z");
    }
    static std::string second_json() {
        return json(second_id, "Alpha Team/2", "2026-01-02T03:04:05.678902Z");
    }

 private:
    static std::string json(const std::string& id, const std::string& name,
                            const std::string& time) {
        return "{\"id\":\"" + id + "\",\"name\":\"" + name + "\",\"created_at\":\"" + time +
               "\",\"updated_at\":\"" + time + "\"}";
    }
};

}  // namespace

TEST_CASE("the organizations of a user, as far as the caller can read them") {
    const TwoOrganizations world;
    const std::string both = "[" + world.first_json() + "," + world.second_json() + "]\n";
    const std::string first = "[" + world.first_json() + "]\n";
    const std::string second = "[" + world.second_json() + "]\n", none = "[]\n";
    const auto of = [](const std::string& name) { return "/users/" + name + "/organizations"; };
    check_rows(
        world,
        {
            {"without a session", "GET", of("bob"), "", "", 401, no_session},
            {"a member, itself", "GET", of("me"), world.bob, "", 200, both},
            {"a member of the second", "GET", of("me"), world.carl, "", 200, second},
            {"a member, another", "GET", of("bob"), world.carl, "", 404, no_user("bob")},
            {"an organization admin", "GET", of("bob"), world.oda, "", 404, no_user("bob")},
            {"an owner reads all", "GET", of("bob"), world.owner, "", 200, both},
            {"an owner, its own", "GET", of("me"), world.owner, "", 200, first},
            {"a template-admin reads all", "GET", of("BOB"), world.tina, "", 200, both},
            {"a template-admin, a foreign one", "GET", of("carl"), world.tina, "", 200, second},
            {"an auditor, its own alone", "GET", of("bob"), world.anna, "", 200, first},
            {"an auditor, nothing shared", "GET", of("carl"), world.anna, "", 200, none},
            {"a user-admin, its own alone", "GET", of("bob"), world.udo, "", 200, first},
            {"a user-admin, nothing shared", "GET", of("carl"), world.udo, "", 200, none},
            {"a user-admin, an owner", "GET", of("owner"), world.udo, "", 200, first},
        });
    world.execute("DELETE FROM organization_members WHERE user_id = '" + world.id_of("bob") + "'");
    CHECK(world.server.send("GET", of("me"), world.log_in("bob")).body == none);
    CHECK(world.server.send("GET", of("bob"), world.owner).body == none);
}

TEST_CASE("an organization by its name") {
    const TwoOrganizations world;
    const std::string first = world.first_json() + "\n", second = world.second_json() + "\n";
    const auto of = [](const std::string& name, const std::string& organization) {
        return "/users/" + name + "/organizations/" + organization;
    };
    const std::string encoded = "aLPHA%20team%2F2";
    check_rows(
        world,
        {
            {"without a session", "GET", of("bob", "owner"), "", "", 401, no_session},
            {"a member, itself", "GET", of("me", "owner"), world.bob, "", 200, first},
            {"letter case folded", "GET", of("me", "OWNER"), world.bob, "", 200, first},
            {"a name with a slash", "GET", of("me", encoded), world.bob, "", 200, second},
            {"plus is no space", "GET", of("me", "alpha+team%2F2"), world.bob, "", 404,
             not_found_answer},
            {"unknown", "GET", of("me", "nosuch"), world.bob, "", 404, not_found_answer},
            {"no ids", "GET", of("me", world.organization), world.bob, "", 404, not_found_answer},
            {"not readable", "GET", of("me", encoded), world.oda, "", 404, not_found_answer},
            {"not readable, though the target's", "GET", of("bob", encoded), world.anna, "", 404,
             not_found_answer},
            {"a user-admin", "GET", of("carl", encoded), world.udo, "", 404, not_found_answer},
            {"readable, not the target's", "GET", of("carl", "owner"), world.anna, "", 200, first},
            {"not the target's, a template-admin", "GET", of("owner", encoded), world.tina, "", 200,
             second},
            {"an owner", "GET", of("anna", encoded), world.owner, "", 200, second},
            {"a hidden user", "GET", of("bob", "owner"), world.carl, "", 404, no_user("bob")},
            {"another method", "PUT", of("me", "owner"), world.bob, "", 405, bad_method},
            {"below it", "GET", of("me", "owner") + "/members", world.bob, "", 404,
             route_not_found},
        });
    REQUIRE(world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"chief"})")
                .status == 200);
    CHECK(world.server.send("GET", of("me", "owner"), world.owner).body == first);
}
