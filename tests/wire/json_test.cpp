#include "coder_users/internal/wire/json.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"

using namespace coder_users;
using wire::Json;
using wire::JsonError;
using wire::parse_json;

namespace {

/// Returns why a text is refused; "" when it is accepted.
std::string refusal(std::string_view text) {
    try {
        parse_json(text);
    } catch (const JsonError& error) {
        REQUIRE(*error.what() != '\0');
        return error.what();
    }
    return {};
}

std::string repeated(std::string_view part, std::size_t count) {
    std::string out;
    out.reserve(part.size() * count);
    while (count-- > 0) out += part;
    return out;
}

}  // namespace

TEST_CASE("good documents are read") {
    struct Row {
        std::string_view text;
        const char* serialized;
    };
    const Row rows[] = {
        {"null", "null"},
        {"true", "true"},
        {"false", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"\"\"", "\"\""},
        {"{}", "{}"},
        {"[]", "[]"},
        {" \t\r\n{ \"a\" : [ 1 , \"b\" ] } \t\r\n", R"({"a":[1,"b"]})"},
        {R"({"b":1,"a":{"c":null}})", R"({"a":{"c":null},"b":1})"},
        {R"("\"\\\/\b\f\n\r\t")", R"("\"\\\/\b\f\n\r\t")"},
        {R"("\u0041\u00e4\u20AC")", "\"A\xc3\xa4\xe2\x82\xac\""},
        {R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
        {"\"\xf4\x8f\xbf\xbf\"", "\"\xf4\x8f\xbf\xbf\""},
        {"\"\x7f\"", R"("\u007f")"},
        {R"({"":1})", R"({"":1})"},
        {R"({"a":1,"a":[2],"a":[3]})", R"({"a":[3]})"},
        {R"({"a":{"b":1},"a":{"c":2}})", R"({"a":{"c":2}})"},
        {R"(["01","1.","\u005c"])", R"(["01","1.","\\"])"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(parse_json(row.text).serialize() == row.serialized);
    }
}

TEST_CASE("an empty text is told apart from a broken one") {
    for (const char* text : {"", " ", "\n", " \t\r\n "}) CHECK(refusal(text) == "EOF");
    CHECK(refusal("\v") != "EOF");
    CHECK(refusal("\xc2\xa0") != "EOF");
    CHECK_FALSE(refusal("\v").empty());
}

TEST_CASE("what the grammar does not have is refused") {
    const std::string_view rows[] = {
        "\xef\xbb\xbf{}",
        "{} x",
        "{}{}",
        "1 2",
        "nul",
        "nulll",
        "True",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
        "'a'",
        "{",
        "[",
        "}",
        "]",
        "[}",
        "{]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{a:1}",
        "{1:1}",
        "{null:1}",
        "{\"a\":1 \"b\":2}",
        "// comment\n1",
        "1 /* comment */",
        "# comment\n1",
        "\"",
        "\"a",
        "\"\\",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\U0041\"",
        "\"a\nb\"",
        "\"a\tb\"",
        "\"\x01\"",
        "\"\x1f\"",
        "\v1",
        "1\f",
        "\xc2\xa0"
        "1",
        {"1\0", 2},
        {"\0"
         "1",
         2},
        {"{}\0", 3},
    };
    for (const std::string_view text : rows) {
        CAPTURE(text);
        CHECK_FALSE(refusal(text).empty());
    }
}

TEST_CASE("NUL is refused in every string and key, raw and escaped") {
    for (const std::string_view text :
         {std::string_view(R"("\u0000")"), std::string_view(R"("a\u0000b")"),
          std::string_view(R"({"\u0000":1})"), std::string_view(R"({"a\u0000":1})"),
          std::string_view(R"({"a":["\u0000"]})"), std::string_view(R"({"a":"\u0000","a":1})"),
          std::string_view("\"\0\"", 3), std::string_view("\"a\0b\"", 5),
          std::string_view("{\"a\0\":1}", 8)}) {
        CAPTURE(text);
        CHECK_FALSE(refusal(text).empty());
    }
    CHECK(refusal(R"("\\u0000")").empty());
}

TEST_CASE("surrogate escapes come in pairs or not at all, even where a later key wins") {
    for (const char* escape :
         {R"(\ud800)", R"(\udbff)", R"(\udc00)", R"(\udfff)", R"(\ud83d\u0041)", R"(\ud83d\ud83d)",
          R"(\ude00\ud83d)", R"(\ud83dx)", R"(\ud83d\n)", R"(\uD83D \uDE00)"}) {
        CAPTURE(escape);
        const std::string text = "\"" + std::string(escape) + "\"";
        CHECK_FALSE(refusal(text).empty());
        CHECK_FALSE(refusal("{" + text + ":1}").empty());
        CHECK_FALSE(refusal("{\"a\":" + text + ",\"a\":1}").empty());
    }
    CHECK(parse_json(R"("\uD83D\uDE00")").get<std::string>() == "\xf0\x9f\x98\x80");
    CHECK(parse_json(R"("\udbff\udfff")").get<std::string>() == "\xf4\x8f\xbf\xbf");
}

TEST_CASE("bytes that are not UTF-8 are refused everywhere") {
    for (const char* bytes : {"\xff", "\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
                              "\xed\xa0\xbd\xed\xb8\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        CAPTURE(bytes);
        CHECK(refusal("\"" + std::string(bytes) + "\"") == "invalid UTF-8");
        CHECK(refusal("{\"" + std::string(bytes) + "\":1}") == "invalid UTF-8");
        CHECK(refusal("1" + std::string(bytes)) == "invalid UTF-8");
    }
}

TEST_CASE("numbers follow the grammar") {
    for (const char* text :
         {"0", "-0", "1", "-1", "10", "0.0", "-0.0", "0.5", "1e1", "1E+1", "1e-1", "0e0", "1.50e07",
          "1e05", "0.00", "123456789012345678901234567890"}) {
        CAPTURE(text);
        CHECK(refusal(text).empty());
        CHECK(refusal("[" + std::string(text) + "," + text + "]").empty());
        CHECK(refusal("{\"a\":" + std::string(text) + "}").empty());
    }
    for (const char* text :
         {"-",        "+1",    "01",  "00",  "-01",   "-00",   "1.",    "-1.",  ".5",
          "-.5",      "1.e1",  "1e",  "1e+", "1E-",   "1.5.2", "1e5+3", "1+1",  "1-1",
          "0x10",     "1_000", "1,5", "--1", "1e1.5", "0-",    "- 1",   "1 .5", "1e 5",
          "\xd9\xa1", "1a",    "0b1", "0e",  "1ee5",  "1e5e5"}) {
        CAPTURE(text);
        CHECK_FALSE(refusal(text).empty());
        if (std::string_view(text) != "1,5")
            CHECK_FALSE(refusal("[" + std::string(text) + "]").empty());
        CHECK_FALSE(refusal("{\"a\":" + std::string(text) + "}").empty());
    }
}

TEST_CASE("whole numbers of 64 bits are exact and everything else is no integer") {
    struct Row {
        const char* text;
        std::int64_t value;
    };
    const Row rows[] = {{"0", 0},
                        {"-0", 0},
                        {"9007199254740993", 9007199254740993},
                        {"9223372036854775807", INT64_MAX},
                        {"-9223372036854775808", INT64_MIN}};
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const Json value = parse_json(row.text);
        REQUIRE(value.is<std::int64_t>());
        CHECK(value.get<std::int64_t>() == row.value);
        CHECK(parse_json(value.serialize()).get<std::int64_t>() == row.value);
    }
    for (const char* text : {"1.0", "1e3", "1e0", "-0.0", "0e0", "9223372036854775808",
                             "-9223372036854775809", "18446744073709551615", "1e18"}) {
        CAPTURE(text);
        const Json value = parse_json(text);
        CHECK_FALSE(value.is<std::int64_t>());
        CHECK(value.is<double>());
    }
}

TEST_CASE("numbers beyond the range of double are read as numbers, never as infinity") {
    for (const char* text : {"1e400", "-1e400", "1e309", "[1e400]", "{\"a\":1e999999999999}"}) {
        CAPTURE(text);
        std::string serialized;
        CHECK_NOTHROW(serialized = parse_json(text).serialize());
        CHECK_NOTHROW(parse_json(serialized));
    }
    CHECK_FALSE(parse_json("1e400").is<std::int64_t>());
    CHECK(parse_json("1e400").get<double>() > 1e308);
    CHECK(parse_json("-1e400").get<double>() < -1e308);
    CHECK(parse_json("1e-400").get<double>() == 0);
    CHECK_NOTHROW(parse_json(repeated("9", 100'000)));
    CHECK_NOTHROW(parse_json("0." + repeated("9", 100'000)));
}

TEST_CASE("64 levels are read and 65 are not, whatever they are made of") {
    struct Row {
        const char *open, *close;
        std::size_t levels;  ///< in one pair
    };
    for (const Row& row : {Row{"[", "]", 1}, Row{"{\"a\":", "}", 1}, Row{"[{\"a\":", "}]", 2},
                           Row{"{\"a\":[", "]}", 2}, Row{"[0,", ",0]", 1},
                           Row{"{\"a\":[[]],\"b\":", ",\"c\":{}}", 1}}) {
        CAPTURE(row.open);
        const auto nested = [&](std::size_t levels, const std::string& core) {
            const std::size_t pairs = levels / row.levels;
            return repeated(row.open, pairs) + core + repeated(row.close, pairs);
        };
        CHECK(refusal(nested(62, "1")).empty());
        CHECK(refusal(nested(62, "[[1]]")).empty());
        CHECK(refusal(nested(62, "[{\"a\":1}]")).empty());
        CHECK(refusal(nested(62, "[[[]]]")) == "nested too deeply");
        CHECK(refusal(nested(62, "{\"a\":{\"a\":{}}}")) == "nested too deeply");
    }
    CHECK(refusal(repeated("[", 64) + repeated("]", 64)).empty());
    CHECK(refusal(repeated("[", 65) + repeated("]", 65)) == "nested too deeply");
    CHECK(refusal(repeated("{\"a\":", 64) + "1" + repeated("}", 64)).empty());
    CHECK(refusal(repeated("{\"a\":", 65) + "1" + repeated("}", 65)) == "nested too deeply");
    // Siblings do not count as depth.
    CHECK(refusal("[" + repeated("[[]],{\"a\":{}},", 1000) + "0]").empty());
}

TEST_CASE("a million levels are refused cleanly") {
    for (const char* open : {"[", "{\"a\":", "[{\"a\":"}) {
        CAPTURE(open);
        CHECK(refusal(repeated(open, 1'000'000)) == "nested too deeply");
    }
    CHECK_FALSE(refusal(repeated("]", 1'000'000)).empty());
    CHECK_FALSE(refusal(repeated("\"", 999'999)).empty());
    CHECK_FALSE(refusal(repeated("-", 1'000'000)).empty());
    CHECK_FALSE(refusal("\"" + repeated("\\", 999'999)).empty());
}

TEST_CASE("a refusal does not quote the text") {
    for (const std::string& text :
         {std::string("{\"password\":\"hunter2\""), std::string("[\"hunter2\"] hunter2"),
          std::string("hunter2"), std::string("\"hunter2\xff\""),
          std::string("{\"hunter2\\u0000\":1}")})
        CHECK(refusal(text).find("hunter2") == std::string::npos);
}
