// Repairs by the host, for owners who are locked out.
#include <string>

#include "../catch.hpp"
#include "../server_fixture.hpp"
#include "coder_users/data.hpp"

namespace admin_test {

using namespace coder_users_test;
using Catch::Matchers::ContainsSubstring;
using coder_users::ApiError;
using coder_users::Options;
namespace data = coder_users::data;

Options on(const std::string& database) {
    Options options;
    options.database = database;
    options.password_hash_cost = 4;
    return options;
}
const std::string newest =
    "SELECT actor_id, ip, resource_type, action, resource_target, "
    "status_code FROM audit_logs ORDER BY entry DESC LIMIT 1";

TEST_CASE("an admin is made in a new database and in a filled one") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    const std::string id =
        data::create_admin_user(options, {"ada@example.org", "ada", good_password});
    CHECK(stored(options.database, newest) == "NULL||user|create|ada|201");
    CHECK(stored(options.database, "SELECT name FROM organizations") == "ada");
    data::create_admin_user(options, {"eve@example.org", "eve", good_password});
    CHECK(stored(options.database, "SELECT COUNT(*) FROM organizations") == "1");
    CHECK_THROWS_AS(data::create_admin_user(options, {"ADA@example.org", "x", good_password}),
                    ApiError);
    CHECK_THROWS_AS(data::create_admin_user(options, {"x@example.org", "ADA", good_password}),
                    ApiError);
    CHECK(stored(options.database, "SELECT COUNT(*) FROM users") == "2");

    TestServer server(options);
    CHECK(server
              .send("POST", "/users/first", "",
                    R"({"email":"a@b.org","username":"a","password":"correct-Horse-9"})")
              .status == 409);
    const std::string token = server.log_in("eve@example.org");
    CHECK(server.send("GET", "/audit", token).status == 200);
    CHECK(parse(server.send("GET", "/users/ada", token).body)["id"].text() == id);
    const std::string all = parse(server.send("GET", "/organizations", token).body)[0]["id"].text();
    CHECK(stored(options.database,
                 "SELECT COUNT(*) FROM organization_member_roles WHERE role = "
                 "'organization-admin:" +
                     all + "'") == "2");
}

TEST_CASE("an admin who is no good leaves no file behind") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    CHECK_THROWS_AS(data::create_admin_user(options, {"ada", "ada", good_password}), ApiError);
    CHECK_THROWS_AS(data::create_admin_user(options, {"a@b.org", "a b", good_password}), ApiError);
    CHECK_THROWS_AS(data::create_admin_user(options, {"a@b.org", "ada", "weak"}), ApiError);
    CHECK_THROWS_WITH(data::reset_password(options, "ada", good_password),
                      ContainsSubstring("users.db"));
    CHECK(folder.listing().empty());
}

TEST_CASE("a new password ends all sessions and is recorded") {
    const TempFolder folder;
    const Options options = on(folder.file("users.db"));
    std::string token, id;
    {
        TestServer server(options);
        token = server.owner();
        id = server.create(token, "bob");
        server.send("POST", "/users", token,
                    R"({"email":"robot@example.org","username":"robot","login_type":"none"})");
        server.send("POST", "/users", token, R"({"username":"machine","service_account":true})");
    }
    const std::string before = stored(options.database, "SELECT hashed_password FROM users");
    CHECK_THROWS_WITH(data::reset_password(options, "nobody", good_password),
                      ContainsSubstring("nobody"));
    CHECK_THROWS_AS(data::reset_password(options, "owner", "weak"), ApiError);
    CHECK_THROWS_AS(data::reset_password(options, "robot", good_password), ApiError);
    CHECK_THROWS_WITH(data::reset_password(options, "machine", good_password),
                      "Users without password login type cannot change their password.");
    CHECK_THROWS_WITH(data::reset_password(options, "", good_password),
                      ContainsSubstring("No user has"));
    CHECK(stored(options.database, "SELECT hashed_password FROM users") == before);
    CHECK(stored(options.database, "SELECT COUNT(*) FROM api_keys") == "1");

    SQLite::Database(options.database, SQLite::OPEN_READWRITE)
        .exec("INSERT INTO one_time_passcodes SELECT id, 'a', 1767323045678901 FROM users");
    data::reset_password(options, "OWNER", "an0ther-Horse");
    CHECK(stored(options.database, newest) == "NULL||user|write|owner|204");
    CHECK(stored(options.database, "SELECT diff FROM audit_logs ORDER BY entry DESC LIMIT 1")
              .find(R"("one_time_passcode_expires_at":{"old":"2026-01-02T03:04:05.678901Z")") !=
          std::string::npos);
    CHECK(stored(options.database,
                 "SELECT count(*) FROM one_time_passcodes JOIN users ON id = user_id "
                 "WHERE username = 'owner'") == "0");
    CHECK(stored(options.database, "SELECT COUNT(*) FROM api_keys") == "0");
    data::reset_password(options, id, "an0ther-Horse");
    data::reset_password(options, "Bob@Example.org", "a-third-Horse-3");
    TestServer server(options);
    CHECK(server.send("GET", "/users/me", token).status == 401);
    server.log_in("owner@example.org", "an0ther-Horse");
    server.log_in("bob@example.org", "a-third-Horse-3");
    CHECK(stored(options.database, "SELECT diff FROM audit_logs").find("Horse") ==
          std::string::npos);
}

}  // namespace admin_test
