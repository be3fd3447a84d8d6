// docs/contract/scopes.md, "Names of scopes", "What scopes cover" and "Normal form", as tables.
#include "coder_users/internal/rules/scopes.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "catch.hpp"

using namespace coder_users;

namespace {

using Names = std::vector<std::string>;

const std::string one = "11111111-aaaa-4aaa-8aaa-111111111111";
const std::string two = "22222222-bbbb-4bbb-8bbb-222222222222";

ApiKey key_with(Names scopes, Names allow_list = {"*:*"}) {
    ApiKey key;
    key.scopes = std::move(scopes);
    key.allow_list = std::move(allow_list);
    return key;
}

std::string refusal_of(const Names& entries) {
    try {
        rules::normal_allow_list(entries);
    } catch (const ApiError& error) {
        CHECK(error.status() == 400);
        CHECK(error.message() == "Request body must be valid JSON.");
        return error.detail();
    }
    return "none";
}

}  // namespace

TEST_CASE("the names of scopes and types are sorted and occur once") {
    const auto increases = [](const auto& names) {
        return std::adjacent_find(names.begin(), names.end(), std::greater_equal<>()) ==
               names.end();
    };
    CHECK(increases(rules::scope_names));
    CHECK(increases(rules::object_types));
}

TEST_CASE("scopes are compared exactly, and short names are stored as the long ones") {
    CHECK(rules::stored_scope("all") == "coder:all");
    CHECK(rules::stored_scope("application_connect") == "coder:application_connect");
    CHECK(rules::stored_scope("user:read") == "user:read");
    for (const char* name : {"coder:all", "user:read", "user:*", "task:delete", "file:create",
                             "coder:apikeys.manage_self", "workspace:ssh", "api_key:update"})
        CHECK(rules::is_scope(name));
    for (const char* name :
         {"", "all", "*", "user", "user:", "user:update", "user:delete", "User:read", "user:read ",
          "coder:*", "file:delete", "organization:create"})
        CHECK_FALSE(rules::is_scope(name));
}

TEST_CASE("a scope covers itself, its type, or everything") {
    struct Row {
        std::string scope, right;
        bool own, covered;
    };
    const std::vector<Row> rows{
        {"coder:all", "user:read", false, true},
        {"coder:all", "user:delete", false, true},
        {"user:read", "user:read", false, true},
        {"user:read", "user:read_personal", false, false},
        {"user:read", "user_secret:read", false, false},
        {"user:*", "user:update", false, true},
        {"user:*", "user_secret:read", false, false},
        {"user_secret:*", "user:read", false, false},
        {"api_key:*", "api_key:delete", false, true},
        {"coder:apikeys.manage_self", "api_key:create", true, true},
        {"coder:apikeys.manage_self", "api_key:create", false, false},
        {"coder:apikeys.manage_self", "user:read", true, false},
        {"coder:application_connect", "user:read", true, false},
        {"workspace:*", "api_key:read", true, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.scope, row.right, row.own);
        CHECK(rules::covers(key_with({"file:read", row.scope}), row.right, row.own) == row.covered);
    }
    CHECK(rules::covers_any(key_with({"api_key:delete"}), "api_key", false));
    CHECK(rules::covers_any(key_with({"coder:apikeys.manage_self"}), "api_key", true));
    CHECK_FALSE(rules::covers_any(key_with({"coder:apikeys.manage_self"}), "api_key", false));
    CHECK_FALSE(rules::covers_any(key_with({"user:*"}), "api_key", true));
}

TEST_CASE("full power is everything on everything") {
    CHECK(Identity{{}, ApiKey{}}.has_full_power());
    CHECK(Identity{{}, key_with({"user:read", "coder:all"})}.has_full_power());
    CHECK_FALSE(Identity{{}, key_with({"user:*"})}.has_full_power());
    CHECK_FALSE(Identity{{}, key_with({"coder:all"}, {"user:*"})}.has_full_power());
    CHECK_FALSE(Identity{{}, key_with({})}.has_full_power());
    CHECK(rules::is_for_applications(key_with({"coder:application_connect"})));
    CHECK_FALSE(rules::is_for_applications(key_with({"coder:application_connect", "user:read"})));
}

TEST_CASE("an allow list holds objects by type and id, either of them any") {
    CHECK(rules::allows(Names{"*:*"}, "user", one));
    CHECK(rules::allows(Names{"*:*"}, "user", "*"));
    CHECK(rules::allows(Names{"user:*"}, "user", one));
    CHECK(rules::allows(Names{"user:*"}, "user", "*"));
    CHECK(rules::allows(Names{"user:" + one}, "user", "11111111-AAAA-4AAA-8AAA-111111111111"));
    CHECK(rules::allows(Names{"*:" + one}, "organization", one));
    CHECK_FALSE(rules::allows(Names{"user:" + one}, "user", two));
    CHECK_FALSE(rules::allows(Names{"user:" + one}, "user", "*"));
    CHECK_FALSE(rules::allows(Names{"user:*"}, "user_secret", one));
    CHECK_FALSE(rules::allows(Names{"organization:*", "api_key:*"}, "user", one));
    CHECK_FALSE(rules::allows(Names{}, "user", one));
}

TEST_CASE("allow lists have one normal form") {
    struct Row {
        Names sent, normal;
    };
    const std::vector<Row> rows{
        {{}, {"*:*"}},
        {{"user:" + one, "*:*"}, {"*:*"}},
        {{"user:" + two, "user:" + one, "user:" + two}, {"user:" + one, "user:" + two}},
        {{"user:AAAAAAAA-aaaa-4aaa-8aaa-111111111111"},
         {"user:aaaaaaaa-aaaa-4aaa-8aaa-111111111111"}},
        {{"user:" + one, " user:*\n", "api_key:*"}, {"api_key:*", "user:*"}},
        {{"user_secret:" + one, "user:" + two, "*:" + one},
         {"*:" + one, "user:" + two, "user_secret:" + one}},
        {{"user:*", "user_secret:" + one}, {"user:*", "user_secret:" + one}},
    };
    for (const Row& row : rows) CHECK(rules::normal_allow_list(row.sent) == row.normal);
}

TEST_CASE("an entry of an allow list that means nothing is refused") {
    CHECK(refusal_of({"user"}) == "invalid allow_list entry \"user\": want <type>:<id>");
    CHECK(refusal_of({"user:"}) == "invalid allow_list entry \"user:\": want <type>:<id>");
    CHECK(refusal_of({":" + one}) == "invalid allow_list entry \":" + one + "\": want <type>:<id>");
    CHECK(refusal_of({""}) == "invalid allow_list entry \"\": want <type>:<id>");
    CHECK(refusal_of({"*:*", "User:*"}) == "unknown resource type \"User\"");
    CHECK(refusal_of({"user:me"}) == "invalid user ID (must be UUID): \"me\"");
    CHECK(refusal_of({"user:a:b"}) == "invalid user ID (must be UUID): \"a:b\"");
    CHECK(refusal_of({"api_key:aPTc4Pd0Y1"}) ==
          "invalid api_key ID (must be UUID): \"aPTc4Pd0Y1\"");
}

TEST_CASE("no key makes a stronger key") {
    struct Row {
        ApiKey by;
        Names scopes, allow_list;
        bool may;
    };
    const std::vector<Row> rows{
        {ApiKey{}, {"user:read"}, {"*:*"}, true},
        {key_with({"api_key:*", "user:*"}), {"user:read"}, {"*:*"}, true},
        {key_with({"api_key:*", "user:*"}), {"user:read", "file:read"}, {"*:*"}, false},
        {key_with({"api_key:*"}), {"coder:all"}, {"*:*"}, false},
        {key_with({"coder:all"}, {"api_key:*"}), {"coder:all"}, {"*:*"}, false},
        {key_with({"coder:all"}, {"api_key:*"}), {"coder:all"}, {"api_key:*"}, true},
        {key_with({"coder:all"}, {"user:" + one}), {"user:read"}, {"user:" + one}, true},
        {key_with({"coder:all"}, {"user:" + one}), {"user:read"}, {"user:" + two}, false},
        {key_with({"coder:all"}, {"user:" + one}), {"user:read"}, {"user:*"}, false},
        {key_with({"coder:apikeys.manage_self"}), {"coder:apikeys.manage_self"}, {"*:*"}, true},
        {key_with({"coder:apikeys.manage_self"}), {"api_key:read"}, {"*:*"}, false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.by.scopes, row.by.allow_list, row.scopes, row.allow_list);
        CHECK(rules::may_make(row.by, row.scopes, row.allow_list) == row.may);
    }
}
