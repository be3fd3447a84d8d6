// Internal: may change at any time.
// Decides what a caller may do with a type of objects (docs/contract/roles.md, "POST /authcheck").
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/auth_question.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/policy.hpp"
#include "coder_users/internal/rules/scopes.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// A user and the organizations whose admin it is: the one who asks, or one that is asked about.
struct AuthUser {
    User user;
    std::vector<std::string> administers;
};

/// The actions that can be asked about, in the order of their bits in AuthActions.
inline constexpr std::array<std::string_view, 18> auth_action_names{
    "create", "read",     "update",       "delete",       "read_personal",       "update_personal",
    "assign", "unassign", "use",          "ssh",          "application_connect", "view_insights",
    "start",  "stop",     "create_agent", "delete_agent", "update_agent",        "share"};

/// A set of actions, a bit for each.
using AuthActions = std::uint32_t;

/// The action with this name; 0 for an unknown one.
inline constexpr AuthActions auth_action(std::string_view name) {
    for (std::size_t i = 0; i < auth_action_names.size(); ++i)
        if (auth_action_names[i] == name) return AuthActions{1} << i;
    return 0;
}

/// The rights that each role gives on a type of objects.
struct AuthRights {
    std::string_view resource_type;
    AuthActions user_admin, template_admin, auditor;
    AuthActions organization_admin;  ///< in organizations the caller administers
    AuthActions member;              ///< in organizations the caller belongs to
    AuthActions own;                 ///< on the caller's own objects
    AuthActions everybody;
};

/// Owners may do everything with objects of every type.
inline constexpr std::array<AuthRights, 13> auth_rights = [] {
    constexpr AuthActions R = auth_action("read"), U = auth_action("update");
    constexpr AuthActions CRUD = auth_action("create") | R | U | auth_action("delete");
    constexpr AuthActions personal = auth_action("read_personal") | auth_action("update_personal");
    constexpr AuthActions assign = auth_action("assign") | auth_action("unassign");
    return std::array<AuthRights, 13>{{
        // type               user-admin       tpl-adm aud org-admin   member own  everybody
        {"user", CRUD | personal, R, R, 0, 0, R | personal, 0},
        {"user_data", CRUD, 0, 0, 0, 0, CRUD, 0},
        {"api_key", 0, 0, 0, 0, 0, CRUD, 0},
        {"organization", 0, R, 0, CRUD, R, 0, 0},
        {"organization_member", CRUD, R, R, CRUD, 0, R, 0},
        {"assign_role", CRUD | assign, R, R, R, 0, 0, R},
        {"assign_org_role", 0, 0, 0, CRUD | assign, R, 0, 0},
        {"group", CRUD, R, R, CRUD, 0, 0, 0},
        {"audit_log", 0, 0, R, 0, 0, 0, 0},
        {"notification_preference", 0, 0, 0, 0, 0, R | U, 0},
        {"deployment_config", 0, 0, R, 0, 0, 0, 0},
        {"deployment_stats", 0, 0, R, 0, 0, 0, 0},
        {"", 0, 0, 0, 0, 0, 0, 0},  // any other type
    }};
}();

inline const AuthRights& auth_rights_on(std::string_view resource_type) {
    const auto found =
        std::find_if(auth_rights.begin(), auth_rights.end() - 1,
                     [&](const AuthRights& each) { return each.resource_type == resource_type; });
    return *found;
}

/// Throws the 400 of the first question that is not allowed.
inline void refuse_auth_questions(const std::vector<AuthQuestion>& questions) {
    constexpr std::array<std::string_view, 5> with_ids{"user", "template", "group", "workspace",
                                                       "workspace_execution"};
    constexpr std::ptrdiff_t most = 10;
    const auto ids = std::count_if(questions.begin(), questions.end(),
                                   [](const auto& each) { return !each.resource_id.empty(); });
    if (ids > most)
        throw ApiError(400, "Endpoint only supports using \"resource_id\" field 10 times, found " +
                                std::to_string(ids) + " usages. Remove " +
                                std::to_string(ids - most) + " objects with this field set.");
    for (const AuthQuestion& each : questions) {
        if (each.resource_type.empty())
            throw ApiError(400, "Object's \"resource_type\" field must be defined for key \"" +
                                    each.key + "\".");
        if (each.resource_id.empty()) continue;
        const auto refuse = [](const std::string& text, const char* field) {
            throw ApiError(400, text, {}, {{field, text}});
        };
        if (!parse_uuid(each.resource_id))
            refuse("Object \"" + each.resource_id + "\" id is not a valid uuid.", "resource_id");
        if (std::find(with_ids.begin(), with_ids.end(), each.resource_type) == with_ids.end())
            refuse("Object type \"" + each.resource_type +
                       "\" does not support \"resource_id\" field.",
                   "resource_type");
    }
}

/// Whether one of the organizations is that of the question.
inline bool asks_about(const AuthQuestion& question, const std::vector<std::string>& ids) {
    if (question.any_org) return !ids.empty();
    const std::string wanted = fold_ascii(question.organization_id);
    return std::find(ids.begin(), ids.end(), wanted) != ids.end();
}

/// `resource` is the user whose id is `resource_id`, if there is one.
inline bool answer_auth_question(const AuthUser& asker, const AuthQuestion& question,
                                 const std::optional<AuthUser>& resource) {
    const User& actor = asker.user;
    const AuthActions action = auth_action(question.action);
    if (action == 0) return false;
    std::string owner_id = question.owner_id == "me" ? actor.id : fold_ascii(question.owner_id);
    if (!question.resource_id.empty()) {
        if (!resource || !may(actor, Action::read_user, resource->user)) return false;
        owner_id = resource->user.id;
        constexpr AuthActions on_managed = auth_action("update") | auth_action("delete") |
                                           auth_action("read_personal") |
                                           auth_action("update_personal");
        if ((action & on_managed) != 0 && is_user_admin(actor))
            return may_manage(actor, resource->user, [&](const User& user) {
                return (user.id == actor.id ? asker : *resource).administers;
            });
    }
    const AuthRights& rights = auth_rights_on(question.resource_type);
    const auto has = [&](bool holds, AuthActions actions) {
        return holds && (actions & action) != 0;
    };
    return is_owner(actor) || has(is_user_admin(actor), rights.user_admin) ||
           has(holds_role(actor, role_template_admin), rights.template_admin) ||
           has(holds_role(actor, role_auditor), rights.auditor) ||
           has(asks_about(question, asker.administers), rights.organization_admin) ||
           has(asks_about(question, actor.organization_ids), rights.member) ||
           has(owner_id == actor.id, rights.own) || has(true, rights.everybody);
}

/// Whether the key reaches for what its user may do (docs/contract/scopes.md, "Inside the
/// operations").
inline bool key_answers(const ApiKey& key, const User& user, const AuthQuestion& question) {
    const bool own = question.owner_id == "me" || same_folded(question.owner_id, user.id);
    const std::string& id = question.resource_id;
    return covers(key, question.resource_type + ':' + question.action, own) &&
           allows(key, question.resource_type, id.empty() ? "*" : id);
}

}}}  // namespace coder_users::v0::rules
