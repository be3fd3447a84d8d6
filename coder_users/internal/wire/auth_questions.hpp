// Internal: may change at any time.
// Reads the questions of POST /authcheck from its body.
#pragma once

#include <string>
#include <vector>

#include "coder_users/internal/base/auth_question.hpp"
#include "coder_users/internal/wire/body.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// Returns the questions in the order of the body. Throws the 400 for a member of the wrong type.
inline std::vector<AuthQuestion> auth_questions(const Body& body) {
    using Object = picojson::object;
    // Throws unless the member has the type, is null or is absent; then it is nullptr.
    const auto typed = [](const Object& members, const char* name, FieldType type) {
        const auto found = members.find(name);
        if (found == members.end() || is_null(found->second))
            return static_cast<const Json*>(nullptr);
        const bool good = type == FieldType::text   ? is_text(found->second)
                          : type == FieldType::flag ? found->second.is<bool>()
                                                    : is_object(found->second);
        if (!good) throw wrong_type(name, type);
        return &found->second;
    };
    const auto text = [&](const Object& members, const char* name) {
        const Json* value = typed(members, name, FieldType::text);
        return value ? value->get<std::string>() : std::string();
    };
    const auto flag = [&](const Object& members, const char* name) {
        const Json* value = typed(members, name, FieldType::flag);
        return value && value->get<bool>();
    };
    const Object none;
    std::vector<AuthQuestion> questions;
    const auto checks = body.members("checks");
    for (const auto& [key, check] : checks) {
        if (!check.is<Object>() && !check.is<picojson::null>())
            throw invalid_body("a check must be an object");
        const Object& members = check.is<Object>() ? check.get<Object>() : none;
        const Json* value = typed(members, "object", FieldType::object);
        const Object& object = value ? value->get<Object>() : none;
        questions.push_back({key, text(object, "resource_type"), text(object, "owner_id"),
                             text(object, "organization_id"), text(object, "resource_id"),
                             text(members, "action"), flag(object, "any_org")});
    }
    return questions;
}

}}}  // namespace coder_users::v0::wire
