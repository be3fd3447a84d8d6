// Internal: may change at any time.
// Copies a database to files, and puts copies back.
#pragma once

#include <sys/stat.h>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>

#include "coder_users/api.hpp"
#include "coder_users/internal/service/secret_key.hpp"
#include "coder_users/internal/store/sqlite/file_reader.hpp"
#include "coder_users/internal/store/sqlite/new_file.hpp"

namespace coder_users { inline namespace v0 { namespace data {

/// Writes the database into the file, and syncs it. The file has no name yet.
inline void copy_pages(store::Connection& from, const store::NewFile& file,
                       const Progress& progress) {
    from.copy_to(file.part(), progress);
}

inline bool holds_key(const std::string& path, const std::string& key) {
    try {
        return read_key_file(path) == key;
    } catch (const std::runtime_error&) {
        return false;  // another file has this name
    }
}

/// Prepares the key file at `path` in `file`, unless it exists with this key. Throws when another
/// file exists and must not be replaced.
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

/// Gives both files their names, the key last. If the process ends in between, the new database
/// finds its key under the name "<path>.new", and until then the old database keeps its own.
inline void publish(store::NewFile& file, std::optional<NewKeyFile>& key) {
    if (key) key->keep();
    file.publish();
    if (key) key->replace();
}

/// Refuses to write a copy over a file of the database, even with `replace`.
inline void refuse_own_files(const Options& options, const std::string& database,
                             const std::string& to) {
    const std::string path = store::absolute_path(to);
    for (const std::string& own : {database, key_file_of(options, database), database + "-wal",
                                   database + "-shm", database + ".lock", database + ".reserve"})
        if (path == own || store::same_file(path, own))
            throw std::runtime_error("is the database itself, or belongs to it: " + path);
}

/// A copy that has temporary names; the destructor removes it unless publish() was called.
class NewCopy {
 public:
    /// `key` goes to the file beside `to`; "" means that the host keeps it. Throws
    /// std::runtime_error when files are there and `replace` is false.
    NewCopy(const std::string& to, const std::string& key, bool replace)
        : file_(to, replace), key_file_(key.empty() ? "" : file_.path() + ".key") {
        if (!key.empty()) add_key(key_, key_file_, key, replace);
    }

    /// Copies what `from` sees.
    void write(store::Connection& from, const Progress& progress) {
        copy_pages(from, file_, progress);
    }
    /// Where the files are until publish().
    Copied unpublished() const { return {file_.part(), key_ ? key_file_ + ".new" : key_file_}; }
    Copied publish() {
        data::publish(file_, key_);
        return {file_.path(), key_file_};
    }

 private:
    store::NewFile file_;
    const std::string key_file_;
    std::optional<NewKeyFile> key_;
};

/// Returns the key that opens what is sealed in a copy: the one beside the copy, or this server's
/// own.
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

/// Opens a copy as a server would, and looks for damage. Throws std::runtime_error that names the
/// copy.
inline void verify_copy(const Options& options, const Copied& copied) {
    store::FileReader copy(copied.file);
    const std::string damage = copy.damage();
    if (!damage.empty()) throw std::runtime_error("damaged: " + copied.file + ": " + damage);
    copy.read([&](store::Connection& c) { key_of_copy(options, c, copied.file, copied.key_file); });
}

/// Returns the id of the deployment that a copy is of; nothing when the copy cannot be read.
inline std::optional<std::string> deployment_of_copy(const std::string& file) {
    try {
        store::FileReader copy(file);
        return copy.read(
            [](store::Connection& c) { return store::deployment::find(c, "deployment_id"); });
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

/// Puts the copy `from` in the place of the database of `options`. No server may use that database.
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
