// Internal: may change at any time.
// Decides what a caller may do with a type of objects (docs/contract/roles.md, "POST /authcheck").
#pragma once

#include <algorithm>
#include <array>
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

/// The rights on a type of objects, as letters C, R, U and D, that each role gives.
struct AuthRights {
    std::string_view resource_type;
    std::string_view owner, user_admin, template_admin, auditor;
    std::string_view organization_admin;  ///< in organizations the caller administers
    std::string_view member;              ///< in organizations the caller belongs to
    std::string_view own;                 ///< on the caller's own objects
    std::string_view everybody;
};

inline constexpr std::array<AuthRights, 10> auth_rights{{
    // type                 owner  user-adm  tpl-adm auditor org-admin member own     everybody
    {"user", "CRUD", "CRUD", "R", "R", "", "", "R", ""},
    {"user_data", "CRUD", "CRUD", "", "", "", "", "CRUD", ""},
    {"api_key", "CRUD", "", "", "", "", "", "CRUD", ""},
    {"organization", "CRUD", "", "R", "", "CRUD", "R", "", ""},
    {"organization_member", "CRUD", "CRUD", "R", "R", "CRUD", "", "R", ""},
    {"assign_role", "CRUD", "CRUD", "R", "R", "R", "", "", "R"},
    {"assign_org_role", "CRUD", "", "", "", "CRUD", "R", "", ""},
    {"group", "CRUD", "CRUD", "R", "R", "CRUD", "", "", ""},
    {"audit_log", "CRUD", "", "", "R", "", "", "", ""},
    {"", "CRUD", "", "", "", "", "", "", ""},  // any other type
}};

inline const AuthRights& auth_rights_on(std::string_view resource_type) {
    const auto found =
        std::find_if(auth_rights.begin(), auth_rights.end() - 1,
                     [&](const AuthRights& each) { return each.resource_type == resource_type; });
    return *found;
}

/// 'C', 'R', 'U' or 'D'; nothing for an unknown action.
inline std::optional<char> auth_letter(std::string_view action) {
    if (action == "create") return 'C';
    if (action == "read") return 'R';
    if (action == "update") return 'U';
    if (action == "delete") return 'D';
    return std::nullopt;
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

/// `resource` is the user whose id is `resource_id`, if there is one.
inline bool answer_auth_question(const AuthUser& asker, const AuthQuestion& question,
                                 const std::optional<AuthUser>& resource) {
    const User& actor = asker.user;
    const auto letter = auth_letter(question.action);
    if (!letter) return false;
    std::string owner_id = question.owner_id == "me" ? actor.id : fold_ascii(question.owner_id);
    if (!question.resource_id.empty()) {
        if (!resource || !may(actor, Action::read_user, resource->user)) return false;
        owner_id = resource->user.id;
        const bool change = *letter == 'U' || *letter == 'D';
        if (change && is_user_admin(actor))
            return may_manage(actor, resource->user, [&](const User& user) {
                return (user.id == actor.id ? asker : *resource).administers;
            });
    }
    const AuthRights& rights = auth_rights_on(question.resource_type);
    const auto has = [&](bool holds, std::string_view letters) {
        return holds && letters.find(*letter) != std::string_view::npos;
    };
    const std::string organization_id = fold_ascii(question.organization_id);
    const auto& administers = asker.administers;
    const bool admin =
        std::find(administers.begin(), administers.end(), organization_id) != administers.end();
    return has(is_owner(actor), rights.owner) || has(is_user_admin(actor), rights.user_admin) ||
           has(holds_role(actor, role_template_admin), rights.template_admin) ||
           has(holds_role(actor, role_auditor), rights.auditor) ||
           has(admin, rights.organization_admin) ||
           has(is_member_of(actor, organization_id), rights.member) ||
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
