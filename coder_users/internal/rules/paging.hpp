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

/// Reads an optional sign and digits, 0 to 2147483647. Adds an error and returns 0 for any other
/// text.
inline std::int32_t parse_count(std::vector<Validation>& errors, std::string_view parameter,
                                std::string_view text) {
    constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
    const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
    const std::string_view digits = text.substr(sign ? 1 : 0);
    const char* wrong = digits.empty() ? "invalid syntax" : nullptr;
    std::int64_t value = 0;
    for (const char c : digits) {
        if (!is_digit(c)) {
            wrong = "invalid syntax";
            break;
        }
        if (value <= most) value = value * 10 + (c - '0');
    }
    if (!wrong && (value > most || (text[0] == '-' && value > 0))) wrong = "value out of range";
    if (!wrong) return static_cast<std::int32_t>(value);

    std::string shown;
    for (const char c : text) {
        if (c == '"' || c == '\\') shown += '\\';
        shown += c;
    }
    const std::string name(parameter);
    errors.push_back({name, "Query param \"" + name + "\" must be a valid integer (strconv.Atoi: " +
                                "parsing \"" + shown + "\": " + wrong + ")"});
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
