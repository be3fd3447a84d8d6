#include "coder_users/internal/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace coder_users;

TEST_CASE("folding changes ASCII letters and nothing else") {
    std::string all, folded;
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        all += c;
        folded += i >= 'A' && i <= 'Z' ? static_cast<char>(i + 32) : c;
    }
    CHECK(fold_ascii(all) == folded);
    CHECK(fold_ascii("STRASSE \xc3\x84\xe2\x84\xaa") == "strasse \xc3\x84\xe2\x84\xaa");
    CHECK(same_folded("aZ[@", "Az[@"));
    CHECK_FALSE(same_folded("@", "`"));
    CHECK_FALSE(same_folded("[", "{"));
    CHECK_FALSE(same_folded("a", "ab"));
    CHECK_FALSE(same_folded("\xc3\x84", "\xc3\xa4"));
    CHECK(same_folded("", ""));
    CHECK_FALSE(same_folded(std::string("a\0b", 3), std::string("a\0c", 3)));
}

TEST_CASE("character classes are those of ASCII") {
    int digits = 0, lower = 0, upper = 0, letters = 0;
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        digits += is_digit(c), lower += is_lower(c), upper += is_upper(c), letters += is_letter(c);
    }
    CHECK(digits == 10);
    CHECK(lower == 26);
    CHECK(upper == 26);
    CHECK(letters == 52);
}

TEST_CASE("prefixes and suffixes may be longer than the text") {
    CHECK(starts_with("abc", ""));
    CHECK(starts_with("abc", "abc"));
    CHECK_FALSE(starts_with("ab", "abc"));
    CHECK_FALSE(starts_with("Abc", "abc"));
    CHECK(ends_with("abc", "bc"));
    CHECK(ends_with("", ""));
    CHECK_FALSE(ends_with("bc", "abc"));
}

TEST_CASE("trimming takes both ends and leaves the middle") {
    CHECK(trim("  a b\t ") == "a b");
    CHECK(trim(" \t ").empty());
    CHECK(trim("\ta") == "a");
    CHECK(trim("a\t \t") == "a");
    CHECK(trim("").empty());
    CHECK(trim("\r\na\n") == "\r\na\n");
    CHECK(trim("\r\na\n", "\r\n") == "a");
}

TEST_CASE("printable bytes are counted in eights, up to the one with another byte") {
    CHECK(printable_eights("") == 0);
    CHECK(printable_eights("1234567") == 0);
    CHECK(printable_eights("12345678") == 8);
    int wrong = 0;
    for (std::size_t at = 0; at < 21; ++at)
        for (int byte = 0; byte < 256; ++byte) {
            std::string text = "a ~\x80\xff\x9f\xa0 !\xe0z\x81-0123456789";
            text.resize(21, '~');
            text[at] = static_cast<char>(byte);
            const bool printable = byte >= 0x20 && byte != 0x7f;
            wrong += printable_eights(text) !=
                     (printable ? 16 : (std::min<std::size_t>)(at / 8 * 8, 16));
        }
    CHECK(wrong == 0);
}

TEST_CASE("splitting gives at least one part and join puts the text together again") {
    struct Row {
        const char* text;
        std::vector<std::string_view> parts;
    };
    const Row rows[] = {{"", {""}},
                        {"a", {"a"}},
                        {"a,b", {"a", "b"}},
                        {",", {"", ""}},
                        {",a,,b,", {"", "a", "", "b", ""}}};
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(split(row.text, ',') == row.parts);
        CHECK(join(row.parts, ",") == row.text);
    }
    CHECK(join(std::vector<std::string>{}, ",").empty());
    CHECK(join(std::vector<std::string>{"a", "b", "c"}, ", ") == "a, b, c");
}

TEST_CASE("hex digits are two and lower case") {
    CHECK(to_hex(0) == "00");
    CHECK(to_hex(0x0f) == "0f");
    CHECK(to_hex(0xa0) == "a0");
    CHECK(to_hex(0xff) == "ff");
}

TEST_CASE("a code point is read as RFC 3629 has it") {
    struct Row {
        std::string_view text;
        std::int32_t point;
        std::size_t taken;
    };
    const Row rows[] = {
        {"a", 'a', 1},
        {{"\0", 1}, 0, 1},
        {"\x7f", 0x7f, 1},
        {"\xc2\x80", 0x80, 2},
        {"\xdf\xbf", 0x7ff, 2},
        {"\xe0\xa0\x80", 0x800, 3},
        {"\xed\x9f\xbf", 0xd7ff, 3},
        {"\xee\x80\x80", 0xe000, 3},
        {"\xef\xbf\xbf", 0xffff, 3},
        {"\xf0\x90\x80\x80", 0x10000, 4},
        {"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
        {"\xc3\xa4more", 0xe4, 2},
        // Not well-formed: one byte is dropped.
        {"\x80", -1, 1},
        {"\xbf\xbf", -1, 1},
        {"\xc0\x80", -1, 1},          // overlong NUL
        {"\xc1\xbf", -1, 1},          // overlong
        {"\xe0\x9f\xbf", -1, 1},      // overlong
        {"\xf0\x8f\xbf\xbf", -1, 1},  // overlong
        {"\xed\xa0\x80", -1, 1},      // first surrogate
        {"\xed\xbf\xbf", -1, 1},      // last surrogate
        {"\xf4\x90\x80\x80", -1, 1},  // beyond U+10FFFF
        {"\xf5\x80\x80\x80", -1, 1},
        {"\xff", -1, 1},
        {"\xc3", -1, 1},          // cut off
        {"\xe2\x82", -1, 1},      // cut off
        {"\xf0\x9f\x98", -1, 1},  // cut off
        {"\xc3(", -1, 1},
        {"\xe2\x28\xa1", -1, 1},
        {"\xe2\x82\x28", -1, 1},
        {"\xf0\x9f\x98(", -1, 1},
    };
    for (const Row& row : rows) {
        std::string_view text = row.text;
        const std::int32_t point = take_code_point(text);
        CAPTURE(row.text);
        CHECK(point == row.point);
        CHECK(row.text.size() - text.size() == row.taken);
    }
}

TEST_CASE("every code point but the surrogates is UTF-8 in its shortest form only") {
    const auto encoded = [](std::int32_t p, int size) {
        const auto low = [&](int shift) { return static_cast<char>(0x80 | (p >> shift & 0x3f)); };
        std::string out;
        if (size == 1) return std::string(1, static_cast<char>(p));
        if (size == 2) return std::string{static_cast<char>(0xc0 | p >> 6), low(0)};
        if (size == 3) return std::string{static_cast<char>(0xe0 | p >> 12), low(6), low(0)};
        return std::string{static_cast<char>(0xf0 | p >> 18), low(12), low(6), low(0)};
    };
    int wrong = 0;
    for (std::int32_t p = 0; p < 0x110000; ++p) {
        const int shortest = p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;
        for (int size = shortest; size <= 4; ++size) {
            const std::string text = encoded(p, size);
            const bool good = size == shortest && !(p >= 0xd800 && p <= 0xdfff);
            wrong += is_utf8(text) != good;
            std::string_view rest = text;
            wrong += take_code_point(rest) != (good ? p : -1);
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("a text is UTF-8 as a whole") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("\xc3\xa4\xf0\x9f\x98\x80 a"));
    CHECK_FALSE(is_utf8("a\xff"));
    CHECK_FALSE(is_utf8("\xc3\xa4\xc3"));
    CHECK_FALSE(is_utf8("\xed\xa0\xbd\xed\xb8\x80"));  // CESU-8
}

TEST_CASE("a text is shortened at the end of a character") {
    CHECK(shortened("", 0).empty());
    CHECK(shortened("abc", 3) == "abc");
    CHECK(shortened("abcd", 3) == "abc");
    CHECK(shortened("a\xc3\xa4", 3) == "a\xc3\xa4");
    CHECK(shortened("a\xc3\xa4", 2) == "a");
    CHECK(shortened("\xf0\x9f\x98\x80 ", 4) == "\xf0\x9f\x98\x80");
    CHECK(shortened("\xf0\x9f\x98\x80 ", 3).empty());
    CHECK(shortened("\xf0\x9f\x98\x80 ", 0).empty());
    CHECK(shortened("\x80\x80\x80\x80\x80\x80", 5) == "\x80\x80\x80\x80\x80");  // no UTF-8
}
