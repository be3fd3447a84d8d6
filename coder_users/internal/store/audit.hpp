// Internal: may change at any time.
// Statements about the audit log: inserting entries, and lists with filters, pages and the count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/audit.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/conditions.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace audit {

inline void insert(Tx& tx, const AuditEntry& entry) {
    static const std::string sql = insert_into<AuditEntry>();
    tx.execute(sql, RowOf(entry));
}

/// Removes the oldest entries of those before `before`, at most `most`; returns how many.
inline int remove_before(Tx& tx, Time before, int most) {
    return tx.execute(
        "DELETE FROM audit_logs WHERE entry IN "
        "(SELECT entry FROM audit_logs WHERE time < $1 ORDER BY time, entry LIMIT $2)",
        before, most);
}

/// The time of the newest entry; `never` without any.
inline Time newest(Connection& c) {
    Query row = c.query("SELECT MAX(time) FROM audit_logs");
    return row.next() && !row.is_null(0) ? row.time(0) : never;
}

/// Selects entries. An entry must pass all filters; an empty one is not applied.
struct Filter {
    std::string request_id, resource_type, action, resource_id, organization_id;
    std::string resource_target;          ///< compared without regard to ASCII letter case
    std::string actor_name, actor_email;  ///< compared without regard to ASCII letter case
    std::string actor_id;
    std::optional<Time> from, before;  ///< from <= time < before
};

inline Conditions conditions_of(const Filter& filter) {
    Conditions all("1 = 1");
    const auto equal = [&](const char* column, const std::string& value) {
        if (!value.empty()) all.add(std::string(column) + " = " + all.placeholder(value));
    };
    equal("a.request_id", filter.request_id);
    equal("a.organization_id", filter.organization_id);
    equal("a.resource_type", filter.resource_type);
    equal("a.action", filter.action);
    equal("a.resource_id", filter.resource_id);
    equal("a.resource_target_folded", fold_ascii(filter.resource_target));
    equal("a.actor_id", filter.actor_id);
    const auto actor = [&](const char* column, const std::string& value) {
        if (!value.empty())
            all.add("a.actor_id IN (SELECT id FROM users WHERE " + std::string(column) + " = " +
                    all.placeholder(fold_ascii(value)) + ")");
    };
    actor("username_folded", filter.actor_name);
    actor("email_folded", filter.actor_email);
    if (filter.from) all.add("a.time >= " + all.placeholder(micros(*filter.from)));
    if (filter.before) all.add("a.time < " + all.placeholder(micros(*filter.before)));
    return all;
}

inline std::int64_t count(Connection& c, const Filter& filter) {
    const Conditions conditions = conditions_of(filter);
    Query row = conditions.query(c, "SELECT count(*) FROM audit_logs a WHERE " + conditions.sql());
    return row.next() ? row.integer(0) : 0;
}

/// Selects a page of entries, newest first.
inline Query rows(Connection& c, const Filter& filter, std::int64_t limit, std::int64_t offset) {
    Conditions conditions = conditions_of(filter);
    const std::string where = conditions.sql();
    const std::string limit_name = conditions.placeholder(limit);
    const std::string offset_name = conditions.placeholder(offset);
    return conditions.query(c, "SELECT " + columns<AuditEntry>("a.") +
                                   ", u.deleted, o.name, o.display_name, o.icon FROM audit_logs a "
                                   "LEFT JOIN users u ON u.id = a.resource_id "
                                   "LEFT JOIN organizations o ON o.id = a.organization_id WHERE " +
                                   where + " ORDER BY " + c.dialect().newest_entries_first +
                                   " LIMIT " + limit_name + " OFFSET " + offset_name);
}

/// Reads the next entries, at most `most`; returns none at the end.
inline std::vector<ListedAuditEntry> next(Connection& c, Query& rows, std::size_t most) {
    constexpr int deleted = column_count<AuditEntry>;
    std::vector<ListedAuditEntry> found;
    std::map<std::string, std::optional<User>> actors;
    while (found.size() < most && rows.next()) {
        ListedAuditEntry listed{read_row<AuditEntry>(rows)};
        const bool has_organization = !rows.is_null(deleted + 1);
        listed.resource_deleted = listed.entry.resource_type == "organization"
                                      ? !has_organization
                                      : !rows.is_null(deleted) && rows.integer(deleted) != 0;
        if (has_organization)
            listed.organization = {rows.text(deleted + 1), rows.text(deleted + 2),
                                   rows.text(deleted + 3)};
        if (listed.entry.actor_id) {
            const auto known = actors.find(*listed.entry.actor_id);
            listed.actor = known != actors.end()
                               ? known->second
                               : actors
                                     .emplace(*listed.entry.actor_id,
                                              users::find_even_deleted(c, *listed.entry.actor_id))
                                     .first->second;
        }
        found.push_back(std::move(listed));
    }
    return found;
}

inline AuditPage list(Connection& c, const Filter& filter, std::int64_t limit,
                      std::int64_t offset) {
    AuditPage result{{}, count(c, filter)};
    Query page = rows(c, filter, limit, offset);
    result.entries = next(c, page, (std::numeric_limits<std::size_t>::max)());
    return result;
}

}}}}  // namespace coder_users::v0::store::audit
