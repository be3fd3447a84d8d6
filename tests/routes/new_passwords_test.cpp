// docs/contract/http.md, "Password strength": the rules that depend on whose password it is, and
// Options::check_password, wherever a password is set.
#include <functional>
#include <optional>
#include <stdexcept>
#include <vector>

#include "people.hpp"

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::Options;
using coder_users::User;

namespace {

const std::string own_name = "password must not contain your user name or e-mail address";
const std::string not_strong = "Password not strong enough!", invalid = "Invalid password.";

std::string weak(const std::string& text, const std::string& detail) {
    return with_validations(text, {{"password", detail}});
}
std::string new_user(const std::string& name, const std::string& password) {
    return R"({"email":")" + name + R"(@example.org","username":")" + name + R"(","password":")" +
           password + "\"}";
}
std::string new_password(const std::string& password, const std::string& old = "") {
    return R"({"password":")" + password + R"(","old_password":")" + old + "\"}";
}

}  // namespace

TEST_CASE("nobody's password consists of the own name or address") {
    {
        TestServer server;
        const Answer refused =
            server.send("POST", "/users/first", "", new_user("lovelace", "Lovelace-123456"));
        CHECK(refused.status == 400);
        CHECK(refused.body == weak(not_strong, own_name));
        CHECK(server.send("GET", "/users/first").status == 404);
        CHECK(server.send("POST", "/users/first", "", new_user("lovelace", "Lovelace-1234567"))
                  .status == 201);
    }
    People world;
    const std::string ada = world.member("lovelace");
    check_rows(world, {{"a new user", "POST", "/users", world.owner,
                        new_user("babbage1", "Babbage1-123456"), 400, weak(not_strong, own_name)},
                       {"the own one", "PUT", "/users/me/password", ada,
                        new_password("LOVELACE-123456", good_password), 400,
                        weak(invalid, own_name), "user|write|lovelace|400"},
                       {"before the old one is compared", "PUT", "/users/me/password", ada,
                        new_password("LOVELACE-123456", "wrong"), 400, weak(invalid, own_name),
                        "user|write|lovelace|400"},
                       {"another's", "PUT", "/users/lovelace/password", world.owner,
                        new_password("lovelace-123456"), 400, weak(invalid, own_name),
                        "user|write|lovelace|400"}});
    CHECK(
        world.server
            .send("PUT", "/users/lovelace/password", world.owner, new_password("anything-lovelace"))
            .status == 204);
    const auto host = world.server.service().as(coder_users::Identity::system());
    try {
        host.set_password("lovelace", "Lovelace.654321");
        FAIL("not refused");
    } catch (const coder_users::ApiError& refused) {
        CHECK(refused.validations().at(0).detail == own_name);
    }
    CHECK_THROWS_WITH(
        world.server.service().seed(R"({"username":"babbage1","email":"b@example.org","password":")"
                                    R"(Babbage1-123456"})"),
        ContainsSubstring(own_name));
}

TEST_CASE("a host may refuse a new password with its own reason, as the last check") {
    struct Asked {
        std::string password;
        User user;
    };
    std::vector<Asked> asked;
    bool vetoed = false;
    Options options = in_memory();
    options.check_password = [&](const std::string& password,
                                 const User& user) -> std::optional<std::string> {
        asked.push_back({password, user});
        if (password.find("leaked") != std::string::npos) return "known \"to\" all";
        return std::nullopt;
    };
    options.before = [&](const coder_users::Event&) {
        vetoed = true;
        return std::optional<coder_users::Veto>();
    };
    TestServer server(options);
    const Answer first =
        server.send("POST", "/users/first", "", new_user("owner", "leaked-Horse-9"));
    CHECK(first.status == 400);
    CHECK(first.body == weak(not_strong, "known \"to\" all"));
    CHECK_FALSE(vetoed);
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].user.id.empty());
    CHECK(asked[0].user.email == "owner@example.org");
    const std::string owner = server.owner();
    CHECK(asked.size() == 2);

    CHECK(server.send("POST", "/users", owner, new_user("bob", "leaked-Horse-9")).body ==
          weak(not_strong, "known \"to\" all"));
    const std::string bob = server.member(owner, "bob");
    asked.clear();
    INFO("what other checks refuse, it is not asked about");
    for (const auto& [body, status] : std::vector<std::pair<std::string, int>>{
             {new_password("weak", good_password), 400},
             {new_password("leaked-Horse-9", "wrong"), 400},
             {new_password(good_password, good_password), 400}})
        CHECK(server.send("PUT", "/users/me/password", bob, body).status == status);
    CHECK(server.send("POST", "/users", owner, new_user("bob", "leaked-Horse-9")).status == 409);
    CHECK(server
              .send("POST", "/users/login", "",
                    R"({"email":"bob@example.org","password":"correct-Horse-9"})")
              .status == 201);
    CHECK(asked.empty());
    CHECK(
        server.send("PUT", "/users/me/password", bob, new_password("leaked-Horse-9", good_password))
            .body == weak(invalid, "known \"to\" all"));
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].user.username == "bob");
    CHECK_FALSE(asked[0].user.id.empty());
    CHECK(server.send("GET", "/users/me", bob).status == 200);

    CHECK_THROWS_AS(
        server.service().as(coder_users::Identity::system()).set_password("bob", "leaked-Horse-9"),
        coder_users::ApiError);
    CHECK_THROWS_WITH(
        server.service().seed(
            R"({"username":"eve","email":"e@example.org","password":"leaked-Horse-9"})"),
        ContainsSubstring("known \"to\" all"));
    INFO("users without a password have none to be asked about");
    asked.clear();
    CHECK(server
              .send("POST", "/users", owner,
                    R"({"email":"bot@example.org","username":"bot","login_type":"none"})")
              .status == 201);
    CHECK(asked.empty());
}

TEST_CASE("what the check of a password throws is 500, and nobody reads its text") {
    const std::string internal = message("An internal server error occurred.");
    for (const int kind : {0, 1, 2}) {
        Options options = in_memory();
        bool broken = false;
        options.check_password = [&](const std::string& password,
                                     const User&) -> std::optional<std::string> {
            if (!broken) return std::nullopt;
            if (kind == 0) throw std::runtime_error("no list for " + password);
            if (kind == 1) throw coder_users::ApiError(403, "no list for " + password);
            throw 1;
        };
        TestServer server(options);
        const std::string owner = server.owner();
        broken = true;
        const Answer answer =
            server.send("POST", "/users", owner, new_user("bob", "secret-Horse-9"));
        CHECK(answer.status == 500);
        CHECK(answer.body == internal);
        CHECK(server.log().find("Options::check_password has thrown") != std::string::npos);
        CHECK(server.log().find("no list") == std::string::npos);
        CHECK(server.log().find("secret-Horse-9") == std::string::npos);
        CHECK(server.send("GET", "/users/bob", owner).status == 404);
        broken = false;
        CHECK(server.send("POST", "/users", owner, new_user("bob", "secret-Horse-9")).status ==
              201);
    }
}
