// Internal: may change at any time.
// Finds everything sealed in the database, for a change of the sealing key.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Replaces every sealed text by `again(text, user_id)`. The user's id is its associated data.
/// What somebody has replaced meanwhile stays.
inline void seal_anew(
    Tx& tx, const std::function<std::string(const std::string&, const std::string&)>& again) {
    struct Column {
        const char* select;
        const char* update;
    };
    const Column columns[] = {
        {"SELECT user_id, sealed_private_key FROM git_ssh_keys WHERE sealed_private_key <> ''",
         "UPDATE git_ssh_keys SET sealed_private_key = $1 WHERE user_id = $2 AND "
         "sealed_private_key = $3"},
        {"SELECT user_id, sealed_access_token FROM user_links WHERE sealed_access_token <> ''",
         "UPDATE user_links SET sealed_access_token = $1 WHERE user_id = $2 AND "
         "sealed_access_token = $3"},
        {"SELECT user_id, sealed_refresh_token FROM user_links WHERE sealed_refresh_token <> ''",
         "UPDATE user_links SET sealed_refresh_token = $1 WHERE user_id = $2 AND "
         "sealed_refresh_token = $3"},
        {"SELECT user_id, sealed_claims FROM user_links WHERE sealed_claims <> ''",
         "UPDATE user_links SET sealed_claims = $1 WHERE user_id = $2 AND sealed_claims = $3"}};
    for (const Column& column : columns) {
        std::vector<std::pair<std::string, std::string>> sealed;
        for (Query row = tx.query(column.select); row.next();)
            sealed.emplace_back(row.text(0), row.text(1));
        for (const auto& [user_id, text] : sealed)
            tx.execute(column.update, again(text, user_id), user_id, text);
    }
}

}}}  // namespace coder_users::v0::store
