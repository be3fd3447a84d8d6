// Which users a list holds, and where to look for them: what is rare leads, the rest is tested.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
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

/// Whether a filter asks for what rows may not hold yet.
inline bool looks_at_activity(const Filter& filter) {
    return !filter.statuses.empty() || filter.seen_until || filter.seen_from;
}

/// How many users whose rows are behind a filtered list may take into account.
inline constexpr std::size_t most_seen_in_list = 100;

/// Of so few users every row may be read and sorted.
inline constexpr std::int64_t few = 1000;

/// A full-text phrase that all texts with `text` in them match. The index knows three letters in a
/// row and more; nothing for shorter texts and for bytes that are not UTF-8.
inline std::optional<std::string> phrase(std::string_view text) {
    constexpr std::size_t longest = 64;  // a longer one finds no fewer, and costs more
    std::string quoted = "\"";
    std::size_t letters = 0;
    while (!text.empty() && quoted.size() < longest) {
        const std::string_view before = text;
        if (take_code_point(text) <= 0) return std::nullopt;
        quoted += before.substr(0, before.size() - text.size());
        if (before.front() == '"') quoted += '"';
        ++letters;
    }
    if (letters < 3) return std::nullopt;
    return quoted += '"';
}

template <class Values, class ToText>
std::string placeholders(Conditions& conditions, const Values& values, ToText&& to_text) {
    std::vector<std::string> names;
    names.reserve(values.size());
    for (const auto& value : values) names.push_back(conditions.placeholder(to_text(value)));
    return "(" + join(names, ", ") + ")";
}

/// The text of `role IN (…)`.
inline std::string any_role(Conditions& conditions, const Filter& filter) {
    return "role IN " +
           placeholders(conditions, filter.roles, [](const auto& role) { return role; });
}

/// Whether no more than a few rows are behind `from`.
inline bool finds_few(const Conditions& conditions, Connection& c, const std::string& from) {
    Query count = conditions.query(c, "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " +
                                          std::to_string(few + 1) + ")");
    return count.next() && count.integer(0) <= few;
}

/// What is known beyond the rows, where a filter asks for it. To be made ahead of the first look at
/// rows: what leaves it meanwhile is in them then.
struct SeenUsers {
    std::map<std::string, Time> at;
    std::vector<std::string> woken = {};  ///< whose rows still say that they are dormant
};

inline SeenUsers seen_users(Connection& c, const Filter& filter) {
    if (!looks_at_activity(filter)) return {};
    SeenUsers seen{c.activity().seen()};
    if (filter.statuses.empty()) return seen;
    for (const auto& [id, time] : seen.at)
        if (c.query("SELECT 1 FROM users WHERE id = $1 AND deleted = 0 AND status = 'dormant'", id)
                .next())
            seen.woken.push_back(id);
    return seen;
}

/// The users u that may match.
struct Source {
    std::string from;
    std::string last_seen_at = "u.last_seen_at";
};

/// Where the users of a filter are found soonest.
inline std::string leading_source(Conditions& all, const Filter& filter, const SeenUsers& seen,
                                  Connection& c) {
    if (!filter.only_id.empty()) return "users u";
    if (const auto match = phrase(filter.text)) {
        Conditions texts("");
        const std::string name = texts.placeholder(*match);
        if (finds_few(texts, c, "users_text WHERE users_text MATCH " + name))
            return "(SELECT rowid AS number FROM users_text WHERE users_text MATCH " +
                   all.placeholder(*match) +
                   ") found CROSS JOIN users u ON u.number = found.number";
    }
    if (!filter.roles.empty()) {
        Conditions holders("");
        const std::string role = any_role(holders, filter);
        if (finds_few(holders, c, "user_roles WHERE " + role))
            return "(SELECT DISTINCT user_id FROM user_roles WHERE " + any_role(all, filter) +
                   ") found CROSS JOIN users u ON u.id = found.user_id";
    }
    const bool one_status = filter.statuses.size() == 1 && seen.woken.empty();
    return one_status && filter.text.empty() ? "users u INDEXED BY users_live_status"
                                             : "users u INDEXED BY users_live_search";
}

inline Source source_of(Conditions& conditions, const Filter& filter, const SeenUsers& seen,
                        Connection& c) {
    Source source{leading_source(conditions, filter, seen, c)};
    if ((!filter.seen_until && !filter.seen_from) || seen.at.empty()) return source;
    std::vector<std::string> rows;
    for (const auto& [id, time] : seen.at) {
        const std::string id_name = conditions.placeholder(id);
        rows.push_back("(" + id_name + ", " + conditions.placeholder(micros(time)) + ")");
    }
    source.from += " LEFT JOIN (VALUES " + join(rows, ", ") + ") seen ON seen.column1 = u.id";
    source.last_seen_at =
        "CASE WHEN seen.column2 > u.last_seen_at THEN seen.column2 ELSE u.last_seen_at END";
    return source;
}

inline void add_status(Conditions& all, const Filter& filter, const SeenUsers& seen) {
    const auto wanted = [&](UserStatus status) {
        return std::find(filter.statuses.begin(), filter.statuses.end(), status) !=
               filter.statuses.end();
    };
    const bool active = wanted(UserStatus::active), dormant = wanted(UserStatus::dormant);
    std::string condition = "u.status IN " + placeholders(all, filter.statuses, [](UserStatus s) {
                                return std::string(to_string(s));
                            });
    if (!seen.woken.empty() && active != dormant)
        condition = "(" + condition + (active ? " OR u.id IN " : " AND u.id NOT IN ") +
                    placeholders(all, seen.woken, [](const std::string& id) { return id; }) + ")";
    all.add(condition);
}

inline void add_conditions(Conditions& all, const Source& source, const Filter& filter,
                           const SeenUsers& seen) {
    if (!filter.only_id.empty()) all.add("u.id = " + all.placeholder(filter.only_id));
    if (!filter.text.empty()) {
        // Both sides are folded. Several times as fast as LIKE; PostgreSQL calls it strpos().
        const std::string text = ", " + all.placeholder(filter.text) + ") > 0";
        all.add("(instr(u.username_folded" + text + " OR instr(u.email_folded" + text + ")");
    }
    if (!filter.statuses.empty()) add_status(all, filter, seen);
    if (!filter.roles.empty())
        all.add("EXISTS (SELECT 1 FROM user_roles WHERE user_id = u.id AND " +
                any_role(all, filter) + ")");
    if (filter.seen_until)
        all.add(source.last_seen_at +
                " <= " + all.placeholder(micros((std::max)(*filter.seen_until, never))));
    if (filter.seen_from)
        all.add(source.last_seen_at + " >= " + all.placeholder(micros(*filter.seen_from)));
}

}}}}  // namespace coder_users::v0::store::users
