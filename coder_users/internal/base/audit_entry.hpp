// Internal: may change at any time.
// The kinds of entries of the audit log.
#pragma once

#include <array>
#include <string_view>

namespace coder_users { inline namespace v0 {

/// The resource types and actions that entries of this server have.
inline constexpr std::array<std::string_view, 6> recorded_resource_types{
    "user", "api_key", "git_ssh_key", "convert_login", "organization", "organization_member"};
inline constexpr std::array<std::string_view, 7> recorded_actions{
    "create", "write", "delete", "login", "logout", "register", "request_password_reset"};

}}  // namespace coder_users::v0
