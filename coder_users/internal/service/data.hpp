// Internal: may change at any time.
// The functions of coder_users/data.hpp, which work on a database without its server.
#pragma once

#include <unistd.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/data.hpp"
#include "coder_users/internal/operations/repair.hpp"
#include "coder_users/internal/operations/seed.hpp"
#include "coder_users/internal/service/backup.hpp"
#include "coder_users/internal/service/check_options.hpp"
#include "coder_users/internal/service/export_import.hpp"
#include "coder_users/internal/service/move.hpp"
#include "coder_users/internal/service/open_store.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/sqlite/file_reader.hpp"
#include "coder_users/internal/store/sqlite/new_file.hpp"
#include "coder_users/internal/wire/seed_reader.hpp"

namespace coder_users { inline namespace v0 { namespace data {

/// A database that no server uses and that belongs to this process while the object lives.
struct OwnedDatabase {
    explicit OwnedDatabase(Options chosen)
        : options(service::with_defaults(std::move(chosen))),
          log(options.log),
          store(service::store_options(options, log)),
          backend{options,
                  store,
                  options.env.random,
                  options.env.now,
                  secret_key(options, store, options.env.random),
                  service::deployment_id(store, options.env.random),
                  nullptr,
                  parse_release(options.coder_version).value()} {}

    const Options options;
    Log log;
    store::Store store;
    operations::Backend backend;
};

/// The files that are made for a change of a database.
class NewFiles {
 public:
    /// Call it before the database is opened. Throws std::invalid_argument for one in memory.
    explicit NewFiles(const Options& options) {
        if (options.database == ":memory:") throw std::invalid_argument("database: must be a file");
        if (!store::is_file_name(options.database)) return;
        is_new_ = !store::file_exists(options.database);
        const std::string key_file = key_file_of(options, options.database);
        if (options.secret_key.empty() && !store::file_exists(key_file)) key_file_ = key_file;
    }

    /// Deletes them after the change has failed, unless the database holds users.
    void remove_from(store::Store& store) const noexcept {
        try {
            if (!is_new_ || store.read(store::user_records::any)) return;
        } catch (const std::exception&) {
            return;
        }
        store.discard();
        if (!key_file_.empty()) ::unlink(key_file_.c_str());
    }

 private:
    bool is_new_ = false;
    std::string key_file_;
};

/// Runs `change(Backend&)` on the database, of which a file must be in no server's use. If it
/// fails, a database that did not exist before is deleted.
template <class Fn>
auto change_database(const Options& options, Fn&& change) {
    NewFiles files(options);
    OwnedDatabase database(options);
    try {
        return change(database.backend);
    } catch (...) {
        files.remove_from(database.store);
        throw;
    }
}

/// For commands that go through all rows, of which some statements and pauses take long.
inline store::StoreOptions patient_options(const Options& options, Log& log) {
    store::StoreOptions chosen = service::store_options(options, log);
    chosen.database_deadline = std::chrono::minutes(10);
    return chosen;
}

/// Runs `fn(Connection&)` on one consistent state of the database, also while servers use it.
template <class Fn>
auto read_database(const Options& options, Fn&& fn) {
    if (store::is_file_name(options.database) || options.database == ":memory:")
        return store::FileReader(options.database).read(fn);
    Log log(options.log);
    const Options chosen = service::with_defaults(options);
    store::Store store(patient_options(chosen, log));
    return store.read(fn);
}

/// Returns the key of the database that `reader` reads; "" when the host keeps it. Throws when the
/// key is missing or does not fit.
inline std::string key_of(const Options& options, store::FileReader& reader) {
    const std::string path = key_file_of(options, reader.name());
    const bool of_host = !options.secret_key.empty();
    const auto key = of_host ? options.secret_key : read_key_file(path);
    if (!key) throw std::runtime_error("the key file " + path + " is missing");
    const auto check = reader.read(
        [](store::Connection& c) { return store::deployment::find(c, secret_key_check_name); });
    if (!check || !opens_check(*key, *check))
        throw std::runtime_error(key_source(options, path) + " does not hold the key of " +
                                 reader.name());
    return of_host ? "" : *key;
}

CODER_USERS_INLINE Copied backup(const Options& options, const std::string& to, bool replace,
                                 const Progress& progress) {
    store::FileReader reader(options.database);
    refuse_own_files(options, reader.name(), to);
    const std::string key = key_of(options, reader);
    NewCopy copy(to, key, replace);
    reader.read([&](store::Connection& c) { copy.write(c, progress); });
    return copy.publish();
}

CODER_USERS_INLINE Copied restore(const Options& options, const std::string& from, bool replace,
                                  const Progress& progress) {
    service::check_options(options);
    return restore_copy(options, from, replace, progress);
}

CODER_USERS_INLINE void export_to(const Options& options, std::ostream& out,
                                  const Progress& progress) {
    read_database(options, [&](store::Connection& c) { write_export(c, out, progress); });
}

CODER_USERS_INLINE void export_to(const Options& options, const std::string& path, bool replace,
                                  const Progress& progress) {
    refuse_own_files(options, store::absolute_path(options.database), path);
    store::NewFile file(path, replace);
    std::ofstream out(file.part(), std::ios::binary);
    export_to(options, out, progress);
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path);
    file.publish();
}

CODER_USERS_INLINE Imported import_from(const Options& options, std::istream& in, bool new_ssh_keys,
                                        const Progress& progress) {
    return change_database(options, [&](operations::Backend& backend) {
        return import_from(operations::HostActing(backend), in, new_ssh_keys, progress);
    });
}

/// What a file shows to a move. Throws std::runtime_error when it is damaged.
template <class Fn>
void read_whole_file(const Options& options, Fn&& fn) {
    store::FileReader reader(options.database);
    if (reader.test_data() != options.test_data)
        throw std::runtime_error("only one of source and target is for tests: " + reader.name());
    const std::string damage = reader.damage();
    if (!damage.empty()) throw std::runtime_error("damaged: " + reader.name() + ": " + damage);
    reader.read([&](store::Connection& c) { fn(c, reader.name()); });
}

CODER_USERS_INLINE std::vector<MovedTable> migrate(const Options& options, const std::string& from,
                                                   bool dry_run, const Progress& progress) {
    Options source = options;
    source.database = from;
    const bool from_file = store::is_file_name(from);
    if (from_file ? !store::is_postgres_address(options.database)
                  : !store::is_postgres_address(from) || !store::is_file_name(options.database))
        throw std::invalid_argument(
            "database: moves are between a file and PostgreSQL; files are copied by backup, "
            "PostgreSQL by pg_dump");
    key_of_both(options);  // before a file is created
    std::vector<MovedTable> moved;
    const auto move = [&](store::Connection& c, const std::string& name) {
        require_key_of(c, name, options);
        NewFiles files(options);
        Log log(options.log);
        const Options chosen = service::with_defaults(options);
        store::Store store(patient_options(chosen, log));
        try {
            moved = move_into(store, c, dry_run, progress);
            if (dry_run) files.remove_from(store);
        } catch (...) {
            files.remove_from(store);
            throw;
        }
    };
    if (from_file) {
        read_whole_file(source, move);
        return moved;
    }
    try {
        read_database(source, [&](store::Connection& c) { move(c, "the source"); });
    } catch (...) {
        if (moved.empty()) throw;  // else all is stored, and only the reading did not end well
    }
    return moved;
}

CODER_USERS_INLINE std::int64_t seed(const Options& options, std::string_view json,
                                     const Progress& progress) {
    return change_database(options, [&](operations::Backend& backend) {
        const std::vector<SeedUser> users = wire::read_seed(json);
        operations::seed(operations::HostActing(backend), users, progress);
        return static_cast<std::int64_t>(users.size());
    });
}

CODER_USERS_INLINE std::string create_admin_user(const Options& options, const NewAdmin& admin) {
    operations::planned_admin(admin);  // before a file is created
    return change_database(options, [&](operations::Backend& backend) {
        return operations::create_admin(operations::HostActing(backend), admin);
    });
}

CODER_USERS_INLINE User reset_password(const Options& options, const std::string& user,
                                       const std::string& password) {
    if (store::is_file_name(options.database) && !store::file_exists(options.database))
        throw std::runtime_error("no such file: " + options.database);
    return change_database(options, [&](operations::Backend& backend) {
        return operations::reset_password(operations::HostActing(backend), user, password);
    });
}

CODER_USERS_INLINE CheckReport check(const Options& options) {
    store::FileReader reader(options.database);
    CheckReport report{reader.damage(), 0};
    if (!report.damage.empty()) return report;
    key_of(options, reader);
    const std::string wrong = reader.read(store::users::first_with_wrong_row);
    if (!wrong.empty())
        report.damage =
            "the row of user " + wrong + " names other roles or organizations than it has";
    report.users = reader.read(store::user_records::count);
    return report;
}

}}}  // namespace coder_users::v0::data
