// Internal: may change at any time.
// Reads and inserts everything that is stored about a user, for exports and imports.
#pragma once

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/belongings.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/git_ssh_keys.hpp"
#include "coder_users/internal/store/links.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Tells the engine that the transaction writes very many rows, while it lives.
class LargeCache {
 public:
    explicit LargeCache(Tx& tx) : tx_(tx) { tx_.expect_many_rows(true); }
    ~LargeCache() {
        try {
            tx_.expect_many_rows(false);
        } catch (const std::exception&) {
            // the connection keeps more memory than before, which is harmless
        }
    }
    LargeCache(const LargeCache&) = delete;
    LargeCache& operator=(const LargeCache&) = delete;

 private:
    Tx& tx_;
};

namespace user_records {

/// Whether any user, even a deleted one, has this id.
inline bool id_taken(Connection& c, std::string_view id) {
    return c.query("SELECT 1 FROM users WHERE id = $1", id).next();
}

/// The ids of organizations, oldest membership first.
inline std::vector<std::string> organizations_of(std::vector<OrganizationMember> memberships) {
    std::sort(memberships.begin(), memberships.end(), [](const auto& a, const auto& b) {
        return std::tie(a.created_at, a.organization_id) <
               std::tie(b.created_at, b.organization_id);
    });
    std::vector<std::string> ids;
    ids.reserve(memberships.size());
    for (OrganizationMember& each : memberships) ids.push_back(std::move(each.organization_id));
    return ids;
}

/// The user's organizations must exist. Call it inside users::deriving().
inline void insert(Tx& tx, const UserRecord& record) {
    User user = record.user;
    user.organization_ids = organizations_of(record.memberships);
    users::insert_row(tx, user, record.hashed_password);
    for (const OrganizationMember& member : record.memberships)
        organizations::insert_member(tx, member);
    for (const StoredKey& stored : record.keys)
        api_keys::insert(tx, stored.key, stored.hashed_secret);
    if (record.ssh_key) git_ssh_keys::insert(tx, *record.ssh_key);
    if (record.link) links::insert(tx, record.user.id, *record.link);
    belongings::insert(tx, record);
}

inline std::vector<StoredKey> keys_of(Connection& c, std::string_view user_id) {
    static const std::string sql = "SELECT " + columns<StoredKey>() + " FROM api_keys WHERE " +
                                   users::has_key + " ORDER BY created_at, id";
    Query rows = c.query(sql, user_id);
    std::vector<StoredKey> found;
    while (rows.next()) {
        found.push_back(read_row<StoredKey>(rows));
        derive_scope(found.back().key);
        c.activity().lay_over(found.back().key);
    }
    return found;
}

inline std::optional<ProviderLink> link_of(Connection& c, std::string_view user_id) {
    static const std::string sql =
        "SELECT " + columns<ProviderLink>() + " FROM user_links WHERE user_id = $1";
    Query row = c.query(sql, user_id);
    if (!row.next()) return std::nullopt;
    return read_row<ProviderLink>(row);
}

inline UserRecord complete(Connection& c, User user) {
    UserRecord record;
    record.hashed_password = users::hashed_password(c, user.id);
    record.memberships = organizations::memberships(c, user.id);
    record.keys = keys_of(c, user.id);
    record.ssh_key = git_ssh_keys::find(c, user.id);
    record.link = link_of(c, user.id);
    belongings::add_to(c, user.id, record);
    record.user = std::move(user);
    return record;
}

/// Whether the database has any users, deleted ones included, or organizations.
inline bool any(Connection& c) {
    return c.query("SELECT 1 FROM users UNION ALL SELECT 1 FROM organizations LIMIT 1").next();
}

inline std::int64_t count(Connection& c) {
    Query row = c.query("SELECT COUNT(*) FROM users WHERE deleted = 0");
    return row.next() ? row.integer(0) : 0;
}

/// Calls `fn(UserRecord&&)` for every user who is not deleted, in the order of ids.
template <class Fn>
void for_each(Connection& c, Fn&& fn) {
    Query rows = c.query("SELECT id FROM users WHERE deleted = 0 ORDER BY id");
    while (rows.next())
        if (auto user = users::find(c, rows.text(0))) fn(complete(c, std::move(*user)));
}

}  // namespace user_records
}}}  // namespace coder_users::v0::store
