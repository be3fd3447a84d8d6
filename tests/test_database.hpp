// Databases of PostgreSQL for tests, when the environment names a cluster for them.
#pragma once

#include <string>

namespace coder_users_test {

/// Whether CODER_USERS_TEST_DATABASE is set: the address of a cluster, such as
/// "postgres://postgres@127.0.0.1:5432", where the user may create databases. Then the fixtures use
/// databases there in the place of those in memory and of their own files.
bool on_postgres();
/// The same, for tests that need one: it says so when there is none, which ctest shows as skipped.
bool there_is_postgres();

/// Makes an empty database there and returns its address. It is dropped after the test. Throws
/// std::runtime_error where there is no cluster, for which ctest skips the test.
std::string new_postgres_database();
/// The same with our schema in it and no rows, which takes less time than to make the schema again.
std::string prepared_postgres_database();

/// Runs statements in the database at this address, beneath a server. Throws std::runtime_error.
void run_on_postgres(const std::string& address, const std::string& sql);
/// The rows of a statement as stored() returns them.
std::string postgres_rows(const std::string& address, const std::string& sql);

/// Rows as stored() returns them in one line, joined by commas; "NULL" without any.
std::string in_one_line(std::string rows);

/// What fixtures open: a prepared database of PostgreSQL where those are tested, else `otherwise`.
std::string database_or(const std::string& otherwise);

/// A secret key for servers on PostgreSQL, which has no place for a key file.
inline const std::string test_secret_key = "a secret key of thirty-two bytes";

}  // namespace coder_users_test
