// Internal: may change at any time.
// Opens a store as options say, for a service and for commands without one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/log.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/service/secret_key.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/audit.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "coder_users/internal/store/open_engine.hpp"
#include "coder_users/internal/store/store.hpp"

namespace coder_users { inline namespace v0 { namespace service {

inline std::size_t cores() {
    return (std::max)(std::size_t{1}, std::size_t{std::thread::hardware_concurrency()});
}

/// Returns the id of the database, which is made at its first start.
inline std::string deployment_id(store::Store& store, const rules::Random& random) {
    constexpr const char* name = "deployment_id";
    const auto find = [&](store::Connection& c) { return store::deployment::find(c, name); };
    if (const auto known = store.read(find)) return *known;
    const std::string made = operations::new_uuid(random);
    return store.write(
        [&](store::Tx& tx) { return store::deployment::find_or_insert(tx, name, made); });
}

/// Tells the host when its clock lies before what is stored: keys that have expired work again. It
/// is only told, because the wrong time may as well be the stored one.
inline void warn_of_clock(store::Store& store, Log& log, Time now) {
    const Time newest = store.read([](store::Connection& c) {
        return (std::max)(store::audit::newest(c), store::api_keys::newest(c));
    });
    if (now < newest)
        log.write({LogLevel::warning,
                   now,
                   "the clock is behind the newest stored time",
                   {{"newest", to_rfc3339(newest)}}});
}

/// Both arguments must outlive the store.
inline store::StoreOptions store_options(const Options& options, Log& log) {
    store::StoreOptions chosen;
    chosen.database = options.database;
    chosen.memory_name = operations::new_uuid(rules::system_random);
    chosen.readers = (options.limits.workers ? options.limits.workers : 2 * cores()) + 4;
    chosen.cached_sessions = options.limits.cached_sessions;
    chosen.cached_session_bytes = options.limits.cached_session_bytes;
    chosen.test_data = options.test_data;
    chosen.connections = options.database_connections;
    chosen.database_deadline = options.deadlines.database;
    chosen.on_warning = [&log, now = options.env.now](const char* what, const std::string& reason) {
        log.write({LogLevel::warning, now(), what, {{"reason", reason}}});
    };
    chosen.accept = [&options](store::Connection& c, const std::string& path) {
        if (const auto check = data::find_key_check(c)) data::proven_key(options, path, *check);
    };
    chosen.fail_write = options.env.fail_write;
    chosen.repeat_changes = options.env.repeat_changes;
    chosen.on_failed_round = [&log, now = options.env.now](const char* what,
                                                           const std::string& reason) {
        log.write({LogLevel::error, now(), what, {{"reason", reason}}});
    };
    return chosen;
}

/// The same for a service, which keeps the rows in order; commands on a database leave them alone.
inline store::StoreOptions served_store_options(const Options& options, Log& log) {
    store::StoreOptions chosen = store_options(options, log);
    chosen.retention = {options.audit_retention, options.api_keys_retention};
    chosen.server = operations::new_uuid(rules::system_random);
    chosen.now = options.env.now;
    return chosen;
}

}}}  // namespace coder_users::v0::service
