// What users choose for themselves: how pages look and behave, and which notifications they want.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

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

/// The preferences of a user that are to change. What is nothing or "" stays.
struct EditPreferences {
    std::optional<bool> task_notification_alert_dismissed = {};
    std::string thinking_display_mode = {};
    std::string shell_tool_display_mode = {};
    std::string code_diff_display_mode = {};
    std::string agent_chat_send_shortcut = {};
};

/// Whether a user wants notifications of one kind.
struct NotificationPreference {
    std::string template_id;  ///< the kind, as a UUID
    bool disabled = false;
    Time updated_at = never;
};

/// A kind of notifications by its id, and whether they are not wanted.
using NotificationChoice = std::pair<std::string, bool>;

}}  // namespace coder_users::v0
