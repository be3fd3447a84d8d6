// POST /authcheck.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/format/wire_organizations.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/rules/authcheck.hpp"
#include "coder_users/rules/roles.hpp"
#include "coder_users/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// The questions in the order sent. Throws the 400 of a member of the wrong type.
inline std::vector<rules::AuthQuestion> auth_questions(const format::Body& body) {
    using format::FieldType;
    using Object = picojson::object;
    const auto text = [](const Object& members, const char* name) {
        const format::Json* value = format::typed_member(members, name, FieldType::text);
        return value ? value->get<std::string>() : std::string();
    };
    const Object none;
    std::vector<rules::AuthQuestion> questions;
    const auto checks = body.members("checks");
    for (const auto& [key, check] : checks) {
        if (!check.is<Object>() && !check.is<picojson::null>())
            throw format::invalid_body("a check must be an object");
        const Object& members = check.is<Object>() ? check.get<Object>() : none;
        const format::Json* value = format::typed_member(members, "object", FieldType::object);
        const Object& object = value ? value->get<Object>() : none;
        questions.push_back({key, text(object, "resource_type"), text(object, "owner_id"),
                             text(object, "organization_id"), text(object, "resource_id"),
                             text(members, "action")});
    }
    return questions;
}

inline std::vector<std::string> administered_organizations(store::Connection& c, const User& user) {
    std::vector<std::string> ids;
    const auto memberships = store::organizations::memberships(c, user.id);
    for (const OrganizationMember& each : memberships)
        for (const std::string& role : each.roles)
            if (role == rules::organization_admin_role(each.organization_id))
                ids.push_back(each.organization_id);
    return ids;
}

inline Reply post_authcheck(Call& call) {
    const std::vector<rules::AuthQuestion> questions = auth_questions(call.body);
    rules::refuse_auth_questions(questions);
    std::vector<std::pair<std::string, bool>> answers;
    call.backend.store.read([&](store::Connection& c) {
        const rules::AuthAsker asker{call.actor->user,
                                     administered_organizations(c, call.actor->user)};
        for (const rules::AuthQuestion& each : questions) {
            std::optional<User> resource;
            if (each.resource_type == "user" && !each.resource_id.empty())
                resource = store::users::find(c, *parse_uuid(each.resource_id));
            answers.emplace_back(each.key, rules::answer_auth_question(asker, each, resource));
        }
    });
    return ok(format::wire::authorizations(answers));
}

}}}  // namespace coder_users::v0::routes
