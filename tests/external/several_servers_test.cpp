// Logins through a provider, with several servers on one database.
#include <string>

#include "login_world.hpp"
#include "test_database.hpp"

using namespace coder_users_test;

namespace {

/// A provider and two servers that trust it, on one database of PostgreSQL.
struct TwoServers {
    TwoServers() : second(options()) {}

    coder_users::Options options() const {
        coder_users::Options chosen = with_oidc(first.provider, {});
        chosen.database = first.world.path;
        chosen.deadlines.provider = std::chrono::seconds(2);
        return chosen;
    }
    const TestServer& server(std::size_t i) const { return i % 2 ? second : first.world.server; }

    OidcWorld first;
    TestServer second;
};

}  // namespace

TEST_CASE("a login begun at one server ends at another, and its state is used once", "[postgres]") {
    if (!there_is_postgres()) return;
    TwoServers two;
    const Flow flow = two.first.login.begin();
    const auto back = [&](std::size_t i) {
        return two.server(i).send(
            "GET", "/users/oidc/callback?" + two.first.provider.authorize(flow.location), "", "",
            flow.cookies.headers());
    };
    const Answer answer = back(1);
    CHECK(answer.status == 307);
    CHECK(two.server(0).send("GET", "/users/me", session_of(answer)).status == 200);
    for (std::size_t i = 0; i < 2; ++i) {
        const Answer again = back(i);
        CHECK(again.status == 401);
        CHECK(again.body == message("State mismatched."));
        CHECK(session_of(again).empty());
    }
}

TEST_CASE("[O14] two servers renew an expired provider token once", "[postgres][O14]") {
    if (!there_is_postgres()) return;
    TwoServers two;
    const Answer answer =
        two.first.log_in_with([](OidcFace& face) { face.token["refresh_token"] = "true"; });
    REQUIRE(answer.status == 307);
    const std::string token = session_of(answer);
    for (int round = 1; round <= 3; ++round) {
        const int calls = two.first.provider.count("/token");
        two.first.world.server.advance(std::chrono::minutes(6));
        two.second.advance(std::chrono::minutes(6));
        two.first.provider.now += 360;
        const auto answers = all_at_once(
            12, [&](std::size_t i) { return two.server(i).send("GET", "/users/me", token); });
        CHECK(count_statuses(answers) == StatusCounts{{200, 12}});
        CHECK(two.first.provider.count("/token") == calls + 1);
    }
    CHECK(two.first.world.sql("SELECT count(*) FROM leases WHERE name LIKE 'renewal%'") == "0");
}

TEST_CASE(
    "a renewal that another server had begun when it died is answered 503 until its turn ends",
    "[postgres]") {
    if (!there_is_postgres()) return;
    TwoServers two;
    const Answer answer =
        two.first.log_in_with([](OidcFace& face) { face.token["refresh_token"] = "true"; });
    const std::string token = session_of(answer);
    two.second.advance(std::chrono::minutes(6));
    two.first.provider.now += 360;
    const auto ends = [&](std::chrono::seconds after) {
        return std::to_string(coder_users::micros(two.second.now() + after));
    };
    two.first.world.execute("INSERT INTO leases SELECT 'renewal for ' || id, 'dead', " +
                            ends(std::chrono::seconds(1)) + " FROM users WHERE username = 'ada'");
    const int calls = two.first.provider.count("/token");
    const Answer refused = two.second.send("GET", "/users/me", token);
    CHECK(refused.status == 503);
    CHECK(refused.header("retry-after") == "1");
    CHECK(two.first.provider.count("/token") == calls);
    two.second.advance(std::chrono::seconds(1));
    CHECK(two.second.send("GET", "/users/me", token).status == 200);
}
