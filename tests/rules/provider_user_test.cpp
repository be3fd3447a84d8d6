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

}  // namespace provider_user_test
