// Internal: may change at any time.
// The functions of coder_users/data.hpp, which work on a database without its server.
#pragma once

#include <unistd.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
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

/// A database that is open here: a file belongs to this process while the object lives, and no
/// server uses it; one of PostgreSQL may be used by servers at the same time.
struct OpenDatabase {
    explicit OpenDatabase(Options chosen)
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

    /// Deletes a new database after the change that it was made for has failed. Also deletes
    /// `key_file` unless it is "".
    void remove_empty(const std::string& key_file) noexcept {
        try {
            if (store.read(store::user_records::any)) return;
        } catch (const std::exception&) {
            return;
        }
        store.discard();
        if (!key_file.empty()) ::unlink(key_file.c_str());
    }

    const Options options;
    Log log;
    store::Store store;
    operations::Backend backend;
};

/// Runs `change(Backend&)` on the database, which no server uses. If it fails, a database that did
/// not exist before is deleted.
template <class Fn>
auto change_database(const Options& options, Fn&& change) {
    if (options.database == ":memory:") throw std::invalid_argument("database: must be a file");
    const std::string path = key_file_of(options, options.database);
    const bool keeps_key = !options.secret_key.empty() || store::file_exists(path);
    OpenDatabase database(options);
    try {
        return change(database.backend);
    } catch (...) {
        if (database.store.is_new()) database.remove_empty(keeps_key ? "" : path);
        throw;
    }
}

/// A store for commands that go through all rows: some statements take long, and so do pauses.
struct PatientStore {
    /// `only_read`: opening it changes nothing. Throws when there is no database yet.
    explicit PatientStore(Options chosen, bool only_read = false)
        : options(service::with_defaults(std::move(chosen))),
          log(options.log),
          store(patient(only_read)) {}

    const Options options;
    Log log;
    store::Store store;

 private:
    store::StoreOptions patient(bool only_read) {
        store::StoreOptions patient = service::store_options(options, log);
        patient.connect_deadline = patient.database_deadline;  // only statements take long
        patient.database_deadline = std::chrono::minutes(10);
        patient.retention = {};  // servers sweep
        patient.only_read = only_read;
        return patient;
    }
};

/// Runs `read(Connection&)` on one state of a database of PostgreSQL.
template <class Fn>
void read_served(const Options& options, Fn&& read) {
    PatientStore database(options, true);
    auto reading = database.store.begin_long_reading();
    database.store.read(reading,
                        [&](store::Connection& c, std::optional<store::Query>&) { read(c); });
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
    store::refuse_postgres_file(options.database);
    service::check_options(options);
    return restore_copy(options, from, replace, progress);
}

CODER_USERS_INLINE void export_to(const Options& options, std::ostream& out,
                                  const Progress& progress) {
    const auto write = [&](store::Connection& c) { write_export(c, out, progress); };
    if (store::is_postgres_address(options.database)) return read_served(options, write);
    store::FileReader(options.database).read(write);
}

CODER_USERS_INLINE void export_to(const Options& options, const std::string& path, bool replace,
                                  const Progress& progress) {
    if (!store::is_postgres_address(options.database))
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
    store::refuse_mistaken_address(from);
    store::refuse_mistaken_address(options.database);
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
        PatientStore target(options);
        try {
            moved = move_into(target.store, c, dry_run, progress);
            if (dry_run && target.store.is_new()) target.store.discard();
        } catch (...) {
            if (target.store.is_new()) target.store.discard();
            throw;
        }
    };
    if (from_file) {
        read_whole_file(source, move);
        return moved;
    }
    try {
        read_served(source, [&](store::Connection& c) { move(c, "the source"); });
    } catch (...) {
        if (moved.empty()) throw;  // else all is stored, and only the reading did not end well
    }
    return moved;
}

/// Beside the transaction where nobody waits for its end, no host is asked about passwords, which
/// is promised to happen outside of transactions, and no randomness repeats, which has an order.
inline operations::SeedRecords when_to_make_records(const Options& options) {
    const bool before = store::is_postgres_address(options.database) || options.check_password ||
                        options.env.random;
    return before ? operations::SeedRecords::before : operations::SeedRecords::beside;
}

CODER_USERS_INLINE std::int64_t seed(const Options& options, std::string_view json,
                                     const Progress& progress) {
    return change_database(options, [&](operations::Backend& backend) {
        const std::vector<SeedUser> users = wire::read_seed(json);
        operations::seed(operations::HostActing(backend), users, when_to_make_records(options),
                         progress);
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
    store::refuse_mistaken_address(options.database);
    if (store::is_file_name(options.database) && !store::file_exists(options.database))
        throw std::runtime_error("no such file: " + options.database);
    return change_database(options, [&](operations::Backend& backend) {
        return operations::reset_password(operations::HostActing(backend), user, password);
    });
}

/// Looks at the rows themselves, whatever engine keeps them.
inline void check_rows(store::Connection& c, CheckReport& report) {
    const std::string wrong = store::users::first_with_wrong_row(c);
    if (!wrong.empty())
        report.damage =
            "the row of user " + wrong + " names other roles or organizations than it has";
    report.users = store::user_records::count(c);
}

CODER_USERS_INLINE CheckReport check(const Options& options) {
    CheckReport report;
    const auto check = [&](store::Connection& c) { check_rows(c, report); };
    if (store::is_postgres_address(options.database)) {
        read_served(options, check);
        return report;
    }
    store::FileReader reader(options.database);
    report.damage = reader.damage();
    if (!report.damage.empty()) return report;
    key_of(options, reader);
    reader.read(check);
    return report;
}

}}}  // namespace coder_users::v0::data
