// Internal: may change at any time.
// Statements about Git SSH keys, whose private keys callers have sealed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/store/columns.hpp"
#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace git_ssh_keys {

using SealedKey = SealedGitSshKey;

inline void insert(Tx& tx, const SealedKey& sealed) {
    static const std::string sql = insert_into<SealedKey>();
    tx.execute(sql, RowOf(sealed));
}

/// Replaces the user's key but not its `created_at`.
inline void replace(Tx& tx, const SealedKey& sealed) {
    static const RowUpdate<SealedKey> statement("user_id", {"created_at"});
    tx.execute(statement.sql(), statement.values(sealed));
}

inline std::optional<SealedKey> find(Connection& c, std::string_view user_id) {
    static const std::string sql =
        "SELECT " + columns<SealedKey>() + " FROM git_ssh_keys WHERE user_id = $1";
    Query row = c.query(sql, user_id);
    if (!row.next()) return std::nullopt;
    return read_row<SealedKey>(row);
}

}}}}  // namespace coder_users::v0::store::git_ssh_keys
