// Service accounts (docs/contract/users.md, "Life of a user"): what they can do, and what refuses
// them. How they are made is in create_user_test.cpp.
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

/// A server with the service account "robot" and a token of it.
struct Robot : World {
    Robot() {
        const Answer made =
            server.send("POST", "/users", owner, R"({"username":"robot","service_account":true})");
        REQUIRE(made.status == 201);
        const Answer key = server.send("POST", "/users/robot/keys/tokens", owner, "{}");
        REQUIRE(key.status == 201);
        token = parse(key.body)["key"].text();
    }
    std::string token;
};

}  // namespace

TEST_CASE("an owner makes tokens for a service account, and nobody else does") {
    Robot world;
    const std::string udo = world.member("udo", "user-admin");
    const Answer me = world.server.send("GET", "/users/me", world.token);
    REQUIRE(me.status == 200);
    CHECK(parse(me.body)["username"].text() == "robot");
    CHECK(parse(me.body)["email"].text() == "");
    CHECK(parse(me.body)["status"].text() == "active");
    check_rows(world, {
                          {"a user-admin", "POST", "/users/robot/keys/tokens", udo, "{}", 403,
                           forbidden_answer},
                      });
    CHECK(world.server.send("POST", "/users/me/keys/tokens", world.token, "{}").status == 201);
}

TEST_CASE("nobody can log in to a service account, whatever was tried before") {
    Robot world;
    const std::string wrong = message("Incorrect email or password.");
    check_rows(world,
               {
                   {"without an address", "POST", "/users/login", "",
                    R"({"email":"","password":"correct-Horse-9"})", 400,
                    broken({{"email", "required", ""}})},
                   {"by its name", "POST", "/users/login", "",
                    R"({"email":"robot","password":"correct-Horse-9"})", 400,
                    broken({{"email", "email", "robot"}})},
                   {"a password, by an owner", "PUT", "/users/robot/password", world.owner,
                    R"({"password":"another-Horse-10"})", 400,
                    message("Users without password login type cannot change their password."),
                    "user|write|robot|400"},
                   {"a password, by itself", "PUT", "/users/me/password", world.token,
                    R"({"password":"another-Horse-10","old_password":"x"})", 400,
                    message("Users without password login type cannot change their password."),
                    "user|write|robot|400"},
                   {"a conversion", "POST", "/users/me/convert-login", world.token,
                    R"({"to_type":"oidc","password":"correct-Horse-9"})", 400,
                    message("User account must have password based authentication."),
                    "convert_login|create|oidc|400"},
               });
    const Answer type = world.server.send("GET", "/users/me/login-type", world.token);
    CHECK(type.status == 200);
    CHECK(parse(type.body)["login_type"].text() == "none");
    CHECK(world.sql("SELECT hashed_password, login_type FROM users WHERE username = 'robot'") ==
          "|none");
}

TEST_CASE("accounts without an address are in nobody's way") {
    Robot world;
    const auto make = [&](const std::string& name) {
        return world.server.send("POST", "/users", world.owner,
                                 "{\"service_account\":true,\"username\":\"" + name + "\"}");
    };
    REQUIRE(make("second").status == 201);
    check_rows(
        world,
        {{"the name alone can be taken", "POST", "/users", world.owner,
          R"({"service_account":true,"username":"ROBOT"})", 409,
          with_validations("User already exists.", {{"username",
                                                     "this value is already in use and should "
                                                     "be unique"}})}});
    CHECK(world.server
              .send("PUT", "/users/second/profile", world.owner,
                    R"({"username":"third","name":"The Third","avatar_url":"https://x.org/3"})")
              .status == 200);
    CHECK(world.sql("SELECT email, name, avatar_url FROM users WHERE username = 'third'") ==
          "|The Third|https://x.org/3");
    CHECK(world.server.send("PUT", "/users/third/status/suspend", world.owner).status == 200);
    CHECK(world.server.send("DELETE", "/users/third", world.owner).status == 200);
    CHECK(make("third").status == 201);
    CHECK(world.sql("SELECT count(*) FROM users WHERE email_folded = '' AND deleted = 0") == "2");
    CHECK(parse(world.server.send("GET", "/users?q=robot", world.owner).body)["count"].text() ==
          "1");
}
