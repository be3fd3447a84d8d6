// The API mounted on a host's httplib::SSLServer.
#include <httplib.h>

#include <fstream>
#include <thread>

#include "server_fixture.hpp"
#include "signing.hpp"

using namespace coder_users_test;

TEST_CASE("a host's server with TLS serves the API, with bodies and cookies") {
    const ProviderKey key = ProviderKey::ec();
    const TempFolder folder;
    std::ofstream(folder.file("crt")) << key.certificate("127.0.0.1");
    std::ofstream(folder.file("key")) << key.private_pem();
    coder_users::Options options = in_memory();
    options.access_url = "https://127.0.0.1";
    auto users = coder_users::open(options);
    users.create_first_user({"owner@example.org", "owner", good_password});
    httplib::SSLServer site(folder.file("crt").c_str(), folder.file("key").c_str());
    REQUIRE(site.is_valid());
    users.mount(site, "/accounts");
    const int port = site.bind_to_any_port("127.0.0.1");
    std::thread serving([&] { site.listen_after_bind(); });
    site.wait_until_ready();
    {
        httplib::SSLClient client("127.0.0.1", port);
        client.set_ca_cert_path(folder.file("crt"));
        const auto login =
            client.Post("/accounts/users/login",
                        R"({"email":"owner@example.org","password":")" + good_password + "\"}",
                        "application/json");
        REQUIRE(login);
        CHECK(login->status == 201);
        const std::string cookie = login->get_header_value("Set-Cookie");
        CHECK(cookie.find("; Secure") != std::string::npos);
        const auto me =
            client.Get("/accounts/users/me", {{"Cookie", cookie.substr(0, cookie.find(';'))}});
        REQUIRE(me);
        CHECK(parse(me->body)["username"].text() == "owner");

        httplib::Client plain("127.0.0.1", port);
        CHECK_FALSE(plain.Get("/accounts/buildinfo"));
        httplib::SSLClient stranger("127.0.0.1", port);  // does not trust the certificate
        CHECK_FALSE(stranger.Get("/accounts/buildinfo"));
    }
    site.stop();
    serving.join();
}
