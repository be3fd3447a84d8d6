// Internal: may change at any time.
// Reads the paging parameters of lists from the query.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

struct Paging {
    std::optional<std::string> after_id;  ///< a uuid in lower case
    std::int32_t limit = 0;               ///< 0: the request sets no limit
    std::int32_t offset = 0;
};

/// What a text says as an integer.
struct ParsedInteger {
    std::int64_t value = 0;
    const char* wrong = nullptr;  ///< why it says none, in the words of Go
};

/// Reads an optional sign and digits.
inline ParsedInteger parse_integer(std::string_view text, std::int64_t least, std::int64_t most) {
    constexpr const char* no_number = "invalid syntax";
    constexpr const char* out_of_range = "value out of range";
    const bool negative = starts_with(text, "-");
    if (negative || starts_with(text, "+")) text.remove_prefix(1);
    if (text.empty()) return {0, no_number};
    constexpr std::uint64_t largest = (std::numeric_limits<std::int64_t>::max)();
    constexpr std::uint64_t most_before = (std::numeric_limits<std::uint64_t>::max)() / 10 - 1;
    std::uint64_t size = 0;
    bool huge = false;
    for (const char c : text) {
        if (!is_digit(c)) return {0, no_number};
        huge = huge || size > most_before;
        if (!huge) size = size * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (huge || size > largest + (negative ? 1 : 0)) return {0, out_of_range};
    const auto value = static_cast<std::int64_t>(negative ? 0 - size : size);
    if (value < least || value > most) return {0, out_of_range};
    return {value, nullptr};
}

/// `parsing "<text>": <why>`, as errors quote a text that is no number.
inline std::string parsing(std::string_view text, std::string_view why) {
    return ("parsing \"" + with_backslashes(text) + "\": ").append(why);
}

/// Reads 0 to 2147483647. Adds an error and returns 0 for any other text.
inline std::int32_t parse_count(std::vector<Validation>& errors, std::string_view parameter,
                                std::string_view text) {
    const auto [value, wrong] = parse_integer(text, 0, (std::numeric_limits<std::int32_t>::max)());
    if (!wrong) return static_cast<std::int32_t>(value);
    const std::string name(parameter);
    errors.push_back({name, "Query param \"" + name + "\" must be a valid integer (strconv.Atoi: " +
                                parsing(text, wrong) + ")"});
    return 0;
}

/// Throws the 400 that lists every wrong value. An empty value counts as absent, and so does the
/// all-zero uuid.
inline Paging parse_paging(const std::optional<std::string>& after_id,
                           const std::optional<std::string>& limit,
                           const std::optional<std::string>& offset) {
    std::vector<Validation> errors;
    Paging paging;
    if (after_id && !after_id->empty()) {
        paging.after_id = parse_uuid(*after_id);
        if (!paging.after_id)
            errors.push_back({"after_id", "Query param \"after_id\" must be a valid uuid"});
        if (paging.after_id == nil_uuid) paging.after_id.reset();
    }
    if (limit && !limit->empty()) paging.limit = parse_count(errors, "limit", *limit);
    if (offset && !offset->empty()) paging.offset = parse_count(errors, "offset", *offset);
    if (!errors.empty())
        throw ApiError(400, "Query parameters have invalid values.", {}, std::move(errors));
    return paging;
}

}}}  // namespace coder_users::v0::rules
