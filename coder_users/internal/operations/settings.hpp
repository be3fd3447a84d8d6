// Internal: may change at any time.
// Operations on what users choose for themselves: appearance, preferences, notifications, and the
// quiet hours and parameters that are the same for everybody.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/user_settings.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/settings.hpp"
#include "coder_users/internal/store/settings.hpp"
#include "coder_users/settings.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation get_appearance = Operation("get-user-appearance-settings")
                                                .since_release(2, 21)
                                                .needs("user:read", "user:read_personal")
                                                .permits(Action::edit_user);
inline constexpr Operation set_appearance =
    Operation("update-user-appearance-settings")
        .needs("user:read", "user:read_personal", "user:update_personal")
        .in(Lane::write)
        .permits(Action::edit_user)
        .audited_with_refusals("user", "write")
        .tells_of(EventKind::appearance_changed);
inline constexpr Operation get_preferences = Operation("get-user-preference-settings")
                                                 .since_release(2, 29)
                                                 .needs("user:read", "user:read_personal")
                                                 .permits(Action::edit_user);
inline constexpr Operation set_preferences =
    Operation("update-user-preference-settings")
        .since_release(2, 29)
        .needs("user:read", "user:read_personal", "user:update_personal")
        .in(Lane::write)
        .permits(Action::edit_user);
inline constexpr Operation get_notifications = Operation("get-user-notification-preferences")
                                                   .since_release(2, 15)
                                                   .permits(Action::choose_notifications);
inline constexpr Operation set_notifications = Operation("update-user-notification-preferences")
                                                   .since_release(2, 15)
                                                   .in(Lane::write)
                                                   .permits(Action::choose_notifications);
inline constexpr Operation get_quiet_hours = Operation("get-user-quiet-hours-schedule")
                                                 .needs("user:read", "user:read_personal")
                                                 .permits(Action::edit_user);
/// It changes nothing, since nobody can have quiet hours of their own.
inline constexpr Operation set_quiet_hours =
    Operation("update-user-quiet-hours-schedule")
        .needs("user:read", "user:read_personal", "user:update_personal")
        .permits(Action::edit_user);
inline constexpr Operation list_parameters = Operation("get-autofill-build-parameters-for-user")
                                                 .since_release(2, 8)
                                                 .needs("user:read", "user:read_personal")
                                                 .permits(Action::edit_user);
}  // namespace about

inline Appearance find_appearance(store::Connection& c, const User& user) {
    auto found = store::settings::find<Appearance>(c, user.id);
    found.theme_preference = user.theme_preference;
    return found;
}

inline Appearance get_appearance(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_appearance, who, [&](const Target& target) {
        return acting.backend.store.read(
            [&](store::Connection& c) { return find_appearance(c, *target); });
    });
}

/// Throws the 400 for themes and modes that there are not.
inline void check_appearance(const Appearance& wanted) {
    TextField light = rules::fields::theme_light, dark = rules::fields::theme_dark;
    light.required = dark.required = wanted.theme_mode == "sync";
    check_fields({{rules::fields::theme_preference, wanted.theme_preference},
                  {rules::fields::theme_mode, wanted.theme_mode},
                  {light, wanted.theme_light},
                  {dark, wanted.theme_dark}});
}

/// What has to be stored beside the theme preference.
inline std::vector<UserSetting> changed_settings(const Appearance& before,
                                                 const Appearance& wanted) {
    std::vector<UserSetting> changed;
    const auto choose = [&](const char* name, const std::string& value) {
        if (!value.empty()) changed.push_back({name, value});
    };
    choose("terminal_font", wanted.terminal_font);
    choose("theme_mode", wanted.theme_mode);
    if (!wanted.theme_mode.empty()) {
        choose("theme_light", wanted.theme_light);
        choose("theme_dark", wanted.theme_dark);
    } else if (rules::follows_the_system(wanted.theme_preference) && !before.theme_mode.empty()) {
        changed.push_back({"theme_mode", ""});  // a client that knows no modes has chosen
    }
    return changed;
}

/// A user after a change of its appearance, and the whole of it.
struct ChangedAppearance {
    User user;
    Appearance appearance;
};

inline std::string appearance_diff(const ChangedAppearance& before,
                                   const ChangedAppearance& after) {
    AuditDiff diff;
    add_differences(diff, &before.user, &after.user);
    add_differences(diff, &before.appearance, &after.appearance);
    return diff.take();
}

/// Of `wanted` the texts that are "" keep what is stored; docs/contract/settings.md,
/// "PUT /users/{user}/appearance".
inline ChangedAppearance set_appearance(const Acting& acting, const UserRef& who,
                                        const Appearance& wanted) {
    const auto check = [&] { check_appearance(wanted); };
    return on_user(acting, about::set_appearance, who, check, [&](const Target& target) {
        if (!rules::is_one_of(terminal_fonts, wanted.terminal_font))
            throw ApiError(400, "Unsupported font family.");
        User planned = *target;
        planned.theme_preference = wanted.theme_preference;
        const Asked asked =
            ask_host(acting, EventKind::appearance_changed, planned, target.user.get());
        return change(acting, about::set_appearance, asked, target, [&](Change& now) {
            const ChangedAppearance before{now.target(), find_appearance(now.tx, now.target())};
            ChangedAppearance after = before;
            after.user.theme_preference = wanted.theme_preference;
            store::users::set_theme_preference(now.tx, after.user.id, wanted.theme_preference);
            for (const UserSetting& each : changed_settings(before.appearance, wanted))
                store::settings::put(now.tx, after.user.id, each);
            after.appearance = find_appearance(now.tx, after.user);
            now.record({after.user.id, after.user.username, 200, appearance_diff(before, after)});
            now.tell(EventKind::appearance_changed, after.user, &before.user);
            return after;
        });
    });
}

inline Preferences get_preferences(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_preferences, who, [&](const Target& target) {
        return acting.backend.store.read([&](store::Connection& c) {
            return store::settings::find<Preferences>(c, target->id);
        });
    });
}

/// Returns what has to be stored. Throws 400 for the first value that there is not.
inline std::vector<UserSetting> chosen_settings(const EditPreferences& wanted) {
    std::vector<UserSetting> chosen;
    if (const auto dismissed = wanted.task_notification_alert_dismissed)
        chosen.push_back({"task_notification_alert_dismissed",
                          *dismissed ? store::settings::set : store::settings::not_set});
    const auto choose = [&](const char* name, const std::string& value, const char* refusal) {
        if (value.empty()) return;
        if (!rules::is_setting_of<Preferences>(name, value))
            throw ApiError(
                400, refusal, {},
                {{name, rules::must_be_one_of(fields::named<Preferences>(name).values)}});
        chosen.push_back({name, value});
    };
    choose("thinking_display_mode", wanted.thinking_display_mode, "Invalid thinking display mode.");
    choose("shell_tool_display_mode", wanted.shell_tool_display_mode,
           "Invalid shell tool display mode.");
    choose("code_diff_display_mode", wanted.code_diff_display_mode,
           "Invalid code diff display mode.");
    choose("agent_chat_send_shortcut", wanted.agent_chat_send_shortcut,
           "Invalid agent chat send shortcut.");
    return chosen;
}

/// Returns all preferences as they are after the change.
inline Preferences set_preferences(const Acting& acting, const UserRef& who,
                                   const EditPreferences& wanted) {
    return on_user(acting, about::set_preferences, who, [&](const Target& target) {
        const std::vector<UserSetting> chosen = chosen_settings(wanted);
        return change(acting, about::set_preferences, Asked::not_needed(), target,
                      [&](Change& now) {
                          for (const UserSetting& each : chosen)
                              store::settings::put(now.tx, now.target().id, each);
                          return store::settings::find<Preferences>(now.tx, now.target().id);
                      });
    });
}

inline std::vector<NotificationPreference> get_notifications(const Acting& acting,
                                                             const UserRef& who) {
    return on_user(acting, about::get_notifications, who, [&](const Target& target) {
        return acting.backend.store.read(
            [&](store::Connection& c) { return store::settings::notifications(c, target->id); });
    });
}

/// The most notification preferences that a user may have.
inline constexpr std::size_t most_notifications = 256;

inline ApiError too_many_notifications() { return {400, "Too many notification preferences."}; }

/// Refuses at once what could never be stored, so that it does not occupy the writer.
inline std::vector<NotificationPreference> new_notifications(
    const std::vector<NotificationChoice>& choices, Time now) {
    std::vector<NotificationPreference> wanted;
    wanted.reserve(choices.size());
    for (const auto& [template_id, disabled] : choices) {
        auto id = parse_uuid(template_id);
        if (!id) throw ApiError(400, "Unable to parse notification template UUID.", not_a_uuid);
        wanted.push_back({std::move(*id), disabled, now});
    }
    std::set<std::string_view> templates;
    for (const NotificationPreference& each : wanted) templates.insert(each.template_id);
    if (templates.size() > most_notifications) throw too_many_notifications();
    return wanted;
}

/// Returns all preferences as they are after the change.
inline std::vector<NotificationPreference> set_notifications(
    const Acting& acting, const UserRef& who, const std::vector<NotificationChoice>& choices) {
    return on_user(acting, about::set_notifications, who, [&](const Target& target) {
        const auto wanted = new_notifications(choices, acting.now);
        return change(acting, about::set_notifications, Asked::not_needed(), target,
                      [&](Change& now) {
                          for (const NotificationPreference& each : wanted)
                              store::settings::put(now.tx, now.target().id, each);
                          auto all = store::settings::notifications(now.tx, now.target().id);
                          if (all.size() > most_notifications) throw too_many_notifications();
                          return all;
                      });
    });
}

/// The midnight in UTC that comes after `now`.
inline Time next_midnight(Time now) {
    constexpr std::chrono::hours day{24};
    using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;
    return add(std::chrono::time_point_cast<Duration>(std::chrono::floor<Days>(now)), day);
}

/// Returns when the quiet hours of the user begin, which are the same for everybody.
inline Time get_quiet_hours(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_quiet_hours, who,
                   [&](const Target&) { return next_midnight(acting.now); });
}

/// Refuses: nobody can have other quiet hours.
inline void set_quiet_hours(const Acting& acting, const UserRef& who, const std::string& schedule) {
    const auto check = [&] { check_fields({{rules::fields::schedule, schedule}}); };
    on_user(acting, about::set_quiet_hours, who, check, [](const Target&) {
        throw ApiError(
            403, "Users cannot set custom quiet hours schedule due to deployment configuration.");
    });
}

/// Checks a request for the parameters that a user gave a template before. There are none.
inline void list_parameters(const Acting& acting, const UserRef& who,
                            const std::string& template_id) {
    on_user(acting, about::list_parameters, who, [&](const Target&) {
        const auto refused = [](const char* detail) {
            return ApiError(400, "Invalid query parameters.", {}, {{"template_id", detail}});
        };
        if (template_id.empty())
            throw refused("Query param \"template_id\" is required and cannot be empty");
        if (!parse_uuid(template_id))
            throw refused("Query param \"template_id\" must be a valid uuid");
    });
}

}}}  // namespace coder_users::v0::operations
