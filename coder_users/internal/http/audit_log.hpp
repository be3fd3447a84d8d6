// Internal: may change at any time.
// The handler of GET /audit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/long_list.hpp"
#include "coder_users/internal/operations/audit_log.hpp"
#include "coder_users/internal/wire/audit_log.hpp"

namespace coder_users { inline namespace v0 { namespace http {

class LongAuditList final : public LongList {
 public:
    LongAuditList(store::Store& store, operations::AuditListPage page, const wire::Form& form)
        : LongList(store), page_(std::move(page)), form_(form) {}

 private:
    bool write(JsonWriter& json, store::Connection& c, std::optional<store::Query>& rows) override {
        if (!rows) {
            count_ = store::audit::count(c, page_.filter);
            rows.emplace(store::audit::rows(c, page_.filter, page_.limit, page_.offset));
            wire::begin_audit_logs(json);
        }
        const auto entries = store::audit::next(c, *rows, items_in_piece);
        for (const ListedAuditEntry& each : entries) wire::write_audit_entry(json, each, form_);
        if (entries.size() == items_in_piece) return true;
        wire::end_audit_logs(json, count_, form_.release);
        return false;
    }

    const operations::AuditListPage page_;
    const wire::Form form_;
    std::int64_t count_ = 0;
};

inline Reply get_audit(Call& call) {
    operations::AuditListPage page = operations::audit_page(
        call.acting, {call.query("q"), call.url.parameter("limit"), call.url.parameter("offset")});
    const bool may_be_long = http::may_be_long(call, page.limit);
    const AuditPage found =
        operations::list_audit(call.acting, page, may_be_long ? short_list : page.limit);
    if (!may_be_long || found.entries.size() < short_list)
        return ok(wire::audit_logs(found.entries, found.count, call.form()));
    return in_pieces(
        std::make_unique<LongAuditList>(call.acting.backend.store, std::move(page), call.form()));
}

}}}  // namespace coder_users::v0::http
