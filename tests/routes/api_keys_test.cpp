// docs/contract/keys.md, "GET /users/{user}/keys/{keyid}" and
// "DELETE /users/{user}/keys/{keyid}"; threats T1, T7; and what using a key does to it:
// docs/contract/http.md, "Effects of a use".
#include "coder_users/internal/base/rfc3339.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

std::string key_path(const std::string& user, const std::string& token) {
    return "/users/" + user + "/keys/" + token.substr(0, 10);
}
std::string count_of(const World& world, const std::string& token) {
    return world.sql("SELECT count(*) FROM api_keys WHERE id = '" + token.substr(0, 10) + "'");
}

}  // namespace

TEST_CASE("a key by its id") {
    const People world;
    const std::string token = world.add_key("bob", {});
    const std::string id = world.id_of("bob");
    const auto json = [&](const std::string& key, const std::string& type, const std::string& used,
                          const std::string& name) {
        return "{\"id\":\"" + key.substr(0, 10) + "\",\"user_id\":\"" + id +
               R"(","created_at":"2026-01-02T03:04:05.678901Z",)"
               R"("updated_at":"2026-01-02T03:04:05.678901Z",)"
               R"("expires_at":"2026-01-03T03:04:05.678901Z","last_used":")" +
               used + R"(","login_type":")" + type + R"(","scope":"all","token_name":")" + name +
               "\",\"lifetime_seconds\":86400}\n";
    };
    const std::string now = "2026-01-02T03:04:05.678901Z", never = "0001-01-01T00:00:00Z";
    const std::string token_json = json(token, "token", never, "by-hand");
    const std::string session_json = json(world.bob, "password", now, "");
    const std::string path = key_path("bob", token);
    check_rows(
        world,
        {
            {"without a session", "GET", path, "", "", 401, no_session},
            {"its user", "GET", key_path("me", token), world.bob, "", 200, token_json},
            {"its user, the session", "GET", key_path("me", world.bob), world.bob, "", 200,
             session_json},
            {"an owner", "GET", path, world.owner, "", 200, token_json},
            {"an owner, the session", "GET", key_path("BOB", world.bob), world.owner, "", 200,
             session_json},
            {"an owner through its own path", "GET", key_path("me", token), world.owner, "", 404,
             not_found_answer},
            {"another through its own path", "GET", key_path("me", token), world.carl, "", 404,
             not_found_answer},
            {"an auditor through its own path", "GET", key_path("me", token), world.anna, "", 404,
             not_found_answer},
            {"a member, another", "GET", path, world.carl, "", 404, no_user("bob")},
            {"an organization admin", "GET", path, world.oda, "", 404, no_user("bob")},
            {"an auditor", "GET", path, world.anna, "", 404, not_found_answer},
            {"a template-admin", "GET", path, world.tina, "", 404, not_found_answer},
            {"a user-admin", "GET", path, world.udo, "", 404, not_found_answer},
            {"a user-admin, an owner", "GET", key_path("owner", world.owner), world.udo, "", 404,
             not_found_answer},
            {"unknown", "GET", "/users/me/keys/0123456789", world.bob, "", 404, not_found_answer},
            {"letter case", "GET", "/users/me/keys/KEY0000001", world.bob, "", 404,
             not_found_answer},
            {"the whole token", "GET", "/users/me/keys/" + token, world.bob, "", 404,
             not_found_answer},
            {"a wildcard", "GET", "/users/me/keys/%25", world.bob, "", 404, not_found_answer},
            {"SQL", "GET", "/users/me/keys/'%20OR%20'1'='1", world.bob, "", 404, not_found_answer},
            {"no id", "GET", "/users/me/keys", world.bob, "", 405, bad_method},
            {"another method", "PUT", key_path("me", token), world.bob, "", 405, bad_method},
        });
}

TEST_CASE("who may delete which key") {
    const People world;
    const std::string token = world.add_key("bob", {});
    const std::string path = key_path("bob", token);
    check_rows(world,
               {
                   {"without a session", "DELETE", path, "", "", 401, no_session},
                   {"another through its own path", "DELETE", key_path("me", token), world.carl, "",
                    404, not_found_answer},
                   {"an owner through its own path", "DELETE", key_path("me", token), world.owner,
                    "", 404, not_found_answer},
                   {"a member, another", "DELETE", path, world.carl, "", 404, no_user("bob")},
                   {"an organization admin", "DELETE", path, world.oda, "", 404, no_user("bob")},
                   {"an auditor", "DELETE", path, world.anna, "", 404, not_found_answer},
                   {"a template-admin", "DELETE", path, world.tina, "", 404, not_found_answer},
                   {"a user-admin", "DELETE", path, world.udo, "", 404, not_found_answer},
                   {"a user-admin, an owner", "DELETE", key_path("owner", world.owner), world.udo,
                    "", 404, not_found_answer},
                   {"unknown", "DELETE", "/users/me/keys/0123456789", world.bob, "", 404,
                    not_found_answer},
                   {"the list", "DELETE", "/users/me/keys/tokens", world.bob, "", 405, bad_method},
               });
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
}

TEST_CASE("a deleted key is gone, and only it") {
    const People world;
    const std::string token = world.add_key("bob", {}), bob = world.id_of("bob");
    const std::string others =
        "SELECT id, user_id, hashed_secret, updated_at, expires_at FROM api_keys "
        "WHERE id <> 'Key0000001' ORDER BY id";
    const std::string before = world.sql(others), entry = world.last_entry();

    const Answer answer = world.server.send("DELETE", key_path("bob", token), world.owner, "{");
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    CHECK(world.sql(others) == before);
    CHECK(count_of(world, token) == "0");
    CHECK(world.server.send("GET", "/users/me", token).body == bad_key);
    CHECK(world.server.send("DELETE", key_path("bob", token), world.owner).body ==
          not_found_answer);
    CHECK(world.entries_since(entry) == "api_key|delete|by-hand|204");
    const std::string never = "\"0001-01-01T00:00:00Z\"";
    CHECK(newest_entry(world) ==
          nil_id + "|" + world.id_of("owner") + "|127.0.0.1|api_key|delete|" + bob +
              "|by-hand|204|{" + diff_field("user_id", json_text(bob), "\"\"") + "," +
              diff_field("created_at", "\"2026-01-02T03:04:05.678901Z\"", never) + "," +
              diff_field("expires_at", "\"2026-01-03T03:04:05.678901Z\"", never) + "}");

    // The key of the request itself, a session and a token.
    CHECK(world.server.send("DELETE", key_path("me", world.bob), world.bob).status == 204);
    CHECK(world.entries_since(entry) == "api_key|delete|by-hand|204\napi_key|delete||204");
    CHECK(world.server.send("GET", "/users/me", world.bob).body == bad_key);
    const std::string own = world.add_key("carl", {});
    CHECK(world.server.send("DELETE", key_path("CARL", own), own).status == 204);
    CHECK(world.server.send("GET", "/users/me", own).body == bad_key);
    CHECK(world.server.send("GET", "/users/me", world.carl).status == 200);
}

TEST_CASE("use lets sessions slide and tokens end") {
    People world;
    const std::string token = world.add_key("bob", {});
    const auto read = [&](const std::string& key, const char* member) {
        return parse(world.server.send("GET", key_path("bob", key), world.owner).body)[member]
            .text();
    };
    const auto text = [&](std::chrono::seconds from_now) {
        return coder_users::to_rfc3339(world.server.now() + from_now);
    };
    const std::string end = text(std::chrono::hours(24));
    const auto step = [&](std::chrono::seconds by) {
        world.server.advance(by);
        CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);
    };

    step(std::chrono::minutes(59));  // less than an hour: nothing moves
    CHECK(world.server.send("GET", "/users/me", world.bob).status == 200);
    CHECK(read(world.bob, "expires_at") == end);
    step(std::chrono::minutes(1));  // an hour less of it: the session slides
    CHECK(world.server.send("GET", "/users/me", world.bob).status == 200);
    CHECK(read(world.bob, "expires_at") == text(std::chrono::hours(24)));
    const std::string used = text(std::chrono::seconds(0));
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
    CHECK(read(token, "last_used") == used);
    step(std::chrono::hours(1));
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
    CHECK(read(token, "last_used") == used);  // not more than an hour back
    step(std::chrono::seconds(1));
    CHECK(world.server.send("GET", "/users/me", token).status == 200);
    CHECK(read(token, "last_used") == text(std::chrono::seconds(0)));
    for (int hour = 2; hour < 23; ++hour) {
        step(std::chrono::hours(1));
        CHECK(world.server.send("GET", "/users/me", world.bob).status == 200);
        CHECK(world.server.send("GET", "/users/me", token).status == 200);
    }
    CHECK(read(token, "expires_at") == end);
    step(std::chrono::seconds(3599));
    CHECK(world.server.send("GET", "/users/me", token).status == 401);
    CHECK(world.server.send("GET", "/users/me", token).body ==
          detailed(signed_out, "API key expired at \"" + end + "\"."));
    CHECK(world.server.send("GET", "/users/me", world.bob).status == 200);
    CHECK(read(token, "expires_at") == end);
    CHECK(world.comes_to_hold("SELECT expires_at FROM api_keys WHERE id = 'Key0000001'",
                              std::to_string(coder_users::micros(start_of_test) + 86400000000)));
}

TEST_CASE("a session key of POST keys slides by its seven days") {
    People world;
    const std::string key =
        parse(world.server.send("POST", "/users/me/keys", world.bob).body)["key"].text();
    world.server.advance(std::chrono::hours(2));
    CHECK(world.server.send("GET", "/users/me", key).status == 200);
    const std::string week =
        coder_users::to_rfc3339(world.server.now() + std::chrono::hours(7 * 24));
    CHECK(parse(world.server.send("GET", key_path("me", key), key).body)["expires_at"].text() ==
          week);
}
