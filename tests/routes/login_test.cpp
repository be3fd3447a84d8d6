// docs/contract/users.md, "POST /users/login"; docs/contract/http.md, "Session cookie".
#include "coder_users/internal/rules/crypto.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

std::string body(const std::string& email, const std::string& password = good_password) {
    return "{\"email\":" + json_text(email) + ",\"password\":" + json_text(password) + "}";
}
const std::string wrong = message("Incorrect email or password.");

std::string wrong_type(const std::string& type) {
    return message(
        "Incorrect login type, attempting to use \\\"password\\\" but user is of "
        "login type \\\"" +
        type + "\\\"");
}

}  // namespace

TEST_CASE("a login makes a session and a cookie, activates, and is not a visit") {
    World world;
    const std::string id = world.server.create(world.owner, "bob");
    world.server.advance(std::chrono::minutes(1));
    const Answer answer = world.server.send("POST", "/users/login", "", body("BOB@Example.ORG"));
    REQUIRE(answer.status == 201);
    const std::string token = parse(answer.body)["session_token"].text();
    CHECK(answer.body == "{\"session_token\":\"" + token + "\"}\n");
    CHECK(answer.all("set-cookie") == std::vector<std::string>{"coder_session_token=" + token +
                                                               "; Path=/; HttpOnly; SameSite=Lax"});
    REQUIRE(token.size() == 33);
    CHECK(token.find_first_not_of(
              "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") ==
          std::string::npos);

    const auto number = [](Time time) { return std::to_string(coder_users::micros(time)); };
    const std::string now = number(world.server.now());
    CHECK(world.sql("SELECT * FROM api_keys WHERE user_id = '" + id + "'") ==
          token.substr(0, 10) + "|" + id + "|" + coder_users::rules::sha256_hex(token.substr(11)) +
              "|" + now + "|" + now + "|" + number(world.server.now() + std::chrono::hours(24)) +
              "|" + number(coder_users::never) + "|password|coder:all|*:*||86400|127.0.0.1|");
    CHECK(world.sql("SELECT status, last_seen_at FROM users WHERE id = '" + id + "'") ==
          "active|" + number(coder_users::never));
    CHECK(world.sql("SELECT resource_type, action, resource_target, resource_id, actor_id, "
                    "status_code FROM audit_logs ORDER BY entry DESC LIMIT 1") ==
          "api_key|login||" + id + "|" + id + "|201");
}

TEST_CASE("every login has a key of its own and earlier sessions stay") {
    World world;
    const std::string first = world.member("bob");
    const Answer second = world.server.send("POST", "/users/login", "", body("bob@example.org"),
                                            {{"Cookie", "coder_session_token=" + first}});
    REQUIRE(second.status == 201);
    const std::string token = parse(second.body)["session_token"].text();
    CHECK(token != first);
    CHECK(token.substr(0, 10) != first.substr(0, 10));
    CHECK(world.server.send("GET", "/users/me", first).status == 200);
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
}

TEST_CASE("refused logins") {
    World world;
    world.server.create(world.owner, "bob");
    world.server.create(world.owner, "gone");
    world.server.create(world.owner, "lazy");
    world.server.create(world.owner, "hub");
    world.server.create(world.owner, "bad");
    REQUIRE(world.server
                .send("POST", "/users", world.owner,
                      R"({"email":"bot@example.org","username":"bot","login_type":"none"})")
                .status == 201);
    REQUIRE(world.server.send("DELETE", "/users/gone", world.owner).status == 200);
    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'lazy'");
    world.execute("UPDATE users SET login_type = 'github' WHERE username = 'hub'");
    const std::string failed = "api_key|login||401";

    check_rows(
        world,
        {
            {"nothing sent", "POST", "/users/login", "", "{}", 400,
             broken({{"email", "required", ""}, {"password", "required", ""}})},
            {"no address", "POST", "/users/login", "", body("bob"), 400,
             broken({{"email", "email", "bob"}})},
            {"an unknown address", "POST", "/users/login", "", body("x@example.org"), 401, wrong,
             failed},
            {"a wrong password", "POST", "/users/login", "", body("bob@example.org", "x"), 401,
             wrong, failed},
            {"a user without a password", "POST", "/users/login", "", body("bot@example.org"), 401,
             wrong, failed},
            {"an empty hash and any password", "POST", "/users/login", "",
             body("bot@example.org", "*"), 401, wrong, failed},
            {"a deleted user", "POST", "/users/login", "", body("gone@example.org"), 401, wrong,
             failed},
            {"a password with more behind it", "POST", "/users/login", "",
             body("bob@example.org", good_password + "x"), 401, wrong, failed},
            {"a password that is too long", "POST", "/users/login", "",
             body("bob@example.org", std::string(600, 'x')), 401, wrong, failed},
            {"suspended, wrong password", "POST", "/users/login", "", body("lazy@example.org", "x"),
             401, wrong, failed},
            {"suspended", "POST", "/users/login", "", body("lazy@example.org"), 401,
             message("Your account is suspended. Contact an admin to reactivate your account."),
             failed},
            {"another login type, wrong password", "POST", "/users/login", "",
             body("hub@example.org", "x"), 401, wrong, failed},
            {"another login type", "POST", "/users/login", "", body("hub@example.org"), 403,
             wrong_type("github"), "api_key|login||403"},
            {"a good session does not help", "POST", "/users/login", world.owner,
             body("bob@example.org", "x"), 401, wrong, failed},
        });

    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'hub'");
    check_rows(world, {{"login type ahead of suspension", "POST", "/users/login", "",
                        body("hub@example.org"), 403, wrong_type("github"), "api_key|login||403"}});
}

TEST_CASE("a damaged hash matches nothing") {
    World world;
    world.server.create(world.owner, "bob");
    const std::string good_hash =
        world.sql("SELECT hashed_password FROM users WHERE username = 'bob'");
    for (const std::string& hash :
         {std::string(), std::string("*0"), std::string("*1"), std::string("$2b$04$"),
          good_hash.substr(0, 40), good_hash + "x", std::string("$1$salt$hash"), good_password}) {
        INFO(hash);
        world.execute("UPDATE users SET hashed_password = '" + hash + "' WHERE username = 'bob'");
        check_rows(world, {{"a damaged hash", "POST", "/users/login", "", body("bob@example.org"),
                            401, wrong, "api_key|login||401"}});
    }
}

TEST_CASE("a refused login tells who was meant, if there is somebody") {
    World world;
    const std::string id = world.server.create(world.owner, "bob");
    const std::string last =
        "SELECT actor_id, resource_id, resource_target, diff, status_code FROM audit_logs ORDER "
        "BY entry DESC LIMIT 1";
    world.server.send("POST", "/users/login", "", body("bob@example.org", "x"));
    CHECK(world.sql(last) == id + "|" + id + "||{}|401");
    world.server.send("POST", "/users/login", "", body("x@example.org"));
    CHECK(world.sql(last) == "NULL|" + nil_id + "||{}|401");
}

TEST_CASE("with password login switched off nobody logs in") {
    TempFolder folder;
    coder_users::Options options{folder.file("users.db")};
    {
        TestServer server(options);
        server.owner();
    }
    options.disable_password_auth = true;
    TestServer server(options);
    const Answer good = server.send("POST", "/users/login", "", body("owner@example.org"));
    CHECK(good.status == 403);
    CHECK(good.body == message("Password authentication is disabled."));
    CHECK_FALSE(good.has("set-cookie"));
    const Answer bad = server.send("POST", "/users/login", "", body("owner@example.org", "x"));
    CHECK(bad.status == 401);
    CHECK(bad.body == wrong);
    CHECK(stored(options.database,
                 "SELECT status_code FROM audit_logs ORDER BY entry DESC LIMIT 2") == "401\n403");
}

TEST_CASE("the cookie is secure when asked for or when clients come by https") {
    struct Case {
        std::optional<bool> chosen;
        std::string access_url;
        bool secure;
    };
    for (const Case& each :
         {Case{{}, "", false}, Case{{}, "http://a.example", false},
          Case{{}, "https://a.example", true}, Case{true, "", true},
          Case{true, "http://a.example", true}, Case{false, "https://a.example", false}}) {
        INFO(each.access_url << each.secure);
        coder_users::Options options;
        options.secure_auth_cookie = each.chosen;
        options.access_url = each.access_url;
        TestServer server(options);
        server.owner();
        const Answer answer = server.send("POST", "/users/login", "", body("owner@example.org"));
        const std::string token = parse(answer.body)["session_token"].text();
        CHECK(answer.header("set-cookie") == "coder_session_token=" + token +
                                                 "; Path=/; HttpOnly; SameSite=Lax" +
                                                 (each.secure ? "; Secure" : ""));
    }
}

TEST_CASE("the session duration is that of the options") {
    coder_users::Options options;
    options.session_duration = std::chrono::minutes(90);
    World world(options);
    CHECK(world.sql("SELECT lifetime_seconds, expires_at - created_at FROM api_keys") ==
          "5400|5400000000");
}

TEST_CASE("a login removes the sessions of its user that ended more than a day ago, and no token") {
    World world;
    world.server.create(world.owner, "bob");
    const auto add = [&](const std::string& name, const std::string& id, const std::string& type,
                         std::chrono::seconds ago) {
        KeyRow key;
        key.id = id, key.login_type = type, key.token_name = id, key.expires_in = -ago;
        world.add_key(name, key);
    };
    const auto day = std::chrono::hours(24);
    add("bob", "long000001", "password", day + std::chrono::seconds(1));
    add("bob", "late000001", "password", day - std::chrono::seconds(1));
    add("bob", "token00001", "token", 9 * day);
    add("owner", "other00001", "password", 9 * day);
    world.server.log_in("bob@example.org");
    CHECK(world.sql("SELECT id FROM api_keys WHERE length(token_name) = 10 ORDER BY id") ==
          "late000001\nother00001\ntoken00001");
}
