// All that is sealed in the database, for a change of the sealing key.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/store/db.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Puts `again(text, user_id)` in the place of every sealed text, which has a user's id as
/// associated data.
inline void seal_anew(
    Tx& tx, const std::function<std::string(const std::string&, const std::string&)>& again) {
    const std::pair<std::string, std::string> columns[] = {{"git_ssh_keys", "sealed_private_key"},
                                                           {"user_links", "sealed_access_token"},
                                                           {"user_links", "sealed_refresh_token"}};
    for (const auto& [table, column] : columns) {
        std::vector<std::pair<std::string, std::string>> sealed;
        Query row = tx.query_once("SELECT user_id, " + column + " FROM " + table + " WHERE " +
                                  column + " <> ''");
        while (row.next()) sealed.emplace_back(row.text(0), row.text(1));
        for (const auto& [user_id, text] : sealed) {
            Query update =
                tx.query_once("UPDATE " + table + " SET " + column + " = $1 WHERE user_id = $2");
            update.bind(1, again(text, user_id));
            update.bind(2, user_id);
            update.next();
        }
    }
}

}}}  // namespace coder_users::v0::store
