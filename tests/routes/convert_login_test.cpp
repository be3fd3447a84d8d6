// docs/contract/external_login.md, "POST /users/{user}/convert-login"; docs/contract/audit.md,
// "What is recorded".
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

std::string asked(const std::string& type, const std::string& password = good_password) {
    return "{\"to_type\":" + json_text(type) + ",\"password\":" + json_text(password) + "}";
}

std::string base64url_decoded(std::string text) {
    for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (text.size() % 4 != 0) text += '=';
    return coder_users::rules::base64_decode(text).value();
}

}  // namespace

TEST_CASE("a password account gets a signed cookie with which to convert at the provider") {
    World world;
    const Answer answer =
        world.server.send("POST", "/users/me/convert-login", world.owner, asked("oidc"));
    REQUIRE(answer.status == 201);
    const Value body = parse(answer.body);
    CHECK(body.size() == 4);
    const std::string state = body["state_string"].text();
    CHECK(state.substr(0, 8) == "convert-");
    CHECK(state.size() == 8 + 32);
    CHECK(state.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                                  8) == std::string::npos);
    CHECK(body["to_type"].text() == "oidc");
    CHECK(body["user_id"].text() == world.id_of("owner"));
    const auto ends = coder_users::add(world.server.now(), std::chrono::minutes(5));
    CHECK(body["expires_at"].text() == coder_users::to_rfc3339(ends));

    REQUIRE(answer.all("set-cookie").size() == 1);
    const std::string cookie = answer.header("set-cookie");
    const std::string name = "coder_oauth_convert_jwt=";
    REQUIRE(cookie.substr(0, name.size()) == name);
    const std::size_t end = cookie.find(';');
    CHECK(cookie.substr(end) == "; Path=/; HttpOnly; SameSite=Lax; Max-Age=300");
    const std::string token = cookie.substr(name.size(), end - name.size());
    const std::size_t first = token.find('.'), second = token.rfind('.');
    REQUIRE(first < second);
    CHECK(base64url_decoded(token.substr(0, first)) == R"({"alg":"HS512","typ":"JWT"})");
    CHECK(base64url_decoded(token.substr(second + 1)).size() == 64);
    const Value claims = parse(base64url_decoded(token.substr(first + 1, second - first - 1)));
    CHECK(claims["iss"].text() ==
          world.sql("SELECT value FROM deployment WHERE name = 'deployment_id'"));
    CHECK(claims["sub"].text() == world.id_of("owner"));
    CHECK(claims["state"].text() == state);
    CHECK(claims["from_login_type"].text() == "password");
    CHECK(claims["to_login_type"].text() == "oidc");
    CHECK(claims["exp"].text() == std::to_string(coder_users::micros(ends) / 1'000'000));

    CHECK(world.sql("SELECT login_type FROM users") == "password");
    CHECK(world.sql("SELECT resource_type, action, resource_target, status_code FROM audit_logs "
                    "ORDER BY entry DESC LIMIT 1") == "convert_login|create|oidc|201");
    const Value diff = parse(world.sql("SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1"));
    CHECK(diff["from_login_type"].json().serialize() ==
          R"({"new":"password","old":"","secret":false})");
    CHECK(diff["to_login_type"].json().serialize() == R"({"new":"oidc","old":"","secret":false})");
    CHECK(diff["expires_at"]["new"].text() == coder_users::to_rfc3339(ends));
    CHECK(diff.size() == 3);
}

TEST_CASE("what keeps an account from converting, in its order") {
    World world;
    world.server.create(world.owner, "bob");
    const std::string wrong = "wr0ng-Horse-9";
    struct Case {
        const char* title;
        std::string path, token, body;
        int status;
        std::string answer;
        std::string entry;  ///< target and status of what is recorded
    };
    const std::string own = "/users/me/convert-login";
    const Case cases[] = {
        {"without a session", own, "", asked("oidc"), 401,
         detailed("You are signed out or your session has expired. Please sign in again to "
                  "continue.",
                  "Cookie \"coder_session_token\" or header \"Coder-Session-Token\" must be "
                  "provided."),
         ""},
        {"without fields", own, world.owner, "{}", 400,
         broken({{"to_type", "required", ""}, {"password", "required", ""}}), ""},
        {"for somebody else, by an owner", "/users/bob/convert-login", world.owner,
         asked("nosuch", wrong), 403, message("Forbidden."), "nosuch|403"},
        {"to none", own, world.owner, asked("none", wrong), 400,
         "{\"message\":\"Cannot convert to login type \\\"none\\\".\"}\n", "none|400"},
        {"to password", own, world.owner, asked("password", wrong), 400,
         "{\"message\":\"Cannot convert to login type \\\"password\\\".\"}\n", "password|400"},
        {"to token", own, world.owner, asked("token", wrong), 400,
         "{\"message\":\"Cannot convert to login type \\\"token\\\".\"}\n", "token|400"},
        {"to what is no login type", own, world.owner, asked("saml", wrong), 400,
         "{\"message\":\"Unknown login type \\\"saml\\\".\"}\n", "saml|400"},
        {"with the wrong password", own, world.owner, asked("github", wrong), 401,
         message("Incorrect email or password."), "github|401"},
    };
    for (const Case& each : cases) {
        INFO(each.title);
        const std::string before = world.sql("SELECT count(*) FROM audit_logs");
        const Answer answer = world.server.send("POST", each.path, each.token, each.body);
        CHECK(answer.status == each.status);
        CHECK(answer.body == each.answer);
        CHECK_FALSE(answer.has("set-cookie"));
        const std::string entries = world.sql(
            "SELECT resource_target, status_code FROM audit_logs WHERE entry > " + before);
        CHECK(entries == each.entry);
    }
    CHECK(world.sql("SELECT DISTINCT login_type FROM users") == "password");
}

TEST_CASE("an account of another login type does not convert, nor one where passwords are off") {
    TempFolder folder;
    coder_users::Options options{folder.file("users.db")};
    std::string token;
    {
        TestServer server(options);
        token = server.owner();
    }
    options.disable_password_auth = true;
    options.limits.cached_sessions = 0;  // rows are changed without the store
    {
        TestServer server(options);
        const Answer answer =
            server.send("POST", "/users/me/convert-login", token, asked("github"));
        CHECK(answer.status == 403);
        CHECK(answer.body == message("Password authentication is disabled."));
        SQLite::Database db(folder.file("users.db"), SQLite::OPEN_READWRITE, 5000);
        db.exec("UPDATE users SET login_type = 'github'");
        const Answer other = server.send("POST", "/users/me/convert-login", token, asked("github"));
        CHECK(other.status == 400);
        CHECK(other.body == message("User account must have password based authentication."));
    }
}
