// Internal: may change at any time.
// Handlers for what users choose for themselves.
#pragma once

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/operations/settings.hpp"
#include "coder_users/internal/wire/constant_answers.hpp"
#include "coder_users/internal/wire/settings.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply get_appearance(Call& call) {
    return ok(wire::object(operations::get_appearance(call.acting, call.user()), call.release()));
}

inline Reply put_appearance(Call& call) {
    const wire::Body& body = call.body;
    const auto changed = operations::set_appearance(
        call.acting, call.user(),
        {body.text("theme_preference"), body.text("terminal_font"), body.text("theme_mode"),
         body.text("theme_light"), body.text("theme_dark")});
    return ok(call.release() >= contradictions::appearance_alone
                  ? wire::object(changed.appearance, call.release())
                  : wire::user(changed.user, call.form()));
}

inline Reply get_preferences(Call& call) {
    return ok(wire::object(operations::get_preferences(call.acting, call.user()), call.release()));
}

inline Reply put_preferences(Call& call) {
    const wire::Body& body = call.body;
    return ok(wire::object(
        operations::set_preferences(
            call.acting, call.user(),
            {body.sent_flag("task_notification_alert_dismissed"),
             body.text("thinking_display_mode"), body.text("shell_tool_display_mode"),
             body.text("code_diff_display_mode"), body.text("agent_chat_send_shortcut")}),
        call.release()));
}

inline Reply get_notification_preferences(Call& call) {
    return ok(
        wire::notification_preferences(operations::get_notifications(call.acting, call.user())));
}

inline Reply put_notification_preferences(Call& call) {
    return ok(wire::notification_preferences(operations::set_notifications(
        call.acting, call.user(), wire::flags_of(call.body, "template_disabled_map"))));
}

inline Reply get_quiet_hours(Call& call) {
    return ok(wire::quiet_hours(operations::get_quiet_hours(call.acting, call.user())));
}

inline Reply put_quiet_hours(Call& call) {
    operations::set_quiet_hours(call.acting, call.user(), call.body.text("schedule"));
    return {204, ""};
}

inline Reply get_parameters(Call& call) {
    operations::list_parameters(call.acting, call.user(), call.query("template_id"));
    return ok(wire::no_elements);
}

}}}  // namespace coder_users::v0::http
