// Internal: may change at any time.
// Gives refusals the texts that a release of Coder has for them (docs/contract/releases.md,
// "Answers that contradict each other").
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/contradictions.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/release.hpp"
#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

inline constexpr const char* weak_new_password = "Password not strong enough!";
inline constexpr const char* not_your_own_member_roles =
    "You cannot change your own organization roles.";
inline constexpr const char* name_or_address_taken = "User already exists.";
inline constexpr std::string_view unknown_scope = "invalid API key scope: ";
inline constexpr std::string_view unknown_organization = "Invalid UUID \"";

inline constexpr const char* already_a_member =
    "Organization member already exists in this organization";

inline constexpr std::string_view profile_operation = "update-user-profile";

/// `operation` is the id of the refused operation, "" when the path names none.
inline ApiError as_of(Release release, std::string_view operation, const ApiError& error) {
    namespace since = contradictions;
    const std::string& message = error.message();
    const int status = error.status();
    if (status == 403 && message == forbidden().message() &&
        release >= since::forbidden_with_detail)
        return {403, message,
                "You don't have permission to view this content. If you believe this is a mistake, "
                "please contact your administrator or try signing in with different credentials."};
    if (status == 404 && starts_with(error.detail(), "queried user=") &&
        release >= since::unknown_user_without_detail)
        return not_found();
    if (status == 400 && message == weak_new_password && release >= since::invalid_password)
        return {400, "Password is invalid", {}, error.validations()};
    if (message == not_your_own_member_roles && release >= since::own_member_roles_with_detail)
        return {400, message,
                "Another user with the appropriate permissions must change your roles."};
    if (status == 409 && message == name_or_address_taken && operation == profile_operation &&
        release >= since::username_exists)
        return {409,
                "A user with this username already exists.",
                {},
                {{"username", "This username is already in use."}}};
    if (!error.validations().empty() && release >= since::unsupported_scope) {
        const std::string& detail = error.validations().front().detail;
        if (starts_with(detail, unknown_scope))
            return {400, "Failed to create API key.",
                    "invalid or unsupported API key scope: " + detail.substr(unknown_scope.size())};
    }
    if (status == 400 && message == already_a_member) {
        if (release < since::already_a_member_with_detail) return {400, message};
        return {400, "User is already an organization member", error.detail()};
    }
    if (status == 400 && starts_with(message, unknown_organization) &&
        release >= since::unknown_organization_not_found)
        return not_found();
    return error;
}

}}}  // namespace coder_users::v0::operations
