// docs/contract/users.md, "GET /users/first" and "POST /users/first".
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

std::string body(const std::string& email, const std::string& name, const std::string& password) {
    return "{\"email\":" + json_text(email) + ",\"username\":" + json_text(name) +
           ",\"password\":" + json_text(password) + "}";
}

const std::string good = body("a@example.org", "Alice", good_password);
const std::string exists = message("The initial user has already been created!");
const std::string missing = message("The initial user has not been created!");
const std::string second = message("The initial user has already been created.");

/// A server without any user.
struct Empty {
    TempFolder folder;
    std::string path = folder.file("users.db");
    TestServer server{coder_users::Options{path}};
    std::string sql(const std::string& query) const { return stored(path, query); }
};

}  // namespace

TEST_CASE("before set-up the first user is missing, afterwards it is there") {
    Empty empty;
    const Answer before = empty.server.send("GET", "/users/first");
    CHECK(before.status == 404);
    CHECK(before.body == missing);
    REQUIRE(empty.server.send("POST", "/users/first", "", good).status == 201);
    const Answer after = empty.server.send("GET", "/users/first", "no-token");
    CHECK(after.status == 200);
    CHECK(after.body == exists);
}

TEST_CASE("the first user comes with everything it needs and nothing else") {
    Empty empty;
    const Answer made = empty.server.send("POST", "/users/first", "", good);
    REQUIRE(made.status == 201);
    const std::string user = parse(made.body)["user_id"].text();
    const std::string organization = parse(made.body)["organization_id"].text();
    CHECK(made.body ==
          "{\"user_id\":\"" + user + "\",\"organization_id\":\"" + organization + "\"}\n");
    CHECK_FALSE(made.has("set-cookie"));

    const std::string time = std::to_string(coder_users::micros(start_of_test));
    const std::string unseen = std::to_string(coder_users::micros(coder_users::never));
    CHECK(empty.sql("SELECT id, username, username_folded, email, email_folded, created_at, "
                    "last_seen_at, status, login_type, avatar_url, theme_preference, deleted "
                    "FROM users") == user + "|Alice|alice|a@example.org|a@example.org|" + time +
                                         "|" + unseen + "|dormant|password|||0");
    CHECK(empty.sql("SELECT substr(hashed_password, 1, 7) FROM users") == "$2b$04$");
    CHECK(empty.sql("SELECT * FROM user_roles") == user + "|owner");
    CHECK(empty.sql("SELECT * FROM organizations") ==
          organization + "|Alice|alice|" + time + "|" + time + "|Alice|||1");
    CHECK(empty.sql("SELECT * FROM organization_members") ==
          user + "|" + organization + "|" + time + "|" + time);
    CHECK(empty.sql("SELECT * FROM organization_member_roles") ==
          user + "|" + organization + "|organization-member:" + organization);
    CHECK(empty.sql("SELECT user_id, substr(public_key, 1, 12) FROM git_ssh_keys") ==
          user + "|ssh-ed25519 ");
    CHECK(empty.sql("SELECT count(*) FROM api_keys") == "0");
    CHECK(empty.sql("SELECT resource_type, action, resource_target, resource_id, actor_id, "
                    "status_code FROM audit_logs") ==
          "user|create|Alice|" + user + "|" + user + "|201");
}

TEST_CASE("the option trial has no effect and unknown fields have none") {
    Empty empty;
    const Answer made = empty.server.send(
        "POST", "/users/first", "",
        R"({"email":"a@example.org","username":"Alice","trial":true,"status":"suspended",)"
        R"("id":"11111111-1111-1111-1111-111111111111","deleted":true,"hashed_password":"x",)"
        R"("password":")" +
            good_password + "\"}");
    REQUIRE(made.status == 201);
    CHECK(parse(made.body)["user_id"].text() != "11111111-1111-1111-1111-111111111111");
    CHECK(empty.sql("SELECT status, deleted FROM users") == "dormant|0");
}

TEST_CASE("a refused set-up stores nothing") {
    struct Bad {
        std::string title, body, answer;
    };
    const std::string weak = "Password not strong enough!";
    const std::string hints =
        "insecure password, try including more special characters, using uppercase letters, "
        "using numbers or using a longer password";
    const std::vector<Bad> rows{
        {"nothing sent", "{}",
         broken({{"email", "required", ""},
                 {"username", "required", ""},
                 {"password", "required", ""}})},
        {"broken rules", body("a@b", "a b", "weak"),
         broken({{"email", "email", "a@b"}, {"username", "username", "a b"}})},
        {"a reserved name", body("a@example.org", "OIDC", good_password),
         broken({{"username", "username", "OIDC"}})},
        {"a weak password", body("a@example.org", "alice", "password"),
         with_validations(weak, {{"password", hints}})},
        {"a password of 65 bytes",
         body("a@example.org", "alice", "Aa1!" + std::string(60, 'x') + "z"),
         with_validations(weak, {{"password",
                                  "insecure password, try including more special characters or "
                                  "using a longer password"}})},
        {"a strong password of 65 bytes",
         body("a@example.org", "alice",
              "Gh4!Kw9-Pz2_Tx7.Bv5,Mn3$Rq8@Ds6&Fj1*Lc0+Yu4=Hi9?Ea2;Zo7:Wb5|Xg8~K"),
         with_validations(weak, {{"password", "password must be no more than 64 characters"}})},
    };
    Empty empty;
    for (const Bad& row : rows) {
        INFO(row.title);
        const Answer answer = empty.server.send("POST", "/users/first", "", row.body);
        CHECK(answer.status == 400);
        CHECK(answer.body == row.answer);
        CHECK(empty.sql("SELECT count(*) FROM users") == "0");
        CHECK(empty.sql("SELECT count(*) FROM organizations") == "0");
        CHECK(empty.sql("SELECT count(*) FROM audit_logs") == "0");
    }
    CHECK(empty.server.send("GET", "/users/first").status == 404);
}

TEST_CASE("a password of exactly 64 bytes is good and logs in") {
    Empty empty;
    const std::string password = "Gh4!Kw9-Pz2_Tx7.Bv5,Mn3$Rq8@Ds6&Fj1*Lc0+Yu4=Hi9?Ea2;Zo7:Wb5|Xg8~";
    REQUIRE(password.size() == 64);
    CHECK(empty.server.send("POST", "/users/first", "", body("a@example.org", "a", password))
              .status == 201);
    CHECK_FALSE(empty.server.log_in("a@example.org", password).empty());
}

TEST_CASE("there is no second first user") {
    World world;
    check_rows(world,
               {
                   {"without a session", "POST", "/users/first", "", good, 409, second},
                   {"by the owner", "POST", "/users/first", world.owner, good, 409, second},
                   {"ahead of the strength of the password", "POST", "/users/first", "",
                    body("a@example.org", "alice", "weak"), 409, second},
                   {"behind the field rules", "POST", "/users/first", "",
                    body("a@example.org", "", "x"), 400, broken({{"username", "required", ""}})},
                   {"behind decoding", "POST", "/users/first", "", "", 400,
                    detailed("Request body must be valid JSON.", "EOF")},
               });
}

TEST_CASE("the organization keeps its name when the first user is renamed") {
    World world;
    REQUIRE(world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"boss"})")
                .status == 200);
    CHECK(world.sql("SELECT name, name_folded FROM organizations") == "owner|owner");
}

TEST_CASE("the first user has a full name, and what else is sent has no effect") {
    for (const std::string version : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(version);
        TempFolder folder;
        coder_users::Options options{folder.file("users.db")};
        options.coder_version = version;
        TestServer server(options);
        const auto refused = [&](const std::string& more, const std::string& answer) {
            const Answer made = server.send(
                "POST", "/users/first", "",
                R"({"email":"a@example.org","username":"alice","password":"correct-Horse-9")" +
                    more + "}");
            CHECK(made.status == 400);
            CHECK(made.body == answer);
            CHECK(stored(options.database, "SELECT count(*) FROM users") == "0");
        };
        refused(R"(,"name":" Alice")", broken({{"name", "user_real_name", " Alice"}}));
        refused(R"(,"name":" ","password":"","username":"a b")",
                broken({{"username", "username", "a b"},
                        {"name", "user_real_name", " "},
                        {"password", "required", ""}}));
        refused(R"(,"trial_info":"x")", detailed("Request body must be valid JSON.",
                                                 "field \"trial_info\" must be an object"));
        refused(R"(,"onboarding_info":[])",
                detailed("Request body must be valid JSON.",
                         "field \"onboarding_info\" must be an object"));
        const Answer made = server.send(
            "POST", "/users/first", "",
            R"({"email":"a@example.org","username":"alice","password":"correct-Horse-9",)"
            R"("name":"Alice A","trial":true,"trial_info":{"first_name":"X","developers":1},)"
            R"("onboarding_info":{"newsletter_marketing":true},"roles":["auditor"]})");
        REQUIRE(made.status == 201);
        CHECK(stored(options.database,
                     "SELECT username, name, name_folded, roles, updated_at = "
                     "created_at FROM users") == "alice|Alice A|alice a|owner|1");
        const std::string token = server.log_in("a@example.org");
        const Value me = parse(server.send("GET", "/users/me", token).body);
        CHECK(me.has("name") == (version != "2.6"));
        if (version != "2.6") CHECK(me["name"].text() == "Alice A");
    }
}
