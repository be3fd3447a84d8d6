// Internal: may change at any time.
// The settings that the service passes to the store.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace store {

class Connection;

/// How long rows are kept that nobody may need any more. 0: for ever.
struct Retention {
    std::chrono::seconds audit_entries{0};
    std::chrono::seconds expired_keys{0};

    bool is_on() const { return audit_entries.count() > 0 || expired_keys.count() > 0; }
};

struct StoreOptions {
    std::string database;     ///< a path, or ":memory:"
    std::string memory_name;  ///< distinguishes databases in memory; unique in the process
    std::size_t readers = 8;  ///< maximum of reading connections
    /// After this time a long reading keeps others from beginning.
    std::chrono::milliseconds long_turn{30'000};
    std::size_t cached_sessions = 0;  ///< maximum size of the session cache; 0: no cache
    std::size_t cached_session_bytes = 32 << 20;  ///< the same in bytes
    /// Nothing is made or changed by opening a database of PostgreSQL.
    bool only_read = false;
    bool test_data = false;  ///< opens only databases of test data, and makes new ones so
    /// Called with an existing database and its absolute path before anything in it is changed;
    /// throws std::runtime_error to refuse it.
    std::function<void(Connection&, const std::string& path)> accept;
    std::function<bool()> fail_write;  ///< Env::fail_write
    bool repeat_changes = false;       ///< Env::repeat_changes
    Retention retention;
    std::string server = {};    ///< tells a server from others on the same database; "": a command
    std::function<Time()> now;  ///< needed by servers, and when something is not kept for ever
    /// For a database of PostgreSQL: how many connections there are at most, and how long anything
    /// may take that is asked of it.
    std::size_t connections = 16;
    std::chrono::milliseconds database_deadline{5'000};
    /// How long a new connection to it may take, where that is less.
    std::chrono::milliseconds connect_deadline = (std::chrono::milliseconds::max)();
    /// Called while the database opens, with something that is not as good as it could be.
    std::function<void(const char* what, const std::string& reason)> on_warning;
    /// Called from any thread when activity cannot be stored or old rows cannot be removed. Must
    /// not throw.
    std::function<void(const char* what, const std::string& reason)> on_failed_round;
};

}}}  // namespace coder_users::v0::store
