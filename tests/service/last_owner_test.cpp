// docs/contract/roles.md, "Assigning site roles": an owner always remains, whoever asks; and what
// "there is no user yet" means (docs/contract/users.md, "GET /users/first" and "POST
// /users/first").
#include <functional>
#include <sstream>

#include "coder_users/data.hpp"
#include "people.hpp"

using namespace coder_users_test;
using coder_users::ApiError;
using coder_users::Identity;
using coder_users::Options;

namespace {

/// The status and message of a refusal; "" when there is none.
std::string refusal(const std::function<void()>& call) {
    try {
        call();
        return "";
    } catch (const ApiError& error) {
        return std::to_string(error.status()) + " " + error.message();
    }
}

const std::string last = "409 The last owner must stay. Make somebody else an owner first.";
const std::string new_one =
    R"({"email":"n@example.org","username":"n","password":"correct-Horse-9"})";

/// The lines of an export that do not name the user with this address.
std::string export_without(const Options& options, const std::string& email) {
    std::ostringstream all;
    coder_users::data::export_to(options, all);
    std::istringstream lines(all.str());
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
        if (line.find('"' + email + '"') != std::string::npos) continue;
        const std::size_t count = line.find("\"users\":");  // in the last line, which counts them
        if (line.rfind("{\"end\"", 0) == 0) --line.at(count + 8);
        kept += line + "\n";
    }
    return kept;
}

}  // namespace

TEST_CASE("the host cannot remove the last owner either") {
    World world;
    world.server.create(world.owner, "bob");
    const auto host = world.server.service().as(Identity::system());
    const std::string before = world.snapshot(), entry = world.last_entry();
    CHECK(refusal([&] { host.delete_user("owner"); }) == last);
    CHECK(refusal([&] { host.set_roles("owner", {}); }) == last);
    CHECK(refusal([&] { host.set_roles("owner", {"auditor", "member"}); }) == last);
    CHECK(world.snapshot() == before);
    CHECK(world.entries_since(entry) ==
          "user|delete|owner|409\nuser|write|owner|409\nuser|write|owner|409");
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);

    INFO("other roles of it may change, and so may everybody else");
    CHECK(refusal([&] { host.set_roles("owner", {"owner", "auditor"}); }).empty());
    CHECK(refusal([&] { host.set_roles("bob", {}); }).empty());

    INFO("a suspended owner is none who could help");
    world.give_role("bob", "owner");
    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'bob'");
    CHECK(refusal([&] { host.delete_user("owner"); }) == last);
    CHECK(refusal([&] { host.activate_user("bob"); }).empty());
    CHECK(refusal([&] { host.set_roles("owner", {}); }).empty());
    CHECK(refusal([&] { host.delete_user("owner"); }).empty());
    CHECK(refusal([&] { host.delete_user("bob"); }) == last);
}

TEST_CASE("a database with users and no owner is not open to strangers") {
    const TempFolder folder;
    Options from = in_memory(), to = in_memory();
    from.database = folder.file("from.db"), to.database = folder.file("to.db");
    {
        TestServer server(from);
        server.create(server.owner(), "bob");
    }
    std::istringstream lines(export_without(from, "owner@example.org"));
    coder_users::data::import_from(to, lines, true);
    {
        const TestServer server(to);
        CHECK(server.send("GET", "/users/first").status == 200);
        CHECK(server.send("POST", "/users/first", "", new_one).status == 409);
    }
    INFO("the way back");
    coder_users::data::create_admin_user(to, {"ada@example.org", "ada", good_password});
    const TestServer server(to);
    const std::string ada = server.log_in("ada@example.org");
    CHECK(server.send("PUT", "/users/bob/roles", ada, R"({"roles":["owner"]})").status == 200);
}

TEST_CASE("the first user joins the organization that is there") {
    for (const std::string release : {"2.6", "2.35"}) {
        const TempFolder folder;
        Options from = in_memory(), to = in_memory();
        from.database = folder.file("from.db"), to.database = folder.file("to.db");
        to.coder_version = release;
        {
            TestServer server(from);
            server.owner();
        }
        std::istringstream lines(export_without(from, "owner@example.org"));
        coder_users::data::import_from(to, lines, true);
        const std::string organization = stored(to.database, "SELECT id FROM organizations");
        REQUIRE(organization.size() == 36);
        const TestServer server(to);
        CHECK(server.send("GET", "/users/first").status == 404);
        const Answer made = server.send("POST", "/users/first", "", new_one);
        CHECK(made.status == 201);
        CHECK(parse(made.body)["organization_id"].text() == organization);
        CHECK(stored(to.database, "SELECT name FROM organizations") == "owner");
        CHECK(stored(to.database, "SELECT role FROM organization_member_roles") ==
              (release == "2.6" ? "organization-member:" + organization : ""));
        CHECK(server.send("GET", "/users/first").status == 200);
        const std::string owner = server.log_in("n@example.org");
        CHECK(parse(server.send("GET", "/users/me/organizations", owner).body).size() == 1);
    }
}
