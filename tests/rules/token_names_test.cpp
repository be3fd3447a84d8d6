#include "coder_users/internal/rules/token_names.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "catch.hpp"
#include "texts.hpp"

namespace token_names_test {

using namespace coder_users::rules;

TEST_CASE("made names are an adjective, a name and a number") {
    std::set<std::string> names;
    for (int i = 0; i < 2000; ++i) {
        const std::string name = random_name(system_random);
        INFO(name);
        CHECK(coder_users_test::is_generated_name(name));
        CHECK(valid_token_name(name));
        names.insert(name);
    }
    CHECK(names.size() > 1980);  // of four million possible ones
}

TEST_CASE("every byte of randomness has a name") {
    for (int byte = 0; byte < 256; ++byte) {
        const Random same = [byte](unsigned char* bytes, std::size_t count) {
            std::fill(bytes, bytes + count, static_cast<unsigned char>(byte));
        };
        const std::string name = random_name(same);
        INFO(name);
        CHECK(name.find("__") == std::string::npos);
        CHECK(name.front() >= 'a');
        CHECK(name.back() <= '9');
    }
    const auto seeded = [](unsigned char first, unsigned char second) {
        return random_name([=](unsigned char* bytes, std::size_t count) {
            std::fill(bytes, bytes + count, second);
            bytes[0] = first;
        });
    };
    std::set<std::string> adjectives, people;
    for (int i = 0; i < 64; ++i) {
        adjectives.insert(seeded(static_cast<unsigned char>(i), 0));
        people.insert(seeded(0, static_cast<unsigned char>(i)));
    }
    CHECK(adjectives.size() == 64);
    CHECK(people.size() == 64);
}

TEST_CASE("names have 1 to 64 bytes") {
    CHECK_FALSE(valid_token_name(""));
    CHECK(valid_token_name("a"));
    CHECK(valid_token_name(std::string(64, 'a')));
    CHECK_FALSE(valid_token_name(std::string(65, 'a')));
    std::string letters;
    for (int i = 0; i < 16; ++i) letters += "\xf0\x9f\x8d\xa3";
    CHECK(valid_token_name(letters));
    CHECK_FALSE(valid_token_name(letters + "a"));
}

TEST_CASE("names have no control characters") {
    for (std::uint32_t point = 0; point < 0x180; ++point) {
        std::string text = "a";
        if (point < 0x80) {
            text += static_cast<char>(point);
        } else {
            text += static_cast<char>(0xc0 | point >> 6);
            text += static_cast<char>(0x80 | (point & 0x3f));
        }
        const bool control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
        INFO(point);
        CHECK(valid_token_name(text) == !control);
        CHECK(valid_token_name(text + "b") == !control);
    }
    for (const std::string text : {"../x", "%2f", "x/y", " ", "tokenconfig", "\xe2\x80\xae",
                                   "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"})
        CHECK(valid_token_name(text));
    for (const std::string text : {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf"})
        CHECK_FALSE(valid_token_name(text));
}

}  // namespace token_names_test
