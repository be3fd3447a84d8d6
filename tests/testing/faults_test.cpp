// Faults of the test kit that concern requests to one route.
#include <algorithm>
#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "coder_users/testing.hpp"

namespace faults_test {

using namespace coder_users::testing;
using Catch::Matchers::ContainsSubstring;
using std::chrono::milliseconds;

Fault with_status(int status, std::string method = "", std::string path = "") {
    Fault fault;
    fault.status = status;
    fault.method = std::move(method);
    fault.path = std::move(path);
    return fault;
}

std::string bob() {
    return R"({"email":"bob@example.com","username":"bob","password":"correct-Horse-9"})";
}

TEST_CASE("a status is answered for one route, and nothing is done") {
    Server server;
    for (const Client& owner : {server.owner(), server.owner().over_http()}) {
        Fault fault = with_status(503, "POST", "/api/v2/users");
        fault.headers = {{"Retry-After", "7"}};
        server.faults().add(fault);
        CHECK(owner.get("/users").status == 200);  // another method
        const Answer refused = owner.post("/users", bob());
        CHECK(refused.status == 503);
        CHECK(refused["message"] == "A test has ordered this answer.");
        const auto has = [&](const char* name, const char* value) {
            return std::any_of(refused.headers.begin(), refused.headers.end(), [&](const auto& h) {
                return h.first == name && (value[0] == '\0' || h.second == value);
            });
        };
        CHECK(has("Retry-After", "7"));
        CHECK(has("X-Coder-Request-Id", ""));
        CHECK(owner.get("/users/bob").status == 404);
        CHECK(owner.post("/users", bob()).status == 201);  // it hits once
        REQUIRE(owner.del("/users/bob").status == 200);
    }
}

TEST_CASE("a fault has the body that it is given, and a pattern of a path as the description") {
    Server server;
    const Client owner = server.owner();
    Fault fault = with_status(418, "", "/organizations/{organization}/members/{user}");
    fault.body = "<b>tea</b>";
    fault.headers = {{"Content-Type", "text/plain"}};
    server.faults().add(fault);
    const Answer tea = owner.get("/organizations/default/members/me");
    CHECK(tea.status == 418);
    CHECK(tea.body == "<b>tea</b>");
    CHECK(std::count_if(tea.headers.begin(), tea.headers.end(),
                        [](const auto& header) { return header.first == "Content-Type"; }) == 1);
    CHECK(owner.get("/organizations/default/members/me").status == 200);
}

TEST_CASE("a fault spares some, hits some, and tells how many") {
    Server server;
    const Client owner = server.owner();
    Fault fault = with_status(500);
    fault.skip = 1;
    fault.count = 2;
    const std::string id = server.faults().add(fault);
    std::string statuses;
    for (int i = 0; i < 4; ++i) statuses += std::to_string(owner.get("/users/me").status) + ' ';
    CHECK(statuses == "200 500 500 200 ");
    REQUIRE(server.faults().list().size() == 1);
    CHECK(server.faults().list()[0].id == id);
    CHECK(server.faults().list()[0].hits == 2);
    CHECK(server.faults().remove(id));
    CHECK_FALSE(server.faults().remove(id));

    fault = with_status(500);
    fault.count = 0;
    server.faults().add(fault);
    for (int i = 0; i < 5; ++i) CHECK(owner.get("/users/me").status == 500);
    server.faults().clear();
    CHECK(owner.get("/users/me").status == 200);
    CHECK(server.faults().list().empty());
}

TEST_CASE("of several faults the first that still hits decides") {
    Server server;
    const Client owner = server.owner();
    server.faults().add(with_status(500));
    server.faults().add(with_status(502));
    CHECK(owner.get("/users/me").status == 500);
    CHECK(owner.get("/users/me").status == 502);
    CHECK(owner.get("/users/me").status == 200);
}

TEST_CASE("a connection ends without an answer, and the next one is answered") {
    Server server;
    const Client owner = server.owner();
    Fault fault;
    fault.disconnect = true;
    fault.count = 2;
    server.faults().add(fault);
    CHECK_THROWS_AS(owner.over_http().post("/users", bob()), std::runtime_error);
    CHECK_THROWS_AS(owner.post("/users", bob()), std::runtime_error);
    CHECK(owner.over_http().get("/users/bob").status == 404);
}

TEST_CASE("requests that wait are in nobody's way", "[alone]") {
    Server server;  // which has one worker
    const Client owner = server.owner().over_http();
    Fault fault;
    fault.method = "GET";
    fault.path = "/users/{user}";
    fault.latency = milliseconds(400);
    fault.count = 3;
    server.faults().add(fault);
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::future<int>> slow;
    for (int i = 0; i < 3; ++i)
        slow.push_back(
            std::async(std::launch::async, [&] { return owner.get("/users/me").status; }));
    CHECK(owner.get("/buildinfo").status == 200);
    CHECK(std::chrono::steady_clock::now() - start < milliseconds(400));
    for (auto& each : slow) CHECK(each.get() == 200);
    const auto all = std::chrono::steady_clock::now() - start;
    CHECK(all >= milliseconds(400));
    CHECK(all < milliseconds(1'100));  // they have waited side by side
}

TEST_CASE("stop() does not wait for requests that wait") {
    auto server = std::make_unique<Server>();
    Fault fault;
    fault.latency = std::chrono::minutes(1);
    server->faults().add(fault);
    server->requests().start();
    const Client owner = server->owner().over_http();
    const auto start = std::chrono::steady_clock::now();
    auto slow = std::async(std::launch::async, [&] {
        try {
            owner.get("/users/me");
        } catch (const std::exception&) {
        }
    });
    while (server->faults().list()[0].hits == 0) std::this_thread::yield();
    server->service().stop();
    slow.get();
    server.reset();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("a change fails, or finds the disk full, and nothing of it is stored") {
    Server server;
    const Client owner = server.owner();
    Fault fault;
    for (const CommitFault kind : {CommitFault::fail, CommitFault::disk_full}) {
        fault.commit = kind;
        fault.path = "/api/v2/users";
        server.faults().add(fault);
        CHECK(owner.get("/users").status == 200);           // changes nothing
        CHECK(owner.post("/users/me/keys").status == 201);  // another route
        CHECK(owner.post("/users", "{}").status == 400);    // is refused before any change
        const Answer refused = owner.post("/users", bob());
        CHECK(refused.status == 503);
        CHECK(refused["message"] == "The server is temporarily unable to answer.");
        CHECK(owner.get("/users/bob").status == 404);
        CHECK(owner.post("/users", bob()).status == 201);
        REQUIRE(owner.del("/users/bob").status == 200);
        server.faults().clear();
    }
}

TEST_CASE("logins and what ends sessions find room on a full disk") {
    Server server;
    const Client owner = server.owner();
    Fault fault;
    fault.commit = CommitFault::disk_full;
    fault.count = 0;
    server.faults().add(fault);
    const std::string login = R"({"email":"owner@example.com","password":"correct-Horse-9"})";
    const Answer again = server.visitor().post("/users/login", login);
    CHECK(again.status == 201);
    CHECK(owner.post("/users/me/keys/tokens", "{}").status == 503);
    CHECK(Client(server.service(), again["session_token"]).post("/users/logout").status == 200);
    server.faults().clear();
    fault.commit = CommitFault::fail;
    server.faults().add(fault);
    CHECK(server.visitor().post("/users/login", login).status == 503);
}

TEST_CASE("a fault that cannot be is refused with the reason") {
    Server server;
    const auto refused = [&](const Fault& fault) -> std::string {
        try {
            server.faults().add(fault);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(refused(Fault()) == "a fault needs status, disconnect, commit or a latency");
    CHECK_THAT(refused(with_status(500, "GET", "/nowhere")),
               ContainsSubstring("there is no route GET /nowhere"));
    CHECK_THAT(refused(with_status(500, "PATCH", "/users")), ContainsSubstring("PATCH /users"));
    CHECK_THAT(refused(with_status(500, "BREW")), ContainsSubstring("BREW at any path"));
    CHECK_THAT(refused(with_status(500, "", "/users/bob")), ContainsSubstring("/users/bob"));
    CHECK(refused(with_status(199)) == "status: must be 200 to 599");
    Fault fault = with_status(500);
    fault.disconnect = true;
    CHECK(refused(fault) == "a fault has one of status, disconnect and commit");
    fault = with_status(500);
    fault.skip = -1;
    CHECK(refused(fault) == "skip and count: must not be negative");
    fault = with_status(500);
    const std::string not_sent = "headers: not a header that an answer may have";
    for (const char* value : {"a\r\nb", "a\x01", "a\x1f", "\x7f"}) {
        fault.headers = {{"X", value}};
        CHECK(refused(fault) == not_sent);
    }
    for (const char* name :
         {"", "a b", "Content-Length", "content-length", "Transfer-Encoding", "CONNECTION"}) {
        INFO(name);
        fault.headers = {{"Retry-After", "1"}, {name, "1"}};
        CHECK(refused(fault) == not_sent);
    }
    fault = Fault();
    fault.commit = CommitFault::fail;
    fault.latency = milliseconds(1);
    CHECK(refused(fault) == "latency does not go with commit; add another fault for it");
    fault = Fault();
    fault.latency = std::chrono::hours(2);
    CHECK_THAT(refused(fault), ContainsSubstring("at most an hour"));
    fault.latency = milliseconds(1);
    fault.body = "x";
    CHECK(refused(fault) == "body and headers need status");
    CHECK(server.faults().list().empty());
    CHECK(refused(with_status(500, "GET", "/healthz")) == "accepted");  // beside the API
}

TEST_CASE("a real server takes no hooks of tests") {
    coder_users::Options options;
    options.database = ":memory:";
    options.port = 0;
    options.env.hooks = hooks_of(Controls());
    CHECK_THROWS_WITH(coder_users::start(options), "env.hooks: needs test_data");
    options.env.hooks = nullptr;
    options.env.control = [](const coder_users::Request&) { return coder_users::Response(); };
    CHECK_THROWS_WITH(coder_users::start(options), "env.control: needs env.hooks");
}

}  // namespace faults_test
