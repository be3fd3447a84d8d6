// Internal: may change at any time.
// Statements about keys, which are sessions and tokens.
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

#include "coder_users/internal/base/digest.hpp"
#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/users.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace api_keys {

/// As the most rows that are wanted: all.
inline constexpr std::int64_t no_limit = (std::numeric_limits<std::int64_t>::max)();

/// A key, its user and what a request's check of the key needs.
struct CheckedKey {
    SharedIdentity identity;
    Digest secret_digest{};
    bool linked = true;  ///< false: the login type needs a link that the user does not have
    /// When the provider's access token expires, if it can be renewed; else `never`.
    Time token_expires_at = never;
};

/// Reads a key from the current row; its columns begin at `first_column`.
inline ApiKey read_key(const Query& row, int first_column = 0) {
    ApiKey key = read_row<ApiKey>(row, first_column);
    derive_scope(key);
    return key;
}

/// Reads key and user by one statement, without uses that are not stored yet. Returns nothing for
/// an unknown id.
inline std::optional<CheckedKey> read_checked_key(Connection& c, std::string_view key_id) {
    static const std::string sql =
        "SELECT " + columns<ApiKey>("k.") + ", " + columns<User>("u.") +
        ", k.hashed_secret, l.login_type, l.token_expires_at, "
        "CASE WHEN l.sealed_refresh_token <> '' THEN 1 ELSE 0 END "
        "FROM api_keys k JOIN users u ON u.id = k.user_id AND u.deleted = 0 "
        "LEFT JOIN user_links l ON l.user_id = u.id WHERE k.id = $1";
    Query row = c.query(sql, key_id);
    if (!row.next()) return std::nullopt;
    CheckedKey session;
    session.identity.key = read_key(row);
    session.identity.user =
        std::make_shared<const User>(users::read_user(row, column_count<ApiKey>));
    constexpr int after_user = column_count<ApiKey> + column_count<User>;
    session.secret_digest = read_digest(row.text(after_user));
    const LoginType type = session.identity.key.login_type;
    if (type == LoginType::github || type == LoginType::oidc) {
        session.linked = row.text(after_user + 1) == to_string(type);
        if (session.linked && row.integer(after_user + 3) != 0)
            session.token_expires_at = row.time(after_user + 2);
    }
    return session;
}

/// The same with all uses.
inline std::optional<CheckedKey> find_checked_key(Connection& c, std::string_view key_id) {
    auto session = read_checked_key(c, key_id);
    if (!session) return session;
    User user = *session->identity.user;
    c.activity().lay_over(session->identity.key);
    c.activity().lay_over(user);
    session->identity.user = std::make_shared<const User>(std::move(user));
    return session;
}

inline std::optional<ApiKey> read_one_key(Connection& c, Query row) {
    if (!row.next()) return std::nullopt;
    ApiKey key = read_key(row);
    c.activity().lay_over(key);
    return key;
}

/// Returns the session or token with this id if it belongs to the user.
inline std::optional<ApiKey> find(Connection& c, std::string_view user_id, std::string_view id) {
    static const std::string sql =
        "SELECT " + columns<ApiKey>("k.") + " FROM api_keys k WHERE k.id = $1 AND k.user_id = $2";
    return read_one_key(c, c.query(sql, id, user_id));
}

/// Returns the user's token with this name, even if it has expired.
inline std::optional<ApiKey> find_token(Connection& c, std::string_view user_id,
                                        std::string_view name) {
    static const std::string sql = "SELECT " + columns<ApiKey>("k.") +
                                   " FROM api_keys k WHERE k.user_id = $1 AND k.token_name = $2 "
                                   "AND k.login_type = 'token'";
    return read_one_key(c, c.query(sql, user_id, name));
}

/// Counts the sessions that have not expired at `now`, or the tokens.
inline std::int64_t count_alive(Connection& c, bool tokens, Time now) {
    Query row = tokens ? c.query(
                             "SELECT count(*) FROM api_keys WHERE login_type = 'token' AND "
                             "expires_at > $1",
                             now)
                       : c.query(
                             "SELECT count(*) FROM api_keys WHERE login_type <> 'token' AND "
                             "expires_at > $1",
                             now);
    return row.next() ? row.integer(0) : 0;
}

/// A token in a list, with the name of its owner.
struct Token {
    ApiKey key;
    std::string username;
};

/// Which tokens are wanted.
struct TokenFilter {
    std::string user_id;    ///< "": of all users
    Time alive_at = never;  ///< only those that have not expired then
};

/// Selects at most `most` tokens, oldest first.
inline Query token_rows(Connection& c, const TokenFilter& which, std::int64_t most) {
    static const std::string select =
        "SELECT " + columns<ApiKey>("k.") +
        ", u.username FROM api_keys k JOIN users u ON u.id = k.user_id "
        "WHERE k.login_type = 'token' AND k.expires_at > $1";
    static const std::string all = select + " ORDER BY k.created_at, k.id LIMIT $2";
    static const std::string of_user =
        select + " AND k.user_id = $2 ORDER BY k.created_at, k.id LIMIT $3";
    return which.user_id.empty() ? c.query(all, which.alive_at, most)
                                 : c.query(of_user, which.alive_at, which.user_id, most);
}

/// Reads the next tokens, at most `most`; returns none at the end.
inline std::vector<Token> next_tokens(Connection& c, Query& rows, std::size_t most) {
    std::vector<Token> found;
    while (found.size() < most && rows.next()) {
        found.push_back({read_key(rows), rows.text(column_count<ApiKey>)});
        c.activity().lay_over(found.back().key);
    }
    return found;
}

inline std::vector<Token> tokens(Connection& c, const TokenFilter& which,
                                 std::int64_t most = no_limit) {
    Query rows = token_rows(c, which, most);
    return next_tokens(c, rows, (std::numeric_limits<std::size_t>::max)());
}

/// Selects at most `most` sessions of a user, expired ones included, oldest first.
inline Query session_rows(Connection& c, std::string_view user_id, std::int64_t most) {
    static const std::string sql =
        "SELECT " + columns<ApiKey>("k.") +
        " FROM api_keys k WHERE k.user_id = $1 AND k.login_type <> 'token' "
        "ORDER BY k.created_at, k.id LIMIT $2";
    return c.query(sql, user_id, most);
}

/// Reads the next sessions, at most `most`; returns none at the end.
inline std::vector<ApiKey> next_sessions(Connection& c, Query& rows, std::size_t most) {
    std::vector<ApiKey> found;
    while (found.size() < most && rows.next()) {
        found.push_back(read_key(rows));
        c.activity().lay_over(found.back());
    }
    return found;
}

inline std::vector<ApiKey> sessions(Connection& c, std::string_view user_id,
                                    std::int64_t most = no_limit) {
    Query rows = session_rows(c, user_id, most);
    return next_sessions(c, rows, (std::numeric_limits<std::size_t>::max)());
}

inline void insert(Tx& tx, const ApiKey& key, std::string_view hashed_secret) {
    static const std::string sql = insert_into<ApiKey>({"hashed_secret"});
    tx.execute_for("", sql, RowOf(key), hashed_secret);  // no session shows a key before it exists
}

inline std::string owner(Tx& tx, std::string_view id) {
    Query row = tx.query("SELECT user_id FROM api_keys WHERE id = $1", id);
    return row.next() ? row.text(0) : std::string();
}

/// Neither value ever decreases, and a key that was ended on purpose is not prolonged.
inline void set_used(Tx& tx, std::string_view id, const ActivityBatch::KeyUse& use) {
    tx.execute_for(
        owner(tx, id),
        "UPDATE api_keys SET last_used = CASE WHEN last_used < $1 THEN $1 ELSE last_used END, "
        "expires_at = CASE WHEN expires_at < $2 AND expires_at >= $3 THEN $2 ELSE expires_at END "
        "WHERE id = $4",
        use.last_used, use.expires_at, use.found_expires_at, id);
}

/// Ends a key at `end`, and keeps it.
inline void set_end(Tx& tx, const ApiKey& key, Time end) {
    tx.execute_for(key.user_id, "UPDATE api_keys SET expires_at = $1 WHERE id = $2", end, key.id);
}

inline void store_uses(Tx& tx, const ActivityBatch& batch) {
    // Users before keys, each in the order of ids, as every change locks them.
    for (const auto& [id, seen_at] : batch.seen_at) users::set_seen(tx, id, seen_at);
    for (const auto& [id, use] : batch.keys) set_used(tx, id, use);
}

/// When a key was made or used most recently, as far as the thousand youngest keys know; `never`
/// without any. Reads no others, since there may be very many.
inline Time newest(Connection& c) {
    Query row = c.query(std::string("SELECT MAX(created_at), MAX(last_used) FROM "
                                    "(SELECT created_at, last_used FROM ") +
                        c.dialect().youngest_keys + ") youngest");
    if (!row.next() || row.is_null(0)) return never;
    return (std::max)(row.time(0), row.time(1));
}

inline void remove(Tx& tx, std::string_view id) {
    tx.execute_for(owner(tx, id), "DELETE FROM api_keys WHERE id = $1", id);
}

/// Removes sessions that expired more than a day ago. Tokens stay until somebody deletes them.
inline void remove_long_expired_sessions(Tx& tx, std::string_view user_id, Time now) {
    tx.execute_for(
        user_id,
        "DELETE FROM api_keys WHERE user_id = $1 AND login_type <> 'token' AND expires_at < $2",
        user_id, add(now, -std::chrono::hours(24)));
}

/// Keys of one part of the table.
struct Expired {
    std::vector<ApiKey> keys;  ///< with id, owner and expiry alone
    std::string last;          ///< where the next part begins; "" at the end of the table
};

/// Looks at the next `most` keys behind the id `after`, and returns those that expired before
/// `before`, pending uses considered. There is no index by expiry, which each use would change.
inline Expired expired_before(Connection& c, Time before, std::string_view after, int most) {
    Query rows =
        c.query("SELECT id, user_id, expires_at FROM api_keys WHERE id > $1 ORDER BY id LIMIT $2",
                after, most);
    Expired found;
    int looked_at = 0;
    std::string last;
    for (; rows.next(); ++looked_at) {
        ApiKey key;
        key.id = last = rows.text(0);
        key.user_id = rows.text(1);
        key.expires_at = rows.time(2);
        c.activity().lay_over(key);
        if (key.expires_at < before) found.keys.push_back(std::move(key));
    }
    if (looked_at == most) found.last = std::move(last);
    return found;
}

/// Removes those of the keys that are still there and expired before `before`.
inline void remove_expired(Tx& tx, const std::vector<ApiKey>& keys, Time before) {
    for (const ApiKey& key : keys)
        tx.execute_for(key.user_id, "DELETE FROM api_keys WHERE id = $1 AND expires_at < $2",
                       key.id, before);
}

inline void remove_of_user(Tx& tx, std::string_view user_id) {
    static const std::string sql = std::string("DELETE FROM api_keys WHERE ") + users::has_key;
    tx.execute_for(user_id, sql, user_id);
}

/// Removes all sessions of the user but the one with the id `except`, and returns how many.
inline int remove_sessions(Tx& tx, std::string_view user_id, std::string_view except) {
    return tx.execute_for(
        user_id, "DELETE FROM api_keys WHERE user_id = $1 AND login_type <> 'token' AND id <> $2",
        user_id, except);
}

/// Removes the keys that applications were given.
inline void remove_of_applications(Tx& tx, std::string_view user_id) {
    static const std::string sql = std::string("DELETE FROM api_keys WHERE ") + users::has_key +
                                   " AND ' ' || scopes || ' ' LIKE $2";
    tx.execute_for(user_id, sql, user_id, "% " + std::string(scope_of_applications) + " %");
}

inline void remove_of_user(Tx& tx, std::string_view user_id, LoginType type) {
    static const std::string sql =
        std::string("DELETE FROM api_keys WHERE ") + users::has_key + " AND login_type = $2";
    tx.execute_for(user_id, sql, user_id, to_string(type));
}

}}}}  // namespace coder_users::v0::store::api_keys
