#include "coder_users/internal/wire/answers.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "coder_users/internal/wire/shapes.hpp"

using namespace coder_users;
namespace wire = coder_users::wire;

namespace {

User alice() {
    User user;
    user.id = "11111111-1111-4111-8111-111111111111";
    user.username = "Alice";
    user.email = "Alice@example.org";
    user.created_at = from_micros(1'767'323'045'678'900);
    user.status = UserStatus::suspended;
    user.login_type = LoginType::none;
    user.avatar_url = "https://x/?a&b";
    user.roles = {"auditor", "user-admin", "unknown"};
    user.organization_ids = {"22222222-2222-4222-8222-222222222222"};
    return user;
}

/// Checks that an object has the members of its shape, in their order.
void check_keys(const std::string& text, const wire::Shape& shape) {
    const wire::Json document = wire::parse_json(text);
    const auto& members = document.get<picojson::object>();
    std::size_t at = 0, expected = 0;
    for (const wire::Property& property : shape.properties) {
        CAPTURE(property.name);
        if (!property.is_in({})) continue;
        ++expected;
        CHECK(members.count(property.name) == 1);
        at = text.find("\"" + std::string(property.name) + "\":", at);
        CHECK(at != std::string::npos);
    }
    CHECK(members.size() == expected);
}

}  // namespace

TEST_CASE("a user is written with all its keys, none of them null") {
    CHECK(wire::user(alice()) ==
          R"({"id":"11111111-1111-4111-8111-111111111111","username":"Alice",)"
          R"("email":"Alice@example.org","created_at":"2026-01-02T03:04:05.6789Z",)"
          R"("last_seen_at":"0001-01-01T00:00:00Z","status":"suspended",)"
          R"("organization_ids":["22222222-2222-4222-8222-222222222222"],)"
          R"("roles":[{"name":"auditor","display_name":"Auditor"},)"
          R"({"name":"user-admin","display_name":"User Admin"},)"
          R"({"name":"unknown","display_name":"unknown"}],)"
          R"("login_type":"none","avatar_url":"https://x/?a\u0026b","theme_preference":""})"
          "\n");
    const HostRoles declared{{"unknown", "Known Here", {}}};
    CHECK(wire::user(alice(), {Release(), declared})
              .find(R"({"name":"unknown","display_name":"Known Here"}])") != std::string::npos);
    const std::string bare = wire::user(User());
    CHECK(bare.find("null") == std::string::npos);
    CHECK(bare.find(R"("organization_ids":[],"roles":[])") != std::string::npos);
    check_keys(wire::user(alice()), wire::shapes::user);
}

TEST_CASE("a list of users has its count beside it") {
    CHECK(wire::users({}, 7) == "{\"users\":[],\"count\":7}\n");
    const std::string two = wire::users({alice(), User()}, 2);
    const wire::Json document = wire::parse_json(two);
    CHECK(document.get("users").get<picojson::array>().size() == 2);
    check_keys(two, wire::shapes::users);
}

TEST_CASE("detail and validations are left out of a response when empty") {
    CHECK(wire::response("a <b>") == "{\"message\":\"a \\u003cb\\u003e\"}\n");
    CHECK(wire::response("a", "b") == "{\"message\":\"a\",\"detail\":\"b\"}\n");
    CHECK(
        wire::response("a", "", {{"f", "d"}, {"g", "\""}}) ==
        R"({"message":"a","validations":[{"field":"f","detail":"d"},{"field":"g","detail":"\""}]})"
        "\n");
}

TEST_CASE("small documents have their shapes") {
    CHECK(wire::first_user("a", "b") == "{\"user_id\":\"a\",\"organization_id\":\"b\"}\n");
    CHECK(wire::login("id-secret") == "{\"session_token\":\"id-secret\"}\n");
    check_keys(wire::first_user("a", "b"), wire::shapes::first_user);
    check_keys(wire::login("t"), wire::shapes::login);
    check_keys(wire::auth_methods({}), wire::shapes::auth_methods);
    check_keys(wire::build_info({"", "v", "", ""}), wire::shapes::build_info);
    CHECK(wire::auth_methods({true, false, true, "Sign in", "/i.png"}) ==
          R"({"password":{"enabled":true},"github":{"enabled":false},)"
          R"("oidc":{"enabled":true,"signInText":"Sign in","iconUrl":"/i.png"}})"
          "\n");
    CHECK(wire::build_info({"https://u", "v1", "https://d", ""}) ==
          R"({"external_url":"https://u","version":"v1","dashboard_url":"https://d",)"
          R"("workspace_proxy":false})"
          "\n");
}

TEST_CASE("text that is not UTF-8 cannot break a document") {
    User user = alice();
    user.username = "a\xff\"";
    const wire::Json document = wire::parse_json(wire::user(user));
    CHECK(document.get("username").get<std::string>() == "a\xef\xbf\xbd\"");
}
