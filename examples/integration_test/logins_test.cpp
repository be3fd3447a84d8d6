#include <catch2/catch_test_macros.hpp>
#include <coder_users.hpp>
#include <coder_users/testing.hpp>

using namespace coder_users::testing;
using coder_users::LoginType;

TEST_CASE("my program knows people by their provider") {
    Server server(Controls::with_logins());
    server.owner();  // before there is a user, nobody can log in through a provider

    server.logins().oidc(
        {"ada-1", "ada@corp.example", "ada"});          // subject, email, preferred_username
    const Client ada = server.log_in(LoginType::oidc);  // made by her first login
    CHECK(ada.get("/users/me")["login_type"] == "oidc");

    OidcLogin bob{"bob-1", "bob@corp.example", "bob"};
    bob.claims = {{"groups", R"(["ops"])"}};  // any claim, as JSON
    server.logins().oidc(bob);
    CHECK(server.log_in(LoginType::oidc).get("/users/oidc-claims")["claims.groups.0"] == "ops");

    server.logins().github({583231, "octocat", "octocat@corp.example"});
    CHECK(server.log_in(LoginType::github).username == "octocat");

    server.logins().refuse_oidc({"access_denied", "Ada said no."});
    CHECK_THROWS(server.log_in(LoginType::oidc));
}
