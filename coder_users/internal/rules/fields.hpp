// Internal: may change at any time.
// The text fields of requests with their rules, each defined once: operations check them, and
// descriptions of bodies name them.
#pragma once

#include <string_view>

#include "coder_users/internal/base/text_field.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline bool names_user_status(std::string_view text) { return user_status_named(text).has_value(); }
inline bool has_at_most_128_bytes(std::string_view text) { return text.size() <= 128; }

namespace fields {
inline constexpr TextField email{"email", true, {"email", valid_email}};
/// Service accounts have none.
inline constexpr TextField optional_email{"email", false, {"email", valid_email}};
inline constexpr TextField username{"username", true, {"username", valid_username}};
inline constexpr TextField name{"name", false, {"user_real_name", valid_real_name}};
inline constexpr TextField password{"password", true};
inline constexpr TextField one_time_passcode{"one_time_passcode", true};
inline constexpr TextField to_type{"to_type", true};
inline constexpr TextField theme_preference{
    "theme_preference", true, {"max", has_at_most_128_bytes}};
inline constexpr TextField user_status{"user_status", false, {"oneof", names_user_status}};
}  // namespace fields

}}}  // namespace coder_users::v0::rules
