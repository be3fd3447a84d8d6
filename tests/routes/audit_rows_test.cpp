// What requests write into the audit log, and what they must not write anywhere
// (docs/contract/audit.md, "What is recorded" and "Entries").
#include "coder_users/internal/base/rfc3339.hpp"
#include "endpoint_table.hpp"
#include "test_database.hpp"

using namespace coder_users_test;

namespace {

/// `"field":{"old":old,"new":new,"secret":false}`; both values as JSON.
std::string field(const std::string& name, const std::string& before, const std::string& after) {
    return json_text(name) + ":{\"old\":" + before + ",\"new\":" + after + ",\"secret\":false}";
}
std::string created(const std::string& name, const std::string& value) {
    return field(name, "\"\"", json_text(value));
}
std::string deleted(const std::string& name, const std::string& value) {
    return field(name, json_text(value), "\"\"");
}
const std::string secret = R"("hashed_password":{"old":"","new":"","secret":true})";
const std::string never = "\"0001-01-01T00:00:00Z\"";

std::string diff(const std::vector<std::string>& fields) {
    return "{" + coder_users::join(fields, ",") + "}";
}

/// Returns the newest entry without its own id.
std::string newest(const World& world) {
    return world.sql(
        "SELECT organization_id, actor_id, ip, resource_type, action, resource_id, "
        "resource_target, status_code, diff FROM audit_logs ORDER BY entry DESC LIMIT 1");
}
std::string entry_of(const std::string& actor, const std::string& kind, const std::string& user,
                     const std::string& target, int status, const std::string& changes) {
    return nil_id + "|" + actor + "|127.0.0.1|" + kind + "|" + user + "|" + target + "|" +
           std::to_string(status) + "|" + changes;
}

/// Returns every text in every table of a database file.
std::string all_texts(const std::string& path) {
    std::string all;
    const std::string names = stored(path, "SELECT name FROM sqlite_master WHERE type = 'table'");
    const auto tables = coder_users::split(names, '\n');
    for (const std::string_view table : tables)
        all += stored(path, "SELECT * FROM \"" + std::string(table) + "\"") + "\n";
    return all;
}

}  // namespace

TEST_CASE("the audit log tells what a creation, a renaming and a deletion did") {
    World world;
    const std::string owner = world.id_of("owner");
    CHECK(world.sql("SELECT diff FROM audit_logs WHERE entry = 1") ==
          diff({created("id", owner), created("email", "owner@example.org"),
                created("username", "owner"), created("status", "dormant"),
                field("rbac_roles", "[]", "[\"owner\"]"), created("login_type", "password"),
                secret}));

    const std::string bob = world.server.create(world.owner, "bob");
    CHECK(newest(world) == entry_of(owner, "user|create", bob, "bob", 201,
                                    diff({created("id", bob), created("email", "bob@example.org"),
                                          created("username", "bob"), created("status", "dormant"),
                                          created("login_type", "password"), secret})));

    world.server.send("PUT", "/users/bob/profile", world.owner, R"({"username":"Rob"})");
    CHECK(newest(world) == entry_of(owner, "user|write", bob, "Rob", 200,
                                    diff({field("username", "\"bob\"", "\"Rob\"")})));
    world.server.send("PUT", "/users/rob/profile", world.owner, R"({"username":"Rob"})");
    CHECK(newest(world) == entry_of(owner, "user|write", bob, "Rob", 200, "{}"));
    world.server.send("PUT", "/users/rob/profile", world.owner, R"({"username":"OWNER"})");
    CHECK(newest(world) == entry_of(owner, "user|write", bob, "Rob", 409, "{}"));

    world.give_role("Rob", "auditor");
    world.execute("UPDATE users SET theme_preference = 'dark' WHERE username = 'Rob'");
    world.server.send("DELETE", "/users/rob", world.owner);
    CHECK(newest(world) == entry_of(owner, "user|delete", bob, "Rob", 200,
                                    diff({deleted("id", bob), deleted("email", "bob@example.org"),
                                          deleted("username", "Rob"), deleted("status", "dormant"),
                                          field("rbac_roles", "[\"auditor\"]", "[]"),
                                          deleted("login_type", "password"),
                                          deleted("theme_preference", "dark"), secret})));
    world.server.send("DELETE", "/users/me", world.owner);
    CHECK(newest(world) == entry_of(owner, "user|delete", owner, "owner", 403, "{}"));

    const Answer bot =
        world.server.send("POST", "/users", world.owner,
                          R"({"email":"bot@example.org","username":"bot","login_type":"none"})");
    const std::string id = parse(bot.body)["id"].text();
    CHECK(newest(world) == entry_of(owner, "user|create", id, "bot", 201,
                                    diff({created("id", id), created("email", "bot@example.org"),
                                          created("username", "bot"), created("status", "dormant"),
                                          created("login_type", "none")})));
}

TEST_CASE("the audit log tells of logins and logouts") {
    World world;
    const std::string bob = world.server.create(world.owner, "bob");
    world.server.advance(std::chrono::seconds(1));
    const std::string login = json_text(coder_users::to_rfc3339(world.server.now()));
    const std::string ends =
        json_text(coder_users::to_rfc3339(world.server.now() + std::chrono::hours(24)));
    const std::string token = world.server.log_in("bob@example.org");
    CHECK(newest(world) ==
          entry_of(bob, "api_key|login", bob, "", 201,
                   diff({created("user_id", bob), field("created_at", never, login),
                         field("expires_at", never, ends)})));
    world.server.advance(std::chrono::minutes(1));
    const std::string used = json_text(coder_users::to_rfc3339(world.server.now()));
    world.server.send("POST", "/users/logout", token);
    CHECK(newest(world) ==
          entry_of(bob, "api_key|logout", bob, "", 200,
                   diff({deleted("user_id", bob), field("created_at", login, never),
                         field("expires_at", ends, never), field("last_used", used, never)})));
}

TEST_CASE("an entry carries the request's id, time, address and agent") {
    World world;
    world.server.advance(std::chrono::hours(2));
    const Answer answer =
        world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"Boss"})",
                          {{"User-Agent", "agent/1 \"x\" \\ \xc3\xa4"},
                           {"X-Forwarded-For", "1.2.3.4"},
                           {"REMOTE_ADDR", "1.2.3.4"}});
    CHECK(
        world.sql("SELECT request_id, time, ip, user_agent, resource_target_folded FROM audit_logs "
                  "ORDER BY entry DESC LIMIT 1") ==
        answer.header("x-coder-request-id") + "|" +
            std::to_string(coder_users::micros(world.server.now())) +
            "|127.0.0.1|agent/1 \"x\" \\ \xc3\xa4|boss");
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE id = request_id OR length(id) <> 36") ==
          "0");
    world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"Boss"})");
    CHECK(world.sql("SELECT user_agent FROM audit_logs ORDER BY entry DESC LIMIT 1") == "");
    CHECK(world.sql("SELECT entry FROM audit_logs ORDER BY entry") == "1\n2\n3\n4");
}

TEST_CASE("the agent of an entry is cut to 512 bytes, at the end of a character") {
    World world;
    const auto stored_agent = [&](const std::string& agent) {
        world.server.send("PUT", "/users/me/profile", world.owner, R"({"username":"Boss"})",
                          {{"User-Agent", agent}});
        return world.sql("SELECT user_agent FROM audit_logs ORDER BY entry DESC LIMIT 1");
    };
    const auto x = [](std::size_t count) { return std::string(count, 'x'); };
    CHECK(stored_agent(x(512)) == x(512));
    CHECK(stored_agent(x(513)) == x(512));
    CHECK(stored_agent(x(20'000)) == x(512));
    CHECK(stored_agent(x(510) + "\xc3\xa4") == x(510) + "\xc3\xa4");
    CHECK(stored_agent(x(511) + "\xc3\xa4") == x(511));
    CHECK(stored_agent(x(509) + "\xf0\x9f\x98\x80y") == x(509));
    CHECK(stored_agent(x(508) + "\xf0\x9f\x98\x80y") == x(508) + "\xf0\x9f\x98\x80");
    if (!on_postgres())  // which stores nothing but UTF-8
        CHECK(stored_agent(std::string(600, '\x80')) == std::string(512, '\x80'));
    // A refused login is recorded, too.
    world.server.send("POST", "/users/login", "", R"({"email":"x@example.org","password":"x"})",
                      {{"User-Agent", x(20'000)}});
    CHECK(world.sql("SELECT user_agent FROM audit_logs ORDER BY entry DESC LIMIT 1") == x(512));
}

TEST_CASE("what is no change of something that exists is not recorded") {
    World world;
    const std::string bob = world.member("bob");
    const std::string entry = world.last_entry();
    const auto send = [&](const std::string& method, const std::string& path,
                          const std::string& token, const std::string& body = "") {
        return world.server.send(method, path, token, body).status;
    };
    const std::string good = R"({"email":"x@example.org","username":"x","login_type":"none"})";
    CHECK(send("GET", "/users", world.owner) == 200);
    CHECK(send("GET", "/users/me", world.owner) == 200);
    CHECK(send("GET", "/users/nobody", world.owner) == 404);
    CHECK(send("GET", "/users/first", "") == 200);
    CHECK(send("GET", "/users?limit=x", bob) == 400);
    CHECK(send("DELETE", "/users/bob", "") == 401);
    CHECK(send("DELETE", "/users/owner", bob) == 404);
    CHECK(send("DELETE", "/users/nobody", world.owner) == 404);
    CHECK(send("PUT", "/users/bob/profile", world.owner, "{") == 400);
    CHECK(send("PUT", "/users/bob/profile", world.owner, "{}") == 400);
    CHECK(send("POST", "/users/bob/profile", world.owner) == 405);
    CHECK(send("PUT", "/users/bob/nosuch", world.owner) == 404);
    CHECK(send("POST", "/users/login", "", "{}") == 400);
    CHECK(send("POST", "/users", bob, good) == 403);
    CHECK(send("POST", "/users", world.owner, R"({"email":"x@example.org","username":"bob"})") ==
          409);
    CHECK(send("POST", "/users", world.owner, R"({"email":"x@example.org","username":"x"})") ==
          400);
    CHECK(send("POST", "/users/first", "",
               R"({"email":"x@example.org","username":"x","password":"x"})") == 409);
    CHECK(send("POST", "/users/logout", "") == 401);
    CHECK(world.entries_since(entry).empty());
}

TEST_CASE("no secret is stored or logged in the clear") {
    const std::string password = "Tr0ub4dor&3-secret", second = "Wr0ng-guess-of-pw!";
    TempFolder folder;
    const std::string path = folder.file("users.db");
    TestServer server(coder_users::Options{path});
    std::vector<std::string> secrets{password, second};
    const auto credentials = [&](const std::string& pw) {
        return R"({"email":"a@example.org","password":")" + pw + "\"}";
    };
    REQUIRE(server
                .send("POST", "/users/first", "",
                      R"({"email":"a@example.org","username":"a","password":")" + password + "\"}")
                .status == 201);
    const std::string token = server.log_in("a@example.org", password);
    secrets.push_back(token);
    secrets.push_back(token.substr(11));
    server.send("POST", "/users/login", "", credentials(second));
    server.send("GET", "/users/me", token);
    server.send("GET", "/users?token=" + token + "&q=" + token, token);
    server.send("GET", "/users/me", "", "", {{"Cookie", "coder_session_token=" + token}});
    server.send("GET", "/users/me", "", "", {{"Authorization", "Bearer " + token + "x"}});
    server.send("POST", "/users", token,
                R"({"email":"b@example.org","username":"b","password":")" + password + "\"}");
    server.send("POST", "/users", token,
                R"({"email":"a@example.org","username":"b","password":")" + second + "\"}");
    server.send("POST", "/users", token, "{\"password\":\"" + second + "\",");
    server.send("PUT", "/users/me/profile", token,
                R"({"username":"b","password":")" + second + "\"}");
    server.send("DELETE", "/users/b", token);
    server.send("POST", "/users/logout", token);

    const std::string texts = all_texts(path), log = server.log();
    for (const std::string& each : secrets) {
        INFO(each);
        CHECK(texts.find(each) == std::string::npos);
        CHECK(log.find(each) == std::string::npos);
    }
    const std::string hash = stored(path, "SELECT hashed_password FROM users WHERE username = 'a'");
    CHECK(stored(path, "SELECT diff FROM audit_logs").find(hash) == std::string::npos);
    CHECK(texts.find("PRIVATE KEY") == std::string::npos);
    CHECK(log.find("$2b$") == std::string::npos);
    CHECK(log.find("/api/v2/users/login") != std::string::npos);  // proves that there is a log
}

TEST_CASE("nothing a client sends makes a second line in the log") {
    World world;
    world.server.send("GET", "/users/a%0d%0aforged%1b%5b31m", world.owner, "",
                      {{"User-Agent", "x\x1b[31m \xe2\x80\xae"}});
    world.server.send("GET", "/users/\xe2\x80\xae", world.owner);
    for (const char c : world.server.log()) CHECK((c == '\n' || (c >= ' ' && c <= '~')));
    CHECK(world.server.log().find("\nforged") == std::string::npos);
}
