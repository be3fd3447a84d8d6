// Sessions of logins through a provider: the link that they need, and the provider's tokens that
// are renewed for them (docs/contract/http.md, "Checks of a session", checks 8 and 9; threat O14).
#include <atomic>
#include <thread>

#include "login_world.hpp"

using namespace coder_users_test;

namespace {

const std::string not_refreshed =
    "Could not refresh expired Oauth token. Try re-authenticating to resolve this issue.";

/// ada, logged in at a provider that gives refresh tokens. Her provider token has expired.
struct Expired : OidcWorld {
    Expired() {
        const Answer answer =
            log_in_with([](OidcFace& face) { face.token["refresh_token"] = "true"; });
        REQUIRE(answer.status == 307);
        token = session_of(answer);
        CHECK(world.server.send("GET", "/users/me", token).status == 200);
        calls = provider.count("/token");
        world.server.advance(std::chrono::minutes(6));
        provider.now += 360;
    }
    int refreshes() const { return provider.count("/token") - calls; }
    Answer me() const { return world.server.send("GET", "/users/me", token); }

    std::string token;
    int calls = 0;
};

}  // namespace

TEST_CASE("[O14] an expired provider token is renewed once, by whoever comes first", "[O14]") {
    Expired expired;
    const std::string before = expired.world.sql("SELECT sealed_refresh_token FROM user_links");
    const auto answers = all_at_once(16, [&](std::size_t) { return expired.me(); });
    CHECK(count_statuses(answers) == StatusCounts{{200, 16}});
    CHECK(expired.refreshes() == 1);
    auto form = expired.provider.last("/token").form;
    CHECK(form["grant_type"] == "refresh_token");
    CHECK(form["refresh_token"].substr(0, 8) == "refresh-");
    CHECK(expired.world.comes_to_hold(
        "SELECT token_expires_at FROM user_links",
        std::to_string(coder_users::micros(start_of_test) + 660'000'000)));
    CHECK(expired.world.sql("SELECT sealed_refresh_token FROM user_links") != before);

    INFO("good for five minutes, then renewed by the new refresh token");
    CHECK(expired.me().status == 200);
    CHECK(expired.refreshes() == 1);
    expired.world.server.advance(std::chrono::minutes(6));
    CHECK(expired.me().status == 200);
    CHECK(expired.refreshes() == 2);
}

TEST_CASE("[O14] a provider token that cannot be renewed ends the session's use, with 401",
          "[O14]") {
    Expired expired;
    const std::string link = expired.world.sql("SELECT * FROM user_links");
    for (const Reply& reply : {Reply{400, R"({"error":"invalid_grant"})"}, Reply{500, ""},
                               Reply{200, "<html>"}, Reply{200, "{}"}}) {
        INFO(reply.body);
        OidcFace face = expired.provider.good();
        face.replies["/token"] = reply;
        expired.provider.show(face);
        const Answer answer = expired.me();
        CHECK(answer.status == 401);
        CHECK(parse(answer.body)["message"].text() == not_refreshed);
        CHECK_FALSE(parse(answer.body)["detail"].text().empty());
        CHECK(answer.body.find("refresh-") == std::string::npos);
        CHECK(expired.world.sql("SELECT * FROM user_links") == link);
    }
    INFO("public paths do not care");
    CHECK(expired.world.server.send("GET", "/users/authmethods", expired.token).status == 200);
    INFO("the session itself is alive: the provider recovers");
    expired.provider.show(expired.provider.good());
    CHECK(expired.me().status == 200);
}

TEST_CASE("[O14] requests that the gates behind refuse renew the token as well") {
    Expired expired;
    CHECK(expired.world.server.send("GET", "/users/owner", expired.token).status == 404);
    CHECK(expired.refreshes() == 1);
}

TEST_CASE("[O14] who is suspended or deleted while the token is renewed does not pass") {
    const auto me_while = [](Expired& expired, const std::string& method, const std::string& path) {
        OidcFace face = expired.provider.good();
        face.at_refresh = [&expired, method, path] {
            CHECK(expired.world.server.send(method, path, expired.world.owner).status == 200);
        };
        expired.provider.show(face);
        return expired.me();
    };
    SECTION("suspended") {
        Expired expired;
        const Answer answer = me_while(expired, "PUT", "/users/ada/status/suspend");
        CHECK(expired.refreshes() == 1);
        CHECK(answer.status == 401);
        CHECK(parse(answer.body)["message"].text() ==
              "User is not active (status = \"suspended\"). Contact an admin to reactivate your "
              "account.");
    }
    SECTION("deleted") {
        Expired expired;
        const Answer answer = me_while(expired, "DELETE", "/users/ada");
        CHECK(expired.refreshes() == 1);
        CHECK(answer.status == 401);
        CHECK(answer.body == detailed(signed_out, "API key is invalid."));
        CHECK(expired.world.sql("SELECT count(*) FROM user_links") == "0");
    }
    SECTION("suspended, seen by the host") {
        Expired expired;
        OidcFace face = expired.provider.good();
        face.at_refresh = [&expired] {
            expired.world.server.send("PUT", "/users/ada/status/suspend", expired.world.owner);
        };
        expired.provider.show(face);
        CHECK_THROWS_AS(expired.world.server.service().authenticate(expired.token),
                        coder_users::ApiError);
    }
}

TEST_CASE("without refresh token, or without expiry, there is nothing to renew") {
    OidcWorld oidc;
    const auto later = [&](const Members& token) {
        const Answer answer = oidc.log_in_with([&](OidcFace& face) { face.token = token; });
        REQUIRE(answer.status == 307);
        const int calls = oidc.provider.count("/token");
        oidc.world.server.advance(std::chrono::hours(2));
        oidc.provider.now += 7200;
        CHECK(oidc.world.server.send("GET", "/users/me", session_of(answer)).status == 200);
        CHECK(oidc.provider.count("/token") == calls);
    };
    later({});
    later({{"refresh_token", "true"}, {"expires_in", ""}});
}

TEST_CASE("a lifetime that the provider writes as a string counts as well") {
    OidcWorld oidc;
    const Answer answer = oidc.log_in_with([](OidcFace& face) {
        face.token = {{"refresh_token", "true"}, {"expires_in", "\"300\""}};
    });
    REQUIRE(answer.status == 307);
    const int calls = oidc.provider.count("/token");
    oidc.world.server.advance(std::chrono::minutes(6));
    oidc.provider.now += 360;
    CHECK(oidc.world.server.send("GET", "/users/me", session_of(answer)).status == 200);
    CHECK(oidc.provider.count("/token") == calls + 1);
}

TEST_CASE("a session whose link is gone, or is another provider's, must log in again") {
    // The same session is to see what is changed beneath the server.
    OidcWorld oidc([](coder_users::Options& options) { options.limits.cached_sessions = 0; });
    const std::string token = session_of(oidc.log_in());
    REQUIRE(oidc.world.server.send("GET", "/users/me", token).status == 200);
    for (const std::string change :
         {"UPDATE user_links SET login_type = 'github'", "DELETE FROM user_links"}) {
        INFO(change);
        oidc.world.execute(change);
        const Answer answer = oidc.world.server.send("GET", "/users/me", token);
        CHECK(answer.status == 401);
        CHECK(answer.body ==
              detailed(signed_out, "You must re-authenticate with the login provider."));
    }
    CHECK(oidc.world.server.send("GET", "/users/me", session_of(oidc.log_in())).status == 200);
}

TEST_CASE("[O14] authenticate() of the host renews the token, too") {
    Expired expired;
    const auto identity = expired.world.server.service().authenticate(expired.token);
    CHECK(identity.user.username == "ada");
    CHECK(expired.refreshes() == 1);
}

TEST_CASE("[O11] [O14] a provider that hangs holds only those whose token it should renew",
          "[O11][O14]") {
    Expired expired;
    OidcFace face = expired.provider.good();
    face.replies["/token"].pace = Reply::Pace::never;
    expired.provider.show(face);
    std::atomic<bool> done{false};
    std::vector<Answer> answers;
    std::thread waiting([&] {
        answers = all_at_once(8, [&](std::size_t) {
            RawClient client(expired.world.server.port());
            client.send(
                request_text("GET", "/api/v2/users/me", {{"Coder-Session-Token", expired.token}}));
            return client.read_by(std::chrono::seconds(60));
        });
        done = true;
    });
    int asked = 0, answered = 0;
    while (!done) {
        ++asked;
        answered +=
            expired.world.server.send("GET", "/users/me", expired.world.owner).status == 200;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    waiting.join();
    CHECK(asked > 20);
    CHECK(answered == asked);
    // One user has a quarter of the lane's threads, so that the others wait, until it is too long.
    StatusCounts statuses = count_statuses(answers);
    CHECK(statuses[401] >= 2);
    CHECK(statuses[401] + statuses[503] == 8);
    CHECK(expired.refreshes() >= 1);
}
