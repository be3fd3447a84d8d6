// Providers that are given by name: the look-up counts for the 5 seconds of a call, all addresses
// are tried, and the certificate must be that of the name.
#include <dlfcn.h>
#include <netdb.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;
using Clock = std::chrono::steady_clock;

/// Look-ups of "hangs.example" wait as long as one of these exists.
class SilentNameServer {
 public:
    SilentNameServer() { silent = true; }
    ~SilentNameServer() {
        {
            const std::lock_guard<std::mutex> lock(mutex);
            silent = false;
        }
        changed.notify_all();
        CHECK(eventually([] { return waiting == 0; }));
    }

    static void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        ++waiting;
        most = (std::max)(most.load(), waiting.load());
        changed.wait_for(lock, std::chrono::seconds(20), [] { return !silent; });
        --waiting;
    }

    static inline std::atomic<int> waiting{0}, most{0};

 private:
    static inline std::mutex mutex;
    static inline std::condition_variable changed;
    static inline bool silent = false;
};

/// "http://<host>:<port of the provider>", and a face of the provider that calls itself so.
std::string named(OidcStandIn& provider, const std::string& host) {
    const std::string own = provider.url();
    const std::string url = own.substr(0, own.find("127.")) + host + own.substr(own.rfind(':'));
    OidcFace face = provider.good();
    face.discovery = {{"issuer", '"' + url + '"'}};
    provider.show(face);
    return url;
}

}  // namespace

/// Replaces the function of the C library in this program.
extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** found) {
    static const auto real =
        reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    const std::string name = host ? host : "";
    if (name == "hangs.example") {
        SilentNameServer::wait();
        return EAI_AGAIN;
    }
    if (name != "two.example") return real(host, service, hints, found);
    // Where nobody listens, and where the stand-ins do.
    const int first = real("127.0.0.9", service, hints, found);
    return first ? first : real("127.0.0.1", service, hints, &(*found)->ai_next);
}

TEST_CASE("[O11] a name server that does not answer has the 5 seconds of the call", "[O11]") {
    const SilentNameServer names;
    OidcStandIn provider;
    TestServer server(with_oidc(
        provider, [](Options& options) { options.oidc.issuer_url = "http://hangs.example"; }));
    server.owner();
    const auto begun = Clock::now();
    const auto answers = all_at_once(3, [&](std::size_t i) {
        ClientOptions options;  // one address has two of the lane's threads
        options.source = "127.0.0." + std::to_string(i + 1);
        RawClient client(server.port(), options);
        client.send(request_text("GET", "/api/v2/users/oidc/callback"));
        return client.read_by(std::chrono::seconds(30));
    });
    CHECK(Clock::now() - begun < std::chrono::seconds(8));
    CHECK(count_statuses(answers) == StatusCounts{{500, 3}});
    CHECK_THAT(server.log(),
               Catch::Matchers::ContainsSubstring("the provider did not answer in time"));
}

TEST_CASE("a service that ends does not wait for a name server") {
    const SilentNameServer names;
    OidcStandIn provider;
    auto server = std::make_unique<TestServer>(with_oidc(
        provider, [](Options& options) { options.oidc.issuer_url = "http://hangs.example"; }));
    server->owner();
    RawClient client(server->port());
    client.send(request_text("GET", "/api/v2/users/oidc/callback"));
    REQUIRE(eventually([&] { return names.waiting > 0; }));
    const auto begun = Clock::now();
    server.reset();
    CHECK(Clock::now() - begun < std::chrono::seconds(2));
}

TEST_CASE("a provider that listens on one of its addresses is found") {
    OidcStandIn provider;
    const std::string url = named(provider, "two.example");
    TestServer server(
        with_oidc(provider, [&](Options& options) { options.oidc.issuer_url = url; }));
    server.owner();
    CHECK(server.send("GET", "/users/oidc/callback").status == 307);
}

TEST_CASE("[O11] the certificate of a provider is for its name, not for its address", "[O11]") {
    const ProviderKey key = ProviderKey::ec();
    const TempFolder folder;
    for (const bool good : {true, false}) {
        const std::string certificate = key.certificate(good ? "two.example" : "127.0.0.1");
        const std::string bundle = folder.file("bundle.pem");
        std::ofstream(bundle) << certificate;
        OidcStandIn provider(certificate, key.private_pem());
        const std::string url = named(provider, "two.example");
        TestServer server(with_oidc(provider, [&](Options& options) {
            options.oidc.issuer_url = url;
            options.provider_ca_file = bundle;
        }));
        server.owner();
        CHECK(server.send("GET", "/users/oidc/callback").status == (good ? 307 : 500));
        CHECK((server.log().find("certificate cannot be verified") != std::string::npos) != good);
    }
}
