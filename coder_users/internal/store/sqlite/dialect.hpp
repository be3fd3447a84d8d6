// Internal: may change at any time.
// The texts of SQL that only SQLite understands.
#pragma once

#include "coder_users/internal/store/dialect.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace sqlite {

inline constexpr Dialect dialect{
    /*.join_texts =*/"group_concat",
    /*.join_in_order =*/" CROSS JOIN ",
    /*.names_indexes =*/true,
    /*.counts_numbers =*/true,
    /*.newest_entries_first =*/"a.entry DESC",
    /*.youngest_keys =*/"api_keys ORDER BY rowid DESC LIMIT 1000",
    /*.row_of_user =*/"u.rowid",
    /*.add_to_counter =*/"UPDATE counters SET value = value + $1 WHERE name = $2",
    /*.counter =*/"SELECT value FROM counters WHERE name = $1",
    /*.count_live_users =*/
    "UPDATE counters SET value = (SELECT count(*) FROM users WHERE deleted = 0) "
    "WHERE name = 'live_users'",
    /*.index_text =*/
    "INSERT INTO users_text (rowid, username_folded, email_folded) "
    "SELECT number, username_folded, email_folded FROM users WHERE id = $1",
    /*.unindex_text =*/
    "INSERT INTO users_text (users_text, rowid, username_folded, email_folded) "
    "SELECT 'delete', number, username_folded, email_folded FROM users WHERE id = $1",
    /*.index_texts_after =*/
    "INSERT INTO users_text (rowid, username_folded, email_folded) "
    "SELECT number, username_folded, email_folded FROM users WHERE number > $1 AND deleted = 0",
    /*.index_all_texts =*/
    {"INSERT INTO users_text (users_text) VALUES ('delete-all')",
     "INSERT INTO users_text (rowid, username_folded, email_folded) "
     "SELECT number, username_folded, email_folded FROM users WHERE deleted = 0",
     "INSERT INTO users_text (users_text) VALUES ('optimize')"},
    /*.mark_texts =*/
    "INSERT INTO counters (name, value) VALUES ('user_texts', 1) ON CONFLICT (name) "
    "DO UPDATE SET value = CASE WHEN value < 9223372036854775807 THEN value + 1 ELSE 1 END",
    /*.numbers_with_text =*/
    "SELECT rowid FROM users_text WHERE users_text MATCH $1 LIMIT $2",
    /*.array_begin =*/"json_each(",
    /*.array_end =*/")",
    /*.continue_numbers =*/{},
    /*.how_to_empty =*/"Stop that server and remove the file"};

}}}}  // namespace coder_users::v0::store::sqlite
