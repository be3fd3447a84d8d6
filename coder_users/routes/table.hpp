// The route table: one row for each operation. Dispatch, tests and the API description read it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/routes/account.hpp"
#include "coder_users/routes/api_keys.hpp"
#include "coder_users/routes/audit_log.hpp"
#include "coder_users/routes/authcheck.hpp"
#include "coder_users/routes/bodies.hpp"
#include "coder_users/routes/convert_login.hpp"
#include "coder_users/routes/external_login.hpp"
#include "coder_users/routes/first_user.hpp"
#include "coder_users/routes/general.hpp"
#include "coder_users/routes/git_ssh_keys.hpp"
#include "coder_users/routes/openapi.hpp"
#include "coder_users/routes/organizations.hpp"
#include "coder_users/routes/roles.hpp"
#include "coder_users/routes/route.hpp"
#include "coder_users/routes/session.hpp"
#include "coder_users/routes/users.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline Reply get_openapi(Call&);  // it describes the table that it stands in

inline std::vector<QueryParameter> callback_parameters() {
    using format::ValueType;
    return {{"code", ValueType::text, "Given by the provider; absent: a login starts"},
            {"state", ValueType::text, "Given by the provider"},
            {"error", ValueType::text, "The provider's refusal"},
            {"error_description", ValueType::text, "In words"},
            {"error_uri", ValueType::text, "Where more is said about it"},
            {"redirect", ValueType::text, "Path to go to after the login"},
            {"oidc_merge_state", ValueType::text, "State of a conversion to complete"}};
}

inline const std::vector<Route>& table() {
    using rules::Action;
    namespace shapes = format::shapes;
    using format::ValueType;
    // clang-format off
    static const std::vector<Route> rows{
        Route{Verb::get, "/", "get-root", "Greet", get_root}
            .answers(200, shapes::response),
        Route{Verb::get, "/buildinfo", "get-build-info", "Tell which server this is", get_build_info}
            .answers(200, shapes::build_info),
        Route{Verb::get, "/openapi.json", "get-openapi", "Describe this API", get_openapi}
            .answers(200, shapes::openapi),
        Route{Verb::get, "/healthz", "get-health", "Tell that the server is alive", get_health}
            .beside_the_api().answers(200, shapes::response),
        Route{Verb::get, "/readyz", "get-readiness", "Tell whether the store answers", get_readiness}
            .beside_the_api().answers(200, shapes::response),

        Route{Verb::get, "/users/authmethods", "get-authentication-methods", "Get authentication methods", get_auth_methods}
            .answers(200, shapes::auth_methods),
        Route{Verb::get, "/users/first", "check-initial-user-created", "Check initial user created", get_first_user}
            .answers(200, shapes::response).also_answers({404}),
        Route{Verb::post, "/users/first", "create-initial-user", "Create initial user", post_first_user}
            .in(Lane::hash).takes(bodies::first_user).audited("user", "create").answers(201, shapes::first_user).also_answers({409}),
        Route{Verb::post, "/users/login", "log-in-user", "Log in user", post_login}
            .is_essential().in(Lane::hash).takes(bodies::login).limits_tightly().audited("api_key", "login").answers(201, shapes::login).also_answers({401, 403}),
        Route{Verb::post, "/users/logout", "log-out-user", "Log out user", post_logout}
            .needs_session().is_essential().in(Lane::write).audited("api_key", "logout").answers(200, shapes::response),

        Route{Verb::get, "/users/oauth2/github/callback", "oauth-20-github-callback", "OAuth 2.0 GitHub Callback", get_github_callback}
            .asks(callback_parameters()).in(Lane::provider).limits_tightly().looks_at_session()
            .audited("api_key", "login").redirects().also_answers({401, 403, 409}),
        Route{Verb::get, "/users/oidc/callback", "openid-connect-callback", "OpenID Connect Callback", get_oidc_callback}
            .asks(callback_parameters()).in(Lane::provider).limits_tightly().looks_at_session()
            .audited("api_key", "login").redirects().also_answers({401, 403, 409}),

        Route{Verb::get, "/users", "get-users", "Get users", get_users}
            .asks({{"q", ValueType::text, "Search query"}, {"after_id", ValueType::uuid, "After ID"},
                   {"limit", ValueType::integer, "Page limit"}, {"offset", ValueType::integer, "Page offset"}})
            .needs_session().answers(200, shapes::users),
        Route{Verb::post, "/users", "create-new-user", "Create new user", post_users}
            .needs_session().in(Lane::hash).takes(bodies::user)
            .permits(Action::create_users, "You are not authorized to create users.")
            .audited("user", "create").answers(201, shapes::user).also_answers({404, 409}),
        Route{Verb::get, "/users/{user}", "get-user-by-name", "Get user by name", get_user}
            .needs_session().open_to_limited_keys().answers(200, shapes::user),
        Route{Verb::del, "/users/{user}", "delete-user", "Delete user", delete_user}
            .needs_session().is_essential().in(Lane::write).refuses_self(403, "You cannot delete yourself!").permits(Action::manage_user)
            .audited_with_refusals("user", "delete").answers(200, shapes::user),
        Route{Verb::put, "/users/{user}/profile", "update-user-profile", "Update user profile", put_profile}
            .needs_session().in(Lane::write).takes(bodies::profile).permits(Action::edit_user)
            .audited_with_refusals("user", "write").answers(200, shapes::user).also_answers({409}),
        Route{Verb::put, "/users/{user}/appearance", "update-user-appearance-settings", "Update user appearance settings", put_appearance}
            .needs_session().in(Lane::write).takes(bodies::appearance).permits(Action::edit_user)
            .audited_with_refusals("user", "write").answers(200, shapes::user),
        Route{Verb::put, "/users/{user}/password", "update-user-password", "Update user password", put_password}
            .needs_session().is_essential().in(Lane::hash).takes(bodies::password).permits(Action::edit_user).limits_tightly()
            .audited_with_refusals("user", "write").answers_nothing(),
        Route{Verb::put, "/users/{user}/status/suspend", "suspend-user-account", "Suspend user account", put_suspend}
            .needs_session().is_essential().in(Lane::write).refuses_self(400, "You cannot suspend yourself.").permits(Action::manage_user)
            .audited_with_refusals("user", "write").answers(200, shapes::user),
        Route{Verb::put, "/users/{user}/status/activate", "activate-user-account", "Activate user account", put_activate}
            .needs_session().in(Lane::write).permits(Action::manage_user)
            .audited_with_refusals("user", "write").answers(200, shapes::user),
        Route{Verb::get, "/users/{user}/login-type", "get-user-login-type", "Get user login type", get_login_type}
            .needs_session().permits(Action::act_as_user, "You are not authorized to view this user's login type.")
            .answers(200, shapes::user_login_type),

        Route{Verb::post, "/users/{user}/convert-login", "convert-user-from-password-to-oauth-authentication",
              "Convert user from password to OAuth authentication", post_convert_login}
            .needs_session().in(Lane::hash).takes(bodies::convert_login).permits(Action::act_as_user).limits_tightly()
            .audited_with_refusals("convert_login", "create", wanted_login_type).answers(201, shapes::login_conversion),

        Route{Verb::get, "/users/roles", "get-site-member-roles", "Get site member roles", get_assignable_roles}
            .needs_session().answers_list(shapes::assignable_role),
        Route{Verb::get, "/users/{user}/roles", "get-user-roles", "Get user roles", get_user_roles}
            .needs_session().permits(Action::read_user_roles).answers(200, shapes::user_with_roles),
        Route{Verb::put, "/users/{user}/roles", "assign-role-to-user", "Assign role to user", put_user_roles}
            .needs_session().in(Lane::write).refuses_self(400, "You cannot change your own roles.").takes(bodies::roles)
            .permits(Action::assign_roles).audited_with_refusals("user", "write").answers(200, shapes::user),

        Route{Verb::get, "/users/{user}/gitsshkey", "get-user-git-ssh-key", "Get user Git SSH key", get_git_ssh_key}
            .needs_session().permits(Action::edit_user).answers(200, shapes::git_ssh_key),
        Route{Verb::put, "/users/{user}/gitsshkey", "regenerate-user-ssh-key", "Regenerate user SSH key", put_git_ssh_key}
            .needs_session().in(Lane::hash).permits(Action::edit_user)
            .audited_with_refusals("git_ssh_key", "write", current_public_key).answers(200, shapes::git_ssh_key),

        Route{Verb::post, "/users/{user}/keys", "create-new-session-key", "Create new session key", post_keys}
            .needs_session().in(Lane::write).permits(Action::use_keys).audited("api_key", "create")
            .answers(201, shapes::generated_key),
        Route{Verb::get, "/users/{user}/keys/tokens", "get-user-tokens", "Get user tokens", get_tokens}
            .asks({{"include_all", ValueType::text, "true: the tokens of all users that the caller may see"}})
            .needs_session().answers_list(shapes::listed_token),
        Route{Verb::post, "/users/{user}/keys/tokens", "create-token-api-key", "Create token API key", post_tokens}
            .needs_session().in(Lane::write).takes(bodies::token).permits(Action::use_keys).audited("api_key", "create")
            .answers(201, shapes::generated_key).also_answers({409}),
        Route{Verb::get, "/users/{user}/keys/tokens/tokenconfig", "get-token-config", "Get token config", get_token_config}
            .needs_session().answers(200, shapes::token_config),
        Route{Verb::get, "/users/{user}/keys/tokens/{keyname}", "get-api-key-by-token-name", "Get API key by token name", get_token}
            .needs_session().answers(200, shapes::api_key),
        Route{Verb::get, "/users/{user}/keys/{keyid}", "get-api-key-by-id", "Get API key by ID", get_key}
            .needs_session().answers(200, shapes::api_key),
        Route{Verb::del, "/users/{user}/keys/{keyid}", "delete-api-key", "Delete API key", delete_key}
            .needs_session().is_essential().in(Lane::write).audited("api_key", "delete").answers_nothing(),

        Route{Verb::get, "/users/{user}/organizations", "get-organizations-by-user", "Get organizations by user", get_user_organizations}
            .needs_session().answers_list(shapes::organization),
        Route{Verb::get, "/users/{user}/organizations/{organizationname}", "get-organization-by-user-and-organization-name",
              "Get organization by user and organization name", get_user_organization}
            .needs_session().answers(200, shapes::organization),
        Route{Verb::get, "/organizations", "get-organizations", "Get organizations", get_organizations}
            .needs_session().answers_list(shapes::organization),
        Route{Verb::get, "/organizations/{organization}", "get-organization-by-id", "Get organization by ID", get_organization}
            .needs_session().resolves(resolve_organization).answers(200, shapes::organization),
        Route{Verb::get, "/organizations/{organization}/members/roles", "get-member-roles-by-organization",
              "Get member roles by organization", get_organization_roles}
            .needs_session().resolves(resolve_organization).answers_list(shapes::assignable_role),
        Route{Verb::put, "/organizations/{organization}/members/{member}/roles", "assign-role-to-organization-member",
              "Assign role to organization member", put_member_roles}
            .needs_session().in(Lane::write).resolves(resolve_member)
            .refuses_self(400, "You cannot change your own organization roles.").takes(bodies::roles)
            .audited_with_refusals("organization_member", "write").answers(200, shapes::organization_member),

        Route{Verb::post, "/authcheck", "check-authorization", "Check authorization", post_authcheck}
            .needs_session().takes(bodies::authcheck).answers(200, shapes::authorizations),
        Route{Verb::get, "/audit", "get-audit-logs", "Get audit logs", get_audit}
            .asks({{"q", ValueType::text, "Search query"}, {"limit", ValueType::integer, "Page limit"},
                   {"offset", ValueType::integer, "Page offset"}})
            .needs_session().permits(Action::read_audit).answers(200, shapes::audit_logs),
    };
    // clang-format on
    return rows;
}

/// The row with this operation id, or nullptr.
inline const Route* find_route(std::string_view operation_id) {
    for (const Route& route : table())
        if (route.operation_id == operation_id) return &route;
    return nullptr;
}

/// The rows that a host has not switched off.
inline std::vector<Route> served_routes(const std::vector<std::string>& disabled) {
    std::vector<Route> served;
    for (const Route& route : table())
        if (std::find(disabled.begin(), disabled.end(), route.operation_id) == disabled.end())
            served.push_back(route);
    return served;
}

inline Reply get_openapi(Call& call) {
    static const std::string usual = openapi::document(table(), "/api/v2");
    const std::vector<Route>& served = call.backend.routes;
    const std::string& prefix = call.request.api_prefix;
    const bool as_usual = served.size() == table().size() && prefix == "/api/v2";
    return ok(as_usual ? usual : openapi::document(served, prefix));
}

}}}  // namespace coder_users::v0::routes
