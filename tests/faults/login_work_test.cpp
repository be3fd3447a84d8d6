// Counts the work of a login in the hash function itself, because its time depends on the machine.
// bench_login_timing measures the time.
#include <crypt.h>
#include <dlfcn.h>

#include <mutex>
#include <string>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "endpoint_table.hpp"

using namespace coder_users_test;

namespace {

struct Hashed {
    std::mutex mutex;
    std::vector<std::string> costs;  // "$2b$04$" of every call
};
Hashed& hashed() {
    static Hashed one;
    return one;
}

}  // namespace

// Replaces libxcrypt's function, and calls it.
extern "C" char* crypt_rn(const char* phrase, const char* setting, void* data, int size) noexcept {
    static const auto real = reinterpret_cast<decltype(&crypt_rn)>(::dlsym(RTLD_NEXT, "crypt_rn"));
    {
        const std::lock_guard<std::mutex> lock(hashed().mutex);
        hashed().costs.push_back(std::string(setting).substr(0, 7));
    }
    return real(phrase, setting, data, size);
}

TEST_CASE("every kind of refused login does the same hashing") {
    World world;
    for (const char* name : {"bob", "lazy", "hub", "broken"})
        world.server.create(world.owner, name);
    REQUIRE(world.server
                .send("POST", "/users", world.owner,
                      R"({"email":"bot@example.org","username":"bot","login_type":"none"})")
                .status == 201);
    world.execute("UPDATE users SET status = 'suspended' WHERE username = 'lazy'");
    world.execute("UPDATE users SET login_type = 'github' WHERE username = 'hub'");
    world.execute("UPDATE users SET hashed_password = 'x' WHERE username = 'broken'");
    for (const std::string email : {"nobody@example.org", "bob@example.org", "lazy@example.org",
                                    "hub@example.org", "bot@example.org", "broken@example.org"})
        for (const std::string& password :
             {std::string("wrong"), std::string(600, 'x'), good_password}) {
            if (password == good_password && email == "bob@example.org") continue;
            CAPTURE(email, password);
            hashed().costs.clear();
            const Answer answer =
                world.server.send("POST", "/users/login", "",
                                  R"({"email":")" + email + R"(","password":")" + password + "\"}");
            CHECK(answer.status / 100 == 4);
            CHECK(hashed().costs == std::vector<std::string>{"$2b$04$"});
            INFO("in the process");
            hashed().costs.clear();
            CHECK_THROWS_AS(world.server.service().log_in(email, password), coder_users::ApiError);
            CHECK(hashed().costs == std::vector<std::string>{"$2b$04$"});
        }
}

TEST_CASE("a refused login does the work of the dearest hash that is stored") {
    World world;
    for (const char* name : {"bob", "broken"}) world.server.create(world.owner, name);
    world.execute("UPDATE users SET hashed_password = 'x' WHERE username = 'broken'");
    const auto costs = [&](const std::string& name, const std::string& password) {
        hashed().costs.clear();
        const Answer answer = world.server.send(
            "POST", "/users/login", "",
            R"({"email":")" + name + R"(@example.org","password":")" + password + "\"}");
        std::string all = std::to_string(answer.status);
        for (const std::string& cost : hashed().costs) all += " " + cost.substr(4, 2);
        return all;
    };
    const auto seed = [&](const std::string& name, int cost) {
        const std::string hash = coder_users::rules::hash_password(
            good_password, cost, coder_users::rules::system_random);
        world.server.service().seed(R"({"username":")" + name + R"(","email":")" + name +
                                    R"(@example.org","hashed_password":")" + hash + "\"}");
    };
    const auto dearest = [&] {
        return world.sql("SELECT value FROM counters WHERE name = 'dearest_password_cost'");
    };
    CHECK(costs("bob", "wrong") == "401 04");
    CHECK(costs("nobody", "wrong") == "401 04");

    seed("dear", 7);
    CHECK(dearest() == "7");
    CHECK(costs("nobody", "wrong") == "401 07");
    CHECK(costs("broken", "wrong") == "401 07");
    CHECK(costs("dear", "wrong") == "401 07");
    CHECK(costs("bob", "wrong") == "401 04 04 05 06");  // 16 + 16 + 32 + 64 is 128
    CHECK(costs("bob", std::string(100, 'x')) == "401 04 04 05 06");
    CHECK(costs("bob", good_password) == "201 04");
    CHECK(costs("dear", good_password) == "201 07");

    INFO("a cheaper one lowers nothing, and neither does the end of the dearest");
    seed("middle", 6);
    CHECK(costs("middle", "wrong") == "401 06 06");
    REQUIRE(world.server.send("DELETE", "/users/dear", world.owner).status == 200);
    CHECK(dearest() == "7");

    INFO("a very dear one does not make all failures as dear");
    world.execute("UPDATE counters SET value = 15 WHERE name = 'dearest_password_cost'");
    CHECK(costs("nobody", "wrong") == "401 08");

    INFO("where it is not known, the configured cost counts");
    world.execute("DELETE FROM counters WHERE name = 'dearest_password_cost'");
    CHECK(costs("nobody", "wrong") == "401 04");
    CHECK(costs("bob", "wrong") == "401 04");
}
