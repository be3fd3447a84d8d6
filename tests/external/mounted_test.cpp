// Login through a provider with the API mounted on a host's own httplib::Server, under another
// prefix.
#include "host_server.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

TEST_CASE("[O10] mounted under another prefix, people are sent back below that prefix", "[O10]") {
    OidcWorld oidc;
    const HostServer site([&](httplib::Server& server) {
        oidc.world.server.service().mount(server, "/accounts/api");
    });
    const std::string path = "/accounts/api/users/oidc/callback";
    Flow flow;
    const Answer start =
        request(site.port(), "GET", path + "?redirect=/accounts/home", {{"Host", "evil.example"}});
    REQUIRE(start.status == 307);
    flow.cookies.take(start);
    flow.location = start.header("location");
    CHECK(flow["redirect_uri"] == "http://coder.example" + path);

    INFO("the code is exchanged for the same address, or the provider would refuse it");
    const Answer back =
        request(site.port(), "GET", path + "?" + oidc.provider.authorize(flow.location),
                flow.cookies.headers());
    CHECK(back.status == 307);
    CHECK(back.header("location") == "/accounts/home");
    CHECK(oidc.provider.last("/token").form["redirect_uri"] == "http://coder.example" + path);
    CHECK(request(site.port(), "GET", "/accounts/api/users/me",
                  {{"Coder-Session-Token", session_of(back)}})
              .status == 200);
}
