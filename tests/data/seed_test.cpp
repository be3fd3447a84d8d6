// Seeds: users with chosen ids, roles, hashes and tokens, all of them or none.
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../server_fixture.hpp"
#include "coder_users/data.hpp"
#include "coder_users/testing.hpp"

namespace seed_test {

using namespace coder_users::testing;
using coder_users::LineError;

std::string refused(Server& server, const std::string& json) {
    const std::string before = server.service().snapshot().image();
    std::string reason = "accepted";
    try {
        server.seed(json);
    } catch (const LineError& error) {
        reason = error.what();
    }
    CHECK(server.service().snapshot().image() == before);
    return reason;
}

const std::string ada =
    R"({"id":"11111111-2222-4333-8444-555555555555","username":"ada","email":"Ada@example.com",
        "hashed_password":"$2b$04$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6",
        "roles":["owner"],"created_at":"2020-02-03T04:05:06.000007Z","theme_preference":"dark",
        "tokens":{"ci":"abcdefghij-0123456789ABCDEFGHIJKL"},
        "sessions":["ABCDEFGHIJ-0123456789abcdefghijkl"]})";

TEST_CASE("what a seed chooses is what the server holds") {
    Server server;
    server.seed("[" + ada + R"(,
        {"username":"bob","email":"bob@example.com","password":"correct-Horse-9",
         "organization":"crew","organization_roles":["organization-admin"],"status":"active"},
        {"username":"hook","email":"hook@example.com"}])");
    for (const char* token :
         {"abcdefghij-0123456789ABCDEFGHIJKL", "ABCDEFGHIJ-0123456789abcdefghijkl"}) {
        const Answer me = Client(server.service(), token).get("/users/me");
        CHECK(me.status == 200);
        CHECK(me["id"] == "11111111-2222-4333-8444-555555555555");
        CHECK(me["email"] == "Ada@example.com");
        CHECK(me["created_at"] == "2020-02-03T04:05:06.000007Z");
        CHECK(me["theme_preference"] == "dark");
        CHECK(me["roles.0.name"] == "owner");
    }
    const Client owner(server.service(), "abcdefghij-0123456789ABCDEFGHIJKL");
    CHECK(owner.get("/users/me/keys/tokens/ci")["login_type"] == "token");
    CHECK(owner.get("/users/me/gitsshkey")["public_key"].substr(0, 12) == "ssh-ed25519 ");
    CHECK(owner.get("/users/me/organizations")["0.name"] == "ada");
    CHECK(owner.get("/users/bob/organizations")["0.name"] == "crew");
    CHECK(owner.get("/users/bob")["status"] == "active");
    CHECK(owner.get("/users/hook")["login_type"] == "none");
    CHECK(owner.get("/users/hook")["status"] == "dormant");
    const Answer log = owner.get("/audit?limit=10");
    CHECK(log["count"] == "3");
    CHECK(log["audit_logs.0.resource_target"] == "hook");
    CHECK(log["audit_logs.0.ip"] == "");
    CHECK(log["audit_logs.0.user"] == "null");
    for (const char* email : {"ada@example.com", "bob@example.com"})
        CHECK(server.visitor()
                  .post("/users/login",
                        R"({"email":")" + std::string(email) + R"(","password":"correct-Horse-9"})")
                  .status == 201);
}

TEST_CASE("a seed holds full names, several organizations and service accounts") {
    Server server;
    server.seed("[" + ada + R"(,
        {"username":"bob","email":"bob@example.com","name":"Bob B","organizations":["crew","ada","crew"],
         "organization":"deck","organization_roles":["organization-admin"]},
        {"username":"eve","email":"eve@example.com","organizations":["crew"],
         "organization_roles":["organization-admin"]},
        {"username":"robot","service_account":true,"roles":["auditor"],"status":"active",
         "tokens":{"ci":"abcdefghiJ-0123456789ABCDEFGHIJKL"}}])");
    const Client owner(server.service(), "abcdefghij-0123456789ABCDEFGHIJKL");
    const auto joined = [&](const std::string& user) {
        const Answer list = owner.get("/users/" + user + "/organizations");
        std::vector<std::string> names;
        for (std::size_t at = 0; (at = list.body.find("\"name\":\"", at)) != std::string::npos;) {
            at += 8;
            names.push_back(list.body.substr(at, list.body.find('"', at) - at));
        }
        std::sort(names.begin(), names.end());
        return names;
    };
    CHECK(joined("bob") == std::vector<std::string>{"ada", "crew", "deck"});
    CHECK(joined("eve") == std::vector<std::string>{"crew"});
    CHECK(joined("robot").size() == 1);
    const std::string of_bob = owner.get("/users/bob/roles").body;
    CHECK(of_bob.find("organization-admin:") == of_bob.rfind("organization-admin:"));
    CHECK(of_bob.find("organization-admin:") != std::string::npos);
    CHECK(owner.get("/users/eve/roles").body.find("organization-admin:") != std::string::npos);

    using coder_users::Identity;
    const auto found = [&](const char* name) {
        return server.service().as(Identity::system()).find_user(name);
    };
    CHECK(found("bob").name == "Bob B");
    CHECK(found("robot").is_service_account);
    CHECK(found("robot").email.empty());
    CHECK(found("robot").login_type == coder_users::LoginType::none);
    const Client robot(server.service(), "abcdefghiJ-0123456789ABCDEFGHIJKL");
    CHECK(robot.get("/users/me")["username"] == "robot");
    CHECK(robot.get("/audit").status == 200);
}

TEST_CASE("a seed cannot make a service account that somebody could log in to") {
    Server server;
    server.seed(ada);
    const std::string rows[][2] = {
        {R"("email":"r@example.com")", "Email cannot be set for service accounts."},
        {R"("password":"correct-Horse-9")", "Password cannot be set for service accounts."},
        {R"("hashed_password":"$2b$04$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6")",
         "Password cannot be set for service accounts."},
        {R"("login_type":"oidc")", "Service accounts must use login type 'none'."},
        {R"("sessions":["ABCDEFGHIJ-0123456789abcdefghijkl"])",
         "nobody logs in to a service account"},
        {R"("name":" Robo")", "field \"name\": Validation failed for tag \"user_real_name\""},
        {R"("organizations":["a b"])",
         "field \"organizations\": Validation failed for tag \"organization_name\""},
        {R"("organizations":[""])",
         "field \"organizations\": Validation failed for tag \"required\""},
    };
    for (const auto& [more, reason] : rows) {
        CAPTURE(more);
        CHECK_THAT(refused(server, R"({"username":"robot","service_account":true,)" + more + "}"),
                   Catch::Matchers::ContainsSubstring(reason));
    }
}

TEST_CASE("users are seeded one after the other, too, and into a filled database") {
    Server server;
    server.seed("");
    server.seed("[]");
    server.seed(
        "{\"username\":\"a\",\"email\":\"a@example.com\"}\n"
        "{\"username\":\"b\",\"email\":\"b@example.com\"}\n");
    server.seed(" [ {\"username\":\"c\",\"email\":\"c@example.com\"} ] ");
    CHECK(server.owner().get("/users")["count"] == "4");
}

TEST_CASE("what is wrong is told with its line and nothing is stored") {
    Server server;
    server.seed(ada);
    const std::string good = "[\n{\"username\":\"bob\",\"email\":\"bob@example.com\"},\n";
    const auto user = [](const std::string& more) {
        return R"({"username":"eve","email":"eve@example.com",)" + more + "}";
    };
    const std::string schema_rows[][2] = {
        {"nonsense", "line 1: expected {"},
        {good, "line 3: expected {"},
        {good + "\n{\"username\":\n\"eve\"", "line 4: the object does not end"},
        {good + "{\"username\":\n\"eve\",\n!}]", "line 5: invalid JSON"},
        {good + user("\"roles\":[]") + "{", "line 3: expected , or ]"},
        {good + user("\"roles\":[]"), "line 3: expected , or ]"},
        {good + user("\"roles\":[]") + "] x", "line 3: expected {"},
        {good + user("\"rolls\":[]") + "]", "line 3: unknown field \"rolls\""},
        {good + user("\"roles\":\"owner\"") + "]",
         "line 3: field \"roles\" must be an array of strings"},
        {good + user("\"roles\":[\"king\"]") + "]", "line 3: \"king\" is not a supported role"},
        {good + "{\"username\":\"eve\"}]",
         "line 3: field \"email\": Validation failed for tag \"required\" with value: \"\""},
        {good + user("\"id\":\"1\"") + "]", "line 3: field \"id\" must be a uuid"},
        {good + user("\"id\":\"11111111-2222-4333-8444-555555555555\"") + "]",
         "line 3: another user has the id"},
        {good + "{\"username\":\"ADA\",\"email\":\"eve@example.com\"}]",
         "line 3: field \"username\": this value is already in use and should be unique"},
        {good + "{\"username\":\"eve\",\"email\":\"BOB@example.com\"}]",
         "line 3: field \"email\": this value is already in use and should be unique"},
        {good + user("\"password\":\"weak\"") + "]",
         "line 3: field \"password\": insecure password, try including more special characters, "
         "using uppercase letters, using numbers or using a longer password"},
        {good + user("\"hashed_password\":\"$1$secret\"") + "]",
         "line 3: \"hashed_password\" must be a bcrypt hash: $2a$, $2b$ or $2y$, of cost 18 "
         "at most"},
        {good + user("\"hashed_password\":\"$2b$19$" + std::string(53, 'a') + "\"") + "]",
         "line 3: \"hashed_password\" must be a bcrypt hash: $2a$, $2b$ or $2y$, of cost 18 "
         "at most"},
        {good + user("\"login_type\":\"token\"") + "]",
         "line 3: field \"login_type\": Validation failed for tag \"login_type\" with value: "
         "\"token\""},
        {good + user("\"tokens\":{\"ci\":\"short-secret\"}") + "]",
         "line 3: Invalid API key format: invalid API key ID length, expected 10 got 5"},
        {good + user("\"tokens\":{\"tokenconfig\":\"abcdefghij-0123456789ABCDEFGHIJKM\"}") + "]",
         "line 3: \"tokenconfig\" is a reserved name"},
        {good + user("\"sessions\":[\"abcdefghi!-0123456789ABCDEFGHIJKL\"]") + "]",
         "line 3: a token consists of letters and digits around its dash"},
        {good + user("\"tokens\":{\"ci\":\"abcdefghij-0123456789ABCDEFGHIJKM\"}") + "]",
         "line 3: value already in use: api_keys.id"},
        {good + user("\"organization_roles\":[\"king\"]") + "]", "is not a supported role"},
    };
    for (const auto& [json, reason] : schema_rows) {
        INFO(json);
        CHECK_THAT(refused(server, json), Catch::Matchers::ContainsSubstring(reason));
    }
    server.faults().fail_write();
    CHECK_THROWS_AS(server.seed(user("\"roles\":[]")), coder_users::ApiError);
    CHECK(server.owner().get("/users/eve").status == 404);
}

TEST_CASE("a seed without a server tells how far it is, and leaves no file when it fails") {
    const coder_users_test::TempFolder folder;
    coder_users::Options options = coder_users::Options::for_tests();
    options.database = folder.file("users.db");
    CHECK_THROWS_AS(coder_users::data::seed(options, "[" + ada + ", {}]"), LineError);
    CHECK(folder.listing().empty());
    std::vector<std::int64_t> told;
    coder_users::data::seed(options, ada + R"({"username":"bob","email":"bob@example.com"})",
                            [&](std::int64_t done, std::int64_t total) {
                                told.push_back(done);
                                told.push_back(total);
                            });
    CHECK(told == std::vector<std::int64_t>{0, 2, 1, 2});
    CHECK_THROWS_AS(coder_users::data::seed(options, ada), LineError);
    CHECK(coder_users::data::check(options).users == 2);
    options.database = ":memory:";
    CHECK_THROWS_AS(coder_users::data::seed(options, ada), std::invalid_argument);
}

}  // namespace seed_test
