#include "coder_users/internal/rules/paging.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace paging_test {

using namespace coder_users;
using namespace coder_users::rules;

const std::string some_uuid = "0b5e7e0c-6d1f-4a4e-9c0a-0123456789ab";
const std::optional<std::string> none;

TEST_CASE("absent and empty parameters") {
    for (const auto& absent : {none, std::optional<std::string>("")}) {
        const Paging paging = parse_paging(absent, absent, absent);
        CHECK_FALSE(paging.after_id);
        CHECK(paging.limit == 0);
        CHECK(paging.offset == 0);
    }
}

TEST_CASE("the cursor is a uuid in any letter case, all zeros mean none") {
    CHECK(parse_paging(some_uuid, none, none).after_id == some_uuid);
    CHECK(parse_paging("0B5E7E0C-6D1F-4A4E-9C0A-0123456789AB", none, none).after_id == some_uuid);
    CHECK_FALSE(parse_paging(std::string(nil_uuid), none, none).after_id);
}

TEST_CASE("numbers") {
    const std::vector<std::pair<std::string, std::int32_t>> rows{
        {"0", 0},
        {"1", 1},
        {"25", 25},
        {"+5", 5},
        {"-0", 0},
        {"+0", 0},
        {"007", 7},
        {"-000", 0},
        {"2147483647", 2147483647},
        {"+00000000000000000000002147483647", 2147483647},
    };
    for (const auto& [text, number] : rows) {
        CAPTURE(text);
        CHECK(parse_paging(none, text, none).limit == number);
        CHECK(parse_paging(none, none, text).offset == number);
    }
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs errors_of(const std::optional<std::string>& after_id, const std::optional<std::string>& limit,
                const std::optional<std::string>& offset) {
    Pairs found;
    try {
        parse_paging(after_id, limit, offset);
    } catch (const ApiError& error) {
        CHECK(error.status() == 400);
        CHECK(error.message() == "Query parameters have invalid values.");
        CHECK(error.detail().empty());
        for (const Validation& v : error.validations()) found.emplace_back(v.field, v.detail);
    }
    return found;
}

TEST_CASE("bad numbers") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"x", "\"x\": invalid syntax"},
        {" ", "\" \": invalid syntax"},
        {"1 ", "\"1 \": invalid syntax"},
        {" 1", "\" 1\": invalid syntax"},
        {"+", "\"+\": invalid syntax"},
        {"-", "\"-\": invalid syntax"},
        {"--1", "\"--1\": invalid syntax"},
        {"+-1", "\"+-1\": invalid syntax"},
        {"1.5", "\"1.5\": invalid syntax"},
        {"1e3", "\"1e3\": invalid syntax"},
        {"0x10", "\"0x10\": invalid syntax"},
        {"1_000", "\"1_000\": invalid syntax"},
        {"NaN", "\"NaN\": invalid syntax"},
        {"-x", "\"-x\": invalid syntax"},
        {"\xd9\xa1", "\"\xd9\xa1\": invalid syntax"},
        {"a\"b\\c", "\"a\\\"b\\\\c\": invalid syntax"},
        {std::string(40, '('), '"' + std::string(40, '(') + "\": invalid syntax"},
        {"99999999999x", "\"99999999999x\": invalid syntax"},
        {"-1", "\"-1\": value out of range"},
        {"-2147483648", "\"-2147483648\": value out of range"},
        {"2147483648", "\"2147483648\": value out of range"},
        {"9223372036854775808", "\"9223372036854775808\": value out of range"},
        {"-99999999999999999999", "\"-99999999999999999999\": value out of range"},
        {std::string(10'000, '9'), "\"" + std::string(10'000, '9') + "\": value out of range"},
    };
    for (const auto& [text, reason] : rows) {
        CAPTURE(text.substr(0, 40));
        for (const char* name : {"limit", "offset"}) {
            const std::string detail = std::string("Query param \"") + name +
                                       "\" must be a valid integer (strconv.Atoi: parsing " +
                                       reason + ")";
            const bool limit = std::string(name) == "limit";
            CHECK(errors_of(none, limit ? text : "1", limit ? "1" : text) == Pairs{{name, detail}});
        }
    }
}

TEST_CASE("bad cursors") {
    for (const std::string& text :
         {std::string("x"), std::string("0"), some_uuid.substr(1), some_uuid + "0",
          "{" + some_uuid + "}", "urn:uuid:" + some_uuid,
          std::string("0b5e7e0c6d1f4a4e9c0a0123456789ab"), std::string(36, '0'),
          std::string(36, '-'), "g" + some_uuid.substr(1)}) {
        CAPTURE(text);
        CHECK(errors_of(text, none, none) ==
              Pairs{{"after_id", "Query param \"after_id\" must be a valid uuid"}});
    }
}

TEST_CASE("all bad values are listed in order") {
    CHECK(errors_of("x", "y", "-1") ==
          Pairs{{"after_id", "Query param \"after_id\" must be a valid uuid"},
                {"limit",
                 "Query param \"limit\" must be a valid integer (strconv.Atoi: parsing \"y\": "
                 "invalid syntax)"},
                {"offset",
                 "Query param \"offset\" must be a valid integer (strconv.Atoi: parsing \"-1\": "
                 "value out of range)"}});
}

}  // namespace paging_test
