// Internal: may change at any time.
// The texts of SQL that only PostgreSQL understands.
#pragma once

#include "coder_users/internal/store/dialect.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

inline constexpr Dialect dialect{
    /*.join_texts =*/"string_agg",
    /*.join_in_order =*/" JOIN ",
    /*.names_indexes =*/false,
    /*.counts_numbers =*/false,
    /*.newest_entries_first =*/"a.time DESC, a.entry DESC",
    /*.youngest_keys =*/"api_keys ORDER BY created_at DESC LIMIT 1000",
    /*.row_of_user =*/"u.number",
    /*.add_to_counter =*/"INSERT INTO counter_changes (value, name) VALUES ($1, $2)",
    /*.counter =*/
    "SELECT CAST(value + COALESCE((SELECT sum(value) FROM counter_changes WHERE name = $1), 0) "
    "AS BIGINT) FROM counters WHERE name = $1",
    /*.count_live_users =*/
    "WITH gone AS (DELETE FROM counter_changes WHERE name = 'live_users') "
    "UPDATE counters SET value = (SELECT count(*) FROM users WHERE deleted = 0) "
    "WHERE name = 'live_users'",
    /*.index_text =*/"",
    /*.unindex_text =*/"",
    /*.index_texts_after =*/"",
    /*.index_all_texts =*/{},
    /*.mark_texts =*/"",
    /*.numbers_with_text =*/"",
    /*.array_begin =*/"(SELECT value, id FROM json_array_elements_text(CAST(",
    /*.array_end =*/" AS JSON)) WITH ORDINALITY AS elements (value, id))",
    /*.continue_numbers =*/
    {"SELECT pg_catalog.setval(pg_get_serial_sequence('users', 'number'), "
     "(SELECT COALESCE(MAX(number), 0) + 1 FROM users), false)",
     "SELECT pg_catalog.setval(pg_get_serial_sequence('audit_logs', 'entry'), "
     "(SELECT COALESCE(MAX(entry), 0) + 1 FROM audit_logs), false)"},
    /*.how_to_empty =*/"Stop that server; then DROP SCHEMA coder_users CASCADE makes it empty"};

}}}}  // namespace coder_users::v0::store::postgres
