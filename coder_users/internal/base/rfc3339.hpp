// Internal: may change at any time.
// Points in time as RFC 3339 text, and sums that do not overflow.
#pragma once

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// Returns `t + d`, but not less than `never` and not more than `end_of_time`.
inline constexpr Time add(Time t, Duration d) {
    if (d.count() >= 0) return micros(end_of_time) - micros(t) < d.count() ? end_of_time : t + d;
    return micros(t) - micros(never) < -d.count() ? never : t + d;
}

// Days since 1970-01-01; from Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
inline constexpr std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
    year -= month <= 2;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<unsigned>(year - era * 400);
    const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const unsigned day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

struct CivilDate {
    std::int64_t year;
    unsigned month, day;
};

inline constexpr CivilDate civil_from_days(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = static_cast<unsigned>(days - era * 146097);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted_month = (5 * day_of_year + 2) / 153;
    const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

/// The largest number of bytes that write_rfc3339() writes.
inline constexpr std::size_t rfc3339_size = 40;

/// Writes `t` as RFC 3339 with `Z` and at most six digits of a fraction, without trailing zeros.
/// Returns the end of what was written.
inline char* write_rfc3339(char* to, Time t) {
    constexpr std::int64_t day = 86'400'000'000;
    std::int64_t days = micros(t) / day, rest = micros(t) % day;
    if (rest < 0) rest += day, --days;
    const CivilDate date = civil_from_days(days);
    const auto put = [&](std::int64_t number, std::size_t digits, char end) {
        for (std::size_t i = digits; i-- > 0; number /= 10)
            to[i] = static_cast<char>('0' + number % 10);
        to += digits;
        *to++ = end;
    };
    if (date.year >= 0 && date.year <= 9999) {
        put(date.year, 4, '-');
    } else {
        to = std::to_chars(to, to + 20, date.year).ptr;
        *to++ = '-';
    }
    const std::int64_t seconds = rest / 1'000'000;
    put(date.month, 2, '-');
    put(date.day, 2, 'T');
    put(seconds / 3600, 2, ':');
    put(seconds / 60 % 60, 2, ':');
    const std::int64_t fraction = rest % 1'000'000;
    put(seconds % 60, 2, fraction ? '.' : 'Z');
    if (fraction == 0) return to;
    put(fraction, 6, 'Z');
    while (to[-2] == '0') --to;
    to[-1] = 'Z';
    return to;
}

inline std::string to_rfc3339(Time t) {
    char text[rfc3339_size];
    return std::string(text, write_rfc3339(text, t));
}

/// The same, always with six digits after the point, so that texts below each other line up.
inline std::string to_fixed_rfc3339(Time t) {
    constexpr std::size_t seconds_end = 19, whole = 27;  // 2026-01-02T03:04:05.678901Z
    std::string text = to_rfc3339(t);
    text.pop_back();
    if (text.size() == seconds_end) text += '.';
    return text.append(whole - 1 - text.size(), '0') += 'Z';
}

/// Reads RFC 3339 with any zone offset, `t` and `z` in either case, and any number of fraction
/// digits (cut to microseconds). Returns nothing for any other text, for days that do not exist,
/// and for moments that are outside the years 0 to 9999 in UTC.
inline std::optional<Time> parse_rfc3339(std::string_view s) {
    const auto digits = [&](std::size_t at, std::size_t count) -> int {
        int value = 0;
        for (std::size_t i = at; i < at + count; ++i) {
            if (i >= s.size() || s[i] < '0' || s[i] > '9') return -1;
            value = value * 10 + (s[i] - '0');
        }
        return value;
    };
    const auto is = [&](std::size_t at, char c) { return at < s.size() && s[at] == c; };
    const int year = digits(0, 4), month = digits(5, 2), day = digits(8, 2);
    const int hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59 || !is(4, '-') || !is(7, '-') ||
        !(is(10, 'T') || is(10, 't')) || !is(13, ':') || !is(16, ':'))
        return std::nullopt;
    const std::int64_t days =
        days_from_civil(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
    const CivilDate back = civil_from_days(days);
    if (back.month != static_cast<unsigned>(month) || back.day != static_cast<unsigned>(day))
        return std::nullopt;

    std::size_t at = 19;
    std::int64_t fraction = 0;
    if (is(at, '.')) {
        std::int64_t unit = 100'000;
        const std::size_t first = ++at;
        for (; digits(at, 1) >= 0; ++at, unit /= 10) fraction += unit * digits(at, 1);
        if (at == first) return std::nullopt;
    }
    std::int64_t offset = 0;
    if (is(at, 'Z') || is(at, 'z')) {
        ++at;
    } else {
        const int hours = digits(at + 1, 2), minutes = digits(at + 4, 2);
        if (!(is(at, '+') || is(at, '-')) || hours < 0 || hours > 23 || minutes < 0 ||
            minutes > 59 || !is(at + 3, ':'))
            return std::nullopt;
        offset = (s[at] == '-' ? -60 : 60) * (hours * 60 + minutes);
        at += 6;
    }
    if (at != s.size()) return std::nullopt;
    const std::int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - offset;
    const Time time = from_micros(seconds * 1'000'000 + fraction);
    constexpr Time year_zero = from_micros(days_from_civil(0, 1, 1) * 86'400'000'000);
    if (time < year_zero || time > end_of_time) return std::nullopt;  // out of range by its offset
    return time;
}

}}  // namespace coder_users::v0
