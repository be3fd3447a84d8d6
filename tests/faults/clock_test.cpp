// Clocks that are years fast or slow.
#include <chrono>
#include <string>

#include "catch.hpp"
#include "server_fixture.hpp"

using namespace coder_users_test;

TEST_CASE("a clock that jumps by years makes no key immortal and stops nothing") {
    TestServer server;
    const auto day = std::chrono::hours(24), year = 366 * day;
    const std::string old_session = server.owner();
    const auto status = [&](const std::string& token) {
        return server.send("GET", "/users/me", token).status;
    };
    const auto token_for_an_hour = [&](const std::string& session) {
        const Answer made =
            server.send("POST", "/users/me/keys/tokens", session, R"({"lifetime":3600000000000})");
        REQUIRE(made.status == 201);
        return parse(made.body)["key"].text();
    };
    const std::string old_token = token_for_an_hour(old_session);

    // Ten years forward; the next jump passes 2038, where seconds in 32 bits end.
    server.advance(20 * year);
    CHECK(status(old_session) == 401);
    CHECK(status(old_token) == 401);
    const std::string session = server.log_in("owner@example.org");
    const std::string token = token_for_an_hour(session);
    CHECK(status(session) == 200);

    // Back again: what was made in the future still works, but not for longer.
    server.advance(-20 * year);
    for (int i = 0; i < 3; ++i) {
        CHECK(status(session) == 200);
        CHECK(status(token) == 200);
        server.advance(day);
    }
    CHECK(status(old_session) == 401);
    server.advance(20 * year - 3 * day + std::chrono::hours(2));
    CHECK(status(token) == 401);
    CHECK(status(session) == 200);
    server.advance(26 * std::chrono::hours(1));
    CHECK(status(session) == 401);

    // Before 1970, before the first year, and after the last year that can be written.
    for (const auto jump : {-100 * year, -2100 * year, 12'000 * year}) {
        server.advance(jump);
        for (const char* path : {"/users/first", "/buildinfo", "/users/me"})
            CHECK(server.send("GET", path, session).status < 500);
        const Answer login =
            server.send("POST", "/users/login", "",
                        R"({"email":"owner@example.org","password":")" + good_password + "\"}");
        CHECK(login.status < 500);
        server.advance(-jump);
    }
    CHECK(status(server.log_in("owner@example.org")) == 200);
}
