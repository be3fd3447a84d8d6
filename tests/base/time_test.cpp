#include "coder_users/time.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "catch.hpp"
#include "coder_users/internal/base/rfc3339.hpp"

using namespace coder_users;

TEST_CASE("times are written in UTC with the digits that are needed") {
    struct Row {
        std::int64_t micros;
        const char* text;
    };
    const Row rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.000001Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {100'000, "1970-01-01T00:00:00.1Z"},
        {120'000, "1970-01-01T00:00:00.12Z"},
        {10, "1970-01-01T00:00:00.00001Z"},
        {1'767'323'045'678'901, "2026-01-02T03:04:05.678901Z"},
        {951'782'400'000'000, "2000-02-29T00:00:00Z"},
        {951'868'800'000'000, "2000-03-01T00:00:00Z"},
        {4'107'542'400'000'000, "2100-03-01T00:00:00Z"},
        {2'147'483'648'000'000, "2038-01-19T03:14:08Z"},
        {micros(never), "0001-01-01T00:00:00Z"},
        {micros(end_of_time), "9999-12-31T23:59:59.999999Z"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(to_rfc3339(from_micros(row.micros)) == row.text);
        const auto back = parse_rfc3339(row.text);
        REQUIRE(back);
        CHECK(micros(*back) == row.micros);
    }
}

TEST_CASE("every day of 400 years has its own text and comes back") {
    std::int64_t wrong = 0;
    for (std::int64_t day = -145'000; day < 10'000; ++day) {
        const Time t = from_micros(day * 86'400'000'000 + 43'200'000'001);
        const std::string text = to_rfc3339(t);
        wrong += text.size() != 27 || parse_rfc3339(text) != t;
        const CivilDate date = civil_from_days(day);
        wrong += days_from_civil(date.year, date.month, date.day) != day;
    }
    CHECK(wrong == 0);
}

TEST_CASE("times are read with any offset, either case and any number of digits") {
    const Time noon = *parse_rfc3339("2026-01-02T12:00:00Z");
    for (const char* text :
         {"2026-01-02t12:00:00z", "2026-01-02T12:00:00+00:00", "2026-01-02T12:00:00-00:00",
          "2026-01-02T17:45:00+05:45", "2026-01-02T00:30:00-11:30", "2026-01-03T11:59:00+23:59",
          "2026-01-02T12:00:00.0Z", "2026-01-02T12:00:00.0000009Z",
          "2026-01-02T12:00:00.00000000000000000000000001Z"}) {
        CAPTURE(text);
        CHECK(parse_rfc3339(text) == noon);
    }
    CHECK(parse_rfc3339("2026-01-02T12:00:00.9999999Z") == noon + Duration(999'999));
    CHECK(parse_rfc3339("2026-01-01T00:00:00+01:00") == parse_rfc3339("2025-12-31T23:00:00Z"));
    CHECK(parse_rfc3339("2024-02-29T00:00:00Z").has_value());
}

TEST_CASE("what is no RFC 3339 time is not read") {
    const std::string nul("2026-01-02T12:00:00Z\0", 21);
    CHECK_FALSE(parse_rfc3339(nul));
    for (const char* text : {"",
                             "2026-01-02",
                             "2026-01-02T12:00:00",
                             "2026-01-02T12:00Z",
                             "2026-01-02 12:00:00Z",
                             "2026-1-02T12:00:00Z",
                             "26-01-02T12:00:00Z",
                             "+2026-01-02T12:00:00Z",
                             "-2026-01-02T12:00:00Z",
                             " 2026-01-02T12:00:00Z",
                             "2026-01-02T12:00:00Z ",
                             "2026-01-02T12:00:00ZZ",
                             "2026-01-02T12:00:00Zjunk",
                             "2026-01-02T12:00:00.Z",
                             "2026-01-02T12:00:00,5Z",
                             "2026-01-02T12:00:00.5",
                             "2026-01-02T12:00:00+0100",
                             "2026-01-02T12:00:00+01",
                             "2026-01-02T12:00:00+01:0",
                             "2026-01-02T12:00:00+24:00",
                             "2026-01-02T12:00:00+01:60",
                             "2026-01-02T12:00:00 01:00",
                             "2026-01-02T24:00:00Z",
                             "2026-01-02T12:60:00Z",
                             "2026-01-02T12:00:60Z",
                             "2026-00-02T12:00:00Z",
                             "2026-13-02T12:00:00Z",
                             "2026-01-00T12:00:00Z",
                             "2026-01-32T12:00:00Z",
                             "2026-02-29T12:00:00Z",
                             "2026-04-31T12:00:00Z",
                             "1900-02-29T12:00:00Z",
                             "2026/01/02T12:00:00Z",
                             "2026-01-02T12.00.00Z",
                             "20x6-01-02T12:00:00Z"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_rfc3339(text));
    }
}

TEST_CASE("whatever is read can be written and read again") {
    for (const char* text : {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00+23:59",
                             "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+00:01"}) {
        CAPTURE(text);
        const auto read = parse_rfc3339(text);
        if (read) CHECK(parse_rfc3339(to_rfc3339(*read)) == read);
    }
}

TEST_CASE("sums stop at both ends of time") {
    const Time now = *parse_rfc3339("2026-01-02T12:00:00Z");
    const Duration largest((std::numeric_limits<std::int64_t>::max)());
    CHECK(add(now, Duration(5)) == now + Duration(5));
    CHECK(add(now, Duration(-5)) == now - Duration(5));
    CHECK(add(now, Duration(0)) == now);
    CHECK(add(now, largest) == end_of_time);
    CHECK(add(now, -largest) == never);
    CHECK(add(end_of_time, Duration(1)) == end_of_time);
    CHECK(add(end_of_time, Duration(0)) == end_of_time);
    CHECK(add(never, Duration(-1)) == never);
    CHECK(add(end_of_time - Duration(1), Duration(1)) == end_of_time);
    CHECK(add(never, end_of_time - never) == end_of_time);
}
