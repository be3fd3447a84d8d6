// A provider that fails, does not answer, or gives wrong addresses
// (docs/contract/external_login.md, "Steps of a login" and "Calls to a provider"; threat O11).
#include <thread>

#include "coder_users/internal/login/oidc_provider.hpp"
#include "login_world.hpp"

using namespace coder_users_test;

namespace {

using coder_users::Options;
using std::chrono::milliseconds;

const std::string discovery = "/.well-known/openid-configuration";
std::string text(const std::string& value) { return '"' + value + '"'; }

Reply html() { return {200, "<html>Maintenance</html>", {{"Content-Type", "text/html"}}}; }
Reply redirect(const std::string& location) { return {302, "", {{"Location", location}}}; }
/// Good JSON, followed by 50 MB of blanks.
Reply huge(const std::string& json) { return {200, json + std::string(50 << 20, ' ')}; }

/// Checks the answer of a start while the discovery document cannot be used.
void check_no_start(const OidcWorld& oidc) {
    const Answer answer = oidc.login.ask("");
    CHECK(answer.status == 500);
    CHECK(parse(answer.body)["message"].text() == "An internal server error occurred.");
    CHECK_FALSE(answer.has("location"));
    CHECK(answer.all("set-cookie").empty());
}

}  // namespace

TEST_CASE("[O11] a discovery document of no use starts no login, and is not kept", "[O11]") {
    OidcWorld oidc;
    const StandInServer elsewhere([&](const SeenRequest&) {
        return Reply{200, R"({"issuer":")" + oidc.provider.url() + "\"}"};
    });
    const std::string document =
        json_object({{"issuer", text(oidc.provider.url())},
                     {"authorization_endpoint", text(oidc.provider.url() + "/authorize")},
                     {"token_endpoint", text(oidc.provider.url() + "/token")},
                     {"jwks_uri", text(oidc.provider.url() + "/keys")}});
    for (const Reply& reply :
         {Reply{500, "{}"}, Reply{404, document}, html(), Reply{200, ""}, Reply{200, "[]"},
          Reply{200, document + "x"}, huge(document),
          Reply{200, "{\"issuer\":" + text(oidc.provider.url()) + "," + document.substr(1)},
          redirect(elsewhere.url() + discovery), redirect("https://evil.example/"),
          redirect("file:///etc/passwd")}) {
        INFO(reply.status << " " << reply.body.substr(0, 100));
        OidcFace face = oidc.provider.good();
        face.replies[discovery] = reply;
        oidc.provider.show(face);
        check_no_start(oidc);
    }
    for (const auto& [name, value] :
         {std::pair<std::string, std::string>{"issuer", text("https://evil.example")},
          {"issuer", ""},
          {"issuer", text(oidc.provider.url() + "/")},
          {"authorization_endpoint", ""},
          {"authorization_endpoint", "1"},
          {"token_endpoint", ""},
          {"jwks_uri", ""}}) {
        INFO(name << " is " << value);
        OidcFace face = oidc.provider.good();
        face.discovery[name] = value;
        oidc.provider.show(face);
        check_no_start(oidc);
    }
    oidc.check_good();
    INFO("what was good is kept");
    const int reads = oidc.provider.count(discovery);
    oidc.check_good();
    CHECK(oidc.provider.count(discovery) == reads);
}

TEST_CASE("[O11] keys that cannot be read verify nothing, and are not kept", "[O11]") {
    OidcWorld oidc;
    const StandInServer elsewhere([&](const SeenRequest&) {
        return Reply{200, oidc.provider.good().keys};
    });
    const std::string good = oidc.provider.good().keys;
    for (const Reply& reply :
         {Reply{500, good}, html(), Reply{200, ""}, Reply{200, R"({"keys":{}})"},
          Reply{200, R"({"keys":[]})"}, Reply{200, R"({"keys":[],)" + good.substr(1)}, huge(good),
          redirect(elsewhere.url() + "/keys"), redirect("https://evil.example/keys")}) {
        INFO(reply.status << " " << reply.body.substr(0, 100));
        oidc.check_refused(refusal(400, untrusted, "*"),
                           [&](OidcFace& face) { face.replies["/keys"] = reply; });
        oidc.world.server.advance(std::chrono::seconds(11));
        oidc.provider.now += 11;
    }
    oidc.check_good();
}

TEST_CASE("[O5] [O12] a code that the provider does not exchange ends the login", "[O5][O12]") {
    OidcWorld oidc;
    const auto with_reply = [](const Reply& reply) {
        return [reply](OidcFace& face) { face.replies["/token"] = reply; };
    };
    oidc.check_refused(refusal(500, not_exchanged, "invalid_grant"),
                       with_reply({400, R"({"error":"invalid_grant"})"}));
    oidc.check_refused(refusal(500, not_exchanged, "server_error"),
                       with_reply({500, R"({"error":"server_error"})"}));
    for (const Reply& reply :
         {Reply{500, ""}, html(), Reply{200, "[]"}, Reply{200, ""}, huge("{}"),
          Reply{200, R"({"access_token":"a","access_token":"b"})"},
          redirect("https://evil.example/token"), Reply{400, R"({"error":1})"}}) {
        INFO(reply.status << " " << reply.body.substr(0, 100));
        oidc.check_refused(refusal(500, not_exchanged, "*"), with_reply(reply));
    }
    INFO("a long error text is cut");
    const Answer answer =
        oidc.log_in_with(with_reply({400, R"({"error":")" + std::string(100'000, 'x') + "\"}"}));
    CHECK(answer.status == 500);
    CHECK(answer.body.size() < 1'000);

    INFO("a code is good once");
    oidc.provider.show(oidc.provider.good());
    const Flow flow = oidc.login.begin();
    const std::string query = oidc.provider.authorize(flow.location);
    CHECK(oidc.login.back(flow, query).status == 307);
    const Flow again = oidc.login.begin();
    oidc.login.check_refused(refusal(500, not_exchanged, "invalid_grant"),
                             [&] { return oidc.login.back(again, with_code_of(query, again)); });
}

TEST_CASE("[O6] a code of another browser's login is of no use", "[O6]") {
    OidcWorld oidc;
    const Flow mine = oidc.login.begin(), victim = oidc.login.begin();
    const std::string stolen = oidc.provider.authorize(victim.location);
    oidc.login.check_refused(refusal(500, not_exchanged, "invalid_grant"),
                             [&] { return oidc.login.back(mine, with_code_of(stolen, mine)); });
}

TEST_CASE("[O11] a provider that cannot be reached") {
    coder_users::Options options;
    {
        const OidcStandIn gone;
        options = with_oidc(gone, nullptr);
    }
    const LoginWorld login("/users/oidc/callback", options);
    const Answer answer = login.ask("");
    CHECK(answer.status == 500);
    CHECK(parse(answer.body)["message"].text() == "An internal server error occurred.");
    CHECK(answer.body.find("127.0.0.1") == std::string::npos);
}

TEST_CASE("[O11] however slowly a provider answers, it has 5 seconds", "[O11]") {
    struct Slow {
        std::string path;
        Reply::Pace pace;
        Refusal refusal_of_login;
    };
    const Slow cases[] = {
        {discovery, Reply::Pace::byte_by_byte, {500, "An internal server error occurred."}},
        {"/token", Reply::Pace::byte_by_byte, refusal(500, not_exchanged, "*")},
        {"/keys", Reply::Pace::byte_by_byte, refusal(400, untrusted, "*")},
        {"/userinfo", Reply::Pace::never,
         refusal(500, "Failed to obtain user information claims.",
                 "The attempt to fetch claims via the UserInfo endpoint failed: *")}};
    std::vector<std::unique_ptr<OidcWorld>> worlds;
    std::vector<std::string> targets, before;
    std::vector<CookieJar> cookies;
    for (const Slow& each : cases) {
        OidcWorld& oidc = *worlds.emplace_back(std::make_unique<OidcWorld>());
        OidcFace face = oidc.provider.good();
        face.replies[each.path] = {200, "{}", {}, each.pace};
        const bool starts = each.path == discovery;
        if (starts) oidc.provider.show(face);
        const Flow flow = starts ? Flow{} : oidc.login.begin();
        targets.push_back("/api/v2/users/oidc/callback" +
                          (starts ? "" : "?" + oidc.provider.authorize(flow.location)));
        cookies.push_back(flow.cookies);
        before.push_back(oidc.world.snapshot());
        oidc.provider.show(face);
    }
    // All worlds are asked at the same time. A byte comes every 300 ms, so that without a deadline
    // each call would take longer than the client waits.
    const auto answers = all_at_once(worlds.size(), [&](std::size_t i) {
        RawClient client(worlds[i]->world.server.port());
        client.send(request_text("GET", targets[i], cookies[i].headers()));
        return client.read_by(std::chrono::seconds(20));
    });
    for (std::size_t i = 0; i < worlds.size(); ++i) {
        INFO(cases[i].path);
        check_response(answers[i], cases[i].refusal_of_login);
        check_no_session(answers[i]);
        CHECK((worlds[i]->world.snapshot() == before[i]));
    }
}

TEST_CASE("[O11] a hanging provider holds a bounded number of logins; further ones get 503",
          "[O11]") {
    OidcWorld oidc([](Options& options) { options.limits.waiting_logins = 2; });
    oidc.check_good();
    constexpr std::size_t count = 40;
    std::vector<Flow> flows;
    std::vector<std::string> queries;
    for (std::size_t i = 0; i < count; ++i) {
        flows.push_back(oidc.login.begin());
        queries.push_back(oidc.provider.authorize(flows.back().location));
    }
    OidcFace face = oidc.provider.good();
    face.replies["/token"].pace = Reply::Pace::never;
    oidc.provider.show(face);

    std::atomic<bool> done{false};
    std::vector<Answer> answers;
    std::thread logins([&] {
        answers = all_at_once(count, [&](std::size_t i) {
            RawClient client(oidc.world.server.port());
            client.send(request_text("GET", "/api/v2/users/oidc/callback?" + queries[i],
                                     flows[i].cookies.headers()));
            return client.read_by(std::chrono::seconds(60));
        });
        done = true;
    });
    // Meanwhile reads, changes and password logins go on.
    int reads = 0, changes = 0, passwords = 0;
    while (!done) {
        const TestServer& server = oidc.world.server;
        const std::string name = changes % 2 ? "owner" : "Owner";
        reads += server.send("GET", "/users/me", oidc.world.owner).status == 200;
        changes += server
                       .send("PUT", "/users/me/profile", oidc.world.owner,
                             R"({"username":")" + name + "\"}")
                       .status == 200;
        passwords +=
            server
                .send("POST", "/users/login", "",
                      R"({"email":"owner@example.org","password":")" + good_password + "\"}")
                .status == 201;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    logins.join();
    CHECK(reads > 20);
    CHECK(changes == reads);
    CHECK(passwords == reads);
    StatusCounts statuses = count_statuses(answers);
    CHECK(statuses[503] >= 1);
    CHECK(statuses[500] >= 1);
    CHECK(statuses[503] + statuses[500] == static_cast<int>(count));
    for (const Answer& answer : answers) {
        if (answer.status != 503) continue;
        CHECK(answer.body == message("The server is temporarily unable to answer."));
        CHECK(answer.has("retry-after"));
        check_no_session(answer);
    }
}

TEST_CASE("[O11] callbacks that hang at once are all answered when the time of a callback is over",
          "[O11]") {
    // The time in all is less than a second; a single call still has its 5 seconds.
    OidcWorld oidc([](Options& options) { options.deadlines.provider = milliseconds(500); });
    constexpr std::size_t count = 40;
    std::vector<Flow> flows;
    std::vector<std::string> queries;
    for (std::size_t i = 0; i < count; ++i) {
        flows.push_back(oidc.login.begin());
        queries.push_back(oidc.provider.authorize(flows.back().location));
    }
    OidcFace face = oidc.provider.good();
    face.replies["/token"].pace = Reply::Pace::never;
    oidc.provider.show(face);
    const std::string sessions = oidc.login.count("api_keys");
    // Each from its own address, since an address has a share of the lane. Eight run at once, so
    // if each waited 5 seconds, the last one would be answered after 25.
    const auto answers = all_at_once(count, [&](std::size_t i) {
        ClientOptions options;
        options.source = "127.0.1." + std::to_string(i + 1);
        RawClient client(oidc.world.server.port(), options);
        client.send(request_text("GET", "/api/v2/users/oidc/callback?" + queries[i],
                                 flows[i].cookies.headers()));
        return client.read_by(std::chrono::seconds(10));
    });
    StatusCounts statuses = count_statuses(answers);
    CHECK(statuses[500] >= 1);
    CHECK(statuses[503] >= 1);
    CHECK(statuses[500] + statuses[503] == static_cast<int>(count));
    for (const Answer& answer : answers) {
        check_no_session(answer);
        if (answer.status == 500)
            check_response(answer,
                           refusal(500, not_exchanged, "the provider did not answer in time"));
        else
            CHECK(answer.body == message("The server is temporarily unable to answer."));
    }
    CHECK(oidc.login.count("api_keys") == sessions);
    oidc.provider.show(oidc.provider.good());
    CHECK(eventually([&] { return oidc.log_in().status == 307; }));
}

TEST_CASE("[O11] the calls of one request have one deadline, and who has more time asks again",
          "[O11]") {
    /// Its first call lasts as long as it may; the next one is answered.
    struct OnceSlow final : coder_users::login::ProviderAccess {
        coder_users::ProviderAnswer send(const coder_users::login::ProviderRequest&,
                                         coder_users::login::Deadline deadline) override {
            if (++calls > 1) return {200, document};
            while (!released || std::chrono::steady_clock::now() < deadline)
                std::this_thread::yield();
            throw coder_users::ProviderFailure(coder_users::provider_too_slow);
        }
        std::atomic<int> calls{0};
        std::atomic<bool> released{false};
        const std::string document =
            json_object({{"issuer", text("https://a.example")},
                         {"authorization_endpoint", text("https://a.example/authorize")},
                         {"token_endpoint", text("https://a.example/token")},
                         {"jwks_uri", text("https://a.example/keys")}});
    };
    coder_users::OidcOptions options;
    options.issuer_url = "https://a.example";
    coder_users::login::OidcProvider provider(options);
    OnceSlow access;
    const auto begun = std::chrono::steady_clock::now();
    std::string failure;
    std::thread hasty([&] {
        try {
            provider.discovery({access, std::chrono::steady_clock::now() + milliseconds(100)});
        } catch (const coder_users::ProviderFailure& error) {
            failure = error.what();
        }
    });
    CHECK(eventually([&] { return access.calls == 1; }));
    std::string of_another;
    try {
        provider.discovery({access, begun});
    } catch (const coder_users::ProviderFailure& error) {
        of_another = error.what();
    }
    CHECK(of_another == "the provider did not answer in time");
    access.released = true;
    CHECK(provider.discovery({access, begun + std::chrono::hours(1)}).token_endpoint ==
          "https://a.example/token");
    hasty.join();
    CHECK(failure == "the provider did not answer in time");
    CHECK(access.calls == 2);
}
