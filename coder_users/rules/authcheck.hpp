// What a caller may do, asked by kinds of objects (docs/contract/roles.md, "POST /authcheck").
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/model.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/base/uuid.hpp"
#include "coder_users/rules/policy.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

struct AuthQuestion {
    std::string key;
    std::string resource_type, owner_id, organization_id, resource_id;
    std::string action;
};

/// Who asks: the user and the organizations it is admin of.
struct AuthAsker {
    const User& user;
    std::vector<std::string> administers;
};

/// Which of the letters C, R, U, D the holders of a role have on a type of objects.
struct AuthRights {
    std::string_view resource_type;
    std::string_view owner, user_admin, template_admin, auditor;
    std::string_view organization_admin;  ///< in organizations the caller administers
    std::string_view member;              ///< in organizations the caller belongs to
    std::string_view own;                 ///< on objects of the caller's own
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
    {"", "CRUD", "", "", "", "", "", "", ""},  // any other
}};

inline const AuthRights& auth_rights_on(std::string_view resource_type) {
    const auto found =
        std::find_if(auth_rights.begin(), auth_rights.end() - 1,
                     [&](const AuthRights& each) { return each.resource_type == resource_type; });
    return *found;
}

/// 'C', 'R', 'U', 'D'; nothing for an unknown action.
inline std::optional<char> auth_letter(std::string_view action) {
    if (action == "create") return 'C';
    if (action == "read") return 'R';
    if (action == "update") return 'U';
    if (action == "delete") return 'D';
    return std::nullopt;
}

/// Throws the 400 of the first question that cannot be asked.
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

/// `resource`: the user that `resource_id` names, if there is one.
inline bool answer_auth_question(const AuthAsker& asker, const AuthQuestion& question,
                                 const std::optional<User>& resource) {
    const User& actor = asker.user;
    const auto letter = auth_letter(question.action);
    if (!letter) return false;
    std::string owner_id = question.owner_id == "me" ? actor.id : fold_ascii(question.owner_id);
    if (!question.resource_id.empty()) {
        if (!resource || !may(actor, Action::read_user, *resource)) return false;
        owner_id = resource->id;
        const bool change = *letter == 'U' || *letter == 'D';
        if (change && is_user_admin(actor)) return may_manage(actor, *resource);
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

}}}  // namespace coder_users::v0::rules
