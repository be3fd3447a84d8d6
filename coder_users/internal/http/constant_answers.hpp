// Internal: may change at any time.
// Handlers for what clients ask about the whole server before they go on
// (docs/contract/constant_answers.md, "What they are for").
#pragma once

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/general.hpp"
#include "coder_users/internal/wire/constant_answers.hpp"

namespace coder_users { inline namespace v0 { namespace http {

namespace about {
inline constexpr Operation get_entitlements = Operation("get-entitlements").for_anybody();
inline constexpr Operation check_for_update = Operation("update-check").for_anybody();
inline constexpr Operation get_site_appearance = Operation("get-appearance").needs();
inline constexpr Operation get_experiments = Operation("get-enabled-experiments").needs();
inline constexpr Operation get_available_experiments = Operation("get-safe-experiments").needs();
inline constexpr Operation get_regions =
    Operation("get-site-wide-regions-for-workspace-connections").needs();
inline constexpr Operation get_deployment_config =
    Operation("get-deployment-config").permits(Action::read_deployment_config);
inline constexpr Operation get_inbox = Operation("list-inbox-notifications").needs();
inline constexpr Operation get_notification_settings =
    Operation("get-notifications-settings").needs();
inline constexpr Operation get_system_templates =
    Operation("get-system-notification-templates").needs();
inline constexpr Operation get_custom_templates =
    Operation("get-custom-notification-templates").needs();
inline constexpr Operation get_dispatch_methods =
    Operation("get-notification-dispatch-methods").needs();
}  // namespace about

inline Reply get_entitlements(Call& call) {
    return ok(wire::entitlements(call.acting.backend.started));
}

inline Reply check_for_update(Call& call) {
    return ok(wire::update_check(build_version(call.release()), project_url));
}

inline Reply get_site_appearance(Call&) { return ok(wire::site_appearance(project_url)); }

inline Reply get_available_experiments(Call&) { return ok(wire::no_experiments); }

inline Reply get_regions(Call& call) {
    return ok(wire::regions(call.acting.backend.deployment_id, call.options().access_url));
}

inline Reply get_deployment_config(Call& call) {
    operations::permit(about::get_deployment_config, call.acting.user());
    const Options& options = call.options();
    return ok(wire::deployment_config(options.access_url, options.disable_password_auth));
}

inline Reply get_inbox(Call&) { return ok(wire::empty_inbox); }
inline Reply get_notification_settings(Call&) { return ok(wire::paused_notifications); }
inline Reply get_dispatch_methods(Call&) { return ok(wire::no_dispatch_methods); }

/// Of a list that is always empty.
inline Reply get_no_elements(Call&) { return ok(wire::no_elements); }

}}}  // namespace coder_users::v0::http
