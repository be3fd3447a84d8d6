// What the test kit has seen: requests, and codes for new passwords; its clock, release and
// reset().
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "../catch.hpp"
#include "coder_users/testing.hpp"

namespace requests_test {

using namespace coder_users::testing;
using Catch::Matchers::ContainsSubstring;
using std::chrono::milliseconds;

TEST_CASE("requests are there with their answers, and without secrets") {
    Server server;
    const Client owner = server.owner().over_http();
    CHECK(owner.get("/users/me").status == 200);
    CHECK(server.requests().list().empty());  // nothing is recorded before start()
    server.requests().start();
    const Answer made = owner.post("/users", R"({"email":"bob@example.com","username":"bob",)"
                                             R"("password":"geheim-Pferd-9"})");
    REQUIRE(made.status == 201);
    const Answer key = owner.post("/users/me/keys?code=abc&x=y");
    REQUIRE(key.status == 201);
    const std::vector<SeenRequest> seen = server.requests().list();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].request.method == "POST");
    CHECK(seen[0].request.target == "/api/v2/users");
    CHECK(seen[0].route == "/api/v2/users");
    CHECK(seen[0].status == 201);
    CHECK(seen[0].user_id == owner.id);
    CHECK(seen[0].username == "owner");
    CHECK(seen[0].time == server.clock().now());
    CHECK(seen[0].request.body ==
          R"({"email":"bob@example.com","username":"bob","password":"***"})");
    CHECK(seen[0].response_body == made.body);
    CHECK(seen[0].id.size() == 36);
    CHECK(seen[1].request.target == "/api/v2/users/me/keys?code=***&x=y");
    CHECK(seen[1].route == "/api/v2/users/{user}/keys");
    CHECK(seen[1].response_body == "{\"key\":\"***\"}\n");
    bool token = false;
    for (const auto& [name, value] : seen[1].request.headers)
        if (name == "Coder-Session-Token") token = value == "***";
    CHECK(token);
}

TEST_CASE("secrets in other headers of a request are not shown either") {
    Server server;
    server.requests().start();
    coder_users::Request request;
    request.method = "POST";
    request.target = "/api/v2/users/login?q=a;Code=geheim";
    request.headers = {{"X-Control-Token", "geheim"},
                       {"Proxy-Authorization", "Basic geheim"},
                       {"Referer", "http://127.0.0.1/cb?state=geheim&x=y"}};
    request.body = "\xEF\xBB\xBF{\"Password\":\"geheim\"}";
    server.service().handle(request);
    const std::vector<SeenRequest> seen = server.requests().list();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].request.target == "/api/v2/users/login?q=a;Code=***");
    CHECK(seen[0].request.body == "\xEF\xBB\xBF{\"Password\":\"***\"}");
    REQUIRE(seen[0].request.headers.size() == 3);
    CHECK(seen[0].request.headers[0].second == "***");
    CHECK(seen[0].request.headers[1].second == "***");
    CHECK(seen[0].request.headers[2].second == "http://127.0.0.1/cb?state=***&x=y");
}

TEST_CASE("requests are found by what they are") {
    Server server;
    const Client owner = server.owner(), bob = server.user("bob");
    server.requests().start();
    owner.get("/users/bob");
    bob.get("/users/me?x=1");
    bob.put("/users/bob/profile", R"({"username":"bob"})");
    server.visitor().get("/nowhere");
    const auto count = [&](const RequestFilter& which) {
        return server.requests().list(which).size();
    };
    RequestFilter which;
    which.path = "/api/v2/users/{user}";
    CHECK(count(which) == 2);
    which.path = "/users/bob";
    CHECK(count(which) == 1);
    which = {};
    which.user = "bob";
    CHECK(count(which) == 2);
    which.user = bob.id;
    which.method = "PUT";
    CHECK(count(which) == 1);
    which = {};
    which.status = 404;
    REQUIRE(count(which) == 1);
    CHECK(server.requests().list(which)[0].route.empty());
    which = {};
    which.limit = 2;
    REQUIRE(count(which) == 2);
    CHECK(server.requests().list(which)[0].request.method == "PUT");  // the newest, oldest first
    server.requests().forget();
    CHECK(count({}) == 0);
}

TEST_CASE("refused, faulty and cut requests are seen, too") {
    Server server;
    const Client owner = server.owner();
    server.requests().start();
    Fault fault;
    fault.status = 502;
    server.faults().add(fault);
    fault = {};
    fault.disconnect = true;
    server.faults().add(fault);
    owner.get("/users");
    CHECK_THROWS(owner.get("/users"));
    server.visitor().get("/users");
    std::string statuses;
    for (const SeenRequest& each : server.requests().list())
        statuses += std::to_string(each.status) + ' ';
    CHECK(statuses == "502 0 401 ");
}

TEST_CASE("a test waits for requests that are to come") {
    Server server;
    server.requests().start();
    const Client owner = server.owner();
    RequestFilter which;
    which.path = "/users/me";
    auto found = std::async(std::launch::async, [&] {
        return server.requests().wait(which, 2, std::chrono::seconds(30));
    });
    owner.get("/users");
    owner.get("/users/me");
    owner.get("/users/me");
    CHECK(found.get().size() == 2);
    CHECK(server.requests().wait(which, 2, milliseconds(0)).size() == 2);
    CHECK_THROWS_AS(server.requests().wait(which, 3, milliseconds(1)), NotSeen);
    CHECK_THROWS_WITH(server.requests().wait(which, 3, milliseconds(1)),
                      "3 requests came: GET /api/v2/users 200, GET /api/v2/users/me 200, GET "
                      "/api/v2/users/me 200");
    server.requests().forget();
    CHECK_THROWS_WITH(server.requests().wait(which, 1, milliseconds(1)), "no request came at all");
}

TEST_CASE("a thousand requests are kept, and of large bodies the beginning") {
    Server server;
    server.requests().start();
    const Client visitor = server.visitor();
    visitor.get("/first");
    for (int i = 0; i < 1'000; ++i) visitor.get("/buildinfo");
    const auto seen = server.requests().list();
    CHECK(seen.size() == 1'000);
    CHECK(seen.front().request.target == "/api/v2/buildinfo");
    const std::string large(100'000, 'a');  // to a path where nobody reads it, which takes long
    visitor.post("/nowhere", large);
    CHECK(server.requests().list().back().request.body.size() == 64 << 10);
    for (int i = 0; i < 300; ++i) visitor.post("/nowhere", large);  // more than 16 MiB
    CHECK(server.requests().list().size() < 260);
}

TEST_CASE("codes for new passwords are there when the request for one is answered") {
    Server server;
    const Client bob = server.user("bob");
    server.user("ada");
    const Client visitor = server.visitor();
    for (const char* name : {"bob", "ada"})
        CHECK(visitor
                  .post("/users/otp/request",
                        R"({"email":")" + std::string(name) + R"(@example.com"})")
                  .status == 204);
    CHECK(visitor.post("/users/otp/request", R"({"email":"eve@example.com"})").status == 204);
    CHECK(server.passcodes().list().size() == 2);
    const auto codes = server.passcodes().list("bob@example.com");
    REQUIRE(codes.size() == 1);
    CHECK(codes[0].username == "bob");
    CHECK(codes[0].expires_at == server.clock().now() + std::chrono::minutes(20));
    CHECK(
        visitor
            .post("/users/otp/change-password",
                  R"({"email":"bob@example.com","password":"new-Horse-99","one_time_passcode":")" +
                      codes[0].code + R"("})")
            .status == 204);
    CHECK(bob.get("/users/me").status == 401);
    CHECK(visitor.post("/users/login", R"({"email":"bob@example.com","password":"new-Horse-99"})")
              .status == 201);
    server.passcodes().forget();
    CHECK(server.passcodes().list().empty());
}

TEST_CASE("a host that sends codes gets them beside the test") {
    const Controls controls;
    coder_users::Options options = coder_users::Options::for_tests(controls);
    std::promise<std::string> sent;
    options.send_passcode = [&](const coder_users::Passcode& code) { sent.set_value(code.code); };
    Server server(controls, options);
    server.user("bob");
    server.visitor().post("/users/otp/request", R"({"email":"bob@example.com"})");
    REQUIRE(server.passcodes().list().size() == 1);
    auto code = sent.get_future();
    REQUIRE(code.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
    CHECK(code.get() == server.passcodes().list()[0].code);
}

TEST_CASE("the clock goes on by itself when the test lets it") {
    Server server;
    Clock& clock = server.clock();
    const auto start = clock.now();
    CHECK(clock.is_frozen());
    const auto real = std::chrono::steady_clock::now();
    clock.run();
    CHECK_FALSE(clock.is_frozen());
    while (clock.now() < start + milliseconds(20)) std::this_thread::yield();
    CHECK(std::chrono::steady_clock::now() - real >= milliseconds(19));
    clock.advance(std::chrono::hours(1));
    CHECK(clock.now() >= start + std::chrono::hours(1) + milliseconds(20));
    clock.freeze();
    const auto stands = clock.now();
    CHECK(stands >= start + std::chrono::hours(1) + milliseconds(20));
    while (std::chrono::steady_clock::now() - real < milliseconds(40)) std::this_thread::yield();
    CHECK(clock.now() == stands);
    clock.set(start);
    CHECK(clock.now() == start);
}

TEST_CASE("the clock that runs stops at the end of the year 9999") {
    Server server;
    const Client owner = server.owner();
    Clock& clock = server.clock();
    clock.set(coder_users::end_of_time - milliseconds(1));
    clock.run();
    const auto real = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - real < milliseconds(3)) std::this_thread::yield();
    CHECK(clock.now() == coder_users::end_of_time);
    clock.advance(-std::chrono::hours(1));
    CHECK(clock.now() < coder_users::end_of_time);
    CHECK(clock.now() >= coder_users::end_of_time - std::chrono::hours(1));
    clock.freeze();
    clock.set(coder_users::end_of_time);
    clock.run();
    CHECK(clock.now() == coder_users::end_of_time);
    CHECK(owner.get("/users/me").status == 401);  // its session has ended by now
}

TEST_CASE("a server answers as another release at once") {
    Server server;
    const Client owner = server.owner();
    CHECK(owner.get("/users/me").body.find("has_ai_seat") == std::string::npos);
    server.set_coder_version("2.35");
    CHECK(server.coder_version() == "2.35");
    CHECK(owner.get("/users/me").body.find("has_ai_seat") != std::string::npos);
    const Answer info = owner.get("/buildinfo");
    CHECK(info["version"].find("v2.35.0") == 0);
    for (const auto& [name, value] : info.headers)
        if (name == "X-Coder-Build-Version") CHECK(value == info["version"]);
    CHECK_THROWS_AS(server.set_coder_version("2.36"), std::invalid_argument);
    CHECK(server.coder_version() == "2.35");
    coder_users::Options real;
    real.database = ":memory:";
    real.port = 0;
    auto service = coder_users::start(real);
    CHECK_THROWS_AS(service.answer_as("2.35"), std::logic_error);
}

TEST_CASE("reset() returns to the start that was marked, in everything") {
    Server server;
    CHECK_THROWS_AS(server.reset(), std::logic_error);
    const Client owner = server.owner();
    server.requests().start();
    server.mark_start();
    const auto at_start = server.clock().now();
    const std::string first = server.user("bob").token;
    server.clock().advance(std::chrono::hours(100));
    server.clock().run();
    server.set_coder_version("2.35");
    Fault fault;
    fault.status = 500;
    server.faults().add(fault);
    server.visitor().post("/users/otp/request", R"({"email":"bob@example.com"})");
    server.visitor().post("/users/otp/request", R"({"email":"bob@example.com"})");
    REQUIRE(server.passcodes().list().size() == 1);
    server.reset();
    CHECK(server.user("bob").token == first);  // the randomness, too
    server.reset();
    CHECK(server.clock().is_frozen());
    CHECK(server.clock().now() == at_start);
    CHECK(server.coder_version() == "2.6");
    CHECK(server.faults().list().empty());
    CHECK(server.requests().list().empty());
    CHECK(server.passcodes().list().empty());
    CHECK(owner.get("/users")["count"] == "1");
    CHECK(server.owner().token == owner.token);
}

TEST_CASE("users get what is asked for, whatever characters are in it") {
    Server server;
    const Client owner = server.owner();
    NewUser wanted;
    wanted.username = "bob";
    wanted.email = "Bob.Builder@example.org";
    wanted.roles = {"auditor"};
    const Client bob = server.make(wanted);
    CHECK(bob.get("/users/me")["email"] == "Bob.Builder@example.org");
    CHECK(bob.get("/users/me")["roles.0.name"] == "auditor");
    wanted.username = R"(x","roles":["owner"],"y":")";
    CHECK_THROWS_AS(server.make(wanted), coder_users::LineError);
    CHECK(owner.get("/users")["count"] == "2");
    REQUIRE(owner.post("/organizations", R"({"name":"second"})").status == 201);
    wanted = {};
    wanted.username = "eve";
    wanted.organizations = {"second"};
    const Client eve = server.make(wanted);
    CHECK(eve.get("/users/me/organizations")["0.name"] == "second");
    server.user("auditor");
    CHECK(server.user_with_roles({"auditor"}).username == "auditor-2");  // the first is taken
}

TEST_CASE("a snapshot that is none is refused") {
    using coder_users::Snapshot;
    Server server;
    server.owner();
    const std::string good = server.service().snapshot().image();
    CHECK_NOTHROW(check_snapshot(Snapshot(good)));
    CHECK_THROWS_WITH(check_snapshot(Snapshot("")), "it is no SQLite file");
    CHECK_THROWS_WITH(check_snapshot(Snapshot(std::string(4096, 'x'))), "it is no SQLite file");
    std::string other = good;
    other[63] = 2;  // the version of the schema
    CHECK_THROWS_WITH(check_snapshot(Snapshot(other)), ContainsSubstring("it has schema 2"));
    CHECK_THROWS_AS(server.service().restore(Snapshot(other)), std::invalid_argument);
    other = good;
    other[71] = 'r';  // that of a real server
    CHECK_THROWS_WITH(check_snapshot(Snapshot(other)), "it is not of a server for tests");
    other = good;
    other.replace(8192, 4096, std::string(4096, 'x'));
    CHECK_THROWS_WITH(check_snapshot(Snapshot(other)), ContainsSubstring("it is damaged"));
    CHECK(server.owner().get("/users/me").status == 200);
}

}  // namespace requests_test
