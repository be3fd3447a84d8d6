// The control API of a server for tests (docs/contract/test_server.md, "Calls").
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../temp_folder.hpp"
#include "coder_users/test_server.hpp"

namespace control_test {

using namespace coder_users::testing;
using Catch::Matchers::ContainsSubstring;
using coder_users::Request;
using coder_users::Response;
using coder_users::Service;
using coder_users_test::TempFolder;

struct Control {
    explicit Control(const TestServerOptions& options = {}) : server(options) {}

    Answer send(const std::string& method, const std::string& path, std::string body = "") {
        Request request;
        request.method = method;
        request.target = "/test/v1" + path;
        request.headers = {{"X-Control-Token", server.control_token()}};
        request.body = std::move(body);
        return {server.server().service().handle(request)};
    }
    Answer get(const std::string& path) { return send("GET", path); }
    Answer post(const std::string& path, std::string body = "") {
        return send("POST", path, std::move(body));
    }
    Answer put(const std::string& path, std::string body) {
        return send("PUT", path, std::move(body));
    }
    Answer del(const std::string& path) { return send("DELETE", path); }
    Client owner() { return server.server().owner(); }

    TestServer server;
};

std::string said(const Answer& answer) {
    return std::to_string(answer.status) + ' ' + answer["detail"];
}

TEST_CASE("the ready line says all that a program needs") {
    Control control;
    const std::string line = control.server.ready_line();
    CHECK(line.find('\n') == std::string::npos);
    CHECK(json_member(line, "url") == control.server.server().url());
    CHECK(json_member(line, "control_token") == control.server.control_token());
    CHECK(control.server.control_token().size() == 32);
    CHECK(json_member(line, "version") == coder_users::version);
    CHECK(json_member(line, "coder_version") == "2.6");
    CHECK(std::stol(json_member(line, "pid")) == ::getpid());
    const Client owner(control.server.server().service(), json_member(line, "owner_token"));
    CHECK(owner.over_http().get("/users/me")["username"] == "owner");
    CHECK(Control().server.control_token() != control.server.control_token());  // never repeats
    CHECK(json_member(Control().server.ready_line(), "owner_token") == owner.token);
}

TEST_CASE("the control API needs its token, and no other server has it") {
    Control control;
    const auto status = [&](std::vector<std::pair<std::string, std::string>> headers,
                            const std::string& path) {
        Request request;
        request.target = path;
        request.headers = std::move(headers);
        return control.server.server().service().handle(request).status;
    };
    const std::string& token = control.server.control_token();
    CHECK(status({}, "/test/v1/clock") == 401);
    CHECK(status({}, "/test/v1/nope") == 401);
    CHECK(status({{"X-Control-Token", "x"}}, "/test/v1/clock") == 401);
    CHECK(status({{"Coder-Session-Token", control.owner().token}}, "/test/v1/clock") == 401);
    CHECK(status({{"x-control-token", token}}, "/test/v1/clock") == 200);
    CHECK(status({{"Authorization", "Bearer " + token}}, "/test/v1/clock") == 200);
    CHECK(status({{"Authorization", token}}, "/test/v1/clock") == 401);
    CHECK(status({}, "/test/v1/openapi.json") == 200);
    CHECK(status({}, "/test") == 404);
    CHECK(status({{"X-Control-Token", token}}, "/api/v2/users/me") == 401);
    Server other;
    const Answer unknown = other.visitor().over_http().get("/api/v2/../test/v1/clock");
    CHECK(unknown.status == 404);
    Request request;
    request.target = "/test/v1/clock";
    const Response answer = other.service().handle(request);
    CHECK(answer.status == 404);
    CHECK(json_member(answer.body, "message") == "Route not found.");
}

TEST_CASE("an unknown call is 404 with those that there are") {
    Control control;
    for (const Answer& answer : {control.get("/nope"), control.send("PATCH", "/clock"),
                                 control.get("/snapshots/1/restore"),
                                 control.get("/clock/advance/x"), control.send("GET", "")}) {
        CHECK(answer.status == 404);
        CHECK(answer["message"] == "Route not found.");
        CHECK_THAT(answer["detail"], ContainsSubstring("POST /test/v1/clock/advance, "));
    }
}

TEST_CASE("control: the clock is read, moved, set, frozen and let go") {
    Control control;
    CHECK(control.get("/clock").body == "{\"now\":\"2026-01-02T03:04:05Z\",\"frozen\":true}\n");
    CHECK(control.post("/clock/advance", R"({"duration":"1h30m"})")["now"] ==
          "2026-01-02T04:34:05Z");
    CHECK(control.post("/clock/advance", R"({"seconds":-90.5})")["now"] ==
          "2026-01-02T04:32:34.5Z");
    CHECK(control.post("/clock/advance", R"({"seconds":1})")["now"] == "2026-01-02T04:32:35.5Z");
    CHECK(control.put("/clock", R"({"now":"2026-02-01T00:00:00+01:00"})")["now"] ==
          "2026-01-31T23:00:00Z");
    CHECK(control.owner().get("/users/me").status == 401);  // its session has ended by now
    CHECK(control.put("/clock", R"({"frozen":false})")["frozen"] == "false");
    CHECK_FALSE(control.server.server().clock().is_frozen());
    CHECK(control.put("/clock", R"({"now":"2026-02-01T00:00:00Z","frozen":true})").body ==
          "{\"now\":\"2026-02-01T00:00:00Z\",\"frozen\":true}\n");

    CHECK(said(control.post("/clock/advance", "{}")) == "400 give one of duration and seconds");
    CHECK(said(control.post("/clock/advance", R"({"duration":"1h","seconds":1})")) ==
          "400 give one of duration and seconds");
    CHECK(said(control.post("/clock/advance", R"({"duration":"soon"})")) ==
          "400 duration: expected one such as 2h30m");
    CHECK(said(control.post("/clock/advance", R"({"seconds":"5"})")) ==
          "400 field \"seconds\" must be a number");
    CHECK(said(control.post("/clock/advance", R"({"seconds":1e300})")) == "400 seconds: too many");
    for (const char* far : {R"({"seconds":300000000000})", R"({"seconds":-100000000000})"})
        CHECK(said(control.post("/clock/advance", far)) ==
              "400 the clock goes from the year 1 to the year 9999");
    CHECK(said(control.put("/clock", "{}")) == "400 give now, frozen, or both");
    CHECK(said(control.put("/clock", R"({"now":"tomorrow"})")) == "400 now: expected RFC 3339");
    CHECK(said(control.put("/clock", R"({"now":"0000-01-01T00:00:00Z"})")) ==
          "400 now: expected RFC 3339");
    CHECK(control.get("/clock")["now"] == "2026-02-01T00:00:00Z");
}

TEST_CASE("control: what is no JSON, or has unknown fields, is refused") {
    Control control;
    CHECK(said(control.post("/users", "{")) == "400 invalid JSON");
    CHECK(said(control.post("/users", "[]")) == "400 the document must be an object");
    CHECK(said(control.post("/faults", R"({"status":500,"latence_ms":5})")) ==
          "400 unknown field \"latence_ms\"");
    CHECK(control.get("/faults").body == "{\"faults\":[]}\n");
    CHECK(control.owner().get("/users")["count"] == "1");
}

TEST_CASE("control: a user is made with one call") {
    Control control;
    const Answer bob = control.post("/users", R"({"username":"bob","roles":["auditor"]})");
    CHECK(bob.status == 201);
    CHECK(bob["email"] == "bob@example.com");
    CHECK(bob["password"] == password);
    Service& service = control.server.server().service();
    const Client client(service, bob["token"]);
    CHECK(client.get("/users/me")["id"] == bob["id"]);
    CHECK(client.get("/users/me")["roles.0.name"] == "auditor");
    CHECK(control.owner()
              .post("/users/login", R"({"email":"bob@example.com","password":"correct-Horse-9"})")
              .status == 201);

    const Answer taken = control.post("/users", R"({"username":"BOB"})");
    CHECK(taken.status == 409);
    CHECK(taken["message"] == "This name is taken.");
    CHECK(control.post("/users")["username"] == "member");
    CHECK(control.post("/users", R"({"roles":["auditor"]})")["username"] == "auditor");
    const Answer robot = control.post("/users", R"({"username":"robot","service_account":true})");
    CHECK(robot["email"].empty());
    CHECK(robot["password"].empty());
    CHECK(Client(service, robot["token"]).get("/users/me")["username"] == "robot");
    CHECK_THAT(said(control.post("/users", R"({"username":"b b"})")),
               ContainsSubstring("400 line"));
    CHECK_THAT(said(control.post("/users", R"({"roles":["king"]})")), ContainsSubstring("king"));
    CHECK(control.owner().get("/users")["count"] == "5");
    const Answer eve =
        control.post("/users", R"({"username":"eve","organizations":["crew","guests"]})");
    const Answer organizations = Client(service, eve["token"]).get("/users/me/organizations");
    for (const char* name : {R"("name":"crew")", R"("name":"guests")"})
        CHECK_THAT(organizations.body, ContainsSubstring(name));
}

TEST_CASE("control: a seed makes users, or none") {
    Control control;
    CHECK(control.post("/seed", R"([{"username":"ann","email":"a@example.com"}])").status == 204);
    CHECK(control.owner().get("/users/ann")["email"] == "a@example.com");
    const Answer bad = control.post(
        "/seed", "[{\"username\":\"ben\",\"email\":\"b@example.com\"},\n{\"usernam\":\"c\"}]");
    CHECK(said(bad) == "400 line 2: unknown field \"usernam\"");
    CHECK(control.owner().get("/users/ben").status == 404);
}

TEST_CASE("control: snapshots are taken, listed, restored by id and name, and given up") {
    Control control;
    const std::string before = control.owner().get("/users").body;
    CHECK(control.post("/snapshots", R"({"name":"empty"})").body ==
          "{\"id\":\"1\",\"name\":\"empty\",\"taken_at\":\"2026-01-02T03:04:05Z\"}\n");
    const Answer bob = control.post("/users", R"({"username":"bob"})");
    control.post("/clock/advance", R"({"duration":"1h"})");
    CHECK(control.post("/snapshots")["id"] == "2");
    CHECK(control.get("/snapshots").body ==
          R"({"snapshots":[{"id":"1","name":"empty","taken_at":"2026-01-02T03:04:05Z"},)"
          R"({"id":"2","name":"","taken_at":"2026-01-02T04:04:05Z"}]})"
          "\n");
    CHECK(control.post("/snapshots/empty/restore").status == 204);
    CHECK(control.owner().get("/users").body == before);
    CHECK(control.get("/clock")["now"] == "2026-01-02T03:04:05Z");
    CHECK(control.post("/snapshots/2/restore").status == 204);
    CHECK(Client(control.server.server().service(), bob["token"]).get("/users/me").status == 200);
    CHECK(control.post("/snapshots/1/restore").status == 204);
    CHECK(control.post("/users", R"({"username":"bob"})").body == bob.body);  // byte for byte

    CHECK(control.post("/snapshots", R"({"name":"empty"})").status == 409);
    CHECK(said(control.post("/snapshots", R"({"name":"12"})")) == "400 name: must not be a number");
    CHECK(said(control.post("/snapshots", R"({"name":"a/b"})")) ==
          "400 name: must be of at most 256 bytes, without slashes");
    CHECK(control.del("/snapshots/empty").status == 204);
    for (const Answer& gone :
         {control.del("/snapshots/empty"), control.post("/snapshots/1/restore"),
          control.get("/snapshots/1/image")}) {
        CHECK(gone.status == 404);
        CHECK(gone["message"] == "There is no such snapshot.");
    }
}

TEST_CASE("control: a snapshot goes to another server as a file") {
    Control one;
    const Answer bob = one.post("/users", R"({"username":"bob"})");
    one.post("/snapshots", R"({"name":"bob"})");
    const Answer image = one.get("/snapshots/bob/image");
    CHECK(image.status == 200);
    CHECK(image.body.substr(0, 15) == "SQLite format 3");
    Control two;
    CHECK(two.put("/snapshots/from-one/image", image.body).status == 201);
    CHECK(two.put("/snapshots/from-one/image", image.body).status == 409);
    CHECK(two.post("/snapshots/from-one/restore").status == 204);
    CHECK(two.owner().get("/users/bob")["id"] == bob["id"]);
    std::string other = image.body;
    other[63] = 2;
    CHECK(said(two.put("/snapshots/x/image", other)) ==
          "400 it has schema 2, and this server has 3");
    CHECK(said(two.put("/snapshots/x/image", "")) == "400 it is no SQLite file");
    CHECK(two.get("/snapshots")["snapshots"].find("\"x\"") == std::string::npos);
}

TEST_CASE("control: reset returns to the ready line and keeps snapshots") {
    Control control;
    const Client owner = control.owner();
    control.post("/snapshots", R"({"name":"kept"})");
    control.post("/users", R"({"username":"bob"})");
    control.put("/version", R"({"coder_version":"2.35"})");
    control.post("/faults", R"({"status":500})");
    control.put("/clock", R"({"now":"2030-01-01T00:00:00Z","frozen":false})");
    CHECK(control.post("/reset").status == 204);
    CHECK(control.get("/clock").body == "{\"now\":\"2026-01-02T03:04:05Z\",\"frozen\":true}\n");
    CHECK(control.get("/version")["coder_version"] == "2.6");
    CHECK(control.get("/faults").body == "{\"faults\":[]}\n");
    CHECK(control.get("/requests").body == "{\"requests\":[],\"count\":0}\n");
    CHECK(owner.get("/users")["count"] == "1");
    CHECK(control.get("/snapshots")["snapshots.0.name"] == "kept");
}

TEST_CASE("control: faults are added, hit, listed and removed") {
    Control control;
    const Client owner = control.owner().over_http();
    const Answer added = control.post(
        "/faults", R"({"method":"GET","path":"/api/v2/users/{user}","status":503,"count":0,)"
                   R"("body":{"message":"no"},"headers":{"Retry-After":"1"}})");
    CHECK(added.status == 201);
    CHECK(added["id"] == "1");
    const Answer refused = owner.get("/users/me");
    CHECK(refused.status == 503);
    CHECK(refused.body == R"({"message":"no"})");
    CHECK(control.get("/faults").body ==
          R"({"faults":[{"id":"1","method":"GET","path":"/api/v2/users/{user}","status":503,)"
          R"("body":"{\"message\":\"no\"}","headers":{"Retry-After":"1"},"latency_ms":0,)"
          R"("disconnect":false,"commit":"","skip":0,"count":0,"hits":1}]})"
          "\n");
    CHECK(control.del("/faults/1").status == 204);
    CHECK(control.del("/faults/1").status == 404);
    CHECK(owner.get("/users/me").status == 200);

    CHECK(control.post("/faults", R"({"disconnect":true})").status == 201);
    CHECK_THROWS_AS(owner.get("/users/me"), std::runtime_error);
    CHECK(control.post("/faults", R"({"commit":"disk_full","path":"/users"})").status == 201);
    CHECK(owner
              .post("/users", R"({"username":"bob","email":"b@example.com",)"
                              R"("password":"correct-Horse-9"})")
              .status == 503);
    CHECK(owner.get("/users/bob").status == 404);
    CHECK(control.post("/faults", R"({"status":500,"count":0})").status == 201);
    CHECK(control.del("/faults").status == 204);
    CHECK(owner.get("/users/me").status == 200);

    CHECK_THAT(said(control.post("/faults", R"({"path":"/nowhere","status":500})")),
               ContainsSubstring("400 there is no route /nowhere"));
    CHECK(said(control.post("/faults", R"({"status":500,"disconnect":true})")) ==
          "400 a fault has one of status, disconnect and commit");
    CHECK(said(control.post("/faults", R"({"commit":"never"})")) ==
          "400 commit: must be fail or disk_full");
    CHECK(said(control.post("/faults", R"({"status":-1})")) ==
          "400 status: must be 0 to 1000000000");
    CHECK(said(control.post("/faults", R"({"status":500,"headers":{"a":1}})")) ==
          "400 headers: values must be strings");
    CHECK(control.get("/faults").body == "{\"faults\":[]}\n");
}

TEST_CASE("control: no fault concerns the control API, and no waiting request is in its way") {
    Control control;
    for (const char* fault :
         {R"({"latency_ms":60000,"count":0})", R"({"commit":"fail","count":0})"})
        REQUIRE(control.post("/faults", fault).status == 201);
    std::vector<std::future<void>> waiting;
    for (int i = 0; i < 8; ++i)
        waiting.push_back(std::async(std::launch::async, [&] {
            try {
                send(control.server.server().url(), Request());
            } catch (const std::exception&) {
            }
        }));
    const auto start = std::chrono::steady_clock::now();
    while (control.get("/faults")["faults.0.hits"] != "8") std::this_thread::yield();
    CHECK(control.post("/users", R"({"username":"bob"})").status == 201);
    Request request;
    request.target = "/test/v1/clock";
    request.headers = {{"X-Control-Token", control.server.control_token()}};
    CHECK(send(control.server.server().url(), request).status == 200);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
    control.server.server().service().stop();
}

TEST_CASE("control: what came is listed, waited for and forgotten") {
    Control control;
    const Client owner = control.owner();
    owner.get("/users/me?x=1");
    owner.put("/users/me/roles", R"({"roles":[]})");
    const Answer list = control.get("/requests?path=/users/me&limit=5");
    CHECK(list["count"] == "1");
    CHECK(list["requests.0.method"] == "GET");
    CHECK(list["requests.0.path"] == "/api/v2/users/me");
    CHECK(list["requests.0.query"] == "x=1");
    CHECK(list["requests.0.route"] == "/api/v2/users/{user}");
    CHECK(list["requests.0.headers"] == R"({"Coder-Session-Token":"***"})");
    CHECK(list["requests.0.status"] == "200");
    CHECK(list["requests.0.user_id"] == owner.id);
    CHECK(list["requests.0.username"] == "owner");
    CHECK(json_member(list["requests.0.response_body"], "username") == "owner");
    CHECK(control.get("/requests?method=PUT&status=400")["count"] == "1");
    CHECK(said(control.get("/requests?status=4xx")) ==
          "400 status: must be a number of up to nine digits");

    auto found = std::async(std::launch::async, [&] {
        return control.post("/requests/wait",
                            R"({"path":"/buildinfo","count":2,"timeout_ms":30000})");
    });
    owner.get("/buildinfo");
    owner.get("/buildinfo");
    CHECK(found.get()["count"] == "2");
    const Answer late = control.post("/requests/wait", R"({"method":"DELETE","timeout_ms":1})");
    CHECK(late.status == 408);
    CHECK(late["message"] == "The requests have not come.");
    CHECK_THAT(late["detail"], ContainsSubstring("4 requests came: GET /api/v2/users/me 200, PUT"));
    CHECK(said(control.post("/requests/wait", R"({"count":0})")) == "400 count: must be 1 to 1000");
    CHECK(said(control.post("/requests/wait", R"({"timeout_ms":60001})")) ==
          "400 timeout_ms: must be at most 60000");
    CHECK(control.del("/requests").status == 204);
    CHECK(control.get("/requests")["count"] == "0");
}

TEST_CASE("control: many may wait, and others are answered meanwhile") {
    Control control;
    std::vector<std::future<int>> waits;
    for (int i = 0; i < 56; ++i)
        waits.push_back(std::async(std::launch::async, [&] {
            return control.post("/requests/wait", R"({"method":"DELETE","timeout_ms":30000})")
                .status;
        }));
    while (std::count_if(waits.begin(), waits.end(), [](const auto& each) {
               return each.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
           }) < 8)
        std::this_thread::yield();
    CHECK(control.get("/clock").status == 200);
    control.owner().del("/users/nobody");
    int found = 0, refused = 0;
    for (auto& each : waits) {
        const int status = each.get();
        found += status == 200;
        refused += status == 503;
    }
    CHECK(found == 48);
    CHECK(refused == 8);
}

TEST_CASE("control: the end of a server does not wait for who waits") {
    const auto start = std::chrono::steady_clock::now();
    std::thread waiting;
    {
        Control control;
        Request request;
        request.method = "POST";
        request.target = "/test/v1/requests/wait";
        request.headers = {{"X-Control-Token", control.server.control_token()}};
        request.body = R"({"method":"DELETE","timeout_ms":60000})";
        waiting = std::thread([request, url = control.server.server().url()] {
            try {
                send(url, request);
            } catch (const std::exception&) {
            }
        });
        std::this_thread::yield();
    }
    waiting.join();
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
}

TEST_CASE("control: codes that would have been sent are there at once") {
    Control control;
    control.post("/users", R"({"username":"bob"})");
    const Client visitor = control.server.server().visitor();
    CHECK(visitor.post("/users/otp/request", R"({"email":"bob@example.com"})").status == 204);
    const Answer codes = control.get("/passcodes?email=bob@example.com");
    CHECK(codes["passcodes.0.username"] == "bob");
    CHECK(codes["passcodes.0.expires_at"] == "2026-01-02T03:24:05Z");
    CHECK(
        visitor
            .post("/users/otp/change-password",
                  R"({"email":"bob@example.com","password":"new-Horse-99","one_time_passcode":")" +
                      codes["passcodes.0.code"] + R"("})")
            .status == 204);
    CHECK(control.get("/passcodes?email=ann@example.com").body == "{\"passcodes\":[]}\n");
    CHECK(control.del("/passcodes").status == 204);
    CHECK(control.get("/passcodes").body == "{\"passcodes\":[]}\n");
}

TEST_CASE("a body of the control API is an object, or empty") {
    Control control;
    for (const char* path : {"/clock/advance", "/users", "/snapshots", "/faults", "/requests/wait"})
        for (const char* body : {"null", " null\n", "[]", "1", "\"x\"", "true"}) {
            INFO(path << ' ' << body);
            const Answer answer = control.post(path, body);
            CHECK(answer.status == 400);
            CHECK(answer["message"] == "Request body must be valid JSON.");
            CHECK(answer["detail"] == "the document must be an object");
        }
    CHECK(control.put("/logins/oidc", "null").status == 400);
    CHECK(control.owner().get("/users")["count"] == "1");
    CHECK(control.post("/snapshots", "").status == 201);
}

TEST_CASE("control: the release changes at once") {
    Control control;
    CHECK(control.get("/version").body == std::string("{\"coder_version\":\"2.6\",\"version\":\"") +
                                              coder_users::version + "\"}\n");
    CHECK(control.put("/version", R"({"coder_version":"2.35"})")["coder_version"] == "2.35");
    CHECK(control.owner().get("/buildinfo")["version"].find("v2.35.0") == 0);
    for (const char* bad : {R"({"coder_version":"2.36"})", "{}"})
        CHECK(said(control.put("/version", bad)) ==
              "400 coder_version: must be a release of Coder, 2.6 to 2.35");
    CHECK(control.get("/version")["coder_version"] == "2.35");
}

TEST_CASE("a server for tests keeps a file of its own, and logs its owner in again") {
    const TempFolder folder;
    TestServerOptions options;
    options.database = folder.file("test.db");
    options.seed = R"([{"username":"bob","email":"bob@example.com"}])";
    std::string id;
    {
        Control control(options);
        id = control.owner().get("/users/bob")["id"];
    }
    options.seed.clear();
    Control again(options);
    CHECK(again.owner().get("/users/bob")["id"] == id);
    CHECK(again.owner().get("/users/me")["roles.0.name"] == "owner");
}

/// Starts a server on the file, makes a user, and says the tokens of both.
std::string tokens_of_start(const TestServerOptions& options) {
    Control control(options);
    const Answer made = control.post("/users", R"({"roles":["auditor"]})");
    REQUIRE(made.status == 201);
    CHECK(control.owner().get("/users/me")["username"] == "owner");
    return control.owner().token + ' ' + made["token"];
}

TEST_CASE("a server for tests starts on its file as often as one likes, and repeats for its seed") {
    const TempFolder folder;
    TestServerOptions first, second;
    first.database = folder.file("first.db");
    second.database = folder.file("second.db");
    std::set<std::string> all;
    for (int start = 0; start < 4; ++start) {
        INFO(start);
        const std::string tokens = tokens_of_start(first);
        CHECK(all.insert(tokens).second);
        CHECK(tokens_of_start(second) == tokens);
    }
    second.seed_number = 2;
    CHECK(tokens_of_start(second) != tokens_of_start(first));
    Control last(first);
    CHECK(last.owner().get("/users")["count"] == "6");
    CHECK(last.post("/reset").status == 204);
    CHECK(last.owner().get("/users/me").status == 200);
}

TEST_CASE("a server for tests takes no file of a real one") {
    const TempFolder folder;
    TestServerOptions options;
    coder_users::Options real;
    real.database = folder.file("real.db");
    real.port = 0;
    coder_users::start(real).stop();
    options.database = real.database;
    CHECK_THROWS_WITH(Control(options), ContainsSubstring("not made by Options::for_tests()"));
}

TEST_CASE("a server for tests listens on loopback unless it is told otherwise") {
    TestServerOptions options;
    for (const char* address : {"0.0.0.0", "192.0.2.1", "::", "example.com", ""}) {
        options.address = address;
        CHECK_THROWS_AS(Control(options), std::invalid_argument);
    }
    for (const char* address : {"127.0.0.1", "127.1.2.3", "localhost"}) {
        options.address = address;
        CHECK_NOTHROW(Control(options));
    }
    options.address = "0.0.0.0";
    options.listen_anywhere = true;
    CHECK(Control(options).get("/clock").status == 200);
    options = {};
    options.coder_version = "3";
    CHECK_THROWS_AS(Control(options), std::invalid_argument);
    options = {};
    options.seed = "{";
    CHECK_THROWS_AS(Control(options), coder_users::LineError);
}

}  // namespace control_test
