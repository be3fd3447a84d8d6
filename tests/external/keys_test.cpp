// The provider's keys: fetched when they are needed, kept as long as the provider says, and fetched
// again when none of them fits (docs/contract/external_login.md, "OpenID Connect", step 2).
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

/// The provider signs with `key` under `id`; its key set is as given.
std::function<void(OidcFace&)> rotated(const ProviderKey& key, const std::string& id,
                                       const std::string& keys) {
    return [&key, id, keys](OidcFace& face) {
        face.keys = "{\"keys\":[" + keys + "]}";
        face.header["kid"] = '"' + id + '"';
        face.id_token = [&key](const std::string& header, const std::string& claims) {
            const std::string input = signing_input(header, claims);
            return with_signature(input, key.sign("ES256", input));
        };
    };
}

}  // namespace

TEST_CASE("keys are fetched once and kept; an unknown kid fetches them anew, once in 10 s") {
    OidcWorld oidc;
    const auto fetches = [&] { return oidc.provider.count("/keys"); };
    const auto pass = [&](int seconds) {
        oidc.world.server.advance(std::chrono::seconds(seconds));
        oidc.provider.now += seconds;
    };
    CHECK(fetches() == 0);
    oidc.check_good();
    oidc.check_good();
    CHECK(fetches() == 1);

    INFO("new keys: the login that brings the unknown kid is good");
    pass(11);
    const ProviderKey second = ProviderKey::ec(), third = ProviderKey::ec();
    oidc.check_good(rotated(second, "second", second.jwk("second")));
    CHECK(fetches() == 2);

    INFO("unknown kids do not make the server ask again and again");
    for (int i = 0; i < 5; ++i)
        oidc.check_refused(refusal(400, untrusted, "*"),
                           rotated(third, "third-" + std::to_string(i), third.jwk("third")));
    CHECK(fetches() <= 3);
    oidc.check_good(rotated(second, "second", second.jwk("second")));

    INFO("after 10 s it asks again");
    pass(11);
    oidc.check_good(rotated(third, "third", third.jwk("third")));

    INFO("a key that the provider has withdrawn is forgotten with the next fetch");
    oidc.check_refused(refusal(400, untrusted, "*"), rotated(second, "second", third.jwk("third")));
}

TEST_CASE("a known kid whose signature does not fit fetches the keys anew, once in 10 s") {
    OidcWorld oidc;
    const auto fetches = [&] { return oidc.provider.count("/keys"); };
    const auto pass = [&](int seconds) {
        oidc.world.server.advance(std::chrono::seconds(seconds));
        oidc.provider.now += seconds;
    };
    const Refusal unfit = refusal(400, untrusted, "its signature does not fit");
    const ProviderKey wrong = ProviderKey::ec();
    const auto publishes_wrong = [&](OidcFace& face) {
        face.keys = "{\"keys\":[" + wrong.jwk("ec") + "]}";
        face.headers = {{"Cache-Control", "max-age=3600"}};
    };
    oidc.check_refused(unfit, publishes_wrong);

    INFO("within the pause nothing is fetched, after it the provider's mistake is over");
    const int before = fetches();
    pass(9);
    oidc.check_refused(unfit, publishes_wrong);
    oidc.check_refused(unfit, [](OidcFace&) {});
    CHECK(fetches() == before);
    pass(2);
    oidc.check_good();
    CHECK(fetches() == before + 1);

    INFO("forged tokens are refused as ever, and cost one fetch in 10 s");
    const auto forged = rotated(wrong, "ec", oidc.provider.ec.jwk("ec"));
    pass(11);
    for (int i = 0; i < 5; ++i) oidc.check_refused(unfit, forged);
    CHECK(fetches() == before + 2);
    oidc.check_good();
    pass(9);
    oidc.check_refused(unfit, forged);
    CHECK(fetches() == before + 2);
    pass(2);
    oidc.check_refused(unfit, forged);
    oidc.check_good();
    CHECK(fetches() == before + 3);
}

TEST_CASE("keys are kept as long as max-age says") {
    OidcWorld oidc;
    const auto with_age = [](OidcFace& face) {
        face.headers = {{"Cache-Control", "public, max-age=3600"}};
    };
    oidc.check_good(with_age);
    oidc.world.server.advance(std::chrono::minutes(50));
    oidc.provider.now += 3000;
    oidc.check_good(with_age);
    CHECK(oidc.provider.count("/keys") == 1);
    oidc.world.server.advance(std::chrono::minutes(11));
    oidc.provider.now += 660;
    oidc.check_good(with_age);
    CHECK(oidc.provider.count("/keys") == 2);
}

TEST_CASE("logins at once fetch discovery document and keys once") {
    OidcWorld oidc;
    constexpr std::size_t count = 8;
    const auto starts = all_at_once(count, [&](std::size_t) { return oidc.login.ask(""); });
    CHECK(count_statuses(starts) == StatusCounts{{307, static_cast<int>(count)}});
    CHECK(oidc.provider.count("/.well-known/openid-configuration") == 1);
    std::vector<Flow> flows;
    std::vector<std::string> queries;
    for (const Answer& start : starts) {
        CookieJar cookies;
        cookies.take(start);
        flows.push_back({cookies, start.header("location")});
        queries.push_back(oidc.provider.authorize(flows.back().location));
    }
    const auto answers =
        all_at_once(count, [&](std::size_t i) { return oidc.login.back(flows[i], queries[i]); });
    CHECK(count_statuses(answers) == StatusCounts{{307, static_cast<int>(count)}});
    CHECK(oidc.provider.count("/keys") == 1);
}

TEST_CASE(
    "the secret goes into the form, or into Basic authentication where the form is not "
    "listed") {
    for (const bool in_form : {true, false}) {
        INFO(in_form);
        OidcWorld oidc;
        oidc.provider.secret_in_form = in_form;
        oidc.check_good();
    }
    INFO("a provider that lists nothing gets Basic authentication (RFC 8414 2)");
    OidcWorld oidc;
    oidc.provider.secret_in_form = false;
    oidc.check_good(
        [](OidcFace& face) { face.discovery["token_endpoint_auth_methods_supported"] = ""; });
}
