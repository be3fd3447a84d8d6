// The audit log as a list: what was done, by whom, and what it changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coder_users/model.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// What one request or one call in the process did, or was refused to do.
struct AuditEntry {
    std::string id;          ///< UUID
    std::string request_id;  ///< UUID; Event::request_id and the log of the host have it, too
    Time time = never;
    std::string organization_id = std::string(nil_uuid);  ///< of what belongs to one
    std::optional<std::string> actor_id;                  ///< empty for the host itself
    std::string ip;                                       ///< "" for calls in the process
    std::string user_agent;
    std::string resource_type;  ///< "user", "api_key", "git_ssh_key", "organization", ...
    std::string action;         ///< "create", "write", "delete", "login", "logout", ...
    std::string resource_id = std::string(nil_uuid);
    std::string resource_target;  ///< the name of the resource then
    std::string diff = "{}";      ///< a JSON object: the old and the new value of each field
    int status_code = 0;          ///< of the answer; 400 and more: it was refused
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

/// Selects entries, and a part of the list of those that match.
struct FindAudit {
    /// A search text as for GET /audit: "action:delete username:ada date_from:2026-01-31".
    std::string query = {};
    std::int32_t limit = 100;  ///< 0: 100
    std::int32_t offset = 0;
};

/// A part of the audit log.
struct AuditPage {
    std::vector<ListedAuditEntry> entries = {};  ///< newest first
    std::int64_t count = 0;                      ///< how many entries match, on this page or not
};

}}  // namespace coder_users::v0
