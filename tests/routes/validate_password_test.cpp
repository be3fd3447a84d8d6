// docs/contract/users.md, "POST /users/validate-password"; docs/contract/external_login.md,
// "GET /users/oauth2/github/device".
#include "people.hpp"

using namespace coder_users_test;

namespace {

std::string with(const std::string& password) {
    return "{\"password\":" + json_text(password) + "}";
}
std::string verdict(const std::string& details) {
    return std::string("{\"valid\":") + (details.empty() ? "true" : "false") +
           ",\"details\":" + json_text(details) + "}\n";
}

}  // namespace

TEST_CASE("a password is judged by the rules for new ones") {
    for (const std::string release : {"2.6", "2.21", "2.35"}) {
        CAPTURE(release);
        coder_users::Options options = in_memory();
        options.coder_version = release;
        const World world(options);
        const std::string path = "/users/validate-password";
        const std::string hints =
            "insecure password, try including more special characters, using uppercase letters, "
            "using numbers or using a longer password";
        check_rows(
            world,
            {
                {"good", "POST", path, "", with(good_password), 200, verdict("")},
                {"with a bad key", "POST", path, "x", with(good_password), 200, verdict("")},
                {"with the caller's name", "POST", path, world.owner, with("owner-Example-1"), 200,
                 verdict("")},
                {"weak", "POST", path, "", with("password"), 200, verdict(hints)},
                {"too long", "POST", path, "",
                 with("aB3-" + std::string("qxjvzkwpymbf-QXJVZKWPYMBF-4071825963-gtrhdnlsouie") +
                      "-GTRHDNLSOUIE"),
                 200, verdict("password must be no more than 64 characters")},
                {"missing", "POST", path, "", "{}", 400, broken({{"password", "required", ""}})},
                {"empty", "POST", path, "", with(""), 400, broken({{"password", "required", ""}})},
                {"null", "POST", path, "", "null", 400, broken({{"password", "required", ""}})},
                {"another method", "GET", path, "", "", 405, bad_method},
                {"below it", "GET", path + "/x", "", "", 401, no_session},
                {"below it, with a session", "GET", path + "/roles", world.owner, "", 404,
                 route_not_found},
            });
        check_undecodable(world, "POST", path, "",
                          {"", "{", R"({"password":1})", R"({"password":["x"]})", "\"x\""});
    }
}

TEST_CASE("what is said of a password is what POST /users says of it") {
    World world;
    int number = 0;
    for (const std::string password :
         {"12345678", "qwertyuiop123", "password", "newpassword", "Passw0rd!", "correcthorse"}) {
        CAPTURE(password);
        const std::string name = "u" + std::to_string(++number);
        const Answer judged =
            world.server.send("POST", "/users/validate-password", "", with(password));
        const Answer made = world.server.send("POST", "/users", world.owner,
                                              R"({"email":")" + name + R"(@x.org","username":")" +
                                                  name + R"(","password":")" + password + "\"}");
        CHECK((parse(judged.body)["valid"].text() == "true") == (made.status == 201));
        if (made.status == 400)
            CHECK(parse(made.body)["validations"][0]["detail"].text() ==
                  parse(judged.body)["details"].text());
    }
}

TEST_CASE("judging passwords counts against the tight limit, and so does asking for a device") {
    coder_users::Options options = in_memory();
    options.login_rate_limit = 2;
    TestServer server(options, true);
    for (const std::string path : {"/users/validate-password", "/users/oauth2/github/device"}) {
        CAPTURE(path);
        const std::string method = path.find("device") == std::string::npos ? "POST" : "GET";
        for (int i = 0; i < 2; ++i)
            CHECK(server.send(method, path, "", with(good_password)).status != 429);
        CHECK(server.send(method, path, "", with(good_password)).status == 429);
    }
}

TEST_CASE("logins on a device are not offered") {
    for (const bool configured : {false, true}) {
        CAPTURE(configured);
        coder_users::Options options = in_memory();
        options.access_url = "https://users.example.com";
        if (configured) {
            options.github.client_id = options.github.client_secret = "github";
            options.github.allow_everyone = true;
        }
        const World world(options);
        const std::string path = "/users/oauth2/github/device";
        const std::string answer =
            message(configured ? "Device flow is not enabled for Github OAuth2."
                               : "Github OAuth2 is not enabled.");
        check_rows(world, {
                              {"nobody", "GET", path, "", "", 400, answer},
                              {"an owner", "GET", path, world.owner, "", 400, answer},
                              {"HEAD", "HEAD", path, "", "", 400, ""},
                              {"another method", "POST", path, "", "", 405, bad_method},
                              {"below it", "GET", path + "/x", "", "", 401, no_session},
                              {"beside it", "GET", "/users/oauth2/github", world.owner, "", 404,
                               no_user("oauth2")},
                          });
    }
}
