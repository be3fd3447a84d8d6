// What a successful check of a session changes, and when it does not (docs/contract/http.md,
// "Effects of a use").
#include "coder_users/internal/base/rfc3339.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Duration;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string number(Time time) { return std::to_string(coder_users::micros(time)); }

/// A user with a token who has never been seen, and so is dormant until the token is used.
struct Dormant : World {
    Dormant() {
        server.create(owner, "bob");
        token = add_key("bob", {});
    }
    std::string token;
    const std::string state = "SELECT status, last_seen_at FROM users WHERE username = 'bob'";
    const std::string use = "SELECT last_used, expires_at FROM api_keys WHERE id = 'Key0000001'";
    const std::string untouched = "dormant|" + number(coder_users::never);
};

std::string listed(const World& world, const std::string& q) {
    return parse(world.server.send("GET", "/users?q=" + q, world.owner).body)["count"].text();
}

/// When a session of `lifetime` ends after a use at `after`, and whether that use sets `last_used`.
struct Slide {
    std::string title;
    seconds lifetime;
    Duration after;
    bool slides;
};
}  // namespace

TEST_CASE("the use of a key is visible at once and stored soon") {
    Dormant world;
    world.server.advance(minutes(30));
    const std::string now = coder_users::to_rfc3339(world.server.now());
    CHECK(listed(world, "status:dormant") == "1");
    const Value me = parse(world.server.send("GET", "/users/me", world.token).body);
    CHECK(me["status"].text() == "active");
    CHECK(me["last_seen_at"].text() == now);

    const Value bob = parse(world.server.send("GET", "/users/bob", world.owner).body);
    CHECK(bob["status"].text() == "active");
    CHECK(bob["last_seen_at"].text() == now);
    const Value row = parse(world.server.send("GET", "/users?q=bob", world.owner).body)["users"][0];
    CHECK(row["status"].text() == "active");
    CHECK(row["last_seen_at"].text() == now);
    CHECK(listed(world, "status:dormant") == "0");
    CHECK(listed(world, "status:active") == "2");
    CHECK(listed(world, "bob+last_seen_after:%22" + now + "%22") == "1");
    CHECK(listed(world, "bob+last_seen_before:%222026-01-01T00:00:00Z%22") == "0");

    CHECK(world.comes_to_hold(world.state, "active|" + number(world.server.now())));
    CHECK(world.comes_to_hold(
        world.use, number(world.server.now()) + "|" + number(start_of_test + hours(24))));
    CHECK(world.sql("SELECT count(*) FROM audit_logs WHERE resource_target = 'bob'") == "1");
}

TEST_CASE("what is used is stored without anybody asking for it") {
    Dormant world;
    REQUIRE(world.server.send("GET", "/users/me", world.token).status == 200);
    CHECK(world.comes_to_hold(world.state, "active|" + number(start_of_test)));
    CHECK(world.comes_to_hold(world.use,
                              number(start_of_test) + "|" + number(start_of_test + hours(24))));
}

TEST_CASE("requests that later gates refuse have the effects, too") {
    struct Case {
        std::string title, method, path;
        int status;
        bool effect;
        std::string scope = "all";
    };
    for (const Case& each : {Case{"gate 7", "GET", "/users", 403, true, "application_connect"},
                             Case{"gate 8", "GET", "/users/owner", 404, true},
                             Case{"gate 9, sub-route", "GET", "/users/me/nosuch", 404, true},
                             Case{"gate 9, method", "PATCH", "/users", 405, true},
                             Case{"gate 10, decoding", "POST", "/users", 400, true},
                             Case{"unknown, guarded", "GET", "/users/first/x", 404, true},
                             Case{"public", "GET", "/users/first", 200, false},
                             Case{"public, refused", "PATCH", "/users/first", 405, false},
                             Case{"OPTIONS", "OPTIONS", "/users", 204, false},
                             Case{"unknown, not guarded", "GET", "/nosuch", 404, false},
                             Case{"health", "GET", "!/healthz", 200, false}}) {
        INFO(each.title);
        Dormant world;
        world.execute("UPDATE api_keys SET scopes = 'coder:" + each.scope +
                      "' WHERE id = 'Key0000001'");
        CHECK(world.server.send(each.method, each.path, world.token).status == each.status);
        const Value bob = parse(world.server.send("GET", "/users/bob", world.owner).body);
        CHECK(bob["status"].text() == (each.effect ? "active" : "dormant"));
        CHECK(listed(world, "status:dormant") == (each.effect ? "0" : "1"));
        const std::string stored =
            each.effect ? "active|" + number(start_of_test) : world.untouched;
        CHECK(eventually([&] { return world.sql(world.state) == stored; }));
    }
}

TEST_CASE("refused tokens have no effects") {
    Dormant world;
    world.server.advance(minutes(1));
    CHECK(world.server.send("GET", "/users/me", world.token.substr(0, 32) + "X").status == 401);
    CHECK(world.server
              .send("POST", "/users/logout", "", "",
                    {{"Cookie", "coder_session_token=" + world.token},
                     {"Sec-Fetch-Site", "cross-site"}})
              .status == 403);
    REQUIRE(world.server.send("PUT", "/users/bob/status/suspend", world.owner).status == 200);
    CHECK(world.server.send("GET", "/users/me", world.token).status == 401);
    CHECK(listed(world, "status:suspended") == "1");
    CHECK(world.sql(world.state) == "suspended|" + number(coder_users::never));
    CHECK(world.sql("SELECT last_used FROM api_keys WHERE id = 'Key0000001'") ==
          number(coder_users::never));
}

TEST_CASE("the last use moves on after more than an hour, and the last visit with it") {
    Dormant world;
    const auto seen_after = [&](Duration step) {
        world.server.advance(step);
        return parse(world.server.send("GET", "/users/me", world.token).body)["last_seen_at"]
            .text();
    };
    const auto at = [](Duration after) { return coder_users::to_rfc3339(start_of_test + after); };
    CHECK(seen_after(seconds(0)) == at(seconds(0)));
    CHECK(seen_after(minutes(59)) == at(seconds(0)));
    CHECK(seen_after(minutes(1)) == at(seconds(0)));  // one hour is not more than one hour
    CHECK(seen_after(Duration(1)) == at(hours(1) + Duration(1)));
    CHECK(world.comes_to_hold("SELECT last_used FROM api_keys WHERE id = 'Key0000001'",
                              number(start_of_test + hours(1) + Duration(1))));
}

TEST_CASE("sessions slide once an hour of their life has passed") {
    for (const Slide& each :
         {Slide{"too early", hours(24), hours(1) - Duration(1), false},
          Slide{"after an hour", hours(24), hours(1), true},
          Slide{"shortly before the end", hours(24), hours(24) - Duration(1), true},
          Slide{"an hour long", hours(1), hours(1) - Duration(1), false},
          Slide{"little more than an hour", hours(1) + seconds(1), hours(1), true},
          Slide{"shorter than an hour", minutes(59), minutes(58), false}}) {
        INFO(each.title);
        coder_users::Options options;
        options.session_duration = each.lifetime;
        World world(options);
        world.server.advance(each.after);
        REQUIRE(world.server.send("GET", "/users/me", world.owner).status == 200);
        const Time start = each.slides ? start_of_test + each.after : start_of_test;
        CHECK(listed(world, "status:active") == "1");
        const std::string stored = number(world.server.now()) + "|" + number(start + each.lifetime);
        CHECK(eventually(
            [&] { return world.sql("SELECT last_used, expires_at FROM api_keys") == stored; }));
        world.server.advance(start + each.lifetime - world.server.now());
        CHECK(world.server.send("GET", "/users/me", world.owner).body ==
              detailed(signed_out, "API key expired at \"" +
                                       coder_users::to_rfc3339(start + each.lifetime) + "\"."));
    }
}

TEST_CASE("a session that is used lives on, without waiting for the store") {
    World world;
    for (int day = 0; day < 5; ++day) {
        world.server.advance(hours(23));
        CHECK(world.server.send("GET", "/users/me", world.owner).status == 200);
    }
    world.server.advance(hours(24));
    CHECK(world.server.send("GET", "/users/me", world.owner).status == 401);
}

TEST_CASE("tokens never slide, and sessions do not when that is switched off") {
    {
        Dormant world;
        for (int i = 0; i < 23; ++i) {
            world.server.advance(hours(1) + Duration(1));
            CHECK(world.server.send("GET", "/users/me", world.token).status == 200);
        }
        world.server.advance(hours(1));
        CHECK(world.server.send("GET", "/users/me", world.token).body ==
              detailed(signed_out, "API key expired at \"2026-01-03T03:04:05.678901Z\"."));
    }
    coder_users::Options options;
    options.disable_session_expiry_refresh = true;
    World world(options);
    world.server.advance(hours(24) - Duration(1));
    CHECK(parse(world.server.send("GET", "/users/me", world.owner).body)["last_seen_at"].text() ==
          coder_users::to_rfc3339(world.server.now()));
    world.server.advance(Duration(1));
    CHECK(world.server.send("GET", "/users/me", world.owner).body ==
          detailed(signed_out, "API key expired at \"2026-01-03T03:04:05.678901Z\"."));
}
