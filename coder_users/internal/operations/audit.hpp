// Internal: may change at any time.
// Writes entries of the audit log.
#pragma once

#include <string>
#include <utility>

#include "coder_users/audit.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/store/audit.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// What an entry says beyond who made which request.
struct AuditNote {
    std::string resource_id = std::string(nil_uuid);
    std::string resource_target = {};
    int status = 200;
    std::string diff = "{}";
    std::string organization_id = std::string(nil_uuid);
    AuditKind kind = {};  ///< set where the kind is known only while the operation runs
};

/// Writes an entry inside the transaction of the change that it is about. `actor` is the user who
/// made the change; without an id it is unknown. The host is never named.
inline void record(store::Tx& tx, const Acting& acting, const User& actor, AuditKind usual,
                   AuditNote note) {
    const AuditKind kind = note.kind.action ? note.kind : usual;
    AuditEntry entry;
    entry.id = new_uuid(acting.backend.random);
    entry.request_id = std::string(acting.request_id);
    entry.time = acting.now;
    if (!actor.id.empty() && actor.id != nil_uuid) entry.actor_id = actor.id;
    entry.ip = std::string(acting.address);
    entry.user_agent = std::string(acting.user_agent);
    entry.resource_type = kind.resource_type;
    entry.action = kind.action;
    entry.resource_id = std::move(note.resource_id);
    entry.resource_target = std::move(note.resource_target);
    entry.diff = std::move(note.diff);
    entry.organization_id = std::move(note.organization_id);
    entry.status_code = note.status;
    store::audit::insert(tx, entry);
}

}}}  // namespace coder_users::v0::operations
