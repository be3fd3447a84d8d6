// Git SSH keys: rows in, rows out. Private keys arrive sealed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/base/user_record.hpp"
#include "coder_users/store/tx.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace git_ssh_keys {

using SealedKey = SealedGitSshKey;

inline void insert(Tx& tx, const SealedKey& sealed) {
    tx.execute(
        "INSERT INTO git_ssh_keys (user_id, created_at, updated_at, public_key, "
        "sealed_private_key) VALUES ($1, $2, $3, $4, $5)",
        sealed.key.user_id, sealed.key.created_at, sealed.key.updated_at, sealed.key.public_key,
        sealed.sealed_private_key);
}

/// Keeps `created_at`.
inline void replace(Tx& tx, const SealedKey& sealed) {
    tx.execute(
        "UPDATE git_ssh_keys SET updated_at = $1, public_key = $2, sealed_private_key = $3 "
        "WHERE user_id = $4",
        sealed.key.updated_at, sealed.key.public_key, sealed.sealed_private_key,
        sealed.key.user_id);
}

inline std::optional<SealedKey> find(Connection& c, std::string_view user_id) {
    Query row = c.query(
        "SELECT user_id, created_at, updated_at, public_key, sealed_private_key "
        "FROM git_ssh_keys WHERE user_id = $1",
        user_id);
    if (!row.next()) return std::nullopt;
    return SealedKey{{row.text(0), row.time(1), row.time(2), row.text(3)}, row.text(4)};
}

}}}}  // namespace coder_users::v0::store::git_ssh_keys
