// docs/contract/organizations.md, "GET /organizations/{organization}/members",
// "GET /organizations/{organization}/paginated-members",
// "GET /organizations/{organization}/members/{user}",
// "POST /organizations/{organization}/members/{user}" and
// "DELETE /organizations/{organization}/members/{user}".
#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

const std::string removal_of_self = message("cannot remove self from an organization");

/// A second organization "alpha", whose members are the owner and carl, its admin.
struct Alpha : People {
    Alpha() : Alpha(in_memory()) {}
    explicit Alpha(const coder_users::Options& options) : People(options) {
        const Answer made = server.send("POST", "/organizations", owner, R"({"name":"alpha"})");
        REQUIRE(made.status == 201);
        alpha = parse(made.body)["id"].text();
        REQUIRE(send("POST", "/members/carl", owner).status == 200);
        execute("INSERT INTO organization_member_roles VALUES ('" + id_of("carl") + "', '" + alpha +
                "', 'organization-admin:" + alpha + "')");
        carl = log_in("carl");
    }
    Answer send(const std::string& method, const std::string& rest, const std::string& token,
                const std::string& body = "") const {
        return server.send(method, "/organizations/alpha" + rest, token, body);
    }
    std::string alpha;
};

coder_users::Options at_release(int minor) {
    coder_users::Options options = in_memory();
    options.coder_version = "2." + std::to_string(minor);
    return options;
}

/// The user names of a list of members, joined by spaces.
std::string names(const Value& list) {
    std::string all;
    for (std::size_t i = 0; i < list.size(); ++i)
        all += (all.empty() ? "" : " ") + list[i]["username"].text();
    return all;
}

std::string query(const std::string& text) { return "?q=" + percent_encoded(text); }

}  // namespace

TEST_CASE("members are listed to those who may read their memberships") {
    const Alpha world;
    const std::string all = "anna bob carl oda owner tina udo";
    struct Case {
        std::string title, organization, token, members;
    };
    for (const Case& each :
         {Case{"an owner", "default", world.owner, all},
          Case{"an auditor", "default", world.anna, all},
          Case{"a template-admin", "default", world.tina, all},
          Case{"a user-admin", "default", world.udo, all},
          Case{"an admin of the organization", "default", world.oda, all},
          Case{"a member", "default", world.bob, "bob"},
          Case{"an admin of another", "default", world.carl, "carl"},
          Case{"the other, its admin", "alpha", world.carl, "carl owner"},
          Case{"the other, an owner", world.alpha, world.owner, "carl owner"},
          Case{"the other, a template-admin", "ALPHA", world.tina, "carl owner"}}) {
        INFO(each.title);
        const std::string path = "/organizations/" + each.organization;
        const Answer list = world.server.send("GET", path + "/members", each.token);
        CHECK(list.status == 200);
        CHECK(names(parse(list.body)) == each.members);
        const Answer page = world.server.send("GET", path + "/paginated-members", each.token);
        CHECK(page.status == 200);
        CHECK(names(parse(page.body)["members"]) == each.members);
        CHECK(parse(page.body)["count"].text() ==
              std::to_string(parse(page.body)["members"].size()));
    }
    for (const std::string path : {"/members", "/paginated-members", "/members/owner"})
        check_rows(world, {{"without a session", "GET", "/organizations/alpha" + path, "", "", 401,
                            no_session},
                           {"an auditor, a foreign one", "GET", "/organizations/alpha" + path,
                            world.anna, "", 404, not_found_answer},
                           {"a user-admin, a foreign one", "GET", "/organizations/alpha" + path,
                            world.udo, "", 404, not_found_answer},
                           {"a member, a foreign one", "GET", "/organizations/alpha" + path,
                            world.bob, "", 404, not_found_answer},
                           {"unknown", "GET", "/organizations/nothing" + path, world.owner, "", 404,
                            not_found_answer},
                           {"another method", "PATCH", "/organizations/alpha" + path, world.owner,
                            "", 405, bad_method}});
}

TEST_CASE("one member is found by whoever may read the membership") {
    const Alpha world;
    const auto status = [&](const std::string& rest, const std::string& token) {
        const Answer answer = world.send("GET", "/members/" + rest, token);
        if (answer.status == 404) CHECK(answer.body == not_found_answer);
        return answer.status;
    };
    CHECK(status("owner", world.carl) == 200);
    CHECK(status(world.id_of("owner"), world.carl) == 200);
    CHECK(status("CARL", world.owner) == 200);
    CHECK(status("me", world.owner) == 200);
    CHECK(status("carl", world.tina) == 200);
    CHECK(status("bob", world.owner) == 404);
    CHECK(status("bob", world.carl) == 404);
    CHECK(status("nobody", world.owner) == 404);
    CHECK(status(nil_id, world.owner) == 404);
    const auto in_default = [&](const std::string& name, const std::string& token) {
        return world.server.send("GET", "/organizations/default/members/" + name, token);
    };
    CHECK(in_default("bob", world.bob).status == 200);
    CHECK(in_default("carl", world.bob).body == not_found_answer);
    CHECK(in_default("carl", world.oda).status == 200);
    CHECK(in_default("carl", world.udo).status == 200);
}

TEST_CASE("a member is shown with its user, key by key") {
    const Alpha world(at_release(35));
    world.give_role("bob", "auditor");
    const std::string bob = world.id_of("bob"), now = "2026-01-02T03:04:05.678901Z";
    const std::string role = "organization-auditor";
    REQUIRE(
        world.server
            .send("PUT", "/organizations/default/members/bob/roles", world.owner, role_set({role}))
            .status == 200);
    const std::string expected =
        "{\"user_id\":\"" + bob + "\",\"organization_id\":\"" + world.organization +
        "\",\"created_at\":\"" + now + "\",\"updated_at\":\"" + now +
        R"(","roles":[{"name":"organization-auditor","display_name":"Organization Auditor",)" +
        "\"organization_id\":\"" + world.organization +
        R"("}],"username":"bob","name":"","avatar_url":"","email":"bob@example.org",)" +
        R"("global_roles":[{"name":"auditor","display_name":"Auditor"}],"status":"active",)" +
        R"("login_type":"password","last_seen_at":")" + now + R"(","user_created_at":")" + now +
        R"(","user_updated_at":")" + now + R"(","is_service_account":false,"has_ai_seat":false})";
    const std::string path = "/organizations/default";
    CHECK(world.server.send("GET", path + "/members/bob", world.owner).body == expected + "\n");
    CHECK(world.server.send("GET", path + "/members" + query("user_id:" + bob), world.owner).body ==
          "[" + expected + "]\n");
    CHECK(world.server.send("GET", path + "/paginated-members?q=bob", world.owner).body ==
          "{\"members\":[" + expected + "],\"count\":1}\n");
}

TEST_CASE("on older releases members have the keys of the operation's first release") {
    const int minor = GENERATE(6, 8, 21, 31, 32, 35);
    CAPTURE(minor);
    const Alpha world(at_release(minor));
    const Value listed = parse(world.send("GET", "/members", world.owner).body)[0];
    const Value paged =
        parse(world.send("GET", "/paginated-members", world.owner).body)["members"][0];
    const Value one = parse(world.send("GET", "/members/carl", world.owner).body);
    for (const Value& each : {listed, paged, one}) {
        CHECK(each["username"].text() == "carl");
        CHECK(each["email"].text() == "carl@example.org");
        CHECK(each["global_roles"].text() == "[]");
        CHECK(each["roles"][0]["name"].text() == "organization-admin");
        CHECK(each["roles"][0]["organization_id"].text() == world.alpha);
    }
    for (const char* key : {"status", "login_type", "last_seen_at", "user_created_at",
                            "user_updated_at", "is_service_account", "has_ai_seat"}) {
        INFO(key);
        CHECK(listed.has(key) == (minor >= 32));
        CHECK(paged.has(key) == (minor >= 32));
        CHECK(one.has(key));
    }
    CHECK(world.server.send("GET", "/organizations/nothing/members", world.owner).body ==
          not_found_answer);
}

TEST_CASE("the search text of the list of members") {
    const Alpha world;
    const std::string bob = world.id_of("bob");
    const auto found = [&](const std::string& q, const std::string& token) {
        const Answer answer =
            world.server.send("GET", "/organizations/default/members" + query(q), token);
        CHECK(answer.status == 200);
        return names(parse(answer.body));
    };
    const std::string all = "anna bob carl oda owner tina udo";
    CHECK(found("user_id:" + bob, world.owner) == "bob");
    CHECK(found("user_id:" + bob, world.oda) == "bob");
    CHECK(found("user_id:" + bob, world.bob) == "bob");
    CHECK(found("user_id:" + bob, world.carl).empty());
    CHECK(found("user_id:" + nil_id, world.owner).empty());
    CHECK(found("github_user_id:0", world.owner) == all);
    CHECK(found("github_user_id:+0 include_system:T", world.owner) == all);
    CHECK(found("include_system:false", world.bob) == "bob");
    CHECK(found("github_user_id:77", world.owner).empty());
    world.execute(
        "INSERT INTO user_links (user_id, login_type, linked_id, token_expires_at) "
        "VALUES ('" +
        bob + "', 'github', '77', 0), ('" + world.id_of("carl") + "', 'oidc', '77', 0)");
    CHECK(found("github_user_id:77", world.owner) == "bob");
    CHECK(found("github_user_id:077", world.owner) == "bob");
    CHECK(found("github_user_id:-77", world.owner).empty());
    CHECK(found("github_user_id:9223372036854775807", world.owner).empty());

    const std::string refusal = "Invalid organization member search query.";
    const std::string number =
        "Query param \"github_user_id\" must be a valid 64-bit integer: "
        "strconv.ParseInt: parsing ";
    for (const auto& [q, fields] : std::vector<std::pair<std::string, Fields>>{
             {"bob", {{"q", "invalid search term: bob"}}},
             {"user_id:x Two words", {{"q", "invalid search term: two"}}},
             {"\"a b\"", {{"q", "invalid search term: a b"}}},
             {"user_id:x", {{"user_id", "Query param \"user_id\" must be a valid uuid"}}},
             {"user_id:me", {{"user_id", "Query param \"user_id\" must be a valid uuid"}}},
             {"github_user_id:x", {{"github_user_id", number + "\"x\": invalid syntax"}}},
             {"github_user_id:+-1", {{"github_user_id", number + "\"+-1\": invalid syntax"}}},
             {"github_user_id:1\\", {{"github_user_id", number + "\"1\\\\\": invalid syntax"}}},
             {"github_user_id:9223372036854775808",
              {{"github_user_id", number + "\"9223372036854775808\": value out of range"}}},
             {"include_system:yes",
              {{"include_system",
                "Query param \"include_system\" must be a valid boolean: strconv.ParseBool: "
                "parsing \"yes\": invalid syntax"}}},
             {"zz:1 include_system:2 github_user_id:- user_id:1 aa:1",
              {{"user_id", "Query param \"user_id\" must be a valid uuid"},
               {"github_user_id", number + "\"-\": invalid syntax"},
               {"include_system",
                "Query param \"include_system\" must be a valid boolean: strconv.ParseBool: "
                "parsing \"2\": invalid syntax"},
               {"aa", "Query param \"aa\" is not a valid query param"},
               {"zz", "Query param \"zz\" is not a valid query param"}}},
             {"user_id:1 user_id:2",
              {{"q", "Query parameter \"user_id\" provided more than once, found 2 times"}}}}) {
        INFO(q);
        const Answer answer =
            world.server.send("GET", "/organizations/default/members" + query(q), world.bob);
        CHECK(answer.status == 400);
        CHECK(answer.body == with_validations(refusal, fields));
    }
}

TEST_CASE("pages of members are searched and cut like pages of users") {
    const Alpha world;
    const auto page = [&](const std::string& parameters, const std::string& token) {
        const Answer answer = world.server.send(
            "GET", "/organizations/default/paginated-members" + parameters, token);
        CHECK(answer.status == 200);
        const Value json = parse(answer.body);
        return json["count"].text() + ": " + names(json["members"]);
    };
    CHECK(page("?limit=2", world.owner) == "7: anna bob");
    CHECK(page("?limit=2&offset=5", world.oda) == "7: tina udo");
    CHECK(page("?limit=2&after_id=" + world.id_of("carl"), world.owner) == "7: oda owner");
    CHECK(page("?q=role:user-admin", world.oda) == "1: udo");
    CHECK(page(query("status:active o") + "&limit=1&offset=1", world.owner) == "7: bob");
    CHECK(page("?q=bob", world.bob) == "1: bob");
    CHECK(page("?q=carl", world.bob) == "0: ");
    CHECK(page("?limit=1&offset=9", world.owner) == "7: ");

    INFO("users of other organizations are not members, nor a place to begin at");
    const std::string dora = world.server.create(world.owner, "dora");
    world.execute("DELETE FROM organization_members WHERE user_id = '" + dora + "'");
    CHECK(page("?q=dora", world.owner) == "0: ");
    CHECK(page("?limit=1&after_id=" + dora, world.owner) == "7: oda");
    CHECK(page("?limit=1&after_id=" + dora, world.oda) == "7: ");
    CHECK(page("?limit=1&after_id=" + world.id_of("carl"), world.oda) == "7: oda");

    const std::string path = "/organizations/default/paginated-members";
    check_rows(
        world,
        {{"a bad search", "GET", path + "?q=status:x&limit=x", world.bob, "", 400,
          with_validations("Invalid member search query.",
                           {{"status", "Query param \"status\" has invalid values: x"}})},
         {"a bad page", "GET", path + "?after_id=x", world.bob, "", 400,
          with_validations("Query parameters have invalid values.",
                           {{"after_id", "Query param \"after_id\" must be a valid uuid"}})}});
}

TEST_CASE("joining an organization: the checks in their order") {
    const Alpha world;
    const std::string path = "/organizations/alpha/members/",
                      home = "/organizations/default/members/";
    const std::string already = message("Organization member already exists in this organization");
    const std::string forbidden = forbidden_answer;
    check_rows(
        world,
        {
            {"without a session", "POST", path + "bob", "", "", 401, no_session},
            {"a hidden organization", "POST", path + "bob", world.udo, "", 404, not_found_answer},
            {"an unknown user", "POST", path + "nobody", world.owner, "", 404, not_found_answer},
            {"no such id", "POST", path + nil_id, world.owner, "", 404, not_found_answer},
            {"a user that its admin cannot read", "POST", path + "bob", world.carl, "", 404,
             not_found_answer},
            {"a member cannot read others", "POST", home + "carl", world.bob, "", 404,
             not_found_answer},
            {"a member, itself", "POST", home + "me", world.bob, "", 403, forbidden},
            {"an auditor", "POST", home + "bob", world.anna, "", 403, forbidden},
            {"a template-admin", "POST", path + "bob", world.tina, "", 403, forbidden},
            {"a member already", "POST", path + "carl", world.owner, "", 400, already},
            {"a member already, itself", "POST", path + "me", world.carl, "", 400, already},
            {"a member already, by a user-admin", "POST", home + "bob", world.udo, "", 400,
             already},
        });
}

TEST_CASE("a user joins an organization and leaves it") {
    Alpha world;
    const std::string bob = world.id_of("bob"), owner = world.id_of("owner");
    world.server.advance(std::chrono::seconds(1));
    const std::string now = coder_users::to_rfc3339(world.server.now());
    const auto organizations = [&] {
        return parse(world.server.send("GET", "/users/me", world.bob).body)["organization_ids"]
            .size();
    };
    CHECK(organizations() == 1);
    const Answer joined = world.send("POST", "/members/BOB", world.owner);
    CHECK(joined.status == 200);
    CHECK(joined.body == "{\"user_id\":\"" + bob + "\",\"organization_id\":\"" + world.alpha +
                             "\",\"created_at\":\"" + now + "\",\"updated_at\":\"" + now +
                             "\",\"roles\":[]}\n");
    CHECK(newest_entry(world) == world.alpha + "|" + owner +
                                     "|127.0.0.1|organization_member|create|" + bob + "|bob|200|{" +
                                     diff_field("user_id", "\"\"", json_text(bob)) + "}");
    CHECK(organizations() == 2);
    CHECK(world.send("GET", "", world.bob).status == 200);

    const std::string role = "organization-auditor:" + world.alpha;
    REQUIRE(world.send("PUT", "/members/bob/roles", world.owner, role_set({role})).status == 200);
    const Answer left = world.send("DELETE", "/members/" + bob, world.carl);
    CHECK(left.status == 204);
    CHECK(left.body.empty());
    CHECK(newest_entry(world) == world.alpha + "|" + world.id_of("carl") +
                                     "|127.0.0.1|organization_member|delete|" + bob + "|bob|204|{" +
                                     diff_field("user_id", json_text(bob), "\"\"") + "," +
                                     diff_field("roles", "[" + json_text(role) + "]", "[]") + "}");
    CHECK(world.sql("SELECT count(*) FROM organization_member_roles WHERE user_id = '" + bob +
                    "'") == "0");
    CHECK(organizations() == 1);
    CHECK(world.server.send("GET", "/organizations/" + world.alpha, world.bob).body ==
          not_found_answer);

    INFO("keys stay, and a user may belong to no organization");
    CHECK(world.server.send("DELETE", "/organizations/default/members/bob", world.udo).status ==
          204);
    CHECK(world.server.send("GET", "/users/me", world.bob).status == 200);
    CHECK(organizations() == 0);
    CHECK(world.sql("SELECT organization_ids FROM users WHERE id = '" + bob + "'").empty());
    CHECK(world.server.send("POST", "/organizations/default/members/bob", world.udo).status == 200);
}

TEST_CASE("leaving an organization: the checks in their order") {
    const Alpha world;
    const std::string path = "/organizations/alpha/members/",
                      home = "/organizations/default/members/";
    const auto entry = [](const std::string& name, int status) {
        return "organization_member|delete|" + name + "|" + std::to_string(status);
    };
    check_rows(world,
               {
                   {"without a session", "DELETE", path + "carl", "", "", 401, no_session},
                   {"a hidden organization", "DELETE", path + "carl", world.udo, "", 404,
                    not_found_answer},
                   {"no member", "DELETE", path + "bob", world.owner, "", 404, not_found_answer},
                   {"unknown", "DELETE", path + "nobody", world.owner, "", 404, not_found_answer},
                   {"a membership that it cannot read", "DELETE", home + "carl", world.bob, "", 404,
                    not_found_answer},
                   {"a member, itself", "DELETE", home + "bob", world.bob, "", 400, removal_of_self,
                    entry("bob", 400)},
                   {"an owner, itself", "DELETE", path + "me", world.owner, "", 400,
                    removal_of_self, entry("owner", 400)},
                   {"an admin, itself", "DELETE", path + "carl", world.carl, "", 400,
                    removal_of_self, entry("carl", 400)},
                   {"an auditor", "DELETE", home + "bob", world.anna, "", 403, forbidden_answer,
                    entry("bob", 403)},
                   {"a template-admin", "DELETE", path + "carl", world.tina, "", 403,
                    forbidden_answer, entry("carl", 403)},
               });
    CHECK(world.sql("SELECT DISTINCT organization_id FROM audit_logs WHERE status_code = 403 AND "
                    "resource_target = 'carl'") == world.alpha);
}

TEST_CASE("who is a member already is told so in the words of the release") {
    const auto [minor, text, detail] = GENERATE(table<int, std::string, std::string>(
        {{6, "Organization member already exists in this organization", ""},
         {8, "Organization member already exists in this organization", ""},
         {21, "Organization member already exists in this organization", ""},
         {22, "User is already an organization member", "Bob is already a member of The Team"},
         {35, "User is already an organization member", "Bob is already a member of The Team"}}));
    CAPTURE(minor);
    const World world(at_release(minor));
    world.server.create(world.owner, "Bob");
    world.server.send("PATCH", "/organizations/default", world.owner,
                      R"({"display_name":"The Team"})");
    const Answer answer =
        world.server.send("POST", "/organizations/default/members/bob", world.owner);
    CHECK(answer.status == 400);
    CHECK(answer.body == (detail.empty() ? message(text) : detailed(text, detail)));
}

TEST_CASE("a host may refuse that a user joins or leaves, and is told of both") {
    coder_users::Options options = in_memory();
    std::vector<std::string> asked;
    bool refuse = false;
    options.before = [&](const coder_users::Event& event) -> std::optional<coder_users::Veto> {
        if (event.kind != coder_users::EventKind::organizations_changed) return std::nullopt;
        asked.push_back(event.user.username + " " +
                        std::to_string(event.before->organization_ids.size()) + " " +
                        std::to_string(event.user.organization_ids.size()));
        if (refuse) return coder_users::Veto{"not now", 409};
        return std::nullopt;
    };
    const Alpha world(options);
    asked.clear();
    refuse = true;
    const std::string before = world.snapshot();
    CHECK(world.send("POST", "/members/bob", world.owner).body == message("not now"));
    CHECK(world.send("DELETE", "/members/carl", world.owner).body == message("not now"));
    CHECK(world.server.send("POST", "/organizations", world.owner, R"({"name":"b"})").status ==
          409);
    CHECK(world.snapshot() == before);
    CHECK(asked == std::vector<std::string>{"bob 1 2", "carl 2 1", "owner 2 3"});
    refuse = false;
    CHECK(world.send("POST", "/members/bob", world.owner).status == 200);
}
