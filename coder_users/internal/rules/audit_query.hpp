// Internal: may change at any time.
// Reads the search text `q` of docs/contract/audit.md, "GET /audit".
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/search_query.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// Filters on entries. An entry must pass all of them; an empty filter is not applied.
struct AuditSearch {
    std::string request_id, resource_type, action, resource_id, resource_target, username, email;
    std::string organization_id;
    std::optional<Time> from, before;  ///< from <= time < before
    bool matches_nothing = false;      ///< no entry can have what is asked for
};

/// The types that clients may ask for; this server records only some of them.
inline constexpr std::array<std::string_view, 35> audit_resource_types{
    "api_key",
    "convert_login",
    "git_ssh_key",
    "group",
    "license",
    "organization",
    "organization_member",
    "template",
    "template_version",
    "user",
    "workspace",
    "workspace_build",
    "workspace_proxy",
    "health_settings",
    "notifications_settings",
    "prebuilds_settings",
    "oauth2_provider_app",
    "oauth2_provider_app_secret",
    "custom_role",
    "notification_template",
    "idp_sync_settings_organization",
    "idp_sync_settings_group",
    "idp_sync_settings_role",
    "workspace_agent",
    "workspace_app",
    "task",
    "ai_seat",
    "ai_provider",
    "ai_provider_key",
    "ai_gateway_key",
    "group_ai_budget",
    "user_ai_budget_override",
    "chat",
    "user_secret",
    "user_skill"};
inline constexpr std::array<std::string_view, 13> audit_actions{
    "create", "write", "delete",  "login",      "logout", "register", "request_password_reset",
    "start",  "stop",  "connect", "disconnect", "open",   "close"};
inline constexpr std::array<std::string_view, 3> audit_build_reasons{"initiator", "autostart",
                                                                     "autostop"};
inline constexpr std::array<std::string_view, 11> audit_query_keys{
    "request_id", "resource_type", "action",  "resource_id",  "resource_target", "username",
    "email",      "date_from",     "date_to", "organization", "build_reason"};

/// The value of a key that has a fixed set of values; adds an error for any other value.
template <std::size_t N>
std::string query_choice(std::vector<Validation>& errors, const std::vector<QueryElement>& elements,
                         std::string_view key, const std::array<std::string_view, N>& allowed) {
    std::string value = value_of(elements, key);
    if (!value.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end())
        errors.push_back(bad_query_values(key, value));
    return value;
}

/// The start of the day `YYYY-MM-DD` in UTC; nothing when the key is absent or, with an error,
/// wrong.
inline std::optional<Time> query_date(std::vector<Validation>& errors,
                                      const std::vector<QueryElement>& elements,
                                      std::string_view key) {
    const std::string value = value_of(elements, key);
    if (value.empty()) return std::nullopt;
    const auto day = value.size() == 10 ? parse_rfc3339(value + "T00:00:00Z") : std::nullopt;
    if (!day) errors.push_back(bad_query_time(key, "2006-01-02", value));
    return day;
}

/// Returns the id of the organization with this name, or "".
using FindOrganization = std::function<std::string(const std::string& name)>;

/// The organization of a key, by its id or its name; "" when the key is absent, or wrong, which
/// adds an error. Whoever reads the log may know of every organization.
inline std::string query_organization(std::vector<Validation>& errors,
                                      const std::vector<QueryElement>& elements,
                                      const FindOrganization& find) {
    const std::string value = value_of(elements, "organization");
    if (value.empty()) return {};
    if (const auto id = parse_uuid(value)) return *id;
    std::string found = find(value);
    if (found.empty())
        errors.push_back({"organization", query_param("organization") +
                                              " has invalid value: organization \"" + value +
                                              "\" either does not exist, or you are unauthorized "
                                              "to view it"});
    return found;
}

/// Throws the 400 that lists every mistake (docs/contract/audit.md, "GET /audit").
inline AuditSearch parse_audit_search(std::string_view q, const FindOrganization& find) {
    constexpr const char* message = "Invalid audit search query.";
    const std::vector<QueryElement> elements =
        parse_query_elements(q, "resource_type", BareWords::separate, message);
    std::vector<Validation> errors;
    AuditSearch search;
    search.request_id = query_uuid(errors, elements, "request_id");
    search.resource_type = query_choice(errors, elements, "resource_type", audit_resource_types);
    search.action = query_choice(errors, elements, "action", audit_actions);
    search.resource_id = query_uuid(errors, elements, "resource_id");
    search.resource_target = value_of(elements, "resource_target");
    search.username = value_of(elements, "username");
    search.email = value_of(elements, "email");
    search.from = query_date(errors, elements, "date_from");
    search.before = query_date(errors, elements, "date_to");
    if (search.before) search.before = add(*search.before, std::chrono::hours(24));
    search.organization_id = query_organization(errors, elements, find);
    search.matches_nothing =
        !query_choice(errors, elements, "build_reason", audit_build_reasons).empty();
    add_unknown_keys(errors, elements, audit_query_keys);
    if (!errors.empty()) throw ApiError(400, message, {}, std::move(errors));
    return search;
}

}}}  // namespace coder_users::v0::rules
