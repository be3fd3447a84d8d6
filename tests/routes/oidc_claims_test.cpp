// docs/contract/external_login.md, "GET /users/oidc-claims", for callers without kept claims. What
// a login keeps is in tests/external/kept_claims_test.cpp.
#include "people.hpp"

using namespace coder_users_test;

TEST_CASE("only users of an OpenID provider have claims") {
    for (const std::string release : {"2.6", "2.8", "2.21", "2.35"}) {
        CAPTURE(release);
        coder_users::Options options = in_memory();
        options.coder_version = release;
        const World world(options);
        const std::string path = "/users/oidc-claims",
                          refused = message("User is not an OIDC user.");
        const std::string bob = world.member("bob");
        check_rows(world,
                   {
                       {"nobody", "GET", path, "", "", 401, no_session},
                       {"by a password", "GET", path, bob, "", 400, refused},
                       {"an owner", "GET", path, world.owner, "", 400, refused},
                       {"another method", "POST", path, bob, "", 405, bad_method},
                       {"below it", "GET", path + "/x", bob, "", 404, route_not_found},
                       {"below it, like a user", "GET", path + "/roles", "", "", 401, no_session},
                   });
        world.server.create(world.owner, "kim");
        world.execute("UPDATE users SET login_type = 'oidc' WHERE username = 'kim'");
        const std::string kim = world.add_key("kim", {});
        CHECK(world.server.send("GET", path, kim).body == "{\"claims\":{}}\n");
        world.execute(
            "INSERT INTO user_links (user_id, login_type, linked_id, sealed_access_token, "
            "sealed_refresh_token, token_expires_at) SELECT id, 'oidc', 'x||kim', '', '', 0 "
            "FROM users WHERE username = 'kim'");
        CHECK(world.server.send("GET", path, kim).body == "{\"claims\":{}}\n");
        INFO("sealed with another key");
        world.execute("UPDATE user_links SET sealed_claims = 'AAAA'");
        const Answer broken = world.server.send("GET", path, kim);
        CHECK(broken.status == 500);
        CHECK(broken.body == message("An internal server error occurred."));
    }
}
