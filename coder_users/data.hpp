// What people who run the server do with its data while it stands still, or beside it: copies,
// moves, repairs. docs/data.md describes all of it. Only Options::database, the secret key, the
// hash cost and the kind of SSH keys count here.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "coder_users/api.hpp"

namespace coder_users { inline namespace v0 { namespace data {

// All functions throw std::runtime_error that names the file and the reason, and change nothing
// then; std::invalid_argument for a bad option. Reading ones work beside a running server; one that
// runs in the same process has Service::backup(). Writing ones are refused while a server uses the
// file, with its process id.

/// Copies the database to the new file `to`, and the sealing key to "<to>.key": Copied::key_file.
/// Reading. `replace`: files that stand there are replaced.
Copied CODER_USERS_API backup(const Options& options, const std::string& to, bool replace = false,
                              const Progress& progress = {});

/// Puts a copy that backup() made in the place of the database. The copy is checked, and its key
/// found, first: in "<from>.key" or where this server has its own. Writing.
Copied CODER_USERS_API restore(const Options& options, const std::string& from,
                               bool replace = false, const Progress& progress = {});

/// Organizations and users with their roles, hashes and keys as JSON lines. Reading.
void CODER_USERS_API export_to(const Options& options, std::ostream& out,
                               const Progress& progress = {});
/// The same into a new file with mode 0600.
void CODER_USERS_API export_to(const Options& options, const std::string& path,
                               bool replace = false, const Progress& progress = {});

/// Reads what export_to() wrote into a database without users. Throws LineError. Writing.
/// `new_ssh_keys`: every user gets a new Git SSH key, and the export's sealing key is not needed.
void CODER_USERS_API import_from(const Options& options, std::istream& in,
                                 bool new_ssh_keys = false, const Progress& progress = {});

/// Service::seed() without a server. Writing.
void CODER_USERS_API seed(const Options& options, std::string_view json,
                          const Progress& progress = {});

/// An owner to be made.
struct NewAdmin {
    std::string email, username, password;
};
/// Creates an owner, who is an admin of every organization; the user's id. Throws ApiError for a
/// name, address or password that is taken or no good. Writing.
std::string CODER_USERS_API create_admin_user(const Options& options, const NewAdmin& admin);

/// Gives a user, named by id, user name or e-mail address, a new password and ends all its sessions
/// and tokens. Throws ApiError for a password that is no good. Writing.
void CODER_USERS_API reset_password(const Options& options, const std::string& user,
                                    const std::string& password);

/// What check() found.
struct CheckReport {
    std::string damage;  ///< what is wrong; "": nothing
    std::int64_t users = 0;
};
/// Looks at every page, row and index, at references, and whether the sealing key opens what is
/// sealed. Reading.
CheckReport CODER_USERS_API check(const Options& options);

}}}  // namespace coder_users::v0::data
