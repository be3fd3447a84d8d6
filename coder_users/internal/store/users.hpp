// Internal: may change at any time.
// Statements about users.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/sqlite/tx.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

/// Selects the one user of `source` (a table expression named u). There is one row for each pair of
/// a site role and an organization.
inline std::string select_user(std::string_view source) {
    std::string sql = "SELECT ";
    sql += columns<User>("u.");
    sql += ", r.role, m.organization_id FROM ";
    sql += source;
    sql +=
        " LEFT JOIN user_roles r ON r.user_id = u.id"
        " LEFT JOIN organization_members m ON m.user_id = u.id "
        "ORDER BY r.role, m.created_at, m.organization_id";
    return sql;
}

/// The number of columns of select_user().
inline constexpr int user_columns = column_count<User> + 2;

/// Adds the role and the organization of the current row to `user`.
inline void add_memberships(User& user, const Query& row, int first_column) {
    const auto add = [&](std::vector<std::string>& list, int column) {
        if (row.is_null(column)) return;
        std::string value = row.text(column);
        for (const std::string& known : list)
            if (known == value) return;
        list.push_back(std::move(value));
    };
    add(user.roles, first_column + column_count<User>);
    add(user.organization_ids, first_column + column_count<User> + 1);
}

/// Reads the user of the current row; its columns begin at `first_column` in the order of
/// select_user().
inline User read_user(const Query& row, int first_column = 0) {
    User user = read_row<User>(row, first_column);
    add_memberships(user, row, first_column);
    return user;
}

/// Reads roles and organizations of many users in turn. One statement for each user costs half as
/// much as joining them to a page of users, where all rows are sorted together.
class Memberships {
 public:
    explicit Memberships(Connection& c)
        : rows_(c.query("SELECT role, '', 0 FROM user_roles WHERE user_id = $1 UNION ALL "
                        "SELECT '', organization_id, created_at FROM organization_members "
                        "WHERE user_id = $1",
                        "")) {}

    void add_to(User& user) {
        rows_.restart(user.id);
        std::vector<std::pair<Time, std::string>> joined;
        while (rows_.next()) {
            std::string role = rows_.text(0);
            if (role.empty())
                joined.emplace_back(rows_.time(2), rows_.text(1));
            else
                user.roles.push_back(std::move(role));
        }
        std::sort(user.roles.begin(), user.roles.end());
        std::sort(joined.begin(), joined.end());
        user.organization_ids.reserve(joined.size());
        for (auto& each : joined) user.organization_ids.push_back(std::move(each.second));
    }

 private:
    Query rows_;
};

inline std::optional<User> read_one_user(Query rows, const Activity& activity) {
    if (!rows.next()) return std::nullopt;
    User user = read_user(rows);
    while (rows.next()) add_memberships(user, rows, 0);
    activity.lay_over(user);
    return user;
}

inline std::optional<User> find(Connection& c, std::string_view id) {
    static const std::string sql =
        select_user("(SELECT * FROM users WHERE id = $1 AND deleted = 0) u");
    return read_one_user(c.query(sql, id), c.activity());
}

/// Finds deleted users, too; they have no organizations.
inline std::optional<User> find_even_deleted(Connection& c, std::string_view id) {
    static const std::string sql = select_user("(SELECT * FROM users WHERE id = $1) u");
    return read_one_user(c.query(sql, id), c.activity());
}

inline std::optional<User> find_by_username(Connection& c, std::string_view username) {
    static const std::string sql =
        select_user("(SELECT * FROM users WHERE username_folded = $1 AND deleted = 0) u");
    return read_one_user(c.query(sql, fold_ascii(username)), c.activity());
}

inline std::optional<User> find_by_email(Connection& c, std::string_view email) {
    static const std::string sql =
        select_user("(SELECT * FROM users WHERE email_folded = $1 AND deleted = 0) u");
    return read_one_user(c.query(sql, fold_ascii(email)), c.activity());
}

/// Returns the stored hash; "" when the user has no password or does not exist.
inline std::string hashed_password(Connection& c, std::string_view id) {
    Query row = c.query("SELECT hashed_password FROM users WHERE id = $1 AND deleted = 0", id);
    return row.next() ? row.text(0) : std::string();
}

inline bool any_exist(Connection& c) {
    return c.query("SELECT 1 FROM users WHERE deleted = 0 LIMIT 1").next();
}

/// Which of two values already belong to a user other than `except_id`.
struct Taken {
    bool email = false;
    bool username = false;
};

inline Taken taken(Connection& c, std::string_view email, std::string_view username,
                   std::string_view except_id = {}) {
    const auto used = [&](std::string_view sql, std::string_view value) {
        return c.query(sql, fold_ascii(value), except_id).next();
    };
    Taken result;
    result.email =
        used("SELECT 1 FROM users WHERE email_folded = $1 AND deleted = 0 AND id <> $2", email);
    result.username = used(
        "SELECT 1 FROM users WHERE username_folded = $1 AND deleted = 0 AND id <> $2", username);
    return result;
}

/// Replaces all site roles.
inline void set_roles(Tx& tx, std::string_view id, const std::vector<std::string>& roles) {
    tx.execute_for(id, "DELETE FROM user_roles WHERE user_id = $1", id);
    for (const std::string& role : roles)
        tx.execute_for(id, "INSERT INTO user_roles (user_id, role) VALUES ($1, $2)", id, role);
}

/// Adds a live user to what is derived from users: the count and the full-text index.
inline void derive(Tx& tx, std::string_view id) {
    tx.execute("UPDATE counters SET value = value + 1 WHERE name = 'live_users'");
    tx.execute(
        "INSERT INTO users_text (rowid, username_folded, email_folded) "
        "SELECT number, username_folded, email_folded FROM users WHERE id = $1",
        id);
}

/// Undoes derive(); the row must still be as it was then. Returns false when there is no such live
/// user.
inline bool underive(Tx& tx, std::string_view id) {
    const int found = tx.execute(
        "INSERT INTO users_text (users_text, rowid, username_folded, email_folded) "
        "SELECT 'delete', number, username_folded, email_folded FROM users "
        "WHERE id = $1 AND deleted = 0",
        id);
    if (found == 0) return false;
    tx.execute("UPDATE counters SET value = value - 1 WHERE name = 'live_users'");
    return true;
}

/// Makes all derived data again, after other statements have changed users.
inline void derive_all(Tx& tx) {
    tx.execute("INSERT INTO users_text (users_text) VALUES ('delete-all')");
    tx.execute(
        "INSERT INTO users_text (rowid, username_folded, email_folded) "
        "SELECT number, username_folded, email_folded FROM users WHERE deleted = 0");
    tx.execute("INSERT INTO users_text (users_text) VALUES ('optimize')");
    tx.execute(
        "UPDATE counters SET value = (SELECT count(*) FROM users WHERE deleted = 0) "
        "WHERE name = 'live_users'");
}

/// Like insert(), but without derived data: call derive_all() after the last one. This is faster
/// because insert() writes the full-text index for each user.
inline void insert_row(Tx& tx, const User& user, std::string_view hashed_password) {
    static const std::string sql = insert_into<User>({"hashed_password"}, "number");
    tx.execute_for(user.id, sql, RowOf(user), hashed_password);
    set_roles(tx, user.id, user.roles);
}

/// Inserts the user and its site roles. For memberships call organizations::add_member().
inline void insert(Tx& tx, const User& user, std::string_view hashed_password) {
    insert_row(tx, user, hashed_password);
    derive(tx, user.id);
}

inline void set_username(Tx& tx, std::string_view id, std::string_view username) {
    if (!underive(tx, id)) return;
    tx.execute_for(
        id, "UPDATE users SET username = $1, username_folded = $2 WHERE id = $3 AND deleted = 0",
        username, fold_ascii(username), id);
    derive(tx, id);
}

inline void set_status(Tx& tx, std::string_view id, UserStatus status) {
    tx.execute_for(id, "UPDATE users SET status = $1 WHERE id = $2 AND deleted = 0",
                   to_string(status), id);
}

inline void set_theme_preference(Tx& tx, std::string_view id, std::string_view theme) {
    tx.execute_for(id, "UPDATE users SET theme_preference = $1 WHERE id = $2 AND deleted = 0",
                   theme, id);
}

inline void set_email(Tx& tx, std::string_view id, std::string_view email) {
    if (!underive(tx, id)) return;
    tx.execute_for(id,
                   "UPDATE users SET email = $1, email_folded = $2 WHERE id = $3 AND deleted = 0",
                   email, fold_ascii(email), id);
    derive(tx, id);
}

inline void set_avatar_url(Tx& tx, std::string_view id, std::string_view url) {
    tx.execute_for(id, "UPDATE users SET avatar_url = $1 WHERE id = $2 AND deleted = 0", url, id);
}

inline void set_login_type(Tx& tx, std::string_view id, LoginType type) {
    tx.execute_for(id, "UPDATE users SET login_type = $1 WHERE id = $2 AND deleted = 0",
                   to_string(type), id);
}

inline void set_hashed_password(Tx& tx, std::string_view id, std::string_view hash) {
    tx.execute_for(id, "UPDATE users SET hashed_password = $1 WHERE id = $2 AND deleted = 0", hash,
                   id);
}

/// Records that the user was seen at `seen_at`; a dormant user becomes active. Reaches users who
/// were deleted since, because the audit log shows them.
inline void set_seen(Tx& tx, std::string_view id, Time seen_at) {
    tx.execute_for(
        id,
        "UPDATE users SET status = CASE status WHEN 'dormant' THEN 'active' ELSE status END, "
        "last_seen_at = CASE WHEN last_seen_at < $1 THEN $1 ELSE last_seen_at END WHERE id = $2",
        seen_at, id);
}

/// Marks the user as deleted, which frees its name and address, and removes everything that belongs
/// to it except its site roles, which the audit log shows.
inline void remove(Tx& tx, std::string_view id) {
    tx.execute_for(id, "DELETE FROM api_keys WHERE user_id = $1", id);
    tx.execute("DELETE FROM git_ssh_keys WHERE user_id = $1", id);
    tx.execute_for(id, "DELETE FROM user_links WHERE user_id = $1", id);
    tx.execute("DELETE FROM organization_member_roles WHERE user_id = $1", id);
    tx.execute_for(id, "DELETE FROM organization_members WHERE user_id = $1", id);
    underive(tx, id);
    tx.execute_for(id, "UPDATE users SET deleted = 1, hashed_password = '' WHERE id = $1", id);
}

}}}}  // namespace coder_users::v0::store::users
