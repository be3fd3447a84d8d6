// Copies of a database, and the way back.
#pragma once

#include <sys/stat.h>

#include <optional>
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

/// Makes `file`, the key file to be written, unless the key stands there already. Throws when
/// something else does that is not to be replaced.
inline void add_key(std::optional<NewKeyFile>& file, const std::string& path,
                    const std::string& key, bool replace) {
    if (store::file_exists(path)) {
        if (holds_key(path, key)) return;
        if (!replace)
            throw std::runtime_error("exists already, replaced with --force only: " + path);
        struct stat info {};
        if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
            throw std::runtime_error("the key file is not a regular file: " + path);
    }
    file.emplace(path, key);
}

/// The key last: should it end between the two, the new database finds its key all the same, and
/// until then the old one has its own.
inline void publish(store::NewFile& file, std::optional<NewKeyFile>& key) {
    if (key) key->keep();
    file.publish();
    if (key) key->replace();
}

/// The files of a database are no place for a copy, whatever may be replaced.
inline void refuse_own_files(const Options& options, const std::string& database,
                             const std::string& to) {
    const std::string path = store::absolute_path(to);
    for (const std::string& own : {database, key_file_of(options, database), database + "-wal",
                                   database + "-shm", database + ".lock", database + ".reserve"})
        if (path == own || store::same_file(path, own))
            throw std::runtime_error("is the database itself, or belongs to it: " + path);
}

/// Copies what `from` sees to `to`, with the key beside it unless the host keeps it (key is "").
inline Copied back_up(store::Connection& from, const std::string& to, const std::string& key,
                      bool replace, const Progress& progress) {
    store::NewFile file(to, replace);
    const std::string key_file = key.empty() ? "" : file.path() + ".key";
    std::optional<NewKeyFile> new_key;
    if (!key.empty()) add_key(new_key, key_file, key, replace);
    copy_pages(from, file, progress);
    publish(file, new_key);
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
    for (const std::string& path : {from + ".key", from + ".key.new", key_file}) {
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
    if (copy.test_data() && !options.test_data)
        throw std::runtime_error("made with foreseeable secrets, for tests: " + copy.name());
    if (!copy.test_data() && options.test_data)
        throw std::runtime_error("not made by Options::for_tests(): " + copy.name());
    const std::string to = store::absolute_path(options.database);
    if (to == copy.name()) throw std::runtime_error("is the database itself: " + to);
    const store::OwnershipLock lock(to);
    const std::string damage = copy.damage();
    if (!damage.empty()) throw std::runtime_error("damaged: " + copy.name() + ": " + damage);
    const std::string key_file = key_file_of(options, to);
    store::NewFile file(to, replace, store::NewFile::Locked::by_caller);
    copy.read([&](store::Connection& from_copy) {
        const std::string key = key_of_copy(options, from_copy, copy.name(), key_file);
        std::optional<NewKeyFile> new_key;
        if (options.secret_key.empty()) add_key(new_key, key_file, key, replace);
        copy_pages(from_copy, file, progress);
        publish(file, new_key);
    });
    return {to, options.secret_key.empty() ? key_file : ""};
}

}}}  // namespace coder_users::v0::data
