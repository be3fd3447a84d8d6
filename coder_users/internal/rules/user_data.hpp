// Internal: may change at any time.
// Which texts a host may keep about a user (Caller::set_data).
#pragma once

#include <cstddef>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr std::size_t most_user_data = 64 << 10;

/// Says what is wrong with the text, without quoting it; "" when nothing is. Exports are JSON, in
/// which we read no other texts.
inline std::string_view user_data_flaw(std::string_view text) {
    if (text.size() > most_user_data) return "must have at most 64 KiB";
    if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
        return "must be UTF-8 without NUL";
    return "";
}

}}}  // namespace coder_users::v0::rules
