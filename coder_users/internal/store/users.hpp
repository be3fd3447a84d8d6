// Internal: may change at any time.
// Statements about users.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/password_hash.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/counters.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace users {

/// Reads a user without uses that are not stored yet. A use counts as an update, and no use writes
/// `updated_at`.
inline User read_user(const Query& row, int first = 0) {
    auto user = read_row<User>(row, first);
    user.updated_at = (std::max)(user.updated_at, user.last_seen_at);
    return user;
}

inline std::optional<User> read_one_user(Connection& c, Query row) {
    if (!row.next()) return std::nullopt;
    User user = read_user(row);
    c.activity().lay_over(user);
    return user;
}

inline std::optional<User> find(Connection& c, std::string_view id) {
    static const std::string sql =
        "SELECT " + columns<User>() + " FROM users WHERE id = $1 AND deleted = 0";
    return read_one_user(c, c.query(sql, id));
}

/// Finds deleted users, too; they have no organizations.
inline std::optional<User> find_even_deleted(Connection& c, std::string_view id) {
    static const std::string sql = "SELECT " + columns<User>() + " FROM users WHERE id = $1";
    return read_one_user(c, c.query(sql, id));
}

inline std::optional<User> find_by_username(Connection& c, std::string_view username) {
    static const std::string sql =
        "SELECT " + columns<User>() + " FROM users WHERE username_folded = $1 AND deleted = 0";
    return read_one_user(c, c.query(sql, fold_ascii(username)));
}

/// Finds any live user.
inline std::optional<User> find_any(Connection& c) {
    static const std::string sql =
        "SELECT " + columns<User>() + " FROM users WHERE deleted = 0 LIMIT 1";
    return read_one_user(c, c.query(sql));
}

/// The condition for a live user with the address that `placeholder` names. It repeats that of the
/// index, which leaves out users without an address.
inline std::string has_email(const std::string& placeholder) {
    return "email_folded = " + placeholder + " AND email_folded <> '' AND deleted = 0";
}

inline std::optional<User> find_by_email(Connection& c, std::string_view email) {
    static const std::string sql =
        "SELECT " + columns<User>() + " FROM users WHERE " + has_email("$1");
    return read_one_user(c, c.query(sql, fold_ascii(email)));
}

/// Returns the stored hash; "" when the user has no password or does not exist.
inline std::string hashed_password(Connection& c, std::string_view id) {
    Query row = c.query("SELECT hashed_password FROM users WHERE id = $1 AND deleted = 0", id);
    return row.next() ? row.text(0) : std::string();
}

inline bool any_exist(Connection& c) {
    return c.query("SELECT 1 FROM users WHERE deleted = 0 LIMIT 1").next();
}

/// Whether the user is an owner, and every other owner is suspended.
inline bool is_last_owner(Connection& c, std::string_view id) {
    return c
        .query(
            "SELECT 1 FROM user_roles WHERE user_id = $1 AND role = 'owner' AND NOT EXISTS ("
            "SELECT 1 FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role = 'owner' "
            "AND u.id <> $1 AND u.deleted = 0 AND u.status <> 'suspended')",
            id)
        .next();
}

/// Which of two values already belong to a user other than `except_id`.
struct Taken {
    bool email = false;
    bool username = false;
};

inline Taken taken(Connection& c, std::string_view email, std::string_view username,
                   std::string_view except_id = {}) {
    const auto used = [&](const std::string& sql, std::string_view value) {
        return c.query(sql, fold_ascii(value), except_id).next();
    };
    static const std::string by_email =
        "SELECT 1 FROM users WHERE " + has_email("$1") + " AND id <> $2";
    Taken result;
    result.email = used(by_email, email);
    result.username = used(
        "SELECT 1 FROM users WHERE username_folded = $1 AND deleted = 0 AND id <> $2", username);
    return result;
}

inline void insert_roles(Tx& tx, std::string_view id, const std::vector<std::string>& roles) {
    for (const std::string& role : roles)
        tx.execute_for(id, "INSERT INTO user_roles (user_id, role) VALUES ($1, $2)", id, role);
}

/// Replaces all site roles.
inline void set_roles(Tx& tx, std::string_view id, std::vector<std::string> roles) {
    std::sort(roles.begin(), roles.end());
    tx.execute_for(id, "DELETE FROM user_roles WHERE user_id = $1", id);
    insert_roles(tx, id, roles);
    tx.execute_for(id, "UPDATE users SET roles = $1 WHERE id = $2", join(roles, " "), id);
}

/// Stores the organizations of a user in its row. Call it after a change of its memberships.
inline void derive_organizations(Tx& tx, std::string_view id) {
    std::vector<std::string> ids;
    Query rows = tx.query(
        "SELECT organization_id FROM organization_members WHERE user_id = $1 "
        "ORDER BY created_at, organization_id",
        id);
    while (rows.next()) ids.push_back(rows.text(0));
    tx.execute_for(id, "UPDATE users SET organization_ids = $1 WHERE id = $2", join(ids, " "), id);
}

/// What `roles` and `organization_ids` of users u are to be.
inline std::string roles_in_row(const Dialect& dialect) {
    return std::string("COALESCE((SELECT ") + dialect.join_texts +
           "(role, ' ') FROM (SELECT role FROM user_roles "
           "WHERE user_id = u.id ORDER BY role) sorted), '')";
}
inline std::string organizations_in_row(const Dialect& dialect) {
    return std::string("COALESCE((SELECT ") + dialect.join_texts +
           "(organization_id, ' ') FROM (SELECT organization_id FROM organization_members "
           "WHERE user_id = u.id ORDER BY created_at, organization_id) sorted), '')";
}

/// The id of a user whose row has other roles or organizations than the user; "" when there is
/// none.
inline std::string first_with_wrong_row(Connection& c) {
    Query row =
        c.query("SELECT id FROM users u WHERE roles <> " + roles_in_row(c.dialect()) +
                " OR organization_ids <> " + organizations_in_row(c.dialect()) + " LIMIT 1");
    return row.next() ? row.text(0) : std::string();
}

/// Notes that the name or the address of a live user has changed, for those who keep them.
inline void mark_texts(Tx& tx) {
    if (*tx.dialect().mark_texts) tx.execute(tx.dialect().mark_texts);
}

/// Adds a live user to what is derived from users: the count, the full-text index and the number of
/// the state of texts.
inline void derive(Tx& tx, std::string_view id) {
    counters::add(tx, counters::live_users, 1);
    if (*tx.dialect().index_text) tx.execute(tx.dialect().index_text, id);
    mark_texts(tx);
}

/// Undoes derive(); the row must still be as it was then. Returns false when there is no such live
/// user.
inline bool underive(Tx& tx, std::string_view id) {
    if (!tx.query("SELECT 1 FROM users WHERE id = $1 AND deleted = 0", id).next()) return false;
    if (*tx.dialect().unindex_text) tx.execute(tx.dialect().unindex_text, id);
    mark_texts(tx);
    counters::add(tx, counters::live_users, -1);
    return true;
}

/// Makes again what is derived from the rows of users and kept beside them.
inline void derive_beside_rows(Tx& tx) {
    for (const char* statement : tx.dialect().index_all_texts)
        if (statement) tx.execute(statement);
    mark_texts(tx);
    tx.execute(tx.dialect().count_live_users);
}

/// Makes all derived data again, after other statements have changed users.
inline void derive_all(Tx& tx) {
    derive_beside_rows(tx);
    tx.execute("UPDATE users AS u SET roles = " + roles_in_row(tx.dialect()) +
               ", organization_ids = " + organizations_in_row(tx.dialect()));
}

/// The highest cost that a stored hash has, or had before it was replaced; nothing when it is not
/// known.
inline std::optional<int> dearest_password_cost(Connection& c) {
    Query row = c.query("SELECT value FROM counters WHERE name = 'dearest_password_cost'");
    if (!row.next()) return std::nullopt;
    const std::int64_t cost = row.integer(0);
    if (cost < lowest_hash_cost || cost > highest_hash_cost) return std::nullopt;
    return static_cast<int>(cost);
}

inline void raise_dearest_password_cost(Tx& tx, int cost) {
    tx.execute("UPDATE counters SET value = $1 WHERE name = 'dearest_password_cost' AND value < $1",
               std::int64_t{cost});
}
/// Call it with every hash that is stored.
inline void raise_dearest_password_cost(Tx& tx, std::string_view hash) {
    if (const auto cost = hash_cost(hash)) raise_dearest_password_cost(tx, *cost);
}

/// Like insert(), but without derived data: call it inside deriving(), or derive_all() after it.
inline void insert_row(Tx& tx, const User& user, std::string_view hashed_password) {
    static const std::string counted = insert_into<User>({"hashed_password"}, "number");
    static const std::string given_out = insert_into<User>({"hashed_password"});
    tx.execute_for(user.id, tx.dialect().counts_numbers ? counted : given_out, RowOf(user),
                   hashed_password);
    raise_dearest_password_cost(tx, hashed_password);
    insert_roles(tx, user.id, user.roles);
}

/// Inserts the user and its site roles. For memberships call organizations::add_member(), or insert
/// them all and let `user.organization_ids` name them.
inline void insert(Tx& tx, const User& user, std::string_view hashed_password) {
    insert_row(tx, user, hashed_password);
    derive(tx, user.id);
}

/// The number of the user who was inserted last, 0 without any.
inline std::int64_t last_number(Connection& c) {
    Query row = c.query("SELECT COALESCE(MAX(number), 0) FROM users");
    return row.next() ? row.integer(0) : 0;
}

/// Calls `insert()`, which stores any number of live users by insert_row() and returns how many,
/// and adds them to what is derived from users. That is faster than insert() for each, since SQLite
/// writes the full-text index at the end of each statement.
template <class Insert>
void deriving(Tx& tx, Insert&& insert) {
    const std::int64_t last = last_number(tx);
    const std::int64_t added = insert();
    if (*tx.dialect().index_texts_after) tx.execute(tx.dialect().index_texts_after, last);
    mark_texts(tx);
    counters::add(tx, counters::live_users, added);
}

inline void set_username(Tx& tx, std::string_view id, std::string_view username) {
    if (tx.query("SELECT 1 FROM users WHERE id = $1 AND username = $2", id, username).next())
        return;
    if (!underive(tx, id)) return;
    tx.execute_for(
        id, "UPDATE users SET username = $1, username_folded = $2 WHERE id = $3 AND deleted = 0",
        username, fold_ascii(username), id);
    derive(tx, id);
}

inline void set_status(Tx& tx, std::string_view id, UserStatus status, Time updated_at) {
    tx.execute_for(id,
                   "UPDATE users SET status = $1, updated_at = $2 WHERE id = $3 AND deleted = 0",
                   to_string(status), updated_at, id);
}

inline void set_profile(Tx& tx, std::string_view id, std::string_view name,
                        std::string_view avatar_url, Time updated_at) {
    tx.execute_for(id,
                   "UPDATE users SET name = $1, name_folded = $2, avatar_url = $3, "
                   "updated_at = $4 WHERE id = $5 AND deleted = 0",
                   name, fold_ascii(name), avatar_url, updated_at, id);
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

inline void set_login_type(Tx& tx, std::string_view id, LoginType type) {
    tx.execute_for(id, "UPDATE users SET login_type = $1 WHERE id = $2 AND deleted = 0",
                   to_string(type), id);
}

inline void set_hashed_password(Tx& tx, std::string_view id, std::string_view hash) {
    tx.execute_for(id, "UPDATE users SET hashed_password = $1 WHERE id = $2 AND deleted = 0", hash,
                   id);
    raise_dearest_password_cost(tx, hash);
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

/// The condition for the keys of the user $1: it names both indexes in which keys are.
inline constexpr const char* has_key =
    "((user_id = $1 AND login_type = 'token') OR (user_id = $1 AND login_type <> 'token'))";

/// Marks the user as deleted, which frees its name and address, and removes everything that belongs
/// to it except its site roles, which the audit log shows.
inline void remove(Tx& tx, std::string_view id) {
    tx.execute_for(id, "DELETE FROM api_keys WHERE " + std::string(has_key), id);
    for (const char* table : {"git_ssh_keys", "user_settings", "notification_preferences",
                              "one_time_passcodes", "user_data"})
        tx.execute("DELETE FROM " + std::string(table) + " WHERE user_id = $1", id);
    tx.execute_for(id, "DELETE FROM user_links WHERE user_id = $1", id);
    tx.execute("DELETE FROM organization_member_roles WHERE user_id = $1", id);
    tx.execute_for(id, "DELETE FROM organization_members WHERE user_id = $1", id);
    underive(tx, id);
    tx.execute_for(id,
                   "UPDATE users SET deleted = 1, hashed_password = '', organization_ids = '' "
                   "WHERE id = $1",
                   id);
}

}}}}  // namespace coder_users::v0::store::users
