// Internal: may change at any time.
// What users choose for themselves, with the values that they may choose.
#pragma once

#include <array>
#include <string>
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

/// How Coder's pages look for a user. "": never chosen.
struct Appearance {
    std::string theme_preference = {};  ///< User::theme_preference
    std::string terminal_font = {};
    std::string theme_mode = {};   ///< one theme, or one for each of the system's two
    std::string theme_light = {};  ///< the theme while the system's is light
    std::string theme_dark = {};   ///< the theme while the system's is dark
};

/// How Coder's pages behave for a user. It begins with what holds until the user chooses.
struct Preferences {
    bool task_notification_alert_dismissed = false;
    std::string thinking_display_mode = "auto";
    std::string shell_tool_display_mode = "always_collapsed";
    std::string code_diff_display_mode = {};
    std::string agent_chat_send_shortcut = "enter";
};

}}  // namespace coder_users::v0
