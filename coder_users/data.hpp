// Work on a database without its server: copies, exports, imports, repairs. docs/data.md describes
// all of it. Of Options, only the database, the secret keys, the hash cost and the kind of SSH keys
// matter here.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/api.hpp"

namespace coder_users { inline namespace v0 { namespace data {

// Functions marked "Reading" also work while a server uses the file (a host with a running Service
// calls Service::backup()). Functions marked "Writing" throw while a server uses the file, and name
// its process id. All of them throw std::invalid_argument for a bad option, and std::runtime_error
// that names the file and the reason for anything else that goes wrong; the database is then as it
// was. A database of PostgreSQL may be served all the time; backup() and restore() throw for it.

/// Copies the database to the file `to`, and the sealing key to the file that Copied::key_file
/// names. With `replace`, files that exist are replaced. Reading.
Copied CODER_USERS_API backup(const Options& options, const std::string& to, bool replace = false,
                              const Progress& progress = {});

/// Puts a copy made by backup() in the place of the database, after checking the copy and finding
/// its key in "<from>.key" or where this server keeps its own. Writing.
Copied CODER_USERS_API restore(const Options& options, const std::string& from,
                               bool replace = false, const Progress& progress = {});

/// Writes organizations and users with their roles, hashes and keys as JSON lines. Reading.
void CODER_USERS_API export_to(const Options& options, std::ostream& out,
                               const Progress& progress = {});
/// Does the same into a new file with mode 0600.
void CODER_USERS_API export_to(const Options& options, const std::string& path,
                               bool replace = false, const Progress& progress = {});

/// How much import_from() has read.
struct Imported {
    std::int64_t users = 0;
    std::int64_t organizations = 0;
};
/// Reads what export_to() wrote into a database that has no users yet. With `new_ssh_keys`, every
/// user gets a new Git SSH key, and the sealing key of the export is not needed. Throws LineError
/// with the first line that is wrong. Writing.
///
/// While it runs, another thread reads `in`, some lines ahead, so neither `progress`, which is
/// called on the calling thread, nor anybody else may use `in`. That thread has ended when the call
/// returns or throws, which waits for a read of `in` that is under way; after an exception `in`
/// stands anywhere.
Imported CODER_USERS_API import_from(const Options& options, std::istream& in,
                                     bool new_ssh_keys = false, const Progress& progress = {});

/// How many rows of a table migrate() has copied.
struct MovedTable {
    std::string table;
    std::int64_t rows = 0;
};
/// Copies everything in the database `from` into that of the options, which must be empty or new:
/// from a file to PostgreSQL, or from PostgreSQL to a file. Ids, passwords, sessions, tokens, keys
/// and the audit log go on as they are. Options::secret_key or secret_key_file is the sealing key
/// of `from`, and stays the key. All rows are counted and compared before they are committed
/// together. With `dry_run` they are not committed. `from` is left as it was; what a server changes
/// there meanwhile is not copied, so stop its servers first. Progress counts rows. Writing.
std::vector<MovedTable> CODER_USERS_API migrate(const Options& options, const std::string& from,
                                                bool dry_run = false,
                                                const Progress& progress = {});

/// Does what Service::seed() does, and returns how many users it has made. Writing. Keys are made
/// and passwords hashed on another thread while users are stored, unless the database is one of
/// PostgreSQL, Options::check_password is asked, or Env::random is set.
std::int64_t CODER_USERS_API seed(const Options& options, std::string_view json,
                                  const Progress& progress = {});

/// The values of a new owner.
struct NewAdmin {
    std::string email, username, password;
};
/// Creates a user with the role owner who is also an admin of every organization. Returns its id.
/// Throws ApiError when the name or the address is taken, or a value breaks a rule. Writing.
std::string CODER_USERS_API create_admin_user(const Options& options, const NewAdmin& admin);

/// Gives a user, named by id, user name or e-mail address, a new password, and ends all of its
/// sessions and tokens. Returns the user. Throws ApiError when the password is too weak. Writing.
User CODER_USERS_API reset_password(const Options& options, const std::string& user,
                                    const std::string& password);

/// The result of check().
struct CheckReport {
    std::string damage;  ///< what is wrong; "": nothing
    std::int64_t users = 0;
};
/// Checks every page, row, index and reference of the database, and that the sealing key belongs to
/// it; of a database of PostgreSQL the schema, the roles and organizations in the rows of users,
/// and the key. Reading.
CheckReport CODER_USERS_API check(const Options& options);

}}}  // namespace coder_users::v0::data
