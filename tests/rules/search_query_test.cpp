#include "coder_users/internal/rules/search_query.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace search_query_test {

using namespace coder_users;
using namespace coder_users::rules;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs elements_of(std::string_view q, BareWords bare = BareWords::joined) {
    Pairs out;
    for (auto& [key, value] : parse_query_elements(q, "search", bare, "Bad."))
        out.emplace_back(key, value);
    return out;
}

TEST_CASE("elements of a query") {
    const std::vector<std::pair<std::string, Pairs>> rows{
        {"", {}},
        {"   ", {}},
        {"alice", {{"search", "alice"}}},
        {"  Alice  ", {{"search", "alice"}}},
        {"\xc3\x84 A", {{"search", "\xc3\x84 a"}}},  // only ASCII letters are folded
        {"a b  c", {{"search", "a b c"}}},
        {"\"a  b\"", {{"search", "a  b"}}},
        {"a\tb", {{"search", "a\tb"}}},
        {"status:active", {{"status", "active"}}},
        {"Status:ACTIVE", {{"status", "active"}}},
        {"b status:active a", {{"status", "active"}, {"search", "b a"}}},
        {"status:active role:owner", {{"status", "active"}, {"role", "owner"}}},
        {"search:a", {{"search", "a"}}},
        {"search:\"a b\"", {{"search", "a b"}}},
        {"\"search\":a", {{"search", "a"}}},
        {"\"search:a\"", {{"search", "search:a"}}},
        {"search:\"a:b\"", {{"search", "a:b"}}},
        {"search:\"\"", {{"search", ""}}},
        {"\"\":a", {{"", "a"}}},
        {"\"\"", {{"search", ""}}},
        {"\"", {{"search", ""}}},
        {"\"\"\"\"", {{"search", ""}}},
        {"a \"\" b", {{"search", "a  b"}}},
        {"\"a\"\"b\"", {{"search", "a\"\"b"}}},
        {"a\"b c\"d", {{"search", "a\"b c\"d"}}},
        {"search:a\"b c\"d", {{"search", "a\"b c\"d"}}},
        {"search:\"\"a\"\"", {{"search", "a"}}},
        {"\"open to the end", {{"search", "open to the end"}}},
        {"search:\"open to the end", {{"search", "open to the end"}}},
        {"\"a:b c:d", {{"search", "a:b c:d"}}},
        {"search:\"a: b", {{"search", "a: b"}}},
        {"a\\ b%_", {{"search", "a\\ b%_"}}},
        {"k:'", {{"k", "'"}}},
    };
    for (const auto& [q, expected] : rows) {
        CAPTURE(q);
        CHECK(elements_of(q) == expected);
    }
}

TEST_CASE("bare words that stay separate") {
    CHECK(elements_of("user", BareWords::separate) == Pairs{{"search", "user"}});
    CHECK_THROWS_AS(elements_of("user group", BareWords::separate), ApiError);
    CHECK_THROWS_AS(elements_of("\"\" group", BareWords::separate), ApiError);
}

struct Wrong {
    std::string q, detail;
};

TEST_CASE("a query outside the grammar stops at its first error") {
    const std::vector<Wrong> rows{
        {"status:", "Query element \"status:\" cannot start or end with ':'"},
        {":active", "Query element \":active\" cannot start or end with ':'"},
        {":", "Query element \":\" cannot start or end with ':'"},
        {"::", "Query element \"::\" cannot start or end with ':'"},
        {"STATUS: active", "Query element \"status:\" cannot start or end with ':'"},
        {"search:\"a:", "Query element \"search:\"a:\" cannot start or end with ':'"},
        {"\"a:", "Query element \"\"a:\" cannot start or end with ':'"},
        {"\"a b:", "Query element \"\"a b:\" cannot start or end with ':'"},
        {"search:name:extra", "Query element \"search:name:extra\" can only contain 1 ':'"},
        {"a::b", "Query element \"a::b\" can only contain 1 ':'"},
        {"last_seen_before:2023-01-01T00:00:00Z",
         "Query element \"last_seen_before:2023-01-01t00:00:00z\" can only contain 1 ':'"},
        {"a:\"b:c\":d", "Query element \"a:\"b:c\":d\" can only contain 1 ':'"},
        {"a:b: c:d:e", "Query element \"a:b:\" cannot start or end with ':'"},
        {"a:b:c d:", "Query element \"a:b:c\" can only contain 1 ':'"},
        {"status:active status:active",
         "Query parameter \"status\" provided more than once, found 2 times"},
        {"foo:a foo:b foo:c", "Query parameter \"foo\" provided more than once, found 3 times"},
        {"status:a \"Status\":b",
         "Query parameter \"status\" provided more than once, found 2 times"},
        {"status:\"\" status:a",
         "Query parameter \"status\" provided more than once, found 2 times"},
        {"search:a b", "Query parameter \"search\" provided more than once, found 2 times"},
        {"b search:a c", "Query parameter \"search\" provided more than once, found 2 times"},
        {"search:a search:b c d",
         "Query parameter \"search\" provided more than once, found 3 times"},
        {"search:a \"\"", "Query parameter \"search\" provided more than once, found 2 times"},
        // The first key is reported; bare words count as last.
        {"b:1 a:1 a:2 b:2", "Query parameter \"b\" provided more than once, found 2 times"},
        {"word b:1 search:x b:2", "Query parameter \"b\" provided more than once, found 2 times"},
        {"word search:x b:1 b:2",
         "Query parameter \"search\" provided more than once, found 2 times"},
        // Keys that are repeated are reported after the other two mistakes, wherever they are.
        {"a:1 a:2 b:", "Query element \"b:\" cannot start or end with ':'"},
        {"status:bad status:bad foo:x",
         "Query parameter \"status\" provided more than once, found 2 times"},
    };
    for (const Wrong& row : rows) {
        CAPTURE(row.q);
        try {
            parse_user_search(row.q);
            FAIL("not refused");
        } catch (const ApiError& error) {
            CHECK(error.status() == 400);
            CHECK(error.message() == "Invalid user search query.");
            CHECK(error.detail().empty());
            REQUIRE(error.validations().size() == 1);
            CHECK(error.validations()[0].field == "q");
            CHECK(error.validations()[0].detail == row.detail);
        }
    }
}

TEST_CASE("the filters of a user search") {
    const UserSearch none = parse_user_search("");
    CHECK(none.search.empty());
    CHECK(none.statuses.empty());
    CHECK(none.roles.empty());
    CHECK_FALSE(none.last_seen_before);
    CHECK_FALSE(none.last_seen_after);

    const UserSearch all = parse_user_search(
        "Alice role:owner,user-admin status:active,DORMANT bob "
        "last_seen_before:\"2023-11-14T22:13:20.5Z\" "
        "last_seen_after:\"2023-11-14t23:13:20+01:00\"");
    CHECK(all.search == "alice bob");
    CHECK(all.statuses == std::vector<UserStatus>{UserStatus::active, UserStatus::dormant});
    CHECK(all.roles == std::vector<std::string>{"owner", "user-admin"});
    CHECK(all.last_seen_before == from_micros(1'700'000'000'500'000));
    CHECK(all.last_seen_after == from_micros(1'700'000'000'000'000));

    CHECK(parse_user_search("status:suspended").statuses ==
          std::vector<UserStatus>{UserStatus::suspended});
    CHECK(parse_user_search("search:\"%_\\ x\"").search == "%_\\ x");
}

TEST_CASE("the filters that look at one property of a user") {
    const UserSearch all = parse_user_search(
        "name:\"Bob B%\" login_type:password,GITHUB,token,password github_com_user_id:583231 "
        "created_before:\"2023-11-14T22:13:20.5Z\" created_after:\"2023-11-14T22:13:20Z\" "
        "service_account:TRUE email:\"A.B@X.org\"");
    CHECK(all.email == "a.b@x.org");
    CHECK(all.search.empty());
    CHECK(all.name == "bob b%");
    CHECK(all.login_types ==
          std::vector<LoginType>{LoginType::password, LoginType::github, LoginType::token});
    CHECK(all.github_id == 583231);
    CHECK(all.created_before == from_micros(1'700'000'000'500'000));
    CHECK(all.created_after == from_micros(1'700'000'000'000'000));
    CHECK(all.service_account == true);
    const UserSearch none = parse_user_search(
        "name:\"\" login_type:\"\" github_com_user_id:\"\" created_before:\"\" "
        "created_after:\"\" service_account:\"\" email:\"\"");
    CHECK(none.email.empty());
    CHECK(none.name.empty());
    CHECK(none.login_types.empty());
    CHECK_FALSE(none.github_id);
    CHECK_FALSE(none.created_before);
    CHECK_FALSE(none.created_after);
    CHECK_FALSE(none.service_account);
    for (const char* yes : {"true", "t", "1", "T"})
        CHECK(parse_user_search(std::string("service_account:") + yes).service_account == true);
    for (const char* no : {"false", "f", "0", "False"})
        CHECK(parse_user_search(std::string("service_account:") + no).service_account == false);
    const auto id = [](const std::string& text) {
        return parse_user_search("github_com_user_id:" + text).github_id;
    };
    CHECK_FALSE(id("0"));
    CHECK_FALSE(id("-0"));
    CHECK(id("+007") == 7);
    CHECK(id("-5") == -5);
    CHECK(id("9223372036854775807") == (std::numeric_limits<std::int64_t>::max)());
    CHECK(id("-9223372036854775808") == (std::numeric_limits<std::int64_t>::min)());
    CHECK(id(std::string(1000, '0') + "1") == 1);
}

TEST_CASE("keys with an empty value are not applied") {
    const UserSearch empty = parse_user_search(
        "search:\"\" status:\"\" role:\"\" last_seen_before:\"\" last_seen_after:\"\"");
    CHECK(empty.search.empty());
    CHECK(empty.statuses.empty());
    CHECK(empty.roles.empty());
    CHECK_FALSE(empty.last_seen_before);
    CHECK_FALSE(empty.last_seen_after);
}

TEST_CASE("of roles the known ones count, one that nobody holds, or everybody for member") {
    using Names = std::vector<std::string>;
    CHECK(parse_user_search("role:nonsense").roles == Names{"nonsense"});
    CHECK(parse_user_search("role:owner,,x").roles == Names{"owner"});
    CHECK(parse_user_search("role:,").roles == Names{""});
    CHECK(parse_user_search("role:\" owner\"").roles == Names{" owner"});
    CHECK(parse_user_search("role:member").roles.empty());
    CHECK(parse_user_search("role:owner,member").roles.empty());
    CHECK(parse_user_search("role:MEMBER").roles.empty());
    CHECK(parse_user_search("role:\"member \"").roles == Names{"member "});
    const coder_users::HostRoles declared{{"editor", "Editor", {}}};
    CHECK(parse_user_search("role:x,editor,owner", "", declared).roles == Names{"owner", "editor"});
    // The store's work depends on the distinct values, not on the length of the list.
    std::string many = "role:a,owner", statuses = "status:active";
    for (int i = 0; i < 4000; ++i) many += ",a,owner", statuses += ",active";
    CHECK(parse_user_search(many).roles == Names{"owner"});
    CHECK(parse_user_search(statuses).statuses.size() == 1);
}

struct Errors {
    std::string q;
    Pairs validations;
};

const std::string layout = "2006-01-02T15:04:05.999999999Z07:00";
std::string bad_time(const std::string& key, const std::string& value) {
    return "Query param \"" + key + "\" must be a valid date format (" + layout +
           "): parsing time \"" + value + "\" as \"" + layout + "\": cannot parse \"" + value +
           "\"";
}

std::string bad_id(const std::string& value, const std::string& why) {
    return "Query param \"github_com_user_id\" must be a valid 64-bit integer: "
           "strconv.ParseInt: parsing \"" +
           value + "\": " + why;
}

TEST_CASE("bad values and unknown keys are collected") {
    const std::vector<Errors> rows{
        {"status:inactive", {{"status", "Query param \"status\" has invalid values: inactive"}}},
        {"status:x,active,y", {{"status", "Query param \"status\" has invalid values: x,y"}}},
        {"status:active,", {{"status", "Query param \"status\" has invalid values: "}}},
        {"status:,", {{"status", "Query param \"status\" has invalid values: ,"}}},
        {"status:\"active \"", {{"status", "Query param \"status\" has invalid values: active "}}},
        {"foo:bar", {{"foo", "Query param \"foo\" is not a valid query param"}}},
        {"foo:\"\"", {{"foo", "Query param \"foo\" is not a valid query param"}}},
        {"\"\":x", {{"", "Query param \"\" is not a valid query param"}}},
        {"q:x b:x a:x",
         {{"a", "Query param \"a\" is not a valid query param"},
          {"b", "Query param \"b\" is not a valid query param"},
          {"q", "Query param \"q\" is not a valid query param"}}},
        {"last_seen_before:yesterday",
         {{"last_seen_before", bad_time("last_seen_before", "yesterday")}}},
        {"last_seen_after:2023-01-01",
         {{"last_seen_after", bad_time("last_seen_after", "2023-01-01")}}},
        {"last_seen_after:\"2023-02-30T00:00:00Z\"",
         {{"last_seen_after", bad_time("last_seen_after", "2023-02-30t00:00:00z")}}},
        {"service_account:yes",
         {{"service_account",
           "Query param \"service_account\" must be a valid boolean: "
           "strconv.ParseBool: parsing \"yes\": invalid syntax"}}},
        {"github_com_user_id:1_0", {{"github_com_user_id", bad_id("1_0", "invalid syntax")}}},
        {"github_com_user_id:+", {{"github_com_user_id", bad_id("+", "invalid syntax")}}},
        {"github_com_user_id:0x1", {{"github_com_user_id", bad_id("0x1", "invalid syntax")}}},
        {"github_com_user_id:\"1 \"", {{"github_com_user_id", bad_id("1 ", "invalid syntax")}}},
        {"github_com_user_id:a\"b", {{"github_com_user_id", bad_id("a\\\"b", "invalid syntax")}}},
        {"github_com_user_id:9223372036854775808",
         {{"github_com_user_id", bad_id("9223372036854775808", "value out of range")}}},
        {"github_com_user_id:-9223372036854775809",
         {{"github_com_user_id", bad_id("-9223372036854775809", "value out of range")}}},
        {"github_com_user_id:99999999999999999999999999999999999999999",
         {{"github_com_user_id",
           bad_id("99999999999999999999999999999999999999999", "value out of range")}}},
        {"github_com_user_id:18446744073709551617",
         {{"github_com_user_id", bad_id("18446744073709551617", "value out of range")}}},
        {"github_com_user_id:-20000000000000000000",
         {{"github_com_user_id", bad_id("-20000000000000000000", "value out of range")}}},
        {"login_type:password,saml,,x",
         {{"login_type", "Query param \"login_type\" has invalid values: saml,,x"}}},
        {"created_before:b zoo:1 created_after:a login_type:l github_com_user_id:g status:s "
         "service_account:x last_seen_before:d last_seen_after:c ant:1",
         {{"status", "Query param \"status\" has invalid values: s"},
          {"service_account",
           "Query param \"service_account\" must be a valid boolean: "
           "strconv.ParseBool: parsing \"x\": invalid syntax"},
          {"last_seen_after", bad_time("last_seen_after", "c")},
          {"last_seen_before", bad_time("last_seen_before", "d")},
          {"created_after", bad_time("created_after", "a")},
          {"created_before", bad_time("created_before", "b")},
          {"github_com_user_id", bad_id("g", "invalid syntax")},
          {"login_type", "Query param \"login_type\" has invalid values: l"},
          {"ant", "Query param \"ant\" is not a valid query param"},
          {"zoo", "Query param \"zoo\" is not a valid query param"}}},
        {"zoo:1 last_seen_before:b ant:1 last_seen_after:a status:s",
         {{"status", "Query param \"status\" has invalid values: s"},
          {"last_seen_after", bad_time("last_seen_after", "a")},
          {"last_seen_before", bad_time("last_seen_before", "b")},
          {"ant", "Query param \"ant\" is not a valid query param"},
          {"zoo", "Query param \"zoo\" is not a valid query param"}}},
    };
    for (const Errors& row : rows) {
        CAPTURE(row.q);
        try {
            parse_user_search(row.q);
            FAIL("not refused");
        } catch (const ApiError& error) {
            CHECK(error.status() == 400);
            CHECK(error.message() == "Invalid user search query.");
            CHECK(error.detail().empty());
            Pairs found;
            for (const Validation& v : error.validations()) found.emplace_back(v.field, v.detail);
            CHECK(found == row.validations);
        }
    }
}

TEST_CASE("a long query is read at once") {
    std::string words, keys, quotes(100'000, '"');
    for (int i = 0; i < 10'000; ++i) {
        words += "word ";
        keys += "k" + std::to_string(i) + ":v ";
    }
    CHECK(parse_user_search(words).search.size() == 49'999);
    CHECK_THROWS_AS(parse_user_search(keys), ApiError);
    CHECK(parse_user_search(quotes).search.empty());
    CHECK(parse_user_search("\"" + words).search.size() == 50'000);
}

}  // namespace search_query_test
