#include "coder_users/internal/rules/names.hpp"

#include <string>

#include "catch.hpp"

namespace names_test {

using namespace coder_users::rules;

TEST_CASE("user names") {
    for (const std::string& name :
         {std::string("a"), std::string("7"), std::string("Alice"), std::string("a-b-c"),
          std::string("0-0"), std::string("meow"), std::string("my-first"), std::string("member"),
          std::string("owner"), std::string("tokens"), std::string(32, 'x'),
          std::string(15, 'a') + "-" + std::string(16, 'Z'),
          std::string("0123456789abcdef0123456789abcdef")}) {
        CAPTURE(name);
        CHECK(valid_username(name));
    }
}

TEST_CASE("no user names") {
    for (const std::string& name : {std::string(),
                                    std::string("-"),
                                    std::string("-a"),
                                    std::string("a-"),
                                    std::string("a--b"),
                                    std::string("a_b"),
                                    std::string("a.b"),
                                    std::string("a b"),
                                    std::string(" a"),
                                    std::string("a\n"),
                                    std::string("a@x.org"),
                                    std::string("a/b"),
                                    std::string("../x"),
                                    std::string("\xc3\xa4"),
                                    std::string("\xc4\xb1"),
                                    std::string("a\0b", 3),
                                    std::string("\xff"),
                                    std::string("a%20b"),
                                    std::string(33, 'x'),
                                    std::string(1 << 20, 'x'),
                                    std::string("00000000-0000-0000-0000-000000000000")}) {
        CAPTURE(name.substr(0, 40));
        CHECK_FALSE(valid_username(name));
    }
}

TEST_CASE("reserved words are no user names in any letter case") {
    for (const char* word :
         {"me", "first", "login", "logout", "authmethods", "roles", "oauth2", "oidc", "ME", "First",
          "LogIn", "logOut", "AUTHMETHODS", "Roles", "OAuth2", "Oidc"}) {
        CAPTURE(word);
        CHECK_FALSE(valid_username(word));
        CHECK(valid_username(std::string(word) + "1"));
        CHECK_FALSE(valid_stored_username(word));
    }
}

TEST_CASE("words that were reserved later are no new names, but stay names") {
    for (const char* word : {"validate-password", "otp", "oidc-claims", "new", "create",
                             "Validate-Password", "OTP", "New"}) {
        CAPTURE(word);
        CHECK_FALSE(valid_username(word));
        CHECK(valid_stored_username(word));
        CHECK(valid_username(std::string(word) + "1"));
    }
    CHECK_FALSE(valid_stored_username("a b"));
    CHECK_FALSE(valid_stored_username(""));
}

TEST_CASE("full names have at most 128 bytes and no white space at their ends") {
    const std::string longest(128, 'n');
    for (const std::string& good : {std::string(), std::string("B"), std::string("Ada  Lovelace"),
                                    longest, std::string("\u00C4\u200B"), std::string("a\u00A0b")})
        CHECK(valid_real_name(good));
    CHECK_FALSE(valid_real_name(longest + "n"));
    for (const char* space :
         {" ", "\t", "\n", "\v", "\f", "\r", "\u0085", "\u00A0", "\u1680", "\u2000", "\u200A",
          "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"}) {
        CAPTURE(space);
        const std::string text = space;
        CHECK_FALSE(valid_real_name(text));
        CHECK_FALSE(valid_real_name(text + "Bob"));
        CHECK_FALSE(valid_real_name("Bob" + text));
        CHECK(trim_white_space(text + text + "Bob" + text + "B" + text) == "Bob" + text + "B");
    }
    CHECK(trim_white_space("").empty());
    CHECK(trim_white_space(" \u3000").empty());
}

TEST_CASE("e-mail addresses") {
    for (const char* email : {
             "a@x.org",
             "A@X.ORG",
             "first.last@sub.example.com",
             "a+tag@x.org",
             "1@2.c",
             "!#$%&'*+-/=?^_`{|}~@x.org",
             "a@x.org.",
             "a@1.2.c",
             "a@x-y.org",
             "a@x_y~z.o-_~9g",
             "a@1-1.org",
             "a@x.o1g",
             "a@b.c",
             "\xc2\xa0@x.org",
             "\xc3\xa4@\xc3\xb6.\xc3\xbc",
             "\xf0\x9f\x98\x80.b@\xf0\x9f\x98\x80.org",
             "a@x.o\xc3\xa4",
             "a@x.\xc3\xa4",
             "a@\xc2\xa0.\xc2\xa0",
             "a@x.\xc2\xa0-\xc2\xa0",
             "\"\"@x.org",
             "\" \"@x.org",
             "\"a b\"@x.org",
             "\"a@b\"@x.org",
             "\"a..b\"@x.org",
             "\".\"@x.org",
             "\"\\\"\\\\\"@x.org",
             "\"\\a\\ \"@x.org",
             "\"<>()[],;:\"@x.org",
             "\"\xc3\xa4\"@x.org",
             "\"\\\xc3\xa4\"@x.org",
         }) {
        CAPTURE(email);
        CHECK(valid_email(email));
    }
}

TEST_CASE("no e-mail addresses") {
    for (const char* email : {
             "",
             "@",
             "a",
             "a@",
             "@x.org",
             "a@b",
             "a@b.",
             "a@10.0.0.1",
             "a@x..y.org",
             "a b@x.org",
             "a@x y.org",
             " a@x.org",
             "a@x.org ",
             ".a@x.org",
             "a.@x.org",
             "a..b@x.org",
             ".@x.org",
             "Name <a@x.org>",
             "<a@x.org>",
             "a@x.org,b@y.org",
             "a@b@x.org",
             "a@.x.org",
             "a@x.org..",
             "a@.",
             "a@..",
             "a@-x.org",
             "a@x-.org",
             "a@_x.org",
             "a@x.org-",
             "a@x.-org",
             "a@x.1org",
             "a@x.org1",
             "a@x.1",
             "a@x.9.",
             "a@x.o+g",
             "a@x!.org",
             "a@[10.0.0.1]",
             "a@x.\"org\"",
             "a\\b@x.org",
             "a\"b@x.org",
             "a,b@x.org",
             "a:b@x.org",
             "(a)@x.org",
             "\"@x.org",
             "\"a@x.org",
             "\"a\"b@x.org",
             "\"a\".b@x.org",
             "b.\"a\"@x.org",
             "\"a\"",
             "\"a\"@",
             "\"a\\\"@x.org",
             "\"a\"\"@x.org",
             "\"\"\"@x.org",
             "\"\t\"@x.org",
             "\"\n\"@x.org",
             "a\n@x.org",
             "a@x.org\n",
             "a\t@x.org",
             "a\x7f@x.org",
             "\"\x7f\"@x.org",
             "\"\\\x7f\"@x.org",
             "\xc2\x80@x.org",
             "\"\xc2\x9f\"@x.org",
             "\"\\\xc2\x9f\"@x.org",
             "a@\xc2\x85.org",
             "a@x.\xc2\x9f",
             "a@x\xe3\x80\x82org",  // an ideographic full stop is no dot
             "\xff@x.org",
             "a@\xff.org",
             "\xc3@x.org",
             "\xed\xa0\x80@x.org",
             "\xc0\xaf@x.org",
         }) {
        CAPTURE(email);
        CHECK_FALSE(valid_email(email));
    }
    CHECK_FALSE(valid_email(std::string("a\0b@x.org", 9)));
    CHECK_FALSE(valid_email(std::string("\"a\0b\"@x.org", 11)));
}

TEST_CASE("an e-mail address has at most 254 bytes") {
    const std::string domain = "@x.org";
    CHECK(valid_email(std::string(248, 'a') + domain));
    CHECK_FALSE(valid_email(std::string(249, 'a') + domain));
    std::string umlauts;
    for (int i = 0; i < 124; ++i) umlauts += "\xc3\xa4";
    CHECK(valid_email(umlauts + domain));
    CHECK_FALSE(valid_email("a" + umlauts + domain));
    CHECK_FALSE(valid_email(std::string(1 << 20, 'a') + domain));
    CHECK(valid_email("a@" + std::string(250, 'x') + ".o"));
}

}  // namespace names_test
