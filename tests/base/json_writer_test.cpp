#include "coder_users/internal/base/json_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/wire/json.hpp"

using namespace coder_users;

namespace {

std::string written(std::string_view text) { return JsonWriter().value(text).take(); }

}  // namespace

TEST_CASE("strings are escaped where JSON or HTML asks for it") {
    struct Row {
        std::string_view text;
        const char* json;
    };
    const Row rows[] = {
        {"", R"("")"},
        {"plain /text", R"("plain /text")"},
        {"\"\\", R"("\"\\")"},
        {"\n\r\t", R"("\n\r\t")"},
        {{"\0\x01\b\f\x1f", 5}, R"("\u0000\u0001\u0008\u000c\u001f")"},
        {"<a href='x'>&", R"("\u003ca href='x'\u003e\u0026")"},
        {"\xe2\x80\xa8\xe2\x80\xa9", R"("\u2028\u2029")"},
        {"\xe2\x80\xa7\xe2\x80\xaa", "\"\xe2\x80\xa7\xe2\x80\xaa\""},
        {"\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\""},
        {"\x7f", "\"\x7f\""},
        {"a\xff\xc3", R"("a\ufffd\ufffd")"},
        {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(written(row.text) == row.json);
    }
}

TEST_CASE("what is escaped is so at every place of a text") {
    for (int byte = 1; byte < 256; ++byte) {
        const std::string one(1, static_cast<char>(byte)), json = written(one);
        const std::string escaped = json.substr(1, json.size() - 2);
        for (std::size_t place = 0; place < 24; ++place) {
            CAPTURE(byte, place);
            const std::string before(place, 'x'), after(23 - place, 'y');
            CHECK(written(before + one + after) == '"' + before + escaped + after + '"');
            CHECK(written(before + one + one) == '"' + before + escaped + escaped + '"');
        }
    }
}

TEST_CASE("every code point comes back from what is written") {
    int wrong = 0;
    for (std::int32_t p = 1; p < 0x110000; ++p) {
        if (p >= 0xd800 && p <= 0xdfff) continue;
        const auto low = [&](int shift) { return static_cast<char>(0x80 | (p >> shift & 0x3f)); };
        const std::string text =
            p < 0x80      ? std::string(1, static_cast<char>(p))
            : p < 0x800   ? std::string{static_cast<char>(0xc0 | p >> 6), low(0)}
            : p < 0x10000 ? std::string{static_cast<char>(0xe0 | p >> 12), low(6), low(0)}
                          : std::string{static_cast<char>(0xf0 | p >> 18), low(12), low(6), low(0)};
        if (p > 0x3000 && p % 97 != 0) continue;  // a sample of the rest
        wrong += wire::parse_json(written(text)).get<std::string>() != text;
    }
    CHECK(wrong == 0);
}

TEST_CASE("the writer sets commas and colons") {
    JsonWriter json;
    json.begin_object()
        .member("text", "a")
        .member("number", std::int64_t{-5})
        .member("flag", true)
        .member("time", from_micros(0))
        .key("empty")
        .begin_object()
        .end_object()
        .key("list")
        .begin_array()
        .value("x")
        .begin_array()
        .end_array()
        .begin_object()
        .member(std::string_view("a<b"), false)
        .end_object()
        .end_array()
        .key("texts")
        .texts(std::vector<std::string>{"1", "2"})
        .key("none")
        .texts(std::vector<std::string>{})
        .end_object();
    CHECK(json.take() ==
          R"({"text":"a","number":-5,"flag":true,"time":"1970-01-01T00:00:00Z","empty":{},)"
          R"("list":["x",[],{"a\u003cb":false}],"texts":["1","2"],"none":[]})");
}

TEST_CASE("numbers of 64 bits are written whole") {
    JsonWriter json;
    json.begin_array().value(INT64_MIN).value(INT64_MAX).value(std::int64_t{0}).end_array();
    CHECK(json.take() == "[-9223372036854775808,9223372036854775807,0]");
}

TEST_CASE("a taken document leaves an empty writer") {
    JsonWriter json;
    CHECK(json.begin_array().end_array().take() == "[]");
    CHECK(json.take().empty());
}
