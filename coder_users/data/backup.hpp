// Copies of a database, and the way back.
#pragma once

#include <stdexcept>
#include <string>

#include "coder_users/api.hpp"
#include "coder_users/data/secret_key.hpp"
#include "coder_users/store/file_reader.hpp"
#include "coder_users/store/new_file.hpp"

namespace coder_users { inline namespace v0 { namespace data {

/// Writes `from` to the unpublished file, down to the disk.
inline void copy_pages(store::Connection& from, const store::NewFile& file,
                       const Progress& progress) {
    const store::Activity none;
    store::Connection copy(file.part(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, none);
    from.copy_to(copy, progress);
}

inline bool holds_key(const std::string& path, const std::string& key) {
    try {
        return read_key_file(path) == key;
    } catch (const std::runtime_error&) {
        return false;  // something else stands there
    }
}

/// Whether the key has to be written: not where it stands already. Throws when another file does.
inline bool wants_key(const std::string& path, const std::string& key, bool replace) {
    if (!store::file_exists(path)) return true;
    if (holds_key(path, key)) return false;
    if (!replace) throw std::runtime_error("exists already, replaced with --force only: " + path);
    return true;
}

/// Copies what `from` sees to `to`, with the key beside it unless the host keeps it (key is "").
inline Copied back_up(store::Connection& from, const std::string& to, const std::string& key,
                      bool replace, const Progress& progress) {
    store::NewFile file(to, replace);
    const std::string key_file = key.empty() ? "" : file.path() + ".key";
    const bool write_key = !key.empty() && wants_key(key_file, key, replace);
    copy_pages(from, file, progress);
    if (write_key) replace_key_file(key_file, key);
    file.publish();
    return {file.path(), key_file};
}

/// The key that opens what is sealed in a copy: the one beside it, or the one this server has.
inline std::string key_of_copy(const Options& options, store::Connection& copy,
                               const std::string& from, const std::string& key_file) {
    const auto check = store::deployment::find(copy, secret_key_check_name);
    if (!check) throw std::runtime_error("never used by a server: " + from);
    if (!options.secret_key.empty()) {
        if (opens_check(options.secret_key, *check)) return options.secret_key;
        throw std::runtime_error("Options::secret_key does not hold the key of " + from);
    }
    for (const std::string& path : {from + ".key", key_file}) {
        const auto key = read_key_file(path);
        if (key && opens_check(*key, *check)) return *key;
    }
    throw std::runtime_error("neither " + from + ".key nor " + key_file + " holds the key of " +
                             from);
}

/// Puts the copy `from` in the place of the options' database, which no server uses.
inline Copied restore_copy(const Options& options, const std::string& from, bool replace,
                           const Progress& progress) {
    if (options.database == ":memory:")
        throw std::invalid_argument("database: must be a file to restore to");
    store::FileReader copy(from);
    if (copy.test_data() != options.test_data)
        throw std::runtime_error("made with foreseeable secrets, for tests: " + copy.name());
    const std::string to = store::absolute_path(options.database);
    if (to == copy.name()) throw std::runtime_error("is the database itself: " + to);
    const store::OwnershipLock lock(to);
    const std::string damage = copy.damage();
    if (!damage.empty()) throw std::runtime_error("damaged: " + copy.name() + ": " + damage);
    const std::string key_file = key_file_of(options, to);
    store::NewFile file(to, replace, store::NewFile::Locked::by_caller);
    copy.read([&](store::Connection& from_copy) {
        const std::string key = key_of_copy(options, from_copy, copy.name(), key_file);
        const bool write_key = options.secret_key.empty() && wants_key(key_file, key, replace);
        copy_pages(from_copy, file, progress);
        if (write_key) replace_key_file(key_file, key);
    });
    file.publish();
    return {to, options.secret_key.empty() ? key_file : ""};
}

}}}  // namespace coder_users::v0::data
