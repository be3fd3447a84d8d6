// The audit log: one row for each recorded request.
#pragma once

#include <string>

#include "coder_users/base/audit_entry.hpp"
#include "coder_users/store/columns.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace audit {

inline void insert(Tx& tx, const AuditEntry& entry) {
    static const std::string sql = insert_into<AuditEntry>({}, "entry");
    tx.execute(sql, RowOf(entry));
}

}}}}  // namespace coder_users::v0::store::audit
