// Internal: may change at any time.
// Reads a database file, also while a server runs on it.
#pragma once

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>

#include "coder_users/internal/store/sqlite/connection.hpp"
#include "coder_users/internal/store/sqlite/database_file.hpp"
#include "coder_users/internal/store/sqlite/integrity.hpp"
#include "coder_users/internal/store/sqlite/migrate.hpp"
#include "coder_users/internal/store/sqlite/transaction.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Sees one consistent state of the file from its first read on. It takes no lock that a server
/// would notice. It reads only through SQLite, because closing any other descriptor of the file
/// would end SQLite's locks.
class FileReader {
 public:
    /// Throws std::runtime_error for a file that is not a database of this library and version.
    explicit FileReader(const std::string& path) : name_(absolute_path(path)) {
        try {
            opened_.emplace(name_, flags(name_), activity_);
            Connection& connection = *opened_;
            connection.run("PRAGMA query_only = ON");
            const std::string id = connection.first_text("PRAGMA application_id");
            if (id != std::to_string(application_id) && id != std::to_string(test_application_id))
                throw Unavailable("not a coder_users database");
            test_data_ = id == std::to_string(test_application_id);
            check_version();
        } catch (const Unavailable& error) {
            if (opened_) opened_->database().checkpoint_on_close(false);
            throw std::runtime_error(std::string(error.what()) + ": " + name_);
        }
    }

    const std::string& name() const { return name_; }
    bool test_data() const { return test_data_; }

    /// Runs `fn(Connection&)` on one consistent state.
    template <class Fn>
    auto read(Fn&& fn) {
        Transaction transaction(*opened_, "BEGIN");
        return transaction.run([&] { return fn(*opened_); });
    }

    /// Describes the first damage of the file; "" when there is none.
    std::string damage() {
        try {
            std::string found = opened_->first_text("PRAGMA integrity_check(1)");
            if (found != "ok") return found;
            const std::string orphan = opened_->first_text("PRAGMA foreign_key_check");
            if (!orphan.empty()) return "a row of " + orphan + " refers to nothing";
            return strange_schema();
        } catch (const Unavailable& error) {
            opened_->database().checkpoint_on_close(false);
            return error.what();
        }
    }

 private:
    std::string strange_schema() {
        try {
            check_schema(*opened_);
            return "";
        } catch (const Busy&) {
            throw;
        } catch (const Unavailable&) {
            throw;
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }
    static int flags(const std::string& name) {
        struct stat info {};
        if (::stat(name.c_str(), &info) != 0) throw_file_error("cannot open", name, errno);
        if (!S_ISREG(info.st_mode)) throw std::runtime_error("not a regular file: " + name);
        return SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    }
    void check_version() {
        const int version = std::stoi(opened_->first_text("PRAGMA user_version"));
        if (version > schema_version) throw Unavailable("made by a newer version of coder_users");
        if (version < schema_version)
            throw Unavailable("made by an older version of coder_users, start the server once");
    }

    const std::string name_;
    Activity activity_;
    std::optional<sqlite::Connection> opened_;
    bool test_data_ = false;
};

}}}  // namespace coder_users::v0::store
