// Internal: may change at any time.
// Shapes of the answers about what this server does not have.
#pragma once

#include <vector>

#include "coder_users/internal/wire/constant_answers.hpp"
#include "coder_users/internal/wire/shapes.hpp"

namespace coder_users { inline namespace v0 { namespace wire { namespace shapes {

inline const Shape feature{
    "Feature", {one_of("entitlement", {"entitled", "not_entitled"}), {"enabled", ValueType::flag}}};

inline const Shape feature_map = [] {
    Shape shape{"Features", {}};
    for (const Feature& each : features)
        shape.properties.push_back({each.name, ValueType::object, &feature});
    return shape;
}();

inline const Shape entitlements{"Entitlements",
                                {{"features", ValueType::object, &feature_map},
                                 {"warnings", ValueType::array},
                                 {"errors", ValueType::array},
                                 {"has_license", ValueType::flag},
                                 {"trial", ValueType::flag},
                                 {"require_telemetry", ValueType::flag},
                                 {"refreshed_at", ValueType::time}}};

inline const Shape banner{"BannerConfig", {{"enabled", ValueType::flag}}};

inline const Shape site_appearance{
    "AppearanceConfig",
    {{"application_name", ValueType::text},
     {"logo_url", ValueType::text},
     {"docs_url", ValueType::text},
     {"service_banner", ValueType::object, &banner},
     {"announcement_banners", ValueType::array, &banner, ValueType::object}}};

/// A text.
inline const Shape experiment{"Experiment", {}, ValueType::text};

inline const Shape available_experiments{"AvailableExperiments", {{"safe", ValueType::array}}};

inline const Shape update_check{
    "UpdateCheckResponse",
    {{"current", ValueType::flag}, {"version", ValueType::text}, {"url", ValueType::text}}};

inline const Shape region{"Region",
                          {{"id", ValueType::uuid},
                           {"name", ValueType::text},
                           {"display_name", ValueType::text},
                           {"icon_url", ValueType::text},
                           {"healthy", ValueType::flag},
                           {"path_app_url", ValueType::text},
                           {"wildcard_hostname", ValueType::text}}};

inline const Shape regions{"RegionsResponse",
                           {{"regions", ValueType::array, &region, ValueType::object}}};

inline const Shape deployment_values{
    "DeploymentValues",
    {{"access_url", ValueType::text}, {"disable_password_auth", ValueType::flag}}};

inline const Shape deployment_config{
    "DeploymentConfig",
    {{"config", ValueType::object, &deployment_values},
     {"options", ValueType::array, nullptr, ValueType::any_object}}};

inline const Shape inbox{"ListInboxNotificationsResponse",
                         {{"notifications", ValueType::array, nullptr, ValueType::any_object},
                          {"unread_count", ValueType::integer}}};

inline const Shape notification_settings{"NotificationsSettings",
                                         {{"notifier_paused", ValueType::flag}}};

/// There is none.
inline const Shape notification_template{"NotificationTemplate", {}};

inline const Shape dispatch_methods{
    "NotificationMethodsResponse", {{"available", ValueType::array}, {"default", ValueType::text}}};

}}}}  // namespace coder_users::v0::wire::shapes
