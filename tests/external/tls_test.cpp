// Providers over TLS: the certificate must be right (docs/contract/external_login.md,
// "Configuration of providers").
#include <signal.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;

/// Starts a login at a provider with a certificate for `address`. The server trusts `trusted`
/// (PEM), or the system's certificates when that is "".
Answer start_at(const OidcStandIn& provider, const std::string& trusted) {
    const TempFolder folder;
    const std::string bundle = folder.file("bundle.pem");
    if (!trusted.empty()) std::ofstream(bundle) << trusted;
    TestServer server(with_oidc(provider, [&](Options& options) {
        if (!trusted.empty()) options.provider_ca_file = bundle;
    }));
    server.owner();
    const Answer answer = server.send("GET", "/users/oidc/callback");
    const bool blamed =
        server.log().find("the provider's certificate cannot be verified") != std::string::npos;
    CHECK(blamed == (answer.status != 307));
    return answer;
}

/// A provider over TLS, and a server that trusts it.
struct TlsWorld {
    const ProviderKey key = ProviderKey::ec();
    const std::string certificate = key.certificate("127.0.0.1");
    const TempFolder folder;
    const std::string bundle = folder.file("bundle.pem");
    OidcStandIn provider{certificate, key.private_pem()};
    LoginWorld login{"/users/oidc/callback", with_oidc(provider, [this](Options& options) {
                         std::ofstream(bundle) << certificate;
                         options.provider_ca_file = bundle;
                     })};
};

std::atomic<int> pipe_signals{0};

}  // namespace

TEST_CASE("[O11] only a provider with a trusted certificate of its own address is spoken to",
          "[O11]") {
    const ProviderKey key = ProviderKey::ec(), other_key = ProviderKey::ec();
    const std::string good = key.certificate("127.0.0.1"), wrong = key.certificate("127.0.0.2");
    const OidcStandIn provider(good, key.private_pem());
    const OidcStandIn impostor(wrong, key.private_pem());
    CHECK(start_at(provider, good).status == 307);
    CHECK(start_at(provider, good + other_key.certificate("127.0.0.1")).status == 307);
    for (const Answer& refused :
         {start_at(provider, ""), start_at(provider, other_key.certificate("127.0.0.1")),
          start_at(impostor, wrong)}) {
        CHECK(refused.status == 500);
        CHECK(parse(refused.body)["message"].text() == "An internal server error occurred.");
        CHECK_FALSE(refused.has("location"));
    }
    CHECK(impostor.count("/.well-known/openid-configuration") == 0);
}

TEST_CASE("a whole login over TLS") {
    TlsWorld tls;
    const Flow flow = tls.login.begin();
    CHECK(flow.location.substr(0, 8) == "https://");
    const Answer answer = tls.login.back(flow, tls.provider.authorize(flow.location));
    CHECK(answer.status == 307);
    CHECK(tls.login.newest_user() == "ada|ada@corp.example|oidc|active|");
}

TEST_CASE("no SIGPIPE ends a host that waits for a provider on a thread of its own") {
    TlsWorld tls;
    OidcFace face = tls.provider.good();
    face.token["refresh_token"] = "true";
    tls.provider.show(face);
    const Flow flow = tls.login.begin();
    const Answer answer = tls.login.back(flow, tls.provider.authorize(flow.location));
    REQUIRE(answer.status == 307);
    tls.login.world.server.advance(std::chrono::minutes(6));
    face.replies["/token"].pace = Reply::Pace::never;
    tls.provider.show(face);
    const int calls = tls.provider.count("/token");

    struct sigaction before {};
    struct sigaction counting {};
    counting.sa_handler = [](int) { ++pipe_signals; };
    ::sigaction(SIGPIPE, &counting, &before);
    coder_users::Service& service = tls.login.world.server.service();
    bool refused = false;
    std::thread host([&] {
        try {
            service.authenticate(session_of(answer));
        } catch (const coder_users::ApiError&) {
            refused = true;
        }
    });
    CHECK(eventually([&] { return tls.provider.count("/token") > calls; }));
    service.stop();  // ends the connection while the call uses it
    host.join();
    ::sigaction(SIGPIPE, &before, nullptr);
    CHECK(refused);
    CHECK(pipe_signals == 0);
}
