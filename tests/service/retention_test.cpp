// Options::audit_retention and Options::api_keys_retention, as a running service applies them.
#include <string>

#include "catch.hpp"
#include "coder_users/data.hpp"
#include "server_fixture.hpp"
#include "temp_folder.hpp"

using namespace coder_users_test;
using std::chrono::hours;

namespace {

struct Counts {
    std::string path;
    std::string entries() const { return stored(path, "SELECT count(*) FROM audit_logs"); }
    std::string tokens() const {
        return stored(path, "SELECT count(*) FROM api_keys WHERE login_type = 'token'");
    }
    std::string sessions() const {
        return stored(path, "SELECT count(*) FROM api_keys WHERE login_type <> 'token'");
    }
};

std::string token_for_an_hour(const TestServer& server, const std::string& session) {
    const Answer made =
        server.send("POST", "/users/me/keys/tokens", session, R"({"lifetime":3600000000000})");
    REQUIRE(made.status == 201);
    return parse(made.body)["key"].text();
}

}  // namespace

TEST_CASE("a service removes entries and expired keys when they were kept for long enough") {
    TempFolder folder;
    coder_users::Options options{folder.file("a.db")};
    const Counts rows{options.database};
    const std::string unknown = std::string(10, 'x') + "-" + std::string(22, 'x');
    const auto me = [](const TestServer& server, const std::string& key) {
        const Answer answer = server.send("GET", "/users/me", key);
        CHECK(answer.status == 401);
        return answer.body;
    };
    std::string token;
    {
        TestServer server(options);  // which keeps everything
        token = token_for_an_hour(server, server.owner());
        server.advance(hours(24 * 1000));
        CHECK(me(server, token) != me(server, unknown));
    }
    CHECK(rows.entries() == "3");
    CHECK(rows.tokens() == "1");
    CHECK(rows.sessions() == "1");

    options.audit_retention = hours(24 * 30);
    options.api_keys_retention = hours(24 * 7);
    TestServer server(options);  // whose clock begins anew
    server.advance(hours(24 * 7 + 2));
    CHECK(eventually([&] { return rows.tokens() == "0"; }));
    CHECK(rows.sessions() == "1");  // it lives for a day
    CHECK(rows.entries() == "3");
    CHECK(me(server, token) == me(server, unknown));

    server.advance(hours(24 * 23));
    CHECK(eventually([&] { return rows.entries() == "0"; }));
    CHECK(eventually([&] { return rows.sessions() == "0"; }));
    // Nothing of it is recorded, and what comes now is the first entry.
    const std::string session = server.log_in("owner@example.org");
    const Answer log = server.send("GET", "/audit", session);
    CHECK(log.status == 200);
    CHECK(parse(log.body)["count"].text() == "1");
}

TEST_CASE("what is too old when a service starts goes, and commands on the database leave it") {
    TempFolder folder;
    coder_users::Options options{folder.file("a.db")};
    const Counts rows{options.database};
    {
        TestServer server(options);
        server.owner();
    }
    options.port = 0;
    options.password_hash_cost = 4;
    options.audit_retention = std::chrono::seconds(1);
    options.env.now = [] { return start_of_test + hours(1); };
    coder_users::data::reset_password(options, "owner", good_password + "!");
    CHECK(rows.entries() == "3");
    options.env.now = [] { return start_of_test + hours(2); };
    const auto service = coder_users::start(options);
    CHECK(eventually([&] { return rows.entries() == "0"; }));
}
