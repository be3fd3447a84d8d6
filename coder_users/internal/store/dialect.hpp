// Internal: may change at any time.
// Dialect: the few texts of SQL in which engines differ. docs/architecture.md, "Engines", lists
// who asks for each.
#pragma once

#include <array>
#include <string>

namespace coder_users { inline namespace v0 { namespace store {

/// Constant texts of one engine. All other statements are one text for every engine.
struct Dialect {
    /// The aggregate that joins texts: `f(text, separator)`.
    const char* join_texts;
    /// Joins two tables, and reads the left one first where the engine must be told so.
    const char* join_in_order;
    /// Whether a list says which index it goes along (`INDEXED BY`).
    bool names_indexes;
    /// Whether an INSERT takes the next number of a table, because there is one writer. Otherwise
    /// the database gives the numbers out.
    bool counts_numbers;
    /// The order of audit entries `a`, newest first.
    const char* newest_entries_first;
    /// `FROM` what, to see the times of the keys that were made last; about 1000 rows.
    const char* youngest_keys;

    /// A number of the user u that every index of users holds.
    const char* row_of_user;

    /// Adds $1 to the counter $2.
    const char* add_to_counter;
    /// Selects the value of the counter $1; no row when it is missing.
    const char* counter;
    /// Sets the counter `live_users` to the number of users who are not deleted.
    const char* count_live_users;

    /// Adds the user $1 to the index of texts, and removes the user $1 as the row is now. "": the
    /// index follows the rows by itself.
    const char* index_text;
    const char* unindex_text;
    /// Adds the users with higher numbers than $1 to the index of texts, or "".
    const char* index_texts_after;
    /// Statements that make the index of texts again; those after the last are nullptr.
    std::array<const char*, 3> index_all_texts;
    /// Raises the counter `user_texts` by one, which each change of texts does. "": no texts are
    /// kept in memory.
    const char* mark_texts;
    /// Selects the numbers of users whose texts match the phrase $1, at most $2. "": the engine
    /// chooses by itself when to use its index, for a condition with LIKE.
    const char* numbers_with_text;
    /// What stands before and after a placeholder for a JSON array, to make it a table with the
    /// column `value`, and `id`, which rises.
    const char* array_begin;
    const char* array_end;
    /// Statements after which the numbers that the database gives out go on behind those of rows
    /// that were inserted with theirs; those after the last are nullptr.
    std::array<const char*, 2> continue_numbers = {};
    /// How a person gets rid of a database without users.
    const char* how_to_empty;
};

/// The table users, named u, read along `index` where the engine must be told so.
inline std::string users_along(const char* index, bool names_indexes) {
    return names_indexes ? std::string("users u INDEXED BY ") + index : "users u";
}

}}}  // namespace coder_users::v0::store
