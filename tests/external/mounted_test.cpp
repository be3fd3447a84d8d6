// External login in a host's own httplib::Server, below a prefix of the host.
#include <httplib.h>

#include "login_world.hpp"

using namespace coder_users_test;

namespace {

/// A host's server with the service of a world below a prefix.
class Site {
 public:
    Site(coder_users::Service& service, const std::string& prefix) {
        service.mount(server_, prefix);
        port_ = server_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { server_.listen_after_bind(); });
        REQUIRE(eventually([this] { return server_.is_running(); }));
    }
    ~Site() {
        server_.stop();
        thread_.join();
    }
    int port() const { return port_; }

 private:
    httplib::Server server_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace

TEST_CASE("[O10] mounted under another prefix, people are sent back below that prefix", "[O10]") {
    OidcWorld oidc;
    const Site site(oidc.world.server.service(), "/accounts/api");
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
