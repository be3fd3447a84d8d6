// Internal: may change at any time.
// Writes the answers about what this server does not have: features, experiments, regions,
// notifications. Clients ask for them before they go on (docs/contract/constant_answers.md, "What
// they are for").
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// Something that clients look up by name, and whether this server has it.
struct Feature {
    const char* name;
    bool is_there;
};

/// All that clients know, sorted by name.
inline constexpr std::array<Feature, 27> features{{{"access_control", false},
                                                   {"advanced_template_scheduling", false},
                                                   {"ai_governance_user_limit", false},
                                                   {"aibridge", false},
                                                   {"appearance", false},
                                                   {"audit_log", true},
                                                   {"boundary", false},
                                                   {"browser_only", false},
                                                   {"connection_log", false},
                                                   {"control_shared_ports", false},
                                                   {"custom_roles", false},
                                                   {"external_provisioner_daemons", false},
                                                   {"external_token_encryption", false},
                                                   {"high_availability", false},
                                                   {"managed_agent_limit", false},
                                                   {"multiple_external_auth", false},
                                                   {"multiple_organizations", true},
                                                   {"scim", false},
                                                   {"service_accounts", true},
                                                   {"task_batch_actions", false},
                                                   {"template_rbac", false},
                                                   {"user_limit", false},
                                                   {"user_role_management", false},
                                                   {"workspace_batch_actions", false},
                                                   {"workspace_external_agent", false},
                                                   {"workspace_prebuilds", false},
                                                   {"workspace_proxy", false}}};

inline std::string entitlements(Time started) {
    JsonWriter json;
    json.begin_object().key("features").begin_object();
    for (const Feature& each : features)
        json.key(std::string_view(each.name))
            .begin_object()
            .member("entitlement", each.is_there ? "entitled" : "not_entitled")
            .member("enabled", each.is_there)
            .end_object();
    json.end_object();
    json.key("warnings").raw("[]");
    json.key("errors").raw("[]");
    json.member("has_license", false).member("trial", false).member("require_telemetry", false);
    json.member("refreshed_at", started).end_object();
    return document(json);
}

inline std::string site_appearance(std::string_view docs_url) {
    JsonWriter json;
    json.begin_object()
        .member("application_name", "")
        .member("logo_url", "")
        .member("docs_url", docs_url);
    json.key("service_banner").begin_object().member("enabled", false).end_object();
    json.key("announcement_banners").raw("[]");
    json.end_object();
    return document(json);
}

inline std::string update_check(std::string_view version, std::string_view url) {
    JsonWriter json;
    json.begin_object().member("current", true).member("version", version).member("url", url);
    json.end_object();
    return document(json);
}

inline std::string regions(std::string_view deployment_id, std::string_view access_url) {
    JsonWriter json;
    json.begin_object().key("regions").begin_array().begin_object();
    json.member("id", deployment_id)
        .member("name", "primary")
        .member("display_name", "Default")
        .member("icon_url", "/emojis/1f3e1.png")
        .member("healthy", true)
        .member("path_app_url", access_url)
        .member("wildcard_hostname", "");
    json.end_object().end_array().end_object();
    return document(json);
}

inline std::string deployment_config(std::string_view access_url, bool disable_password_auth) {
    JsonWriter json;
    json.begin_object().key("config").begin_object();
    json.member("access_url", access_url).member("disable_password_auth", disable_password_auth);
    json.end_object().key("options").raw("[]");
    json.end_object();
    return document(json);
}

inline constexpr const char* no_elements = "[]\n";
inline constexpr const char* no_experiments = "{\"safe\":[]}\n";
inline constexpr const char* empty_inbox = "{\"notifications\":[],\"unread_count\":0}\n";
inline constexpr const char* paused_notifications = "{\"notifier_paused\":true}\n";
inline constexpr const char* no_dispatch_methods = "{\"available\":[],\"default\":\"\"}\n";

}}}  // namespace coder_users::v0::wire
