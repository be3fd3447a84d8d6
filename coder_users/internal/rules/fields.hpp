// Internal: may change at any time.
// The text fields of requests with their rules, each defined once: operations check them, and
// descriptions of bodies name them.
#pragma once

#include <cstddef>
#include <string_view>

#include "coder_users/internal/base/text_field.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/internal/rules/settings.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline bool names_user_status(std::string_view text) { return user_status_named(text).has_value(); }
template <std::size_t Most>
bool has_at_most(std::string_view text) {
    return text.size() <= Most;
}

inline constexpr std::size_t longest_avatar_url = 2048;

namespace fields {
inline constexpr TextField email{"email", true, {"email", valid_email}};
/// Service accounts have none.
inline constexpr TextField optional_email{"email", false, {"email", valid_email}};
inline constexpr TextField username{"username", true, {"username", valid_username}};
inline constexpr TextField name{
    "name", false, {"user_real_name", valid_real_name, longest_real_name}};
inline constexpr TextField avatar_url{
    "avatar_url", false, {"max", has_at_most<longest_avatar_url>, longest_avatar_url}};
inline constexpr TextField password{"password", true};
inline constexpr TextField one_time_passcode{"one_time_passcode", true};
inline constexpr TextField to_type{"to_type", true};
inline constexpr TextField theme_preference{
    "theme_preference", true, {"max", has_at_most<128>, 128}};
inline constexpr TextField theme_mode{"theme_mode", false, {"oneof", is_theme_mode}};
// The next two are required with a mode that follows the system.
inline constexpr TextField theme_light{
    "theme_light", false, {"oneof", is_theme_name}, "required_if"};
inline constexpr TextField theme_dark{"theme_dark", false, {"oneof", is_theme_name}, "required_if"};
inline constexpr TextField schedule{"schedule", true};
inline constexpr FieldRule organization_name_rule{"organization_name", valid_organization_name};
inline constexpr TextField organization_name{"name", true, organization_name_rule};
inline constexpr TextField changed_organization_name{"name", false, organization_name_rule};
inline constexpr TextField organization_display_name{
    "display_name", false, {"organization_display_name", valid_organization_display_name}};
inline constexpr TextField organization_description{
    "description", false, {"max", has_at_most<4096>, 4096}};
inline constexpr TextField organization_icon{"icon", false, {"max", has_at_most<4096>, 4096}};
inline constexpr TextField user_status{"user_status", false, {"oneof", names_user_status}};
}  // namespace fields

}}}  // namespace coder_users::v0::rules
