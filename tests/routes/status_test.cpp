// docs/contract/users.md, "PUT /users/{user}/status/suspend" and
// "PUT /users/{user}/status/activate"; threats P6, P15.
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string not_yourself = message("You cannot suspend yourself.");
const std::string not_an_owner = "{\"message\":" +
                                 json_text(
                                     "You cannot suspend a user with the \"owner\" role. You "
                                     "must remove the role first.") +
                                 "}\n";
const std::string suspended_answer = "{\"message\":" +
                                     json_text(
                                         "User is not active (status = \"suspended\"). "
                                         "Contact an admin to reactivate your account.") +
                                     "}\n";

std::string status_of(const World& world, const std::string& name) {
    return world.sql("SELECT status FROM users WHERE username = '" + name + "'");
}

}  // namespace

TEST_CASE("who may suspend and activate whom") {
    const People world;
    world.member("second", "owner");
    check_edit_is_refused(world, "/status/suspend", "");
    check_edit_is_refused(world, "/status/activate", "{");
    const std::string suspend = "/status/suspend", activate = "/status/activate";
    check_rows(
        world,
        {
            {"a member, itself", "PUT", "/users/me" + suspend, world.bob, "", 400, not_yourself,
             "user|write|bob|400"},
            {"an auditor, itself", "PUT", "/users/ANNA" + suspend, world.anna, "{", 400,
             not_yourself, "user|write|anna|400"},
            {"a user-admin, itself", "PUT", "/users/" + world.id_of("udo") + suspend, world.udo, "",
             400, not_yourself, "user|write|udo|400"},
            {"an owner, itself: 1 ahead of 3", "PUT", "/users/me" + suspend, world.owner, "", 400,
             not_yourself, "user|write|owner|400"},
            {"an owner, another owner", "PUT", "/users/second" + suspend, world.owner, "", 400,
             not_an_owner, "user|write|second|400"},
            {"a user-admin, an owner: 2 ahead of 3", "PUT", "/users/second" + suspend, world.udo,
             "", 403, forbidden_answer, "user|write|second|403"},
            {"activate: a member, itself", "PUT", "/users/me" + activate, world.bob, "", 403,
             forbidden_answer, "user|write|bob|403"},
            {"activate: an auditor, itself", "PUT", "/users/anna" + activate, world.anna, "", 403,
             forbidden_answer, "user|write|anna|403"},
            {"activate: an organization admin, itself", "PUT", "/users/me" + activate, world.oda,
             "", 403, forbidden_answer, "user|write|oda|403"},
            {"neither", "PUT", "/users/bob/status/dormant", world.owner, "", 404, route_not_found},
            {"another method", "POST", "/users/bob" + suspend, world.owner, "", 405, bad_method},
        });
    for (const auto& [token, user] : std::vector<std::pair<std::string, std::string>>{
             {world.owner, "me"}, {world.owner, "second"}, {world.udo, "me"}, {world.udo, "bob"}})
        CHECK(world.server.send("PUT", "/users/" + user + activate, token).status == 200);
    for (const auto& [token, user] : std::vector<std::pair<std::string, std::string>>{
             {world.owner, "anna"}, {world.owner, "udo"}, {world.owner, "oda"}})
        CHECK(world.server.send("PUT", "/users/" + user + suspend, token).status == 200);
}

TEST_CASE("suspension keeps the keys and shuts their user out until activation") {
    const People world;
    const std::string owner = world.id_of("owner"), bob = world.id_of("bob");
    const std::string token = world.add_key("bob", {});
    const std::string active = world.server.send("GET", "/users/bob", world.owner).body;
    std::string suspended = active;
    suspended.replace(suspended.find("\"active\""), 8, "\"suspended\"");
    const std::string before = world.snapshot();
    const auto entry_of = [&](const std::string& was, const std::string& is) {
        return nil_id + "|" + owner + "|127.0.0.1|user|write|" + bob + "|bob|200|" +
               (was == is ? "{}" : "{" + diff_field("status", json_text(was), json_text(is)) + "}");
    };

    for (const std::string was : {"active", "suspended"}) {  // the second one changes nothing
        const Answer answer =
            world.server.send("PUT", "/users/bob/status/suspend", world.owner, "ignored {");
        CHECK(answer.status == 200);
        CHECK(answer.body == suspended);
        CHECK(newest_entry(world) == entry_of(was, "suspended"));
    }
    for (const std::string& key : {world.bob, token}) {
        CHECK(world.server.send("GET", "/users/me", key).status == 401);
        CHECK(world.server.send("GET", "/users/me", key).body == suspended_answer);
        CHECK(world.server.send("POST", "/users/logout", key).body == suspended_answer);
        CHECK(world.server.send("GET", "/users/first", key).status == 200);
    }
    const Answer login =
        world.server.send("POST", "/users/login", "",
                          R"({"email":"bob@example.org","password":")" + good_password + "\"}");
    CHECK(login.status == 401);
    CHECK(login.body ==
          message("Your account is suspended. Contact an admin to reactivate your account."));
    CHECK(world.server.send("GET", "/users/bob", world.anna).body == suspended);

    const Answer answer = world.server.send("PUT", "/users/bob/status/activate", world.owner);
    CHECK(answer.status == 200);
    CHECK(answer.body == active);
    CHECK(newest_entry(world) == entry_of("suspended", "active"));
    CHECK(world.snapshot() == before);
    for (const std::string& key : {world.bob, token})
        CHECK(world.server.send("GET", "/users/me", key).status == 200);
    CHECK(world.server.send("PUT", "/users/bob/status/activate", world.owner).body == active);
    CHECK(newest_entry(world) == entry_of("active", "active"));
}

TEST_CASE("dormant users are suspended and activated like others") {
    const People world;
    for (const std::string action : {"suspend", "activate"}) {
        const std::string name = "for-" + action;
        world.server.create(world.owner, name);
        REQUIRE(status_of(world, name) == "dormant");
        CHECK(world.server.send("PUT", "/users/" + name + "/status/" + action, world.udo).status ==
              200);
        CHECK(status_of(world, name) == (action == "suspend" ? "suspended" : "active"));
    }
    world.server.create(world.owner, "marked");
    world.give_role("marked", "member");
    CHECK(world.server.send("PUT", "/users/marked/status/suspend", world.udo).status == 200);
    const std::string udo2 = world.member("udo2", "user-admin");
    CHECK(world.server.send("PUT", "/users/udo2/status/suspend", world.udo).status == 200);
    CHECK(world.server.send("PUT", "/users/udo/status/activate", udo2).body == suspended_answer);
    CHECK(world.server.send("DELETE", "/users/udo2", world.udo).status == 200);
    CHECK(world.server.send("PUT", "/users/udo2/status/activate", world.udo).body ==
          no_user("udo2"));
}

TEST_CASE("a suspended user can still be changed by others") {
    const People world;
    REQUIRE(world.server.send("PUT", "/users/bob/status/suspend", world.owner).status == 200);
    CHECK(world.server
              .send("PUT", "/users/bob/password", world.owner, R"({"password":"another-Horse-10"})")
              .status == 204);
    CHECK(world.server.send("PUT", "/users/bob/roles", world.owner, R"({"roles":["auditor"]})")
              .status == 200);
    CHECK(world.server.send("POST", "/users/bob/keys", world.owner).status == 201);
    CHECK(status_of(world, "bob") == "suspended");
    CHECK(world.server.send("GET", "/users/me", world.bob).body == bad_key);
}
