// Internal: may change at any time.
// Finds or makes the key that seals secrets in the database. The host keeps it, or a file beside
// the database holds it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/file_descriptor.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/operations/sealing.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "coder_users/internal/store/sealed.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/new_file.hpp"
#include "coder_users/internal/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace data {

inline std::string random_secret_key(const rules::Random& random) {
    std::string key(rules::seal_key_size, '\0');
    random(reinterpret_cast<unsigned char*>(key.data()), key.size());
    return key;
}

/// Returns the key in a file; nothing when the file does not exist. Throws std::runtime_error that
/// names the file.
inline std::optional<std::string> read_key_file(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) {
        if (errno == ENOENT) return std::nullopt;
        store::throw_file_error("cannot open the key file", path, errno);
    }
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        throw std::runtime_error("the key file is not a regular file: " + path);
    char text[128];
    const ssize_t size = ::read(file.get(), text, sizeof text);
    if (size < 0) store::throw_file_error("cannot read the key file", path, errno);
    auto key = rules::base64_decode(
        trim(std::string_view(text, static_cast<std::size_t>(size)), " \t\r\n"));
    if (!key || key->size() != rules::seal_key_size)
        throw std::runtime_error("the key file does not hold 32 bytes in base64: " + path);
    return key;
}

/// Whether users other than the owner can read the key file. That is allowed, because mounted
/// secrets often are like that.
inline bool is_open_to_others(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && (info.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

/// A new key file under the temporary name "<path>.new", written and synced. The destructor deletes
/// it unless add(), keep() or replace() was called.
class NewKeyFile {
 public:
    NewKeyFile(const std::string& path, const std::string& key) : path_(path) {
        ::unlink(part_.c_str());
        const FileDescriptor file(::open(part_.c_str(),
                                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                                         S_IRUSR | S_IWUSR));
        const std::string text = rules::base64_encode(key) + "\n";
        if (!file ||
            ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(file.get()) != 0)
            fail(errno);
    }
    NewKeyFile(const NewKeyFile&) = delete;
    NewKeyFile& operator=(const NewKeyFile&) = delete;
    ~NewKeyFile() {
        if (!kept_) ::unlink(part_.c_str());
    }

    /// Gives the file its name. No file may have it.
    void add() {
        if (::link(part_.c_str(), path_.c_str()) != 0) fail(errno);
        ::unlink(part_.c_str());
        store::sync_folder_of(path_);
    }
    /// Leaves the file under its temporary name, where claim_new_key() finds it.
    void keep() {
        kept_ = true;
        store::sync_folder_of(path_);
    }
    /// Gives the file its name, replacing another one. Call it after keep().
    void replace() {
        if (::rename(part_.c_str(), path_.c_str()) != 0) fail(errno);
        store::sync_folder_of(path_);
    }

 private:
    [[noreturn]] void fail(int reason) const {
        if (!kept_) ::unlink(part_.c_str());
        store::throw_file_error("cannot write the key file", path_, reason);
    }

    const std::string path_;
    const std::string part_ = path_ + ".new";
    bool kept_ = false;
};

/// Describes where the key comes from, for messages.
inline std::string key_source(const Options& options, const std::string& key_file) {
    return options.secret_key.empty() ? "the key file " + key_file : "Options::secret_key";
}

using operations::find_key_check;
using operations::opens_check;
using operations::secret_key_check_name;
using operations::secret_key_purpose;

/// Returns where the key of the database at this absolute path is kept, unless the host keeps it.
inline std::string key_file_of(const Options& options, const std::string& database) {
    return options.secret_key_file.empty() ? database + ".key" : options.secret_key_file;
}

inline bool key_file_opens(const std::string& path, const std::string& check) {
    try {
        const auto key = read_key_file(path);
        return key && opens_check(*key, check);
    } catch (const std::runtime_error&) {
        return false;  // another file has this name
    }
}

/// Completes a restore() that ended after the database had its name and before the key had.
inline void claim_new_key(const std::string& path, const std::string& check) {
    const std::string waiting = path + ".new";
    if (key_file_opens(path, check) || !key_file_opens(waiting, check)) return;
    if (::rename(waiting.c_str(), path.c_str()) != 0)
        store::throw_file_error("cannot write the key file", path, errno);
    store::sync_folder_of(path);
}

/// Opens what `previous` sealed, and seals it with `key`.
inline std::string sealed_again(const std::string& sealed, std::string_view associated,
                                const std::string& previous, const std::string& key,
                                const rules::Random& random) {
    const auto bytes = rules::base64_decode(sealed);
    const auto text = bytes ? rules::open(previous, *bytes, associated) : std::nullopt;
    if (!text) throw std::runtime_error("previous_secret_key does not open all that is sealed");
    return rules::base64_encode(rules::seal(key, *text, associated, random));
}

/// Returns the key of the database `name`. `check` is its check value, which may still be that of
/// `previous_secret_key`. Throws std::runtime_error that says where the key should come from when
/// it is missing or wrong.
inline std::string proven_key(const Options& options, const std::string& name,
                              const std::string& check) {
    const std::string path = key_file_of(options, name), &previous = options.previous_secret_key;
    std::string key = options.secret_key;
    if (key.empty()) {
        if (previous.empty()) claim_new_key(path, check);
        auto found = read_key_file(path);
        if (!found)
            throw std::runtime_error("the key file " + path + " of " + name + " is missing");
        key = std::move(*found);
    }
    if (opens_check(key, check) || (!previous.empty() && opens_check(previous, check))) return key;
    throw std::runtime_error(key_source(options, path) + " does not hold the key of " + name);
}

/// Returns the key of a new database, after writing its key file unless the host keeps the key.
inline std::string key_of_new(const Options& options, const store::Store& store,
                              const rules::Random& random) {
    if (!options.secret_key.empty()) return options.secret_key;
    const std::string path = key_file_of(options, store.name());
    const bool has_file = !store.in_memory() || !options.secret_key_file.empty();
    auto key = has_file ? read_key_file(path) : std::nullopt;
    if (key) return std::move(*key);
    key = random_secret_key(random);
    if (has_file) NewKeyFile(path, *key).add();
    return std::move(*key);
}

/// Returns the key of the database, after sealing everything with it that was sealed with the
/// previous one. Throws std::runtime_error that says where the key should come from when it is
/// missing or wrong.
inline std::string secret_key(const Options& options, store::Store& store,
                              const rules::Random& random) {
    constexpr const char* name = secret_key_check_name;
    constexpr std::string_view purpose = secret_key_purpose;
    auto check = store.read(find_key_check);
    std::string key;
    if (!check) {
        key = key_of_new(options, store, random);
        const std::string made = rules::base64_encode(rules::seal(key, purpose, purpose, random));
        check = store.write(
            [&](store::Tx& tx) { return store::deployment::find_or_insert(tx, name, made); });
        if (*check == made) return key;
    }
    key = proven_key(options, store.name(), *check);
    if (opens_check(key, *check)) return key;
    const auto again = [&](const std::string& sealed, std::string_view associated) {
        return sealed_again(sealed, associated, options.previous_secret_key, key, random);
    };
    store.write([&](store::Tx& tx) {
        // First, so that of several servers one seals and the others wait for it, also those that
        // seal something with the old key. They find the new one then, and store nothing.
        tx.lock_sealing_key(true);
        if (store::deployment::replace_once(tx, name, *check, again(*check, purpose)))
            store::seal_anew(tx, again);
    });
    return key;
}

}}}  // namespace coder_users::v0::data
