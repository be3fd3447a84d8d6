#include "coder_users/internal/base/header_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "coder_users/internal/base/answer.hpp"

using namespace coder_users;

TEST_CASE("fields are one text, and can be read from it again") {
    HeaderText fields;
    CHECK(fields.text().empty());
    fields.add("A", "1: 2");
    fields.add("Empty", "");
    HeaderText all;
    all.add("First", "\xc3\xa9\t");
    all.add(fields);
    CHECK(all.text() == "First: \xc3\xa9\t\r\nA: 1: 2\r\nEmpty: \r\n");
    std::string seen;
    all.for_each([&](std::string_view name, std::string_view value) {
        seen.append(name).append("=").append(value).append(";");
    });
    CHECK(seen == "First=\xc3\xa9\t;A=1: 2;Empty=;");
}

TEST_CASE("a value cannot bring in another field") {
    HeaderText fields;
    for (const std::string_view value : {std::string_view("a\r\nB: c"), std::string_view("\n"),
                                         std::string_view("a\r"), std::string_view("a\0b", 3)})
        fields.add("A", value);
    for (const char end : {'\r', '\n', '\0'})
        for (std::size_t at = 0; at < 20; ++at) {
            std::string value(20, 'a');
            value[at] = end;
            fields.add("A", value);
        }
    CHECK(fields.text().empty());
}

TEST_CASE("a response is whole with the fields of its answer behind its own") {
    Answer answer(Response{201, {{"Location", "/x"}}, "body"});
    answer.fields.add("Cache-Control", "no-store");
    const Response whole = whole_response(std::move(answer));
    CHECK(whole.status == 201);
    CHECK(whole.body == "body");
    REQUIRE(whole.headers.size() == 2);
    CHECK(whole.headers[0].first == "Location");
    CHECK(whole.headers[1].first == "Cache-Control");
    CHECK(whole.headers[1].second == "no-store");
}
