// Internal: may change at any time.
// Reads and writes durations as people write them in flags: "24h0m0s", "1.5h", "90s", "300ms".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// Reads numbers with units (h, m, s, ms, us) after an optional sign; "0" needs no unit. What is
/// smaller than a microsecond is cut off. Returns nothing for any other text and for durations that
/// are too long.
inline std::optional<Duration> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t size;
    };
    constexpr std::array<Unit, 5> units{
        {{"ms", 1'000}, {"us", 1}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}}};
    constexpr std::int64_t largest = (std::numeric_limits<std::int64_t>::max)();

    const bool negative = starts_with(text, "-");
    if (negative || starts_with(text, "+")) text.remove_prefix(1);
    if (text == "0") return Duration(0);
    std::int64_t total = 0;
    bool any = false;
    while (!text.empty()) {
        std::int64_t whole = 0, fraction = 0, scale = 1;
        bool digits = false, point = false;
        for (; !text.empty() && (is_digit(text[0]) || (text[0] == '.' && !point));
             text.remove_prefix(1)) {
            if (text[0] == '.') {
                point = true;
                continue;
            }
            const int digit = text[0] - '0';
            digits = true;
            if (!point) {
                if (whole > (largest - digit) / 10) return std::nullopt;
                whole = whole * 10 + digit;
            } else if (scale < 1'000'000'000) {  // further digits are below a microsecond
                fraction = fraction * 10 + digit;
                scale *= 10;
            }
        }
        const Unit* unit = nullptr;
        for (const Unit& each : units)
            if (!unit && starts_with(text, each.name)) unit = &each;
        if (!digits || !unit) return std::nullopt;
        text.remove_prefix(unit->name.size());
        if (whole > largest / unit->size) return std::nullopt;
        const std::int64_t part = fraction * unit->size / scale;  // below 3.6e18
        const std::int64_t value = whole * unit->size;
        if (value > largest - part || total > largest - part - value) return std::nullopt;
        total += value + part;
        any = true;
    }
    if (!any) return std::nullopt;
    return Duration(negative ? -total : total);
}

/// Whole seconds as hours, minutes and seconds, the way Go writes them: "876600h0m0s", "1m30s".
inline std::string to_text(std::chrono::seconds duration) {
    const std::int64_t all = duration.count();
    std::string text;
    if (all >= 3600) text += std::to_string(all / 3600) + "h";
    if (all >= 60) text += std::to_string(all / 60 % 60) + "m";
    return text += std::to_string(all % 60) + "s";
}

}}  // namespace coder_users::v0
