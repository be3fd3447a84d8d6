// The functions of data.hpp: a database without its server.
#pragma once

#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "coder_users/data.hpp"
#include "coder_users/data/admin.hpp"
#include "coder_users/data/backup.hpp"
#include "coder_users/data/seed.hpp"
#include "coder_users/data/transfer.hpp"
#include "coder_users/server/check_options.hpp"
#include "coder_users/server/open_store.hpp"
#include "coder_users/store/file_reader.hpp"

namespace coder_users { inline namespace v0 { namespace data {

/// The database of a server that does not run, ours while this lives.
struct OwnedDatabase {
    explicit OwnedDatabase(Options chosen)
        : options(server::with_defaults(std::move(chosen))),
          log(options.log),
          store(server::store_options(options, log)),
          backend{options,
                  store,
                  options.env.random,
                  options.env.now,
                  secret_key(options, store, options.env.random),
                  server::deployment_id(store, options.env.random),
                  nullptr,
                  {}} {}

    const Options options;
    server::Log log;
    store::Store store;
    routes::Backend backend;
};

/// The key of the database that `reader` reads, "" when the host keeps it. Throws when it is not
/// there or another.
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
    if (store::absolute_path(to) == reader.name())
        throw std::runtime_error("is the database itself: " + reader.name());
    const std::string key = key_of(options, reader);
    return reader.read(
        [&](store::Connection& c) { return back_up(c, to, key, replace, progress); });
}

CODER_USERS_INLINE Copied restore(const Options& options, const std::string& from, bool replace,
                                  const Progress& progress) {
    server::check_options(options);
    return restore_copy(options, from, replace, progress);
}

CODER_USERS_INLINE void export_to(const Options& options, std::ostream& out,
                                  const Progress& progress) {
    store::FileReader(options.database).read([&](store::Connection& c) {
        write_export(c, out, progress);
    });
}

CODER_USERS_INLINE void export_to(const Options& options, const std::string& path, bool replace,
                                  const Progress& progress) {
    store::NewFile file(path, replace);
    std::ofstream out(file.part(), std::ios::binary);
    export_to(options, out, progress);
    out.close();
    if (!out) throw std::runtime_error("cannot write " + path);
    file.publish();
}

CODER_USERS_INLINE void import_from(const Options& options, std::istream& in, bool new_ssh_keys,
                                    const Progress& progress) {
    OwnedDatabase database(options);
    import_from(database.backend, in, new_ssh_keys, progress);
}

CODER_USERS_INLINE void seed(const Options& options, std::string_view json) {
    OwnedDatabase database(options);
    seed(database.backend, json);
}

CODER_USERS_INLINE std::string create_admin_user(const Options& options, const NewAdmin& admin) {
    check_admin(admin);  // before a file is made
    OwnedDatabase database(options);
    return create_admin_user(database.backend, admin);
}

CODER_USERS_INLINE void reset_password(const Options& options, const std::string& user,
                                       const std::string& password) {
    if (options.database != ":memory:" && !store::file_exists(options.database))
        throw std::runtime_error("no such file: " + options.database);
    OwnedDatabase database(options);
    reset_password(database.backend, user, password);
}

CODER_USERS_INLINE CheckReport check(const Options& options) {
    store::FileReader reader(options.database);
    CheckReport report{reader.damage(), 0};
    if (!report.damage.empty()) return report;
    key_of(options, reader);
    report.users = reader.read(store::user_records::count);
    return report;
}

}}}  // namespace coder_users::v0::data
