#include "coder_users/internal/base/audit_diff.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace coder_users;

TEST_CASE("only what differs is in a diff") {
    CHECK(AuditDiff().take() == "{}");
    CHECK(AuditDiff().field("a", std::string("x"), std::string("x")).take() == "{}");
    CHECK(AuditDiff()
              .field("a", std::string("x"), std::string("<y>"))
              .field("b", std::string(), std::string())
              .field("c", std::vector<std::string>{}, std::vector<std::string>{"r"})
              .field("d", from_micros(0), never)
              .take() == R"({"a":{"old":"x","new":"\u003cy\u003e","secret":false},)"
                         R"("c":{"old":[],"new":["r"],"secret":false},)"
                         R"("d":{"old":"1970-01-01T00:00:00Z","new":"0001-01-01T00:00:00Z",)"
                         R"("secret":false}})");
}

TEST_CASE("of a secret a diff tells no more than that it differs") {
    CHECK(AuditDiff().secret("p", false).take() == "{}");
    CHECK(AuditDiff().secret("p", true).take() == R"({"p":{"old":"","new":"","secret":true}})");
}

TEST_CASE("the diff of a user names its fields and never its password") {
    User before;
    before.id = "i";
    before.username = "alice";
    before.email = "a@x.org";
    before.status = UserStatus::active;
    before.roles = {"auditor"};
    User after = before;
    CHECK(user_diff(&before, &after, false) == "{}");
    after.username = "bob";
    after.roles = {"auditor", "owner"};
    after.status = UserStatus::suspended;
    after.last_seen_at = from_micros(0);
    after.avatar_url = "not recorded";
    CHECK(user_diff(&before, &after, true) ==
          R"({"username":{"old":"alice","new":"bob","secret":false},)"
          R"("status":{"old":"active","new":"suspended","secret":false},)"
          R"("rbac_roles":{"old":["auditor"],"new":["auditor","owner"],"secret":false},)"
          R"("hashed_password":{"old":"","new":"","secret":true}})");
}

TEST_CASE("a created user has no old values and a deleted one no new ones") {
    User user;
    user.id = "i";
    user.username = "alice";
    user.email = "a@x.org";
    user.status = UserStatus::dormant;
    CHECK(user_diff(nullptr, &user, false) ==
          R"({"id":{"old":"","new":"i","secret":false},)"
          R"("email":{"old":"","new":"a@x.org","secret":false},)"
          R"("username":{"old":"","new":"alice","secret":false},)"
          R"("status":{"old":"","new":"dormant","secret":false},)"
          R"("login_type":{"old":"","new":"password","secret":false}})");
    const std::string gone = user_diff(&user, nullptr, false);
    CHECK(gone.find(R"("username":{"old":"alice","new":"","secret":false})") != std::string::npos);
}

TEST_CASE("the diff of a key holds its times and owner, not its secret") {
    ApiKey key;
    key.id = "abcdefghij";
    key.user_id = "u";
    key.created_at = from_micros(0);
    key.expires_at = from_micros(1'000'000);
    CHECK(api_key_diff(nullptr, &key) ==
          R"({"user_id":{"old":"","new":"u","secret":false},)"
          R"("created_at":{"old":"0001-01-01T00:00:00Z","new":"1970-01-01T00:00:00Z",)"
          R"("secret":false},)"
          R"("expires_at":{"old":"0001-01-01T00:00:00Z","new":"1970-01-01T00:00:01Z",)"
          R"("secret":false}})");
    CHECK(api_key_diff(&key, &key) == "{}");
}
