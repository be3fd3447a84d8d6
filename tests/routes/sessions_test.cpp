// docs/contract/sessions.md, "GET /users/{user}/sessions", "DELETE /users/{user}/sessions" and
// "Longest life".
#include <string>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "people.hpp"

using namespace coder_users_test;

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string log_in_with(const World& world, const std::string& name, const std::string& agent) {
    const Answer answer = world.server.send(
        "POST", "/users/login", "",
        "{\"email\":\"" + name + "@example.org\",\"password\":\"" + good_password + "\"}",
        {{"User-Agent", agent}});
    REQUIRE(answer.status == 201);
    return parse(answer.body)["session_token"].text();
}

std::string id_in(const std::string& token) { return token.substr(0, 10); }

/// A session as the list shows it.
std::string session_json(const std::string& token, Time made, Time used, Time ends,
                         const std::string& agent, bool current) {
    const auto time = [](Time at) { return json_text(coder_users::to_rfc3339(at)); };
    return "{\"id\":" + json_text(id_in(token)) + ",\"created_at\":" + time(made) +
           ",\"last_used\":" + time(used) + ",\"expires_at\":" + time(ends) +
           ",\"login_type\":\"password\",\"ip\":\"127.0.0.1\",\"user_agent\":" + json_text(agent) +
           ",\"current\":" + (current ? "true" : "false") + "}";
}

/// The ids of the user's sessions in a list, joined by spaces.
std::string listed(const World& world, const std::string& token, const std::string& user = "me") {
    const Answer answer = world.server.send("GET", "/users/" + user + "/sessions", token);
    REQUIRE(answer.status == 200);
    const Value list = parse(answer.body);
    std::string ids;
    for (std::size_t i = 0; i < list.size(); ++i) ids += (i ? " " : "") + list[i]["id"].text();
    return ids;
}

int status_of(const World& world, const std::string& token) {
    return world.server.send("GET", "/users/me", token).status;
}

std::string token_of(const World& world, const std::string& session) {
    const Answer made = world.server.send("POST", "/users/me/keys/tokens", session, "{}");
    REQUIRE(made.status == 201);
    return parse(made.body)["key"].text();
}

}  // namespace

TEST_CASE("the sessions of a user, with where they are from and which one asks") {
    World world;
    world.server.create(world.owner, "bob");
    const Time start = world.server.now();
    const std::string first = log_in_with(world, "bob", std::string(513, 'a'));
    world.server.advance(minutes(30));
    const std::string second = log_in_with(world, "bob", "Fox/1 \"x\"");
    token_of(world, second);
    world.server.advance(hours(2));
    const Time now = world.server.now();
    CHECK(world.server.send("GET", "/users/me/sessions", second).body ==
          "[" +
              session_json(first, start, coder_users::never, start + hours(24),
                           std::string(512, 'a'), false) +
              "," +
              session_json(second, start + minutes(30), now, now + hours(24), "Fox/1 \"x\"", true) +
              "]\n");
    // Nobody sees the text or the hash of a key.
    const std::string seen = world.server.send("GET", "/users/bob/sessions", world.owner).body;
    CHECK(seen.find(second.substr(11)) == std::string::npos);
    CHECK(seen.find(coder_users::rules::sha256_hex(second.substr(11))) == std::string::npos);
    CHECK(seen.find("\"current\":true") == std::string::npos);
    CHECK(parse(seen).size() == 2);
}

TEST_CASE("agents are cut at 512 bytes, between characters") {
    World world;
    for (const auto& [sent, kept] : std::vector<std::pair<std::string, std::string>>{
             {std::string(512, 'a'), std::string(512, 'a')},
             {std::string(511, 'a') + "\xc3\xa4", std::string(511, 'a')},
             {std::string(510, 'a') + "\xc3\xa4" + "b", std::string(510, 'a') + "\xc3\xa4"},
             {std::string(510, 'a') + "\xe2\x82\xac", std::string(510, 'a')}}) {
        const std::string token = log_in_with(world, "owner", sent);
        CHECK((world.sql("SELECT user_agent FROM api_keys WHERE id = '" + id_in(token) + "'") ==
               kept));
    }
}

TEST_CASE("sessions that have expired are not listed, those that were used just now are") {
    World world;
    world.server.create(world.owner, "bob");
    const std::string idle = world.log_in("bob"), used = world.log_in("bob");
    world.server.advance(hours(23));
    REQUIRE(status_of(world, used) == 200);
    world.server.advance(hours(1) - coder_users::Duration(1));
    const std::string owner = world.log_in("owner");
    CHECK(coder_users::split(listed(world, owner, "bob"), ' ').size() == 2);
    world.server.advance(coder_users::Duration(1));
    CHECK(listed(world, owner, "bob") == id_in(used));
    CHECK(status_of(world, idle) == 401);
}

TEST_CASE("a long list of sessions is whole, without those that have expired") {
    World world;
    world.server.create(world.owner, "bob");
    const std::string now = std::to_string(coder_users::micros(world.server.now()));
    world.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        "INSERT INTO api_keys SELECT 's' || substr(CAST(1000000000 + i AS TEXT), 2), '" +
        world.id_of("bob") + "', '', i, i, " + now +
        " + CASE WHEN i > 1500 THEN 1 ELSE 0 END, 0, 'password', 'coder:all', "
        "'*:*', '', 86400, '203.0.113.9', 'agent' FROM n");
    const Answer answer = world.server.send("GET", "/users/bob/sessions", world.owner);
    REQUIRE(answer.status == 200);
    const Value list = parse(answer.body);
    REQUIRE(list.size() == 1500);
    CHECK(list[0]["id"].text() == "s000001501");
    CHECK(list[1499]["id"].text() == "s000003000");
}

TEST_CASE("ending all other sessions keeps the one that asks, and tokens") {
    World world;
    world.server.create(world.owner, "bob");
    const std::string mine = world.log_in("bob"), other = world.log_in("bob"),
                      token = token_of(world, mine), owners = world.log_in("owner");
    const std::string bob = world.id_of("bob"), entry = world.last_entry();
    const auto end = [&](const std::string& by, const std::string& user = "me") {
        const Answer answer = world.server.send("DELETE", "/users/" + user + "/sessions", by);
        CHECK(answer.status == 204);
        CHECK(answer.body.empty());
        return world.sql(
            "SELECT actor_id, resource_id, diff FROM audit_logs ORDER BY entry DESC "
            "LIMIT 1");
    };
    CHECK(end(mine) == bob + "|" + bob + "|{\"sessions\":{\"old\":1,\"new\":0,\"secret\":false}}");
    CHECK(world.entries_since(entry) == "api_key|delete||204");
    CHECK(status_of(world, mine) == 200);
    CHECK(status_of(world, other) == 401);
    CHECK(status_of(world, token) == 200);
    CHECK(end(mine) == bob + "|" + bob + "|{}");  // there is none left, which is recorded, too
    CHECK(status_of(world, mine) == 200);

    CHECK(end(token) == bob + "|" + bob + "|{\"sessions\":{\"old\":1,\"new\":0,\"secret\":false}}");
    CHECK(status_of(world, mine) == 401);
    CHECK(status_of(world, token) == 200);

    const std::string again = world.log_in("bob");
    CHECK(end(world.owner, "bob").find(world.id_of("owner") + "|" + bob + "|") == 0);
    CHECK(status_of(world, again) == 401);
    CHECK(status_of(world, token) == 200);
    CHECK(status_of(world, owners) == 200);  // sessions of others
    CHECK(status_of(world, world.owner) == 200);
}

TEST_CASE("who manages a user ends its sessions, and nobody brings them back") {
    People world;
    CHECK(listed(world, world.udo, "bob") == id_in(world.bob));
    REQUIRE(world.server.send("DELETE", "/users/bob/sessions", world.udo).status == 204);
    CHECK(status_of(world, world.bob) == 401);
    const std::string later = world.log_in("bob");
    REQUIRE(world.server.send("PUT", "/users/bob/status/suspend", world.udo).status == 200);
    CHECK(listed(world, world.udo, "bob") == id_in(later));  // it would count again
    REQUIRE(world.server.send("DELETE", "/users/bob/sessions", world.udo).status == 204);
    REQUIRE(world.server.send("PUT", "/users/bob/status/activate", world.udo).status == 200);
    CHECK(status_of(world, later) == 401);
    CHECK(status_of(world, world.bob) == 401);
    CHECK(listed(world, world.udo, "bob").empty());
    // An admin of an organization where udo is none is beyond udo.
    check_rows(world,
               {{"list", "GET", "/users/oda/sessions", world.udo, "", 403, forbidden_answer},
                {"end", "DELETE", "/users/oda/sessions", world.udo, "", 403, forbidden_answer},
                {"hidden", "GET", "/users/carl/sessions", world.oda, "", 404, no_user("carl")}});
    CHECK(status_of(world, world.oda) == 200);
}

TEST_CASE("a session ends at its longest life, however often it is used") {
    coder_users::Options options;
    options.session_max_life = hours(50);
    World world(options);
    const Time start = world.server.now();
    const std::string session = world.log_in("owner");
    const std::string token = token_of(world, session);
    const auto ends = [&](const std::string& by) {
        const Value list = parse(world.server.send("GET", "/users/me/sessions", by).body);
        for (std::size_t i = 0; i < list.size(); ++i)
            if (list[i]["id"].text() == id_in(session)) return list[i]["expires_at"].text();
        return std::string("none");
    };
    CHECK(ends(session) == coder_users::to_rfc3339(start + hours(24)));
    for (int day = 0; day < 2; ++day) {
        world.server.advance(hours(23));
        REQUIRE(status_of(world, session) == 200);
    }
    CHECK(ends(session) == coder_users::to_rfc3339(start + hours(50)));  // and not at 70
    CHECK(
        parse(
            world.server.send("GET", "/users/me/keys/" + id_in(session), token).body)["expires_at"]
            .text() == coder_users::to_rfc3339(start + hours(50)));
    world.server.advance(hours(4) - coder_users::Duration(1));
    CHECK(status_of(world, session) == 200);
    world.server.advance(coder_users::Duration(1));
    CHECK(world.server.send("GET", "/users/me", session).body ==
          detailed(
              "You are signed out or your session has expired. Please sign in again to continue.",
              "API key expired at \"" + coder_users::to_rfc3339(start + hours(50)) + "\"."));
    CHECK(status_of(world, token) == 200);  // a token lives as long as was asked
    CHECK(ends(token) == "none");
    // A key of seven days is no exception.
    const Answer made = world.server.send("POST", "/users/me/keys", token);
    const std::string key = parse(made.body)["key"].text();
    CHECK(world.sql("SELECT expires_at - created_at FROM api_keys WHERE id = '" + id_in(key) +
                    "'") == std::to_string(50ll * 3'600'000'000));
}

TEST_CASE("a longest life holds for sessions that were there before it") {
    World world;
    const std::string session = world.log_in("owner");
    world.server.service().stop();
    coder_users::Options options;
    options.database = world.path;
    options.session_max_life = seconds(90);
    TestServer again(options);
    CHECK(again.send("GET", "/users/me", session).status == 200);
    again.advance(seconds(90) - coder_users::Duration(1));
    CHECK(again.send("GET", "/users/me", session).status == 200);
    again.advance(coder_users::Duration(1));
    CHECK(again.send("GET", "/users/me", session).status == 401);
    CHECK_THROWS_AS(again.service().authenticate(session), coder_users::ApiError);
}
