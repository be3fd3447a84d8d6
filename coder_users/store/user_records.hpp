// Whole users: everything that is stored of one, in and out.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/user_record.hpp"
#include "coder_users/store/api_keys.hpp"
#include "coder_users/store/git_ssh_keys.hpp"
#include "coder_users/store/organizations.hpp"
#include "coder_users/store/tx.hpp"
#include "coder_users/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// 256 MB of memory at most for the pages of one transaction: rows in the order of random ids touch
/// all of them again and again, and each that does not fit is written and read back.
class LargeCache {
 public:
    explicit LargeCache(Tx& tx) : tx_(tx), before_(tx.first_text("PRAGMA cache_size")) {
        tx_.run("PRAGMA cache_size = -262144");
    }
    ~LargeCache() {
        try {
            tx_.run("PRAGMA cache_size = " + before_);
        } catch (const std::exception&) {
            // more memory than before, and nothing worse
        }
    }
    LargeCache(const LargeCache&) = delete;
    LargeCache& operator=(const LargeCache&) = delete;

 private:
    Tx& tx_;
    const std::string before_;
};

namespace user_records {

/// Whether a user has this id, a deleted one, too.
inline bool id_taken(Connection& c, std::string_view id) {
    return c.query("SELECT 1 FROM users WHERE id = $1", id).next();
}

inline void insert_membership(Tx& tx, const OrganizationMember& member) {
    organizations::add_member(tx, member.organization_id, member.user_id, member.roles,
                              member.created_at);
    if (member.updated_at != member.created_at)
        tx.execute_for(member.user_id,
                       "UPDATE organization_members SET updated_at = $1 "
                       "WHERE user_id = $2 AND organization_id = $3",
                       member.updated_at, member.user_id, member.organization_id);
}

inline void insert_link(Tx& tx, std::string_view user_id, const ProviderLink& link) {
    tx.execute_for(user_id,
                   "INSERT INTO user_links (user_id, login_type, linked_id, sealed_access_token, "
                   "sealed_refresh_token, token_expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                   user_id, to_string(link.login_type), link.linked_id, link.sealed_access_token,
                   link.sealed_refresh_token, link.token_expires_at);
}

/// Its organizations exist.
inline void insert(Tx& tx, const UserRecord& record) {
    users::insert(tx, record.user, record.hashed_password);
    for (const OrganizationMember& member : record.memberships) insert_membership(tx, member);
    for (const StoredKey& stored : record.keys)
        api_keys::insert(tx, stored.key, stored.hashed_secret);
    if (record.ssh_key) git_ssh_keys::insert(tx, *record.ssh_key);
    if (record.link) insert_link(tx, record.user.id, *record.link);
}

inline std::vector<StoredKey> keys_of(Connection& c, std::string_view user_id) {
    static const std::string sql =
        "SELECT " + std::string(api_keys::key_fields) +
        ", k.hashed_secret FROM api_keys k WHERE k.user_id = $1 ORDER BY k.created_at, k.id";
    Query rows = c.query(sql, user_id);
    std::vector<StoredKey> found;
    while (rows.next()) {
        found.push_back({api_keys::read_key(rows), rows.text(api_keys::key_columns)});
        c.activity().lay_over(found.back().key);
    }
    return found;
}

inline std::optional<ProviderLink> link_of(Connection& c, std::string_view user_id) {
    Query row = c.query(
        "SELECT login_type, linked_id, sealed_access_token, sealed_refresh_token, "
        "token_expires_at FROM user_links WHERE user_id = $1",
        user_id);
    if (!row.next()) return std::nullopt;
    return ProviderLink{login_type_named(row.text(0)).value_or(LoginType::oidc), row.text(1),
                        row.text(2), row.text(3), row.time(4)};
}

inline UserRecord complete(Connection& c, User user) {
    UserRecord record;
    record.hashed_password = users::hashed_password(c, user.id);
    record.memberships = organizations::memberships(c, user.id);
    record.keys = keys_of(c, user.id);
    record.ssh_key = git_ssh_keys::find(c, user.id);
    record.link = link_of(c, user.id);
    record.user = std::move(user);
    return record;
}

/// Whether there was ever a user or an organization.
inline bool any(Connection& c) {
    return c.query("SELECT 1 FROM users UNION ALL SELECT 1 FROM organizations LIMIT 1").next();
}

inline std::int64_t count(Connection& c) {
    Query row = c.query("SELECT COUNT(*) FROM users WHERE deleted = 0");
    return row.next() ? row.integer(0) : 0;
}

/// Calls `fn(UserRecord&&)` for every user who is not deleted, in the order of their ids.
template <class Fn>
void for_each(Connection& c, Fn&& fn) {
    Query rows = c.query("SELECT id FROM users WHERE deleted = 0 ORDER BY id");
    while (rows.next())
        if (auto user = users::find(c, rows.text(0))) fn(complete(c, std::move(*user)));
}

}  // namespace user_records
}}}  // namespace coder_users::v0::store
