// GET /audit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/format/wire_audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/long_answer.hpp"
#include "coder_users/rules/audit_query.hpp"
#include "coder_users/rules/paging.hpp"
#include "coder_users/store/audit_list.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

class LongAuditList final : public LongList {
 public:
    LongAuditList(store::Store& store, store::audit::Filter filter, std::int64_t limit,
                  std::int64_t offset)
        : LongList(store), filter_(std::move(filter)), limit_(limit), offset_(offset) {}

 private:
    bool write(format::JsonWriter& json, store::Connection& c,
               std::optional<store::Query>& rows) override {
        if (!rows) {
            count_ = store::audit::count(c, filter_);
            rows.emplace(store::audit::rows(c, filter_, limit_, offset_));
            format::wire::begin_audit_logs(json);
        }
        const auto entries = store::audit::next(c, *rows, items_in_piece);
        for (const ListedAuditEntry& each : entries) format::wire::write_audit_entry(json, each);
        if (entries.size() == items_in_piece) return true;
        format::wire::end_counted(json, count_);
        return false;
    }

    const store::audit::Filter filter_;
    const std::int64_t limit_, offset_;
    std::int64_t count_ = 0;
};

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
        filter.actor_id = call.actor->user.id;
    else
        filter.actor_name = std::move(search.username);
    filter.from = search.from;
    filter.before = search.before;
    const std::int64_t limit = paging.limit ? paging.limit : default_limit;
    const bool may_be_long = routes::may_be_long(call, limit);
    const store::audit::List found = call.backend.store.read([&](store::Connection& c) {
        return store::audit::list(c, filter, may_be_long ? short_list : limit, paging.offset);
    });
    if (!may_be_long || found.entries.size() < short_list)
        return ok(format::wire::audit_logs(found.entries, found.count));
    return in_pieces(std::make_unique<LongAuditList>(call.backend.store, std::move(filter), limit,
                                                     paging.offset));
}

}}}  // namespace coder_users::v0::routes
