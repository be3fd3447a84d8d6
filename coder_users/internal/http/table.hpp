// Internal: may change at any time.
// The rows of the route table, one for each operation. They take every handler, so they are
// compiled in a unit of their own; http/routes.hpp is for those who read them.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/http/account.hpp"
#include "coder_users/internal/http/api_keys.hpp"
#include "coder_users/internal/http/audit_log.hpp"
#include "coder_users/internal/http/bodies.hpp"
#include "coder_users/internal/http/callbacks.hpp"
#include "coder_users/internal/http/constant_answers.hpp"
#include "coder_users/internal/http/general.hpp"
#include "coder_users/internal/http/members.hpp"
#include "coder_users/internal/http/openapi.hpp"
#include "coder_users/internal/http/organizations.hpp"
#include "coder_users/internal/http/passcodes.hpp"
#include "coder_users/internal/http/routes.hpp"
#include "coder_users/internal/http/sessions.hpp"
#include "coder_users/internal/http/settings.hpp"
#include "coder_users/internal/http/users.hpp"
#include "coder_users/internal/wire/constant_shapes.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply get_openapi(Call&);  // below, because it describes the table itself

inline std::vector<QueryParameter> callback_parameters() {
    using wire::ValueType;
    return {{"code", ValueType::text, "Given by the provider; absent: a login starts"},
            {"state", ValueType::text, "Given by the provider"},
            {"error", ValueType::text, "The provider's refusal"},
            {"error_description", ValueType::text, "In words"},
            {"error_uri", ValueType::text, "Where more is said about it"},
            {"redirect", ValueType::text, "Path to go to after the login"},
            {"oidc_merge_state", ValueType::text, "State of a conversion to complete"}};
}

CODER_USERS_INLINE const std::vector<Route>& table() {
    namespace by = operations::about;
    namespace shapes = wire::shapes;
    using wire::ValueType;
    // clang-format off
    static const std::vector<Route> rows = [] {
        std::vector<Route> list;
        const auto add = [&](Route&& row) { list.push_back(std::move(row)); };
        add(Route{Verb::get, "/", about::get_root, "Greet", get_root}
            .answers(200, shapes::response));
        add(Route{Verb::get, "/buildinfo", about::get_build_info, "Tell which server this is", get_build_info}
            .answers(200, shapes::build_info));
        add(Route{Verb::get, "/openapi.json", about::get_openapi, "Describe this API", get_openapi}
            .answers(200, shapes::openapi));
        add(Route{Verb::get, "/healthz", about::get_health, "Tell that the server is alive", get_health}
            .beside_the_api().answers(200, shapes::response));
        add(Route{Verb::get, "/readyz", about::get_readiness, "Tell whether the store answers", get_readiness}
            .beside_the_api().answers(200, shapes::response));

        add(Route{Verb::get, "/users/authmethods", by::get_auth_methods, "Get authentication methods", get_auth_methods}
            .answers(200, shapes::auth_methods));
        add(Route{Verb::get, "/users/first", by::has_first_user, "Check initial user created", get_first_user}
            .answers(200, shapes::response).also_answers({404}));
        add(Route{Verb::post, "/users/first", by::create_first_user, "Create initial user", post_first_user}
            .takes(bodies::first_user).answers(201, shapes::first_user).also_answers({409}));
        add(Route{Verb::post, "/users/login", login::about::log_in, "Log in user", post_login}
            .takes(bodies::login).limits_tightly().answers(201, shapes::login).also_answers({401, 403}));
        add(Route{Verb::post, "/users/logout", login::about::log_out, "Log out user", post_logout}
            .answers(200, shapes::response));

        add(Route{Verb::post, "/users/otp/request", by::request_passcode, "Request one-time passcode", post_passcode_request}
            .takes(bodies::passcode_request).limits_tightly().answers_nothing().also_answers({403}));
        add(Route{Verb::post, "/users/otp/change-password", by::redeem_passcode,
                  "Change password with a one-time passcode", post_passcode_change}
            .takes(bodies::passcode_change).limits_tightly().answers_nothing().also_answers({403}));

        add(Route{Verb::get, "/users/oauth2/github/callback", login::about::log_in_github, "OAuth 2.0 GitHub Callback", get_github_callback}
            .asks(callback_parameters()).limits_tightly().redirects().also_answers({401, 403, 409}));
        add(Route{Verb::get, "/users/oidc/callback", login::about::log_in_oidc, "OpenID Connect Callback", get_oidc_callback}
            .asks(callback_parameters()).limits_tightly().redirects().also_answers({401, 403, 409}));

        add(Route{Verb::get, "/users/oauth2/github/device", about::begin_github_device, "Get GitHub device auth", get_github_device}
            .limits_tightly().always_refuses(400));
        add(Route{Verb::get, "/users/oidc-claims", login::about::get_claims, "Get OIDC claims for the authenticated user", get_oidc_claims}
            .answers(200, shapes::oidc_claims));
        add(Route{Verb::post, "/users/validate-password", by::check_password, "Validate user password", post_validate_password}
            .takes(bodies::password_to_check).limits_tightly().answers(200, shapes::password_check));

        add(Route{Verb::get, "/users", by::list_users, "Get users", get_users}
            .asks({{"q", ValueType::text, "Search query"}, {"after_id", ValueType::uuid, "After ID"},
                   {"limit", ValueType::integer, "Page limit"}, {"offset", ValueType::integer, "Page offset"}})
            .answers(200, shapes::users));
        add(Route{Verb::post, "/users", by::create_user, "Create new user", post_users}
            .takes(bodies::user).answers(201, shapes::user).also_answers({404, 409}));
        add(Route{Verb::get, "/users/{user}", by::get_user, "Get user by name", get_user}
            .answers(200, shapes::user));
        add(Route{Verb::del, "/users/{user}", by::delete_user, "Delete user", delete_user}
            .answers(200, shapes::user).later_answers_with(contradictions::deletion_notice, 200, &shapes::response)
            .later_answers_with(contradictions::silent_deletion, 204, nullptr)
            .later_answers_with({2, 15}, 200, &shapes::response));
        add(Route{Verb::put, "/users/{user}/profile", by::set_profile, "Update user profile", put_profile}
            .takes(bodies::profile).answers(200, shapes::user).also_answers({409}));
        add(Route{Verb::put, "/users/{user}/email", by::set_email, "Update user email", put_email}
            .takes(bodies::email).answers(200, shapes::user).also_answers({409}));
        add(Route{Verb::put, "/users/{user}/appearance", by::set_appearance, "Update user appearance settings", put_appearance}
            .takes(bodies::appearance).answers(200, shapes::user)
            .later_answers_with(contradictions::appearance_alone, 200, &shapes::appearance));
        add(Route{Verb::get, "/users/{user}/appearance", by::get_appearance, "Get user appearance settings", get_appearance}
            .answers(200, shapes::appearance));
        add(Route{Verb::get, "/users/{user}/preferences", by::get_preferences, "Get user preference settings", get_preferences}
            .answers(200, shapes::preferences));
        add(Route{Verb::put, "/users/{user}/preferences", by::set_preferences, "Update user preference settings", put_preferences}
            .takes(bodies::preferences).answers(200, shapes::preferences));
        add(Route{Verb::get, "/users/{user}/notifications/preferences", by::get_notifications,
                  "Get user notification preferences", get_notification_preferences}
            .answers_list(shapes::notification_preference));
        add(Route{Verb::put, "/users/{user}/notifications/preferences", by::set_notifications,
                  "Update user notification preferences", put_notification_preferences}
            .takes(bodies::notification_preferences).answers_list(shapes::notification_preference));
        add(Route{Verb::get, "/users/{user}/quiet-hours", by::get_quiet_hours, "Get user quiet hours schedule", get_quiet_hours}
            .answers(200, shapes::quiet_hours));
        add(Route{Verb::put, "/users/{user}/quiet-hours", by::set_quiet_hours, "Update user quiet hours schedule", put_quiet_hours}
            .takes(bodies::quiet_hours).always_refuses(403));
        add(Route{Verb::get, "/users/{user}/autofill-parameters", by::list_parameters,
                  "Get autofill build parameters for user", get_parameters}
            .asks({{"template_id", ValueType::uuid, "Template ID"}}).answers_list(shapes::user_parameter));
        add(Route{Verb::put, "/users/{user}/password", by::set_password, "Update user password", put_password}
            .takes(bodies::password).limits_tightly().answers_nothing());
        add(Route{Verb::put, "/users/{user}/status/suspend", by::suspend_user, "Suspend user account", put_suspend}
            .answers(200, shapes::user));
        add(Route{Verb::put, "/users/{user}/status/activate", by::activate_user, "Activate user account", put_activate}
            .answers(200, shapes::user));
        add(Route{Verb::get, "/users/{user}/login-type", by::get_login_type, "Get user login type", get_login_type}
            .answers(200, shapes::user_login_type));

        add(Route{Verb::post, "/users/{user}/convert-login", login::about::convert_login,
                  "Convert user from password to OAuth authentication", post_convert_login}
            .takes(bodies::convert_login).limits_tightly().answers(201, shapes::login_conversion));

        add(Route{Verb::get, "/users/roles", by::list_site_roles, "Get site member roles", get_site_roles}
            .answers_list(shapes::assignable_role));
        add(Route{Verb::get, "/users/{user}/roles", by::get_roles, "Get user roles", get_user_roles}
            .answers(200, shapes::user_with_roles)
            .later_answers_with(contradictions::roles_without_user, 200, &shapes::user_roles));
        add(Route{Verb::put, "/users/{user}/roles", by::set_roles, "Assign role to user", put_user_roles}
            .takes(bodies::roles).answers(200, shapes::user));

        add(Route{Verb::get, "/users/{user}/gitsshkey", by::get_git_ssh_key, "Get user Git SSH key", get_git_ssh_key}
            .answers(200, shapes::git_ssh_key));
        add(Route{Verb::put, "/users/{user}/gitsshkey", by::renew_git_ssh_key, "Regenerate user SSH key", put_git_ssh_key}
            .answers(200, shapes::git_ssh_key));

        add(Route{Verb::post, "/users/{user}/keys", by::make_session, "Create new session key", post_keys}
            .answers(201, shapes::generated_key));
        add(Route{Verb::get, "/users/{user}/keys/tokens", by::list_tokens, "Get user tokens", get_tokens}
            .asks({{"include_all", ValueType::flag, "true: the tokens of all users that the caller may see"},
                   {"include_expired", ValueType::flag, "true: expired tokens, too"}})
            .answers_list(shapes::listed_token));
        add(Route{Verb::post, "/users/{user}/keys/tokens", by::make_token, "Create token API key", post_tokens}
            .takes(bodies::token).answers(201, shapes::generated_key).also_answers({409}));
        add(Route{Verb::get, "/users/{user}/keys/tokens/tokenconfig", by::get_token_config, "Get token config", get_token_config}
            .answers(200, shapes::token_config));
        add(Route{Verb::get, "/users/{user}/keys/tokens/{keyname}", by::find_token, "Get API key by token name", get_token}
            .answers(200, shapes::api_key));
        add(Route{Verb::get, "/users/{user}/keys/{keyid}", by::find_key, "Get API key by ID", get_key}
            .answers(200, shapes::api_key));
        add(Route{Verb::del, "/users/{user}/keys/{keyid}", by::revoke_key, "Delete API key", delete_key}
            .answers_nothing());

        add(Route{Verb::put, "/users/{user}/keys/{keyid}/expire", by::expire_key, "Expire API key", put_expire_key}
            .answers_nothing());
        add(Route{Verb::get, "/auth/scopes", by::list_scopes, "List API key scopes", get_scopes}
            .answers(200, shapes::scope_names));

        add(Route{Verb::get, "/users/{user}/sessions", by::list_sessions, "List sessions of a user", get_sessions}
            .answers_list(shapes::session));
        add(Route{Verb::del, "/users/{user}/sessions", by::end_sessions, "End the other sessions of a user", delete_sessions}
            .answers_nothing());

        add(Route{Verb::get, "/users/{user}/organizations", by::list_organizations_of, "Get organizations by user", get_user_organizations}
            .answers_list(shapes::organization));
        add(Route{Verb::get, "/users/{user}/organizations/{organizationname}", by::find_organization_by_name,
                  "Get organization by user and organization name", get_user_organization}
            .answers(200, shapes::organization));
        add(Route{Verb::get, "/organizations", by::list_organizations, "Get organizations", get_organizations}
            .answers_list(shapes::organization));
        add(Route{Verb::get, "/organizations/{organization}", by::get_organization, "Get organization by ID", get_organization}
            .resolves(resolve_organization).answers(200, shapes::organization));
        add(Route{Verb::post, "/organizations", by::create_organization, "Create organization", post_organizations}
            .takes(bodies::organization).answers(201, shapes::organization).also_answers({409}));
        add(Route{Verb::patch, "/organizations/{organization}", by::update_organization, "Update organization", patch_organization}
            .resolves(resolve_organization).takes(bodies::organization_changes)
            .answers(200, shapes::organization).also_answers({409}));
        add(Route{Verb::del, "/organizations/{organization}", by::delete_organization, "Delete organization", delete_organization}
            .resolves(resolve_organization).answers(200, shapes::response));
        add(Route{Verb::get, "/organizations/{organization}/members", by::list_members, "List organization members", get_members}
            .resolves(resolve_organization)
            .asks({{"q", ValueType::text, "Member search query"}}).answers_list(shapes::member_with_user));
        add(Route{Verb::get, "/organizations/{organization}/paginated-members", by::list_members_by_page,
                  "Paginated organization members", get_members_by_page}
            .resolves(resolve_organization)
            .asks({{"q", ValueType::text, "Member search query"}, {"after_id", ValueType::uuid, "After ID"},
                   {"limit", ValueType::integer, "Page limit"}, {"offset", ValueType::integer, "Page offset"}})
            .answers(200, shapes::member_page));
        add(Route{Verb::get, "/organizations/{organization}/members/{member}", by::get_member, "Get organization member", get_member}
            .resolves(resolve_member).answers(200, shapes::member_with_user));
        add(Route{Verb::post, "/organizations/{organization}/members/{member}", by::add_member, "Add organization member", post_member}
            .resolves(resolve_organization).answers(200, shapes::organization_member));
        add(Route{Verb::del, "/organizations/{organization}/members/{member}", by::remove_member, "Remove organization member", delete_member}
            .resolves(resolve_member).answers_nothing());
        add(Route{Verb::get, "/organizations/{organization}/members/roles", by::list_organization_roles,
                  "Get member roles by organization", get_organization_roles}
            .resolves(resolve_organization).answers_list(shapes::assignable_role));
        add(Route{Verb::put, "/organizations/{organization}/members/{member}/roles", by::set_member_roles,
                  "Assign role to organization member", put_member_roles}
            .resolves(resolve_other_member).takes(bodies::roles).answers(200, shapes::organization_member));

        add(Route{Verb::post, "/authcheck", by::check_authorization, "Check authorization", post_authcheck}
            .takes(bodies::authcheck).answers(200, shapes::authorizations));
        add(Route{Verb::get, "/audit", by::list_audit, "Get audit logs", get_audit}
            .asks({{"q", ValueType::text, "Search query"}, {"limit", ValueType::integer, "Page limit"},
                   {"offset", ValueType::integer, "Page offset"}})
            .answers(200, shapes::audit_logs));

        add(Route{Verb::get, "/entitlements", about::get_entitlements, "Get entitlements", get_entitlements}
            .answers(200, shapes::entitlements));
        add(Route{Verb::get, "/updatecheck", about::check_for_update, "Update check", check_for_update}
            .answers(200, shapes::update_check));
        add(Route{Verb::get, "/appearance", about::get_site_appearance, "Get appearance", get_site_appearance}
            .answers(200, shapes::site_appearance));
        add(Route{Verb::get, "/experiments", about::get_experiments, "Get enabled experiments", get_no_elements}
            .answers_list(shapes::experiment));
        add(Route{Verb::get, "/experiments/available", about::get_available_experiments, "Get safe experiments", get_available_experiments}
            .answers(200, shapes::available_experiments));
        add(Route{Verb::get, "/regions", about::get_regions, "Get site-wide regions for workspace connections", get_regions}
            .answers(200, shapes::regions));
        add(Route{Verb::get, "/deployment/config", about::get_deployment_config, "Get deployment config", get_deployment_config}
            .answers(200, shapes::deployment_config));
        add(Route{Verb::get, "/notifications/inbox", about::get_inbox, "List inbox notifications", get_inbox}
            .answers(200, shapes::inbox));
        add(Route{Verb::get, "/notifications/settings", about::get_notification_settings, "Get notifications settings", get_notification_settings}
            .answers(200, shapes::notification_settings));
        add(Route{Verb::get, "/notifications/templates/system", about::get_system_templates, "Get system notification templates", get_no_elements}
            .answers_list(shapes::notification_template));
        add(Route{Verb::get, "/notifications/templates/custom", about::get_custom_templates, "Get custom notification templates", get_no_elements}
            .answers_list(shapes::notification_template));
        add(Route{Verb::get, "/notifications/dispatch-methods", about::get_dispatch_methods, "Get notification dispatch methods", get_dispatch_methods}
            .answers(200, shapes::dispatch_methods));
        return list;
    }();
    // clang-format on
    return rows;
}

inline Reply get_openapi(Call& call) {
    const auto setting_of = [](std::string_view base, const Options& options, Release release) {
        const std::chrono::nanoseconds longest = options.max_token_lifetime;
        return openapi::Setting{base, session_cookie(options), longest.count(), release};
    };
    static const openapi::Setting usual = setting_of("/api/v2", Options(), Release());
    static const std::string usual_document = openapi::document(table(), usual);
    const openapi::Setting setting =
        setting_of(call.request.api_prefix, call.options(), call.acting.backend.release);
    const bool as_usual = call.site.routes.size() == table().size() && setting == usual;
    return ok(as_usual ? usual_document : openapi::document(call.site.routes, setting));
}

}}}  // namespace coder_users::v0::http
