// Internal: may change at any time.
// The operation that tells callers what they may do.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/authcheck.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation check_authorization = Operation("check-authorization").needs();
}  // namespace about

inline rules::AuthUser auth_user(store::Connection& c, User user) {
    std::vector<std::string> administers = administered_organizations(c, user);
    return {std::move(user), std::move(administers)};
}

/// Returns an answer for each question, by its key, in the same order. Throws 400 for a question
/// that cannot be read.
inline std::vector<std::pair<std::string, bool>> check_authorization(
    const Acting& acting, const std::vector<AuthQuestion>& questions) {
    rules::refuse_auth_questions(questions);
    return acting.backend.store.read([&](store::Connection& c) {
        std::vector<std::pair<std::string, bool>> answers;
        const rules::AuthUser asker = auth_user(c, acting.user());
        for (const AuthQuestion& each : questions) {
            std::optional<rules::AuthUser> resource;
            if (each.resource_type == "user" && !each.resource_id.empty())
                if (auto found = store::users::find(c, *parse_uuid(each.resource_id)))
                    resource = auth_user(c, std::move(*found));
            answers.emplace_back(each.key,
                                 rules::answer_auth_question(asker, each, resource) &&
                                     rules::key_answers(acting.actor->key, asker.user, each));
        }
        return answers;
    });
}

}}}  // namespace coder_users::v0::operations
