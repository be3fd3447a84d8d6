// The list of users: what matches a filter, counted, and a page of it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/store/user_filter.hpp"
#include "coder_users/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

struct Page {
    std::string after_id;    ///< only names that sort after this user's, who may be deleted
    std::int64_t limit = 0;  ///< 0: no limit
    std::int64_t offset = 0;
};

struct UserList {
    std::vector<User> users;
    std::int64_t count = 0;  ///< of all that match the filter, whatever the page is
};

inline bool matches_all(const Filter& filter) {
    return filter.only_id.empty() && filter.text.empty() && filter.statuses.empty() &&
           filter.roles.empty() && !filter.seen_until && !filter.seen_from;
}

/// All users that are not deleted.
inline std::int64_t count_all(Connection& c) {
    Query row = c.query("SELECT value FROM counters WHERE name = 'live_users'");
    return row.next() ? row.integer(0) : 0;
}

/// Holders of one site role that are not deleted; from indexes, for roles that many hold.
inline std::int64_t count_role(Connection& c, const std::string& role) {
    Query row = c.query(
        "SELECT (SELECT count(*) FROM user_roles WHERE role = $1) - "
        "(SELECT count(*) FROM users u CROSS JOIN user_roles r "
        "ON r.user_id = u.id AND r.role = $1 WHERE u.deleted = 1)",
        role);
    return row.next() ? row.integer(0) : 0;
}

inline std::int64_t count(Connection& c, const Filter& filter, const Conditions& conditions,
                          const Source& source) {
    const bool many_by_role = filter.roles.size() == 1 && filter.only_id.empty() &&
                              filter.text.empty() && !looks_at_activity(filter);
    if (many_by_role) return count_role(c, filter.roles.front());
    Query row =
        conditions.query(c, "SELECT count(*) FROM " + source.from + " WHERE " + conditions.sql());
    return row.next() ? row.integer(0) : 0;
}

/// The name that the page begins behind, "" for the first one; nothing when the cursor is nobody
/// whom the caller may see.
inline std::optional<std::string> cursor_name(Connection& c, const Filter& filter,
                                              const std::string& after_id) {
    if (after_id.empty()) return std::string();
    Query row = c.query("SELECT username_folded FROM users WHERE id = $1", after_id);
    const bool visible = filter.only_id.empty() || filter.only_id == after_id;
    if (!visible || !row.next()) return std::nullopt;
    return row.text(0);
}

/// A page of everybody, from one statement that is prepared once.
inline std::vector<User> page_of_all(Connection& c, const std::string& after_name,
                                     std::int64_t limit, std::int64_t offset) {
    static const std::string sql = select_users(
        "(SELECT u.* FROM users u INDEXED BY users_live_username "
        "WHERE u.deleted = 0 AND u.username_folded > $1 "
        "ORDER BY u.username_folded LIMIT $2 OFFSET $3) u",
        "u.username_folded, ");
    Query rows = c.query(sql, after_name, limit, offset);
    return read_users(rows, c.activity());
}

/// Sorted by folded name.
inline UserList list(Connection& c, const Filter& filter, const Page& page) {
    const std::int64_t limit =
        page.limit == 0 ? (std::numeric_limits<std::int64_t>::max)() : page.limit;
    const SeenUsers seen = seen_users(c, filter);
    const auto after_name = cursor_name(c, filter, page.after_id);
    if (matches_all(filter)) {
        UserList all{{}, count_all(c)};
        if (after_name) all.users = page_of_all(c, *after_name, limit, page.offset);
        return all;
    }

    Conditions conditions("u.deleted = 0");
    const Source source = source_of(conditions, filter, seen, c);
    add_conditions(conditions, source, filter, seen);
    UserList result;
    result.count = count(c, filter, conditions, source);
    if (!after_name || result.count == 0) return result;
    if (!after_name->empty())
        conditions.add("u.username_folded > " + conditions.placeholder(*after_name));
    const std::string where = conditions.sql();
    const std::string limit_name = conditions.placeholder(limit);
    const std::string offset_name = conditions.placeholder(page.offset);
    Query rows = conditions.query(c, select_users("(SELECT u.* FROM " + source.from + " WHERE " +
                                                      where + " ORDER BY u.username_folded LIMIT " +
                                                      limit_name + " OFFSET " + offset_name + ") u",
                                                  "u.username_folded, "));
    result.users = read_users(rows, c.activity());
    return result;
}

}}}}  // namespace coder_users::v0::store::users
