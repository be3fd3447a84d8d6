// docs/contract/users.md, "GET /users/{user}/login-type".
#include "people.hpp"

using namespace coder_users_test;

TEST_CASE("the login type is for oneself alone") {
    const People world;
    const std::string refused = message("You are not authorized to view this user's login type.");
    const std::string path = "/users/bob/login-type", of_me = "/users/me/login-type";
    const std::string password = "{\"login_type\":\"password\"}\n";
    check_rows(world,
               {
                   {"without a session", "GET", path, "", "", 401, no_session},
                   {"a member", "GET", of_me, world.bob, "", 200, password},
                   {"by name", "GET", "/users/BOB/login-type/", world.bob, "", 200, password},
                   {"by id", "GET", "/users/" + world.id_of("bob") + "/login-type", world.bob, "",
                    200, password},
                   {"a member, another", "GET", "/users/carl/login-type", world.bob, "", 404,
                    no_user("carl")},
                   {"an organization admin", "GET", path, world.oda, "", 404, no_user("bob")},
                   {"an auditor", "GET", path, world.anna, "", 403, refused},
                   {"a template-admin", "GET", path, world.tina, "", 403, refused},
                   {"a user-admin", "GET", path, world.udo, "", 403, refused},
                   {"a user-admin, an owner", "GET", "/users/owner/login-type", world.udo, "", 403,
                    refused},
                   {"an owner", "GET", path, world.owner, "", 403, refused},
                   {"an owner, itself", "GET", of_me, world.owner, "", 200, password},
                   {"an auditor, itself", "GET", of_me, world.anna, "", 200, password},
                   {"another method", "PUT", of_me, world.bob, "", 405, bad_method},
               });
    for (const std::string type : {"github", "oidc", "none", "password"}) {
        world.execute("UPDATE users SET login_type = '" + type + "' WHERE username = 'bob'");
        KeyRow key;
        key.id = (type + "Key0000").substr(0, 10);
        key.token_name = type;
        CHECK(world.server.send("GET", of_me, world.add_key("bob", key)).body ==
              "{\"login_type\":\"" + type + "\"}\n");
    }
}
