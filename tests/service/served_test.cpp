// What a host can choose about answers: operations that are switched off, and headers of its own.
#include <stdexcept>
#include <string>
#include <utility>

#include "endpoint_table.hpp"

using namespace coder_users_test;
using coder_users::Options;

namespace {

std::string refusal_of(Options options) {
    options.database = ":memory:";
    options.port = 0;
    try {
        coder_users::start(std::move(options));
        return "";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("an operation that is switched off is not there, and not described") {
    Options options;
    options.disabled_routes = {"create-initial-user", "get-audit-logs", "delete-user"};
    TestServer server(options);
    coder_users::CreateUser first;
    first.email = "owner@example.org";
    first.username = "owner";
    first.password = good_password;
    const auto owner = server.service().create_first_user(first);  // the host can still do it
    const std::string token = server.log_in("owner@example.org");

    CHECK(server.send("GET", "/users/first").status == 200);
    const Answer made = server.send("POST", "/users/first", "", "{}");
    CHECK(made.status == 405);
    CHECK(made.body == bad_method);
    CHECK(made.header("allow") == "GET, HEAD, OPTIONS");
    CHECK(server.send("GET", "/audit", token).status == 404);
    CHECK(server.send("GET", "/audit", token).body == route_not_found);
    CHECK(server.send("GET", "/audit").status == 401);
    CHECK(server.send("DELETE", "/users/me", token).status == 405);
    CHECK(server.send("GET", "/users/" + owner.id, token).status == 200);

    const std::string document = server.send("GET", "/openapi.json").body;
    CHECK(document.find("create-initial-user") == std::string::npos);
    CHECK(document.find("get-audit-logs") == std::string::npos);
    CHECK(document.find("check-initial-user-created") != std::string::npos);
    CHECK(TestServer().send("GET", "/openapi.json").body.find("create-initial-user") !=
          std::string::npos);
}

TEST_CASE("headers of the host are in every answer") {
    Options options;
    options.extra_headers = {{"Strict-Transport-Security", "max-age=63072000"},
                             {"X-Served-By", "host"}};
    TestServer server(options);
    for (const char* path : {"!/healthz", "/users/me", "/nowhere", "/users/%zz"}) {
        CAPTURE(path);
        const Answer answer = server.send("GET", path);
        CHECK(answer.header("strict-transport-security") == "max-age=63072000");
        CHECK(answer.header("x-served-by") == "host");
    }
    RawClient client(server.port());
    client.send("nonsense\r\n\r\n");
    CHECK(client.read().header("x-served-by") == "host");
}

TEST_CASE("a choice that cannot be served is refused by its name") {
    Options options;
    options.disabled_routes = {"get-users", "no-such-route"};
    CHECK(refusal_of(options) == "disabled_routes: no such operation: no-such-route");
    const auto header = [](const char* name, const char* value) {
        Options with;
        with.extra_headers = {{name, value}};
        return refusal_of(with);
    };
    CHECK(header("content-length", "1") == "extra_headers: the server sets content-length itself");
    CHECK(header("X-RateLimit-Limit", "1") ==
          "extra_headers: the server sets X-RateLimit-Limit itself");
    CHECK(header("X: y", "1") == "extra_headers: not a header: X: y");
    CHECK(header("X-Y", "a\r\nb") == "extra_headers: not a header: X-Y");
    CHECK(header("X-Y", "a").empty());
    Options no_room;
    no_room.limits.waiting_events = 0;
    CHECK(refusal_of(no_room) == "limits.waiting_events: must be positive");
}
