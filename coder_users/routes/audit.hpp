// Audit entries: what handlers and refusals record.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/routes/call.hpp"
#include "coder_users/store/audit.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// What is known of an entry beyond the request.
struct AuditNote {
    std::optional<std::string> actor_id;
    std::string resource_id = std::string(nil_uuid);
    std::string resource_target;
    int status = 200;
    std::string diff = "{}";
    std::string organization_id = std::string(nil_uuid);
    AuditKind kind = {};  ///< what the request turned out to be, when its row cannot know
};

/// Writes the entry of this request in the transaction of its change.
inline void record(store::Tx& tx, const Call& call, AuditNote note) {
    AuditEntry entry;
    entry.id = new_uuid(call.backend.random);
    entry.request_id = std::string(call.request_id);
    entry.time = call.now;
    if (!call.actor->is_system()) entry.actor_id = std::move(note.actor_id);
    entry.ip = std::string(call.address);
    entry.user_agent = std::string(header(call.request, "User-Agent").value_or(""));
    const AuditKind& kind = note.kind.action ? note.kind : call.route.audit;
    entry.resource_type = kind.resource_type;
    entry.action = kind.action;
    entry.resource_id = std::move(note.resource_id);
    entry.resource_target = std::move(note.resource_target);
    entry.diff = std::move(note.diff);
    entry.organization_id = std::move(note.organization_id);
    entry.status_code = note.status;
    store::audit::insert(tx, entry);
}

/// The refused change of something that exists, if the row wants it recorded.
inline void record_refusal(Call& call, int status) {
    const bool counts = status == 400 || status == 401 || status == 403 || status == 409;
    const AuditKind& kind = call.route.audit;
    if (!kind.refusals || !call.has_target() || !counts) return;
    AuditNote note{call.actor->user.id, call.target->id,
                   kind.refused_target ? kind.refused_target(call) : call.target->username, status};
    if (!call.organization.id.empty()) note.organization_id = call.organization.id;
    call.backend.store.write([&](store::Tx& tx) { record(tx, call, note); });
}

}}}  // namespace coder_users::v0::routes
