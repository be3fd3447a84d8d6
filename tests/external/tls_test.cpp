// Providers over TLS: the certificate must be right (contract external_login.md 8,
// --provider-ca-file).
#include <fstream>

#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;

/// A login at a provider with a certificate for `address`, by a server that trusts `trusted`
/// (PEM; "": the system's certificates).
Answer start_at(const OidcStandIn& provider, const std::string& trusted) {
    const TempFolder folder;
    const std::string bundle = folder.file("bundle.pem");
    if (!trusted.empty()) std::ofstream(bundle) << trusted;
    TestServer server(with_oidc(provider, [&](Options& options) {
        if (!trusted.empty()) options.provider_ca_file = bundle;
    }));
    server.owner();
    return server.send("GET", "/users/oidc/callback");
}

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
    const ProviderKey key = ProviderKey::ec();
    const TempFolder folder;
    const std::string bundle = folder.file("bundle.pem");
    const std::string certificate = key.certificate("127.0.0.1");
    std::ofstream(bundle) << certificate;
    OidcStandIn provider(certificate, key.private_pem());
    const LoginWorld login("/users/oidc/callback", with_oidc(provider, [&](Options& options) {
                               options.provider_ca_file = bundle;
                           }));
    const Flow flow = login.begin();
    CHECK(flow.location.substr(0, 8) == "https://");
    const Answer answer = login.back(flow, provider.authorize(flow.location));
    CHECK(answer.status == 307);
    CHECK(login.newest_user() == "ada|ada@corp.example|oidc|active|");
}
