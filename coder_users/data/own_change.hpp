// Changes that no request asked for: what they record.
#pragma once

#include <string>
#include <utility>

#include "coder_users/base/audit_diff.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"

namespace coder_users { inline namespace v0 { namespace data {

/// A change by the host program or by a command: its entries have no actor and no address, and
/// share one id. The backend outlives it.
class OwnChange {
 public:
    explicit OwnChange(routes::Backend& running)
        : backend(running), now(running.now()), id_(routes::new_uuid(running.random)) {}

    void record(store::Tx& tx, const char* resource_type, const char* action,
                routes::AuditNote note) const {
        AuditEntry entry;
        entry.id = routes::new_uuid(backend.random);
        entry.request_id = id_;
        entry.time = now;
        entry.resource_type = resource_type;
        entry.action = action;
        entry.resource_id = std::move(note.resource_id);
        entry.resource_target = std::move(note.resource_target);
        entry.diff = std::move(note.diff);
        entry.organization_id = std::move(note.organization_id);
        entry.status_code = note.status;
        store::audit::insert(tx, entry);
    }

    /// A user was created.
    void record_new(store::Tx& tx, const User& user, bool has_password) const {
        record(
            tx, "user", "create",
            {std::nullopt, user.id, user.username, 201, user_diff(nullptr, &user, has_password)});
    }

    routes::Backend& backend;
    const Time now;

 private:
    const std::string id_;
};

}}}  // namespace coder_users::v0::data
