#include "coder_users/internal/base/url.hpp"

#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace coder_users;
using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("escapes are decoded once, in either case of their digits") {
    CHECK(percent_decode("", false) == "");
    CHECK(percent_decode("a%41%2f%2F%20%25", false) == "aA// %");
    CHECK(percent_decode("%2541", false) == "%41");
    CHECK(percent_decode("a+b", false) == "a+b");
    CHECK(percent_decode("a+b%2B", true) == "a b+");
    CHECK(percent_decode("%c3%A4", false) == "\xc3\xa4");
    CHECK(percent_decode("%7f%01", false) == "\x7f\x01");
    std::string all;
    for (int i = 1; i < 128; ++i) all += "%" + to_hex(static_cast<unsigned char>(i));
    CHECK(percent_decode(all, true)->size() == 127);
}

TEST_CASE("broken escapes, NUL and what is not UTF-8 are refused") {
    for (const char* text : {"%",    "%4",   "a%",     "a%4",       "%zz",    "%4g",  "%g4",
                             "%%41", "% 41", "%-1",    "%+1",       "%0x",    "%00",  "a%00b",
                             "%ff",  "%c3",  "%c3%28", "%ed%a0%80", "%c0%80", "\xff", "\xc3"}) {
        CAPTURE(text);
        CHECK_FALSE(percent_decode(text, false));
        CHECK_FALSE(percent_decode(text, true));
        CHECK_FALSE(parse_url(std::string("/a/") + text));
        CHECK_FALSE(parse_url(std::string("/a?x=") + text));
        CHECK_FALSE(parse_url(std::string("/a?") + text + "=x"));
    }
    CHECK_FALSE(percent_decode(std::string_view("a\0b", 3), false));
}

TEST_CASE("a path is cut at slashes before it is decoded") {
    struct Row {
        const char* target;
        Texts segments;
    };
    const Row rows[] = {
        {"", {}},
        {"/", {}},
        {"//", {}},
        {"/api/v2/users", {"api", "v2", "users"}},
        {"//api///v2/", {"api", "v2"}},
        {"/a%2Fb/c", {"a/b", "c"}},
        {"/a/./../b", {"a", ".", "..", "b"}},
        {"/a+b", {"a+b"}},
        {"/a%3Fb?x", {"a?b"}},
        {"/a?x/y", {"a"}},
        {"*", {"*"}},
        {"http://host/a/b", {"a", "b"}},
        {"HTTPS://user@host:1/a", {"a"}},
        {"http://host", {}},
        {"http://host?x=1", {}},
        {"/http://host/a", {"http:", "host", "a"}},
        {"ftp://host/a", {"ftp:", "host", "a"}},
    };
    for (const Row& row : rows) {
        CAPTURE(row.target);
        const auto target = parse_url(row.target);
        REQUIRE(target);
        CHECK(target->segments == row.segments);
    }
}

TEST_CASE("of query parameters the order and the first of each name count") {
    const auto target = parse_url("/a?b=1&c&=x&&d=&b=2&e=%3D%26+f=g&%62=3?");
    REQUIRE(target);
    CHECK(
        target->query ==
        Pairs{
            {"b", "1"}, {"c", ""}, {"", "x"}, {"d", ""}, {"b", "2"}, {"e", "=& f=g"}, {"b", "3?"}});
    CHECK(target->parameter("b") == "1");
    CHECK(target->parameter("d") == "");
    CHECK_FALSE(target->parameter("B"));
    CHECK_FALSE(target->parameter("x"));
    CHECK(parse_url("/a?x=&x=1")->parameter("x") == "");
    CHECK(parse_url("/a?")->query.empty());
    CHECK(parse_url("http://host?x=1")->parameter("x") == "1");
}

TEST_CASE("a host and its port as they stand in a URL") {
    CHECK(authority("example.org", 80) == "example.org:80");
    CHECK(authority("::1", 0) == "[::1]:0");
}
