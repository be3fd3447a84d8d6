// Internal: may change at any time.
// The values that users may choose for their settings.
#pragma once

#include <array>
#include <string_view>

namespace coder_users { inline namespace v0 {

// The values of settings; "" is one where it stands for "never chosen".
inline constexpr std::array<std::string_view, 3> theme_modes{"sync", "single", ""};
inline constexpr std::array<std::string_view, 7> theme_names{
    "light", "light-protan-deuter", "light-tritan", "dark", "dark-protan-deuter", "dark-tritan",
    ""};
inline constexpr std::array<std::string_view, 6> terminal_fonts{
    "geist-mono", "ibm-plex-mono", "fira-code", "source-code-pro", "jetbrains-mono", ""};
inline constexpr std::array<std::string_view, 4> thinking_display_modes{
    "auto", "preview", "always_expanded", "always_collapsed"};
inline constexpr std::array<std::string_view, 3> tool_display_modes{"auto", "always_expanded",
                                                                    "always_collapsed"};
inline constexpr std::array<std::string_view, 4> diff_display_modes{"auto", "always_expanded",
                                                                    "always_collapsed", ""};
inline constexpr std::array<std::string_view, 2> send_shortcuts{"enter", "modifier_enter"};

}}  // namespace coder_users::v0
