// Internal: may change at any time.
// Entries of the audit log as they are stored and listed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/model.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// The resource types and actions that entries of this server have.
inline constexpr std::array<std::string_view, 6> recorded_resource_types{
    "user", "api_key", "git_ssh_key", "convert_login", "organization", "organization_member"};
inline constexpr std::array<std::string_view, 7> recorded_actions{
    "create", "write", "delete", "login", "logout", "register", "request_password_reset"};

struct AuditEntry {
    std::string id;
    std::string request_id;
    Time time = never;
    std::string organization_id = std::string(nil_uuid);
    std::optional<std::string> actor_id;
    std::string ip;
    std::string user_agent;
    std::string resource_type;
    std::string action;
    std::string resource_id = std::string(nil_uuid);
    std::string resource_target;
    std::string diff = "{}";  ///< a JSON object, as answers show it
    int status_code = 0;
};

/// What an entry shows of its organization; empty texts when that was deleted.
struct AuditedOrganization {
    std::string name, display_name, icon;
};

/// An entry with the present state of what it names.
struct ListedAuditEntry {
    AuditEntry entry;
    std::optional<User> actor = {};  ///< also when deleted
    bool resource_deleted = false;
    AuditedOrganization organization = {};
};

}}  // namespace coder_users::v0
