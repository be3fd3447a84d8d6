#include "coder_users/internal/rules/strength.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"

namespace strength_test {

using namespace coder_users::rules;

double tenths(double bits) { return std::round(bits * 10) / 10; }

TEST_CASE("bits of the contract's examples") {
    CHECK(tenths(password_bits("12345678")) == 6.6);
    CHECK(tenths(password_bits("qwertyuiop123")) == 20.7);
    CHECK(tenths(password_bits("password")) == 37.6);
    CHECK(tenths(password_bits("newpassword")) == 51.7);
    CHECK(tenths(password_bits("Passw0rd!")) == 54.6);
    CHECK(tenths(password_bits("correcthorse")) == 56.4);
    CHECK(password_bits("") == 0);
    CHECK(password_bits("\xc3\xa4") == 0);  // one of one
}

struct Length {
    std::string password;
    std::size_t length;
};

TEST_CASE("runs and common sequences count their first two characters") {
    const std::vector<Length> rows{
        {"aa", 2},
        {"aaa", 2},
        {"aaaaaa", 2},
        {"aabaa", 5},
        {"aaabbbccc", 6},  // becomes aabbcc; its abc is not in sequence
        {"123", 2},
        {"321", 2},
        {"12", 2},
        {"21", 2},
        {"1234567890", 3},  // 0 does not follow 9
        {"0123456789", 2},
        {"9876543210", 2},
        {"135", 3},
        {"13123", 4},
        {"qwe", 2},
        {"ewq", 2},
        {"QWE", 3},
        {"asd", 2},
        {"zxc", 2},
        {"mnbvcxz", 2},
        {"abc", 2},
        {"ABC", 3},
        {"zyx", 2},
        {"poiuytrewq", 2},
        {"lkjhgfdsa", 2},
        {"abcabc", 4},  // each sequence by itself
        {"123434", 4},  // 12, then 34: the result is not searched again
        {"abcdefg1234", 4},
        {"1a2b3c", 6},
        {"aabbc", 5},
        {"12321", 4},
        {"uiop", 2},
        {"mno", 2},
        {"\xc3\xa4\xc3\xa4\xc3\xa4", 4},  // characters, counted in bytes
        {"\xc3\xa4", 2},
        {"a\xc3\xa4", 3},
        {"ab\xc3\xa4"
         "c",
         5},
        {"\xff\xff\xff", 2},
    };
    for (const Length& row : rows) {
        CAPTURE(row.password);
        CHECK(effective_length(characters_of(row.password)) == row.length);
    }
}

struct Base {
    std::string password;
    std::size_t base;
};

TEST_CASE("every class that occurs adds its size, every other character one") {
    const std::vector<Base> rows{
        {"a", 26},         {"zz", 26},     {"A", 26},
        {"0", 10},         {"!", 5},       {"!@$&*", 5},
        {"_-., ", 5},      {" ", 5},       {"\"#%'()+/:;<=>?[\\]^{|}~", 22},
        {"~", 22},         {"aA0! ~", 94}, {"`", 1},
        {"``", 1},         {"\t`", 2},     {"\xc3\xa4\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 3},
        {"a\xc3\xa4", 27},
    };
    for (const Base& row : rows) {
        CAPTURE(row.password);
        CHECK(character_base(row.password, characters_of(row.password)) == row.base);
    }
    for (int c = 0x20; c < 0x7f; ++c) {
        const std::string one(1, static_cast<char>(c));
        CHECK((character_base(one, characters_of(one)) == 1) == (c == '`'));
    }
}

struct Weakness {
    std::string password, detail;
};

TEST_CASE("weak passwords and what to try") {
    const std::vector<Weakness> rows{
        {"",
         "insecure password, try including more special characters, using lowercase letters, using "
         "uppercase letters, using numbers or using a longer password"},
        {"password",
         "insecure password, try including more special characters, using uppercase letters, using "
         "numbers or using a longer password"},
        {"12345678",
         "insecure password, try including more special characters, using lowercase letters, using "
         "uppercase letters or using a longer password"},
        {"qwertyuiop123",
         "insecure password, try including more special characters, using uppercase letters or "
         "using a longer password"},
        {"newpassword",
         "insecure password, try including more special characters, using uppercase letters, using "
         "numbers or using a longer password"},
        {"Ab1!",
         "insecure password, try including more special characters or using a longer password"},
        {"Ab1!.",
         "insecure password, try including more special characters or using a longer "
         "password"},
        {"Ab1!.~", "insecure password, try using a longer password"},
        {"!.~",
         "insecure password, try using lowercase letters, using uppercase letters, using numbers "
         "or using a longer password"},
        {"ab!.~1", "insecure password, try using uppercase letters or using a longer password"},
        {"AB!.~1", "insecure password, try using lowercase letters or using a longer password"},
        {"Ab!.~", "insecure password, try using numbers or using a longer password"},
        // Weakness is reported before length.
        {std::string(100, 'a'),
         "insecure password, try including more special characters, using uppercase letters, using "
         "numbers or using a longer password"},
        {std::string(100'000, '1'),
         "insecure password, try including more special characters, using lowercase letters, using "
         "uppercase letters or using a longer password"},
    };
    for (const Weakness& row : rows) {
        CAPTURE(row.password.substr(0, 100));
        CHECK(password_weakness(row.password) == row.detail);
    }
}

TEST_CASE("good passwords, up to 64 bytes") {
    const std::string strong = "Passw0rd!";
    for (const std::string& good :
         {strong, std::string("correcthorse"), std::string("correct horse battery"),
          std::string("\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c \xd0\xb4\xd0\xbb"
                      "\xd0\xb8\xd0\xbd\xd0\xbd\xd1\x8b\xd0\xb9"),
          strong + std::string(55, 'x')}) {
        CAPTURE(good);
        CHECK_FALSE(password_weakness(good));
    }
    for (const std::size_t more : {56u, 1000u, 1u << 20})
        CHECK(password_weakness(strong + std::string(more, 'x')) ==
              "password must be no more than 64 characters");
}

TEST_CASE("a password must not consist of its owner's name or address") {
    const std::string refusal = "password must not contain your user name or e-mail address";
    struct Row {
        const char *password, *username, *email;
        bool good;
    };
    for (const Row& row : {
             Row{"Ada.Lovelace@corp.example", "ada", "ada.lovelace@corp.example", true},
             Row{"Ada.Lovelace!1", "ada", "ada.lovelace@corp.example", false},
             Row{"lovelace-1234567", "lovelace", "x@y.org", true},  // 8 left
             Row{"LoveLace-123456", "lovelace", "x@y.org", false},  // 7 left
             Row{"lovelace-123-LOVELACE-45", "lovelace", "x@y.org", true},
             Row{"lovelace-12-LOVELACE-34", "lovelace", "x@y.org", false},
             Row{"ada4-Ada4-ADA4-xyz", "ada4", "x@y.org", false},
             Row{"ada-Ada-ADA-xyz!X1", "ada", "ada@y.org", true},  // three bytes are no name
             Row{"lovelace-ada.byron", "lovelace", "ada.byron@y.org", false},
             Row{"AbxyBqrsCdfg1!", "abxybqrs", "bqrscdfg@y.org", false},  // they may overlap
             Row{"lovelace-123456", "", "", true},
             Row{"correct-Horse-9", "owner", "owner@example.org", true},
             Row{"\"odd@place\"-1Xz", "name", "\"odd@place\"@y.org", false},
         }) {
        CAPTURE(row.password, row.username, row.email);
        const auto weakness = password_weakness(row.password, {row.username, row.email});
        CHECK(weakness.value_or("") == (row.good ? "" : refusal));
    }
    // Weakness and length come first.
    CHECK(password_weakness("lovelace", {"lovelace", ""}) != refusal);
    std::string long_one;
    for (int i = 0; i < 9; ++i) long_one += "Lovelace";
    CHECK(password_weakness(long_one, {"lovelace", ""}) ==
          "password must be no more than 64 characters");
}

TEST_CASE("exactly 52 bits are enough") {
    std::string exact;  // two kinds of characters outside the classes, one bit each
    for (int i = 0; i < 26; ++i) exact += "`\x01";
    CHECK(password_bits(exact) == 52);
    CHECK_FALSE(password_weakness(exact));
    exact.pop_back();
    CHECK(password_weakness(exact));
}

TEST_CASE("very long passwords are judged like others") {
    const std::string too_long = "password must be no more than 64 characters";
    const std::string run(1 << 20, 'a');
    const std::string weak = password_weakness("aa").value_or("");
    CHECK(password_weakness(run) == weak);
    CHECK(password_weakness(run + "correct-Horse-9") == too_long);
    CHECK(password_weakness("correct-Horse-9" + run) == too_long);
    std::string letters;
    while (letters.size() < (1 << 20)) letters += "correct-Horse-9 ";
    CHECK(password_weakness(letters) == too_long);
    // A letter of two bytes lies across the end of what is looked at first.
    std::string umlauts(1023, 'a');
    for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
    CHECK(password_bits(umlauts) == password_bits("aa\xc3\xa4\xc3\xa4"));
    CHECK(password_weakness(umlauts) == password_weakness("aa\xc3\xa4\xc3\xa4"));
}

}  // namespace strength_test
