#include "coder_users/internal/base/duration.hpp"

#include <cstdint>
#include <cstdio>
#include <string>

#include "catch.hpp"

using namespace coder_users;

TEST_CASE("durations are numbers with units") {
    struct Row {
        const char* text;
        std::int64_t micros;
    };
    const Row rows[] = {
        {"0", 0},
        {"-0", 0},
        {"+0", 0},
        {"0s", 0},
        {"1us", 1},
        {"1ms", 1'000},
        {"1s", 1'000'000},
        {"1m", 60'000'000},
        {"1h", 3'600'000'000},
        {"24h0m0s", 86'400'000'000},
        {"1.5h", 5'400'000'000},
        {"90s", 90'000'000},
        {"300ms", 300'000},
        {"1h1m1s1ms1us", 3'661'001'001},
        {"-1.5s", -1'500'000},
        {"+5s", 5'000'000},
        {".5s", 500'000},
        {"1.s", 1'000'000},
        {"0.0000001s", 0},
        {"0.000000999999999999999999999999s", 0},
        {"1.0000009s", 1'000'000},
        {"01s", 1'000'000},
        {"9223372036854775807us", 9'223'372'036'854'775'807},
        {"-9223372036854775807us", -9'223'372'036'854'775'807},
        {"2562047788h", 9'223'372'036'800'000'000},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto parsed = parse_duration(row.text);
        REQUIRE(parsed);
        CHECK(parsed->count() == row.micros);
    }
}

TEST_CASE("other texts are no durations") {
    for (const char* text : {"",
                             "+",
                             "-",
                             "1",
                             "s",
                             ".",
                             ".s",
                             "-.s",
                             "1.2.3s",
                             "1 s",
                             " 1s",
                             "1s ",
                             "1S",
                             "1d",
                             "1ns",
                             "1s1",
                             "--1s",
                             "+-1s",
                             "1s-1s",
                             "0x1s",
                             "1e3s",
                             "inf",
                             "nan",
                             "9223372036854775808us",
                             "2562047789h",
                             "2562047788h1h",
                             "99999999999999999999h",
                             "1,5s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text));
    }
}

TEST_CASE("decimal fractions are exact to the microsecond") {
    struct Row {
        const char* format;
        int digits, unit;
    };
    const Row rows[] = {{"0.%06ds", 1'000'000, 1}, {"0.%03dms", 1'000, 1},
                        {"0.%03ds", 1'000, 1'000}, {"0.%01ds", 10, 100'000},
                        {"0.%02dm", 100, 600'000}, {"0.%02dh", 100, 36'000'000}};
    for (const Row& row : rows) {
        CAPTURE(row.format);
        int wrong = 0;
        std::string first;
        for (int i = 0; i < row.digits; ++i) {
            char text[32];
            std::snprintf(text, sizeof text, row.format, i);
            if (parse_duration(text) == Duration(std::int64_t{i} * row.unit)) continue;
            if (wrong++ == 0) first = text;
        }
        CHECK(wrong == 0);
        CHECK(first.empty());
    }
}

TEST_CASE("whole seconds are written the way Go writes them") {
    CHECK(to_text(std::chrono::seconds(0)) == "0s");
    CHECK(to_text(std::chrono::seconds(59)) == "59s");
    CHECK(to_text(std::chrono::seconds(60)) == "1m0s");
    CHECK(to_text(std::chrono::seconds(3599)) == "59m59s");
    CHECK(to_text(std::chrono::hours(1)) == "1h0m0s");
    CHECK(to_text(std::chrono::hours(876'600)) == "876600h0m0s");
    for (const int seconds : {0, 1, 61, 3600, 86'399})
        CHECK(parse_duration(to_text(std::chrono::seconds(seconds))) ==
              Duration(std::chrono::seconds(seconds)));
}
