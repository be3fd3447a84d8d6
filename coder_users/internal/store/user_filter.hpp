// Internal: may change at any time.
// Selects the users of a list by their rarest property and tests the other conditions on those.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/store/conditions.hpp"
#include "coder_users/internal/store/text_search.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

/// Selects users. A user must pass all filters; an empty one is not applied.
struct Filter {
    std::optional<std::vector<std::string>> only_ids;  ///< the only users that the caller may see
    std::string text;  ///< part of the e-mail address or the name, with ASCII letters in lower case
    std::vector<UserStatus> statuses;
    std::vector<std::string> roles;  ///< has any of these site roles
    std::optional<Time> seen_until, seen_from;
    std::optional<Time> created_until, created_from;
    std::string name;   ///< part of the full name, with ASCII letters in lower case
    std::string email;  ///< the whole address, with ASCII letters in lower case
    std::vector<LoginType> login_types;
    std::optional<std::int64_t> github_id;  ///< of the account at GitHub that it is linked to
    std::optional<bool> service_account;
    std::string organization_id;  ///< belongs to this organization
    /// The caller sees no users but those, so that a cursor must belong to it, too.
    bool only_members_visible = false;
};

/// Whether the filter depends on what rows hold, and the indexes of lists do not.
inline bool looks_at_rows(const Filter& filter) {
    return !filter.email.empty() || filter.created_until || filter.created_from ||
           !filter.name.empty() || !filter.login_types.empty() || filter.github_id ||
           filter.service_account;
}

/// Whether the filter depends on activity that rows may not hold yet.
inline bool looks_at_activity(const Filter& filter) {
    return !filter.statuses.empty() || filter.seen_until || filter.seen_from;
}

/// How many users with pending activity a filtered list can take into account.
inline constexpr std::size_t most_seen_in_list = 100;

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

/// The text of a condition for the link to a GitHub account.
inline std::string is_github_link(Conditions& conditions, std::int64_t id) {
    return "login_type = 'github' AND linked_id = " + conditions.placeholder(std::to_string(id));
}

/// Whether `from` yields at most `few` rows.
inline bool finds_few(const Conditions& conditions, Connection& c, const std::string& from) {
    Query count = conditions.query(c, "SELECT count(*) FROM (SELECT 1 FROM " + from + " LIMIT " +
                                          std::to_string(few + 1) + ") found");
    return count.next() && count.integer(0) <= few;
}

/// Pending activity that a filter depends on. Read it before any row: what is stored in between is
/// then in the rows.
struct SeenUsers {
    std::map<std::string, Time> at;
    std::vector<std::string> woken = {};  ///< active again, but dormant in their rows
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

/// A table expression for users (named u) that may match, and the expression for their
/// last_seen_at.
struct Source {
    std::string from;
    std::string last_seen_at = "u.last_seen_at";
};

/// The text of a table expression for the members of the organization.
inline std::string of_organization(Conditions& conditions, const Filter& filter) {
    return "organization_members WHERE organization_id = " +
           conditions.placeholder(filter.organization_id);
}

inline std::string with_roles(Conditions& conditions, const Filter& filter) {
    return "user_roles WHERE " + any_role(conditions, filter);
}

/// Whether there are few members of the organization that the filter asks for.
inline bool has_few_members(const Filter& filter, Connection& c) {
    Conditions members("");
    return !filter.organization_id.empty() &&
           finds_few(members, c, of_organization(members, filter));
}

inline bool has_few_holders(const Filter& filter, Connection& c) {
    Conditions holders("");
    return !filter.roles.empty() && finds_few(holders, c, with_roles(holders, filter));
}

/// A table of the elements of a JSON array, named found.
inline std::string listed_in(Conditions& all, const std::string& array, const Dialect& dialect) {
    return dialect.array_begin + all.placeholder(array) + dialect.array_end + " found";
}

/// What the search for the filter's text finds, unless something else leads to few users, who are
/// looked at faster than the texts of everybody.
inline TextMatches text_matches(Connection& c, const Filter& filter) {
    if (filter.text.empty() || filter.only_ids || !filter.email.empty() || filter.github_id)
        return {};
    if (has_few_holders(filter, c) || has_few_members(filter, c))
        return {few_by_index(c, filter.text)};
    return find_text(c, filter.text);
}

/// Chooses the table or index that finds the users of the filter fastest.
inline std::string leading_source(Conditions& all, const Filter& filter, const SeenUsers& seen,
                                  const TextMatches& matches, Connection& c) {
    if (filter.only_ids) return "users u";
    const std::string and_users = std::string(c.dialect().join_in_order) + "users u ON ";
    if (!filter.email.empty())
        return "(SELECT id FROM users WHERE " + has_email(all.placeholder(filter.email)) +
               ") found" + and_users + "u.id = found.id";
    if (filter.github_id)
        return "(SELECT user_id FROM user_links WHERE " + is_github_link(all, *filter.github_id) +
               ") found" + and_users + "u.id = found.user_id";
    if (matches.few)
        return listed_in(all, *matches.few, c.dialect()) + and_users + matches.numbered_by +
               " = found.value";
    if (has_few_holders(filter, c))
        return "(SELECT DISTINCT user_id FROM " + with_roles(all, filter) + ") found" + and_users +
               "u.id = found.user_id";
    if (has_few_members(filter, c))
        return "(SELECT user_id FROM " + of_organization(all, filter) + ") found" + and_users +
               "u.id = found.user_id";
    const bool one_status = filter.statuses.size() == 1 && seen.woken.empty();
    return users_along(
        one_status && filter.text.empty() ? "users_live_status" : "users_live_search",
        c.dialect().names_indexes);
}

inline Source source_of(Conditions& conditions, const Filter& filter, const SeenUsers& seen,
                        const TextMatches& matches, Connection& c) {
    Source source{leading_source(conditions, filter, seen, matches, c)};
    if ((!filter.seen_until && !filter.seen_from) || seen.at.empty()) return source;
    std::vector<std::string> rows;
    for (const auto& [id, time] : seen.at) {
        const std::string id_name = conditions.placeholder(id);
        rows.push_back("(" + id_name + ", CAST(" + conditions.placeholder(micros(time)) +
                       " AS BIGINT))");
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

inline void add_row_conditions(Conditions& all, const Filter& filter) {
    if (!filter.email.empty()) all.add("u.email_folded = " + all.placeholder(filter.email));
    if (filter.created_until)
        all.add("u.created_at <= " + all.placeholder(micros(*filter.created_until)));
    if (filter.created_from)
        all.add("u.created_at >= " + all.placeholder(micros(*filter.created_from)));
    if (!filter.name.empty())
        all.add("u.name_folded LIKE " + all.placeholder(containing(filter.name)) + " ESCAPE '\\'");
    if (!filter.login_types.empty())
        all.add("u.login_type IN " + placeholders(all, filter.login_types, [](LoginType type) {
                    return std::string(to_string(type));
                }));
    if (filter.github_id)
        all.add("EXISTS (SELECT 1 FROM user_links WHERE user_id = u.id AND " +
                is_github_link(all, *filter.github_id) + ")");
    if (filter.service_account)
        all.add("u.is_service_account = " +
                all.placeholder(std::int64_t{*filter.service_account ? 1 : 0}));
}

/// The text of a condition for a text in the name or the address.
inline std::string has_text(Conditions& all, std::string_view text) {
    const std::string like = " LIKE " + all.placeholder(containing(text)) + " ESCAPE '\\'";
    // The address comes first because most addresses contain the name.
    return "(u.email_folded" + like + " OR u.username_folded" + like + ")";
}

inline void add_conditions(Conditions& all, const Source& source, const Filter& filter,
                           const SeenUsers& seen) {
    if (filter.only_ids)
        all.add(filter.only_ids->empty()
                    ? "1 = 0"
                    : "u.id IN " +
                          placeholders(all, *filter.only_ids, [](const auto& id) { return id; }));
    if (!filter.text.empty()) all.add(has_text(all, filter.text));
    if (!filter.statuses.empty()) add_status(all, filter, seen);
    if (!filter.roles.empty())
        all.add("EXISTS (SELECT 1 FROM user_roles WHERE user_id = u.id AND " +
                any_role(all, filter) + ")");
    add_row_conditions(all, filter);
    if (filter.seen_until)
        all.add(source.last_seen_at +
                " <= " + all.placeholder(micros((std::max)(*filter.seen_until, never))));
    if (filter.seen_from)
        all.add(source.last_seen_at + " >= " + all.placeholder(micros(*filter.seen_from)));
    if (!filter.organization_id.empty())
        all.add(
            "EXISTS (SELECT 1 FROM organization_members m WHERE m.user_id = u.id AND "
            "m.organization_id = " +
            all.placeholder(filter.organization_id) + ")");
}

}}}}  // namespace coder_users::v0::store::users
