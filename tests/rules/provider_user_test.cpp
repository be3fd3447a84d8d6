#include "coder_users/internal/rules/provider_user.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"

namespace provider_user_test {

using namespace coder_users::rules;

TEST_CASE("the whole domain of an address must be in the list") {
    const std::vector<std::string> domains{"corp.com", "@Other.Org"};
    for (const char* good : {"x@corp.com", "x@CORP.com", "x@other.org", "x@evil@corp.com"})
        CHECK(email_in_domains(good, domains));
    for (const char* bad : {"x@exploitcorp.com", "x@corp.com.evil.io", "x@corp.com@evil.io",
                            "x@sub.corp.com", "x@corp.co", "corp.com", "", "x@", "x@@other.org "})
        CHECK_FALSE(email_in_domains(bad, domains));
    CHECK(email_in_domains("x@any", {}));
}

TEST_CASE("what a provider calls a user becomes a valid name") {
    struct Row {
        std::string name, email, expected;
    };
    const Row rows[] = {
        {"ada", "a@x.org", "ada"},
        {"Ada-Lovelace", "a@x.org", "Ada-Lovelace"},
        {"ada@x.org", "b@x.org", "ada"},
        {"ada.love_lace", "b@x.org", "adalovelace"},
        {"a@b@c", "", "ab"},
        {"", "grace.hopper@x.org", "gracehopper"},
        {"\u00e4d\u00e4", "", "d"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.name, row.email);
        CHECK(username_from(row.name, row.email, system_random) == row.expected);
    }
    for (const std::string name : {"me", "OIDC", "\u00e4", "-", "a--b", "@x", "", "me@x.org"}) {
        CAPTURE(name);
        const std::string made = username_from(name, "", system_random);
        CHECK(valid_username(made));
        CHECK(std::count(made.begin(), made.end(), '-') == 1);
    }
    CHECK(valid_username(username_from(std::string(100, 'a'), "", system_random)));
}

TEST_CASE("other names for a taken one are valid, begin with it and fit") {
    for (const std::string name :
         {"ada", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbb"}) {
        std::set<std::string> made;
        for (int i = 0; i < 50; ++i) {
            made.insert(alternative_username(name, system_random));
            CAPTURE(*made.begin());
            CHECK(valid_username(*made.begin()));
            CHECK(made.begin()->substr(0, 3) == name.substr(0, 3));
        }
        CHECK(made.size() == 50);
    }
}

TEST_CASE("addresses of a provider have at most 254 bytes and no control characters") {
    const std::string longest(254, 'x');
    for (const std::string& good : {longest, std::string("a"), std::string("ada@localhost"),
                                    std::string("\u00e4d\u00e4@x"), std::string("a b")})
        CHECK(acceptable_email(good));
    for (const std::string& bad :
         {longest + "x", std::string(), std::string("a\n"), std::string("\0a", 2),
          std::string("a\x7f"), std::string("a\u0085"), std::string("\xff")})
        CHECK_FALSE(acceptable_email(bad));
}

TEST_CASE("a full name is trimmed, and cut at the end of a character") {
    CHECK(acceptable_name(" \u3000Ada Lovelace\n") == "Ada Lovelace");
    CHECK(acceptable_name("").empty());
    CHECK(acceptable_name(" \u00A0").empty());
    const std::string letters(127, 'x');
    CHECK(acceptable_name(letters + "y" + "z") == letters + "y");
    CHECK(acceptable_name(letters + "\u00E4") == letters);
    CHECK(acceptable_name(letters.substr(1) + "\u00E4") == letters.substr(1) + "\u00E4");
    CHECK(acceptable_name("  " + letters + " y") == letters);
    CHECK(acceptable_name(std::string(400'000, 'x')).size() == 128);
}

TEST_CASE("an avatar is an http or https URL of at most 2048 bytes") {
    const std::string longest = "http://h/" + std::string(2048 - 9, 'x');
    for (const std::string& good : {longest, std::string("https://h"), std::string("HTTPS://h?x"),
                                    std::string("http://h#\u00e4")})
        CHECK(acceptable_avatar(good) == good);
    for (const std::string& bad :
         {longest + "x", std::string(), std::string("http://"), std::string("http:///x"),
          std::string("https://?x"), std::string("ftp://h"), std::string("javascript:x"),
          std::string("httpx://h"), std::string("https:h"), std::string("https://h/\t"),
          std::string("https://h/\u0080"), std::string(" https://h"),
          std::string("https://h/\xff")})
        CHECK(acceptable_avatar(bad).empty());
}

}  // namespace provider_user_test
