// GET /audit.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "coder_users/format/wire_audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/rules/audit_query.hpp"
#include "coder_users/rules/paging.hpp"
#include "coder_users/store/audit_list.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline Reply get_audit(Call& call) {
    constexpr std::int64_t default_limit = 100;
    rules::AuditSearch search = rules::parse_audit_search(call.url.parameter("q").value_or(""));
    const rules::Paging paging =
        rules::parse_paging({}, call.url.parameter("limit"), call.url.parameter("offset"));
    if (search.matches_nothing) return ok(format::wire::audit_logs({}, 0));

    store::audit::Filter filter;
    filter.resource_type = std::move(search.resource_type);
    filter.action = std::move(search.action);
    filter.resource_id = std::move(search.resource_id);
    filter.resource_target = std::move(search.resource_target);
    filter.actor_email = std::move(search.email);
    if (search.username == "me")
        filter.actor_id = call.actor.user.id;
    else
        filter.actor_name = std::move(search.username);
    filter.from = search.from;
    filter.before = search.before;
    const store::audit::List found = call.backend.store.read([&](store::Connection& c) {
        return store::audit::list(c, filter, paging.limit ? paging.limit : default_limit,
                                  paging.offset);
    });
    return ok(format::wire::audit_logs(found.entries, found.count));
}

}}}  // namespace coder_users::v0::routes
