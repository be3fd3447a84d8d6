// Tests a client of the API against a server of its own, without files, fixed ports or waiting.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>  // Catch2 3
#else
#include <catch2/catch.hpp>  // 2.13
#endif
#include <chrono>
#include <coder_users.hpp>
#include <coder_users/testing.hpp>

namespace testing = coder_users::testing;

// The part of your program that talks to the server.
bool is_auditor(const testing::Client& client) {
    const testing::Answer me = client.get("/users/me");
    return me.status == 200 && me.body.find("\"name\":\"auditor\"") != std::string::npos;
}

TEST_CASE("an auditor is known by its roles") {
    testing::Server server("2.35");  // in memory, on a free port; answers as Coder 2.35
    CHECK(is_auditor(server.user_with_roles({"auditor"})));
    CHECK_FALSE(is_auditor(server.user_with_roles()));
    CHECK_FALSE(is_auditor(server.visitor()));
    CHECK(is_auditor(server.user("anna", {"auditor"}).over_http()));
}

TEST_CASE("a session ends after a day, which takes no time") {
    testing::Server server;
    const auto auditor = server.user_with_roles({"auditor"});
    server.clock().advance(std::chrono::hours(25));
    CHECK_FALSE(is_auditor(auditor));
    CHECK(auditor.get("/users/me").status == 401);
}
