// Internal: may change at any time.
// Lists of users: those who match a filter, their count, and pages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/store/user_filter.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

struct Page {
    std::string after_id;    ///< only names that sort after this user's; the user may be deleted
    std::int64_t limit = 0;  ///< 0: no limit
    std::int64_t offset = 0;
};

struct UserList {
    std::vector<Shared<User>> users;
    std::int64_t count = 0;  ///< of all users who match the filter, whatever the page is
};

inline bool matches_all(const Filter& filter) {
    return !filter.only_ids && filter.text.empty() && filter.roles.empty() &&
           !looks_at_activity(filter) && !looks_at_rows(filter) && filter.organization_id.empty();
}

/// Whether the filter asks only which organization users belong to.
inline bool matches_all_members(const Filter& filter) {
    if (filter.organization_id.empty()) return false;
    Filter rest = filter;
    rest.organization_id.clear();
    return matches_all(rest);
}

/// Counts all users who are not deleted.
inline std::int64_t count_all(Connection& c) { return counters::value(c, counters::live_users); }

/// Counts users with this stored status who are not deleted. Reads only an index.
inline std::int64_t count_status(Connection& c, UserStatus status) {
    Query row =
        c.query("SELECT count(*) FROM users WHERE deleted = 0 AND status = $1", to_string(status));
    return row.next() ? row.integer(0) : 0;
}

/// Counts users with a site role who are not deleted. Reads only indexes, so it is fast for common
/// roles.
inline std::int64_t count_role(Connection& c, const std::string& role) {
    Query row = c.query(std::string("SELECT (SELECT count(*) FROM user_roles WHERE role = $1) - "
                                    "(SELECT count(*) FROM users u") +
                            c.dialect().join_in_order +
                            "user_roles r ON r.user_id = u.id AND r.role = $1 WHERE u.deleted = 1)",
                        role);
    return row.next() ? row.integer(0) : 0;
}

/// Counts the members of an organization.
inline std::int64_t count_members(Connection& c, const std::string& organization_id) {
    Query row = c.query("SELECT count(*) FROM organization_members WHERE organization_id = $1",
                        organization_id);
    return row.next() ? row.integer(0) : 0;
}

/// Whether the filter asks only for a text in names and addresses.
inline bool matches_all_with_text(const Filter& filter) {
    if (filter.text.empty()) return false;
    Filter rest = filter;
    rest.text.clear();
    return matches_all(rest);
}

/// Whether the filter asks only for holders of one site role.
inline bool matches_all_holders(const Filter& filter) {
    if (filter.roles.size() != 1) return false;
    Filter rest = filter;
    rest.roles.clear();
    return matches_all(rest);
}

inline std::int64_t count(Connection& c, const Filter& filter, const Conditions& conditions,
                          const Source& source) {
    if (matches_all_holders(filter)) return count_role(c, filter.roles.front());
    if (matches_all_members(filter)) return count_members(c, filter.organization_id);
    Query row =
        conditions.query(c, "SELECT count(*) FROM " + source.from + " WHERE " + conditions.sql());
    return row.next() ? row.integer(0) : 0;
}

/// The name after which the page begins, "" for the first page; nothing when the caller may not see
/// the user of the cursor.
inline std::optional<std::string> cursor_name(Connection& c, const Filter& filter,
                                              const std::string& after_id) {
    if (after_id.empty()) return std::string();
    Query row = c.query("SELECT username_folded FROM users WHERE id = $1", after_id);
    const bool visible = !filter.only_ids || has_word(*filter.only_ids, after_id);
    if (!visible || !row.next()) return std::nullopt;
    if (filter.only_members_visible &&
        !c.query("SELECT 1 FROM organization_members WHERE user_id = $1 AND organization_id = $2",
                 after_id, filter.organization_id)
             .next())
        return std::nullopt;
    return row.text(0);
}

/// A part of a list: `limit` users that follow `after_name`, without the first `skipped`. If
/// `from_end`, it is counted from the end of the list.
struct Part {
    std::string after_name;
    std::int64_t limit = 0;
    std::int64_t skipped = 0;
    bool from_end = false;
};

/// Reads the users of a part. `read(rows)` returns that of the current row; when it returns nullptr
/// so does this.
template <class Read>
std::optional<std::vector<Shared<User>>> read_part(Connection& c, Query rows, const Part& part,
                                                   Read&& read) {
    std::vector<Shared<User>> users;
    users.reserve(static_cast<std::size_t>((std::min)(part.limit, few)));
    while (rows.next()) {
        Shared<User> user = read(rows);
        if (!user) return std::nullopt;
        users.push_back(c.activity().laid_over(std::move(user)));
    }
    if (part.from_end) std::reverse(users.begin(), users.end());
    return users;
}

/// Reads the user of a row that has its columns first.
inline Shared<User> read_shared(const Query& row) {
    return std::make_shared<const User>(read_user(row));
}

/// The SELECT for a part; `limit` and `skipped` are names of placeholders.
inline std::string select_part(std::string_view what, std::string_view from, std::string_view where,
                               bool from_end, std::string_view limit, std::string_view skipped) {
    std::string sql = "SELECT ";
    sql.append(what).append(" FROM ").append(from).append(" WHERE ").append(where);
    sql.append(" ORDER BY u.username_folded").append(from_end ? " DESC" : "");
    return sql.append(" LIMIT ").append(limit).append(" OFFSET ").append(skipped);
}

/// Two statements for a part of the list without any filter, whose placeholders are the name that
/// comes before, the limit, and how many to skip. `what` is selected.
struct PartsOfAll {
    PartsOfAll(const std::string& what, bool names_index)
        : forwards(select(what, names_index, false)), backwards(select(what, names_index, true)) {}

    const std::string forwards, backwards;

 private:
    static std::string select(const std::string& what, bool names_index, bool from_end) {
        return select_part(what, users_along("users_live_username", names_index),
                           "u.deleted = 0 AND u.username_folded > $1", from_end, "$2", "$3");
    }
};

/// The rows of a part of the list without any filter, by statements that are prepared only once.
/// `what(dialect)` names what is selected.
template <class What>
Query rows_of_all(Connection& c, const Part& part, What&& what) {
    const auto statements = [&]() -> const PartsOfAll& {
        if (c.dialect().names_indexes) {
            static const PartsOfAll along_index(what(c.dialect()), true);
            return along_index;
        }
        static const PartsOfAll as_planned(what(c.dialect()), false);
        return as_planned;
    };
    const PartsOfAll& sql = statements();
    return c.query(part.from_end ? sql.backwards : sql.forwards, part.after_name, part.limit,
                   part.skipped);
}

/// A part of the list without any filter. When the connection remembers all of its users, only the
/// index is read.
inline std::vector<Shared<User>> part_of_all(Connection& c, const Part& part) {
    constexpr std::int64_t most_remembered = 100;  // a longer part would drive out many others
    RecentUsers& recent = c.recent_users();
    // When a user is not remembered the index is gone through again, so not far.
    const bool remembers = recent.on() && part.limit <= most_remembered && part.skipped <= few;
    if (remembers) recent.see(c.data_version());
    if (remembers && !recent.empty()) {
        constexpr auto ids = [](const Dialect& dialect) {
            return std::string(dialect.row_of_user);
        };
        auto found = read_part(c, rows_of_all(c, part, ids), part,
                               [&](const Query& row) { return recent.find(row.integer(0)); });
        if (found) return std::move(*found);
    }
    constexpr auto all = [](const Dialect& dialect) {
        return columns<User>("u.") + ", " + dialect.row_of_user;
    };
    return *read_part(c, rows_of_all(c, part, all), part, [&](const Query& row) {
        Shared<User> user = read_shared(row);
        if (remembers) recent.keep(row.integer(column_count<User>), user);
        return user;
    });
}

/// A list sorted by folded name, which one transaction reads part by part.
class Listing {
 public:
    Listing(Connection& c, Filter filter, const Page& page)
        : filter_(std::move(filter)),
          left_(page.limit == 0 ? (std::numeric_limits<std::int64_t>::max)() : page.limit),
          offset_(page.offset),
          all_(matches_all(filter_)) {
        const SeenUsers seen = seen_users(c, filter_);
        const auto after_name = cursor_name(c, filter_, page.after_id);
        if (all_)
            count_ = count_all(c);
        else
            count_some(c, seen);
        if (!after_name || count_ == 0) left_ = 0;
        // Who looks for more would go on to the end of the index.
        if (!all_) left_ = (std::min)(left_, (std::max)(count_ - offset_, std::int64_t{0}));
        after_name_ = after_name.value_or("");
    }

    /// The number of users who match the filter, whatever the page is.
    std::int64_t count() const { return count_; }

    /// Returns the next users of the page, at most `most`; none at the end.
    std::vector<Shared<User>> next(Connection& c, std::int64_t most) {
        const std::int64_t limit = (std::min)(left_, most);
        if (limit == 0) return {};
        std::vector<Shared<User>> found = next_part(c, limit);
        const auto size = static_cast<std::int64_t>(found.size());
        left_ = size < limit ? 0 : left_ - size;
        offset_ = 0;
        if (left_ > 0) after_name_ = fold_ascii(found.back()->username);
        return found;
    }

 private:
    void count_some(Connection& c, const SeenUsers& seen) {
        const TextMatches matches = text_matches(c, filter_);
        source_ = source_of(conditions_, filter_, seen, matches, c);
        add_conditions(conditions_, source_, filter_, seen);
        if (matches.texts && matches_all_with_text(filter_)) {
            count_ = matches.count;
            if (!matches.few) texts_ = matches.texts;
        } else {
            count_ = users::count(c, filter_, conditions_, source_);
        }
    }

    std::vector<Shared<User>> next_part(Connection& c, std::int64_t limit) const {
        Part part{after_name_, limit, offset_};
        if (const Shared<UserTexts> texts = limit <= few ? texts_.lock() : nullptr)
            return part_with_text(c, *texts, part);
        if (after_name_.empty() && offset_ > count_ / 2) {  // skips fewer rows
            part.limit = (std::min)(limit, (std::max)(count_ - offset_, std::int64_t{0}));
            part.skipped = count_ - offset_ - part.limit;
            part.from_end = true;
        }
        if (part.limit == 0) return {};
        return all_ ? part_of_all(c, part) : part_of_some(c, part);
    }

    std::vector<Shared<User>> part_with_text(Connection& c, const UserTexts& texts,
                                             const Part& part) const {
        const auto rows = texts.page(filter_.text, part.after_name, part.skipped,
                                     static_cast<std::size_t>(part.limit));
        Conditions conditions("u.deleted = 0");
        const std::string from = listed_in(conditions, json_array(rows), c.dialect()) +
                                 c.dialect().join_in_order + "users u ON " +
                                 c.dialect().row_of_user + " = found.value";
        // For the second in which a change by another program may not be known yet.
        conditions.add(has_text(conditions, filter_.text));
        const std::string sql = "SELECT " + columns<User>("u.") + " FROM " + from + " WHERE " +
                                conditions.sql() + " ORDER BY u.username_folded";
        return *read_part(c, conditions.query(c, sql), part, read_shared);
    }

    std::vector<Shared<User>> part_of_some(Connection& c, const Part& part) const {
        Conditions conditions = conditions_;
        if (!part.after_name.empty())
            conditions.add("u.username_folded > " + conditions.placeholder(part.after_name));
        const std::string where = conditions.sql();
        const std::string limit = conditions.placeholder(part.limit);
        const std::string skipped = conditions.placeholder(part.skipped);
        const std::string sql =
            select_part(columns<User>("u."), source_.from, where, part.from_end, limit, skipped);
        return *read_part(c, conditions.query(c, sql), part, read_shared);
    }

    const Filter filter_;
    std::int64_t left_, offset_;
    const bool all_;
    Conditions conditions_{"u.deleted = 0"};
    Source source_;
    std::int64_t count_ = 0;
    std::string after_name_;
    std::weak_ptr<const UserTexts> texts_;  // of all who match, unless they are few
};

/// Returns the whole page at once.
inline UserList list(Connection& c, const Filter& filter, const Page& page) {
    Listing listing(c, filter, page);
    UserList result{{}, listing.count()};
    result.users = listing.next(c, (std::numeric_limits<std::int64_t>::max)());
    return result;
}

}}}}  // namespace coder_users::v0::store::users
