// The audit log: one row for each recorded request.
#pragma once

#include "coder_users/base/audit_entry.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace audit {

inline void insert(Tx& tx, const AuditEntry& entry) {
    tx.execute(
        "INSERT INTO audit_logs (id, entry, request_id, time, organization_id, actor_id, ip, "
        "user_agent, resource_type, action, resource_id, resource_target, "
        "resource_target_folded, diff, status_code) "
        "SELECT $1, COALESCE(MAX(entry), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "$13, $14 FROM audit_logs",
        entry.id, entry.request_id, entry.time, entry.organization_id, entry.actor_id, entry.ip,
        entry.user_agent, entry.resource_type, entry.action, entry.resource_id,
        entry.resource_target, fold_ascii(entry.resource_target), entry.diff, entry.status_code);
}

}}}}  // namespace coder_users::v0::store::audit
