// Internal: may change at any time.
// What a key may do at most: the names of scopes, the rights that they cover, and allow lists
// (docs/contract/scopes.md, "What scopes cover" and "Allow lists"). A right is "<type>:<action>",
// such as "user:read".
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr std::string_view scope_manage_own_keys = "coder:apikeys.manage_self";
inline constexpr std::string_view allow_everything = "*:*";
inline constexpr std::size_t most_allowed_objects = 128;

/// The names of all scopes, sorted. Those of other parts of Coder grant nothing here.
inline constexpr std::array<std::string_view, 55> scope_names{{"api_key:*",
                                                               "api_key:create",
                                                               "api_key:delete",
                                                               "api_key:read",
                                                               "api_key:update",
                                                               "coder:all",
                                                               "coder:apikeys.manage_self",
                                                               "coder:application_connect",
                                                               "coder:templates.author",
                                                               "coder:templates.build",
                                                               "coder:workspaces.access",
                                                               "coder:workspaces.create",
                                                               "coder:workspaces.delete",
                                                               "coder:workspaces.operate",
                                                               "file:*",
                                                               "file:create",
                                                               "file:read",
                                                               "organization:*",
                                                               "organization:delete",
                                                               "organization:read",
                                                               "organization:update",
                                                               "task:*",
                                                               "task:create",
                                                               "task:delete",
                                                               "task:read",
                                                               "task:update",
                                                               "template:*",
                                                               "template:create",
                                                               "template:delete",
                                                               "template:read",
                                                               "template:update",
                                                               "template:use",
                                                               "user:*",
                                                               "user:read",
                                                               "user:read_personal",
                                                               "user:update_personal",
                                                               "user_secret:*",
                                                               "user_secret:create",
                                                               "user_secret:delete",
                                                               "user_secret:read",
                                                               "user_secret:update",
                                                               "user_skill:*",
                                                               "user_skill:create",
                                                               "user_skill:delete",
                                                               "user_skill:read",
                                                               "user_skill:update",
                                                               "workspace:*",
                                                               "workspace:application_connect",
                                                               "workspace:create",
                                                               "workspace:delete",
                                                               "workspace:read",
                                                               "workspace:ssh",
                                                               "workspace:start",
                                                               "workspace:stop",
                                                               "workspace:update"}};

/// The types of objects in allow lists, sorted.
inline constexpr std::array<std::string_view, 51> object_types{{"*",
                                                                "ai_gateway_key",
                                                                "ai_model_price",
                                                                "ai_provider",
                                                                "ai_seat",
                                                                "aibridge_interception",
                                                                "api_key",
                                                                "assign_org_role",
                                                                "assign_role",
                                                                "audit_log",
                                                                "boundary_log",
                                                                "boundary_usage",
                                                                "chat",
                                                                "connection_log",
                                                                "crypto_key",
                                                                "debug_info",
                                                                "deployment_config",
                                                                "deployment_stats",
                                                                "file",
                                                                "group",
                                                                "group_member",
                                                                "idpsync_settings",
                                                                "inbox_notification",
                                                                "license",
                                                                "notification_message",
                                                                "notification_preference",
                                                                "notification_template",
                                                                "oauth2_app",
                                                                "oauth2_app_code_token",
                                                                "oauth2_app_secret",
                                                                "organization",
                                                                "organization_member",
                                                                "prebuilt_workspace",
                                                                "provisioner_daemon",
                                                                "provisioner_jobs",
                                                                "replicas",
                                                                "system",
                                                                "tailnet_coordinator",
                                                                "task",
                                                                "template",
                                                                "usage_event",
                                                                "user",
                                                                "user_secret",
                                                                "user_skill",
                                                                "webpush_subscription",
                                                                "workspace",
                                                                "workspace_agent_devcontainers",
                                                                "workspace_agent_resource_monitor",
                                                                "workspace_build_orchestration",
                                                                "workspace_dormant",
                                                                "workspace_proxy"}};

/// Returns the name that is stored for a scope, which may have been sent in its short form.
inline std::string stored_scope(std::string_view name) {
    if (name == "all") return std::string(scope_of_all);
    if (name == "application_connect") return std::string(scope_of_applications);
    return std::string(name);
}

/// Whether there is a scope with this stored name.
inline bool is_scope(std::string_view name) {
    return std::binary_search(scope_names.begin(), scope_names.end(), name);
}

/// Whether the key is for applications alone: it may read its own user, and nothing else.
inline bool is_for_applications(const ApiKey& key) {
    return key.scopes.size() == 1 && key.scopes.front() == scope_of_applications;
}

/// The part before the colon.
inline std::string_view type_of(std::string_view right) { return right.substr(0, right.find(':')); }

/// Whether the scope covers the right. `own`: it is about the key's own user.
inline bool scope_covers(std::string_view scope, std::string_view right, bool own) {
    if (scope == scope_of_all || scope == right) return true;
    if (scope == scope_manage_own_keys) return own && type_of(right) == "api_key";
    return ends_with(scope, ":*") && type_of(scope) == type_of(right);
}

/// Whether any scope of the key covers the right.
inline bool covers(const ApiKey& key, std::string_view right, bool own) {
    return std::any_of(key.scopes.begin(), key.scopes.end(),
                       [&](const std::string& scope) { return scope_covers(scope, right, own); });
}

/// Whether the key covers any right on objects of the type.
inline bool covers_any(const ApiKey& key, std::string_view type, bool own) {
    return std::any_of(key.scopes.begin(), key.scopes.end(), [&](const std::string& scope) {
        return scope == scope_of_all || (is_scope(scope) && type_of(scope) == type) ||
               (scope == scope_manage_own_keys && own && type == "api_key");
    });
}

/// Whether an allow list holds the object. An id of "*" asks about all objects of the type.
inline bool allows(const std::vector<std::string>& list, std::string_view type,
                   std::string_view id) {
    return std::any_of(list.begin(), list.end(), [&](std::string_view entry) {
        const std::string_view its_type = type_of(entry);
        const std::string_view its_id = entry.substr(its_type.size() + 1);
        return (its_type == "*" || its_type == type) && (its_id == "*" || same_folded(its_id, id));
    });
}
inline bool allows(const ApiKey& key, std::string_view type, std::string_view id) {
    return allows(key.allow_list, type, id);
}

/// The ids that the key's allow list names for objects of the type, in lower case.
inline std::vector<std::string> allowed_ids(const ApiKey& key, std::string_view type) {
    std::vector<std::string> ids;
    for (const std::string_view entry : key.allow_list) {
        const std::string_view its_type = type_of(entry);
        if (its_type == "*" || its_type == type)
            ids.emplace_back(entry.substr(its_type.size() + 1));
    }
    return ids;
}

/// Whether a scope holds another one: who has it may give the other.
inline bool scope_holds(std::string_view scope, std::string_view other) {
    if (scope == scope_of_all || scope == other) return true;
    return ends_with(scope, ":*") && type_of(scope) == type_of(other);
}

/// Whether a new key with these stored scopes and this allow list in normal form can do no more
/// than the key `by` which it is made.
inline bool may_make(const ApiKey& by, const std::vector<std::string>& scopes,
                     const std::vector<std::string>& allow_list) {
    return std::all_of(scopes.begin(), scopes.end(),
                       [&](const std::string& wanted) {
                           return std::any_of(by.scopes.begin(), by.scopes.end(),
                                              [&](const std::string& scope) {
                                                  return scope_holds(scope, wanted);
                                              });
                       }) &&
           std::all_of(allow_list.begin(), allow_list.end(), [&](const std::string& entry) {
               const std::string_view type = type_of(entry);
               return allows(by, type, std::string_view(entry).substr(type.size() + 1));
           });
}

/// Returns an entry of an allow list in its normal form. Throws 400.
inline std::string read_allowed_object(std::string_view text) {
    const auto refused = [](const std::string& why) {
        return ApiError(400, "Request body must be valid JSON.", why);
    };
    const std::string_view entry = trim(text, " \t\n\v\f\r");
    const std::string_view type = type_of(entry);
    const std::string_view id =
        type.size() < entry.size() ? entry.substr(type.size() + 1) : std::string_view{};
    if (type.empty() || id.empty())
        throw refused("invalid allow_list entry \"" + std::string(text) + "\": want <type>:<id>");
    if (!std::binary_search(object_types.begin(), object_types.end(), type))
        throw refused("unknown resource type \"" + std::string(type) + '"');
    const auto uuid = id == "*" ? std::optional<std::string>("*") : parse_uuid(id);
    if (!uuid)
        throw refused("invalid " + std::string(type) + " ID (must be UUID): \"" + std::string(id) +
                      '"');
    return std::string(type) + ':' + *uuid;
}

/// Returns an allow list in its normal form. No entries mean that there is no limit. Throws 400.
inline std::vector<std::string> normal_allow_list(const std::vector<std::string>& sent) {
    std::vector<std::string> list;
    list.reserve(sent.size());
    for (const std::string& text : sent) list.push_back(read_allowed_object(text));
    if (list.empty() || has_word(list, allow_everything)) return {std::string(allow_everything)};
    // "*" sorts before every letter and digit, so "<type>:*" comes before the ids that it covers.
    std::sort(list.begin(), list.end(), [](std::string_view a, std::string_view b) {
        const std::string_view type = type_of(a), other = type_of(b);
        return type != other ? type < other : a < b;
    });
    std::vector<std::string> kept;
    for (std::string& entry : list) {
        const bool covered = !kept.empty() && type_of(kept.back()) == type_of(entry) &&
                             (kept.back() == entry || ends_with(kept.back(), ":*"));
        if (!covered) kept.push_back(std::move(entry));
    }
    return kept;
}

/// Whether scopes and allow list are such as the server stores. Those of an import may not be.
inline bool limits_are_known(const ApiKey& key) {
    if (key.scopes.empty() || !std::all_of(key.scopes.begin(), key.scopes.end(), is_scope))
        return false;
    if (std::set<std::string_view>(key.scopes.begin(), key.scopes.end()).size() !=
        key.scopes.size())
        return false;
    try {
        return key.allow_list == normal_allow_list(key.allow_list);
    } catch (const ApiError&) {
        return false;
    }
}

}}}  // namespace coder_users::v0::rules
