// What the store is told by the service.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace coder_users { inline namespace v0 { namespace store {

class Connection;

struct StoreOptions {
    std::string database;     ///< a path, or ":memory:"
    std::string memory_name;  ///< tells databases in memory apart; unique in the process
    std::size_t readers = 8;  ///< reading connections at most
    /// How long one long answer may be read before no other begins.
    std::chrono::milliseconds long_turn{30'000};
    std::size_t cached_sessions = 0;  ///< sessions kept in memory at most
    bool test_data = false;           ///< takes files of this kind alone
    /// Told of a file that was there, by its absolute path, before anything of it is changed;
    /// throws std::runtime_error when it is to stay as it is.
    std::function<void(Connection&, const std::string& path)> accept;
    std::function<bool()> fail_write;  ///< Env::fail_write
    /// Told, from any thread, when activity could not be stored. Must not throw.
    std::function<void(const std::string& reason)> on_activity_failure;
};

}}}  // namespace coder_users::v0::store
