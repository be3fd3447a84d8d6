// The list of users: filters, cursor and pages in one statement, the count in another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/store/conditions.hpp"
#include "coder_users/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

/// Which users; all conditions must hold, empty ones do not apply.
struct Filter {
    std::string only_id;  ///< the one user that the caller may see
    std::string text;     ///< part of the e-mail address or name, ASCII letters in lower case
    std::vector<UserStatus> statuses;
    std::vector<std::string> roles;  ///< holds any of these site roles
    std::optional<Time> seen_until, seen_from;
};

struct Page {
    std::string after_id;    ///< only names that sort after this user's, who may be deleted
    std::int64_t limit = 0;  ///< 0: no limit
    std::int64_t offset = 0;
};

struct UserList {
    std::vector<User> users;
    std::int64_t count = 0;  ///< of all that match the filter, whatever the page is
};

/// A LIKE pattern for texts that contain `text`; `%`, `_` and the escape stand for themselves.
inline std::string containing(std::string_view text) {
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern += '%';
}

template <class Values, class ToText>
std::string placeholders(Conditions& conditions, const Values& values, ToText&& to_text) {
    std::vector<std::string> names;
    names.reserve(values.size());
    for (const auto& value : values) names.push_back(conditions.placeholder(to_text(value)));
    return "(" + join(names, ", ") + ")";
}

/// How many users whose rows are behind a filtered list may take into account.
inline constexpr std::size_t most_seen_in_list = 100;

/// Whether a filter asks for what rows may not hold yet.
inline bool looks_at_activity(const Filter& filter) {
    return !filter.statuses.empty() || filter.seen_until || filter.seen_from;
}

/// The users u and, where a filter asks for what rows may not hold yet, what is known beyond them.
struct Source {
    std::string from = "users u";
    std::string status = "u.status";
    std::string last_seen_at = "u.last_seen_at";
};

inline Source source_of(Conditions& conditions, const Filter& filter, const Activity& activity) {
    Source source;
    if (!looks_at_activity(filter)) return source;
    std::vector<std::string> rows;
    const auto seen = activity.seen();
    for (const auto& [id, time] : seen) {
        const std::string id_name = conditions.placeholder(id);
        rows.push_back("(" + id_name + ", " + conditions.placeholder(micros(time)) + ")");
    }
    if (rows.empty()) return source;
    source.from += " LEFT JOIN (VALUES " + join(rows, ", ") + ") seen ON seen.column1 = u.id";
    source.status =
        "CASE WHEN u.status = 'dormant' AND seen.column2 IS NOT NULL THEN 'active' "
        "ELSE u.status END";
    source.last_seen_at =
        "CASE WHEN seen.column2 > u.last_seen_at THEN seen.column2 ELSE u.last_seen_at END";
    return source;
}

inline void add_conditions(Conditions& all, const Source& source, const Filter& filter) {
    if (!filter.only_id.empty()) all.add("u.id = " + all.placeholder(filter.only_id));
    if (!filter.text.empty()) {
        const std::string like =
            " LIKE " + all.placeholder(containing(filter.text)) + " ESCAPE '\\'";
        all.add("(u.username_folded" + like + " OR u.email_folded" + like + ")");
    }
    if (!filter.statuses.empty())
        all.add(source.status + " IN " + placeholders(all, filter.statuses, [](UserStatus status) {
                    return std::string(to_string(status));
                }));
    if (!filter.roles.empty())
        all.add("u.id IN (SELECT user_id FROM user_roles WHERE role IN " +
                placeholders(all, filter.roles, [](const std::string& role) { return role; }) +
                ")");
    if (filter.seen_until)
        all.add(source.last_seen_at +
                " <= " + all.placeholder(micros((std::max)(*filter.seen_until, never))));
    if (filter.seen_from)
        all.add(source.last_seen_at + " >= " + all.placeholder(micros(*filter.seen_from)));
}

/// Sorted by folded name.
inline UserList list(Connection& c, const Filter& filter, const Page& page) {
    Conditions conditions("u.deleted = 0");
    const Source source = source_of(conditions, filter, c.activity());
    add_conditions(conditions, source, filter);
    UserList result;
    Query count =
        conditions.query(c, "SELECT count(*) FROM " + source.from + " WHERE " + conditions.sql());
    if (count.next()) result.count = count.integer(0);

    if (!page.after_id.empty()) {
        Query cursor = c.query("SELECT username_folded FROM users WHERE id = $1", page.after_id);
        const bool visible = filter.only_id.empty() || filter.only_id == page.after_id;
        if (!visible || !cursor.next()) return result;
        conditions.add("u.username_folded > " + conditions.placeholder(cursor.text(0)));
    }
    const std::int64_t limit =
        page.limit == 0 ? (std::numeric_limits<std::int64_t>::max)() : page.limit;
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
