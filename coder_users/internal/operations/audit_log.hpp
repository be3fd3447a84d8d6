// Internal: may change at any time.
// The operation that reads the audit log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/audit.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/audit_query.hpp"
#include "coder_users/internal/rules/paging.hpp"
#include "coder_users/internal/store/audit.hpp"
#include "coder_users/internal/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation list_audit = Operation("get-audit-logs").permits(Action::read_audit);
}  // namespace about

/// The query parameters, as the caller sent them.
struct AuditRequest {
    std::string q;
    std::optional<std::string> limit, offset;
};

/// The entries that are wanted.
struct AuditListPage {
    store::audit::Filter filter;
    std::int64_t limit = 0;
    std::int64_t offset = 0;
    bool matches_nothing = false;
};

/// Reads the parameters. Throws 403 before that when the caller may not read the log.
inline AuditListPage audit_page(const Acting& acting, const AuditRequest& request) {
    constexpr std::int64_t usual_limit = 100;
    permit(about::list_audit, acting.user());
    rules::AuditSearch search = rules::parse_audit_search(request.q, [&](const std::string& name) {
        const auto found = acting.backend.store.read(
            [&](store::Connection& c) { return store::organizations::find_by_name(c, name); });
        return found ? found->id : std::string();
    });
    const rules::Paging paging = rules::parse_paging({}, request.limit, request.offset);
    AuditListPage page;
    page.matches_nothing = search.matches_nothing;
    page.limit = paging.limit ? paging.limit : usual_limit;
    page.offset = paging.offset;
    page.filter.request_id = std::move(search.request_id);
    page.filter.organization_id = std::move(search.organization_id);
    page.filter.resource_type = std::move(search.resource_type);
    page.filter.action = std::move(search.action);
    page.filter.resource_id = std::move(search.resource_id);
    page.filter.resource_target = std::move(search.resource_target);
    page.filter.actor_email = std::move(search.email);
    if (search.username == "me")
        page.filter.actor_id = acting.user().id;
    else
        page.filter.actor_name = std::move(search.username);
    page.filter.from = search.from;
    page.filter.before = search.before;
    return page;
}

/// Returns the newest entries first, at most `most` of them.
inline AuditPage list_audit(const Acting& acting, const AuditListPage& page, std::int64_t most) {
    if (page.matches_nothing) return {};
    return acting.backend.store.read([&](store::Connection& c) {
        return store::audit::list(c, page.filter, most, page.offset);
    });
}

}}}  // namespace coder_users::v0::operations
