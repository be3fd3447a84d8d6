// Internal: may change at any time.
// Engine: what a database engine does for the store.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/base/shared.hpp"
#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/long_reading.hpp"
#include "coder_users/internal/store/need.hpp"
#include "coder_users/internal/store/store_options.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// What an engine may use of the store that opens it, and that outlives it.
struct EngineHost {
    const StoreOptions& options;
    Activity& activity;
    std::function<void()> wake;  ///< asks for a round; any thread may call it
};

/// A database that is open. Any thread may call any member function, but a function that read() or
/// write() runs must not. Failures are the exceptions of errors.hpp. The constructor of an engine
/// opens the database, brings it to the current schema, and throws std::runtime_error that names
/// database and cause.
class Engine {
 public:
    using Read = FunctionRef<void(Connection&)>;
    using ReadOn = FunctionRef<void(Connection&, std::optional<Query>& rows)>;
    using Change = FunctionRef<void(Tx&)>;
    using CheckedKey = Shared<api_keys::CheckedKey>;

    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    /// Closes the database. No other member function runs any more.
    virtual ~Engine() = default;

    /// A name for messages: the absolute path of a file, ":memory:", or an address without secrets.
    virtual const std::string& name() const = 0;
    virtual bool in_memory() const { return false; }
    /// Whether several servers may use the database at the same time. Then it has the tables of
    /// window_counts.hpp, leases.hpp and used_states.hpp, and every look at a row waits for it.
    virtual bool shared() const { return false; }
    /// Whether this opening has made the database.
    virtual bool is_new() const { return false; }
    /// Lets a database that is_new() go at the end.
    virtual void discard() {}
    /// Leaves what a fork() shares to the process that this one is a copy of.
    virtual void let_go() noexcept {}
    /// Whether damage was noticed: nothing is read or written any more.
    virtual bool damaged() const noexcept { return false; }

    /// Runs `fn` on one consistent state.
    virtual void read(Read fn) = 0;
    /// Throws Busy or Unavailable unless the database answers and takes changes. Does not wait for
    /// what reads or writes rows, and for the database about a second.
    virtual void require_ready() {
        const auto look = [](Connection& c) { users::any_exist(c); };
        read(look);
    }

    /// Keeps one consistent state open. Throws Busy when there are too many.
    virtual LongReading begin_long_reading() = 0;
    /// Runs `fn` as LongReading::use() does.
    virtual void read(LongReading& reading, ReadOn fn) { reading.use(fn); }

    /// Runs `fn` in a writing transaction and returns after its COMMIT, as Store::write() says.
    virtual void write(Change fn, Need need) = 0;

    /// Returns what api_keys::read_checked_key() reads, or the same from a cache that is exact;
    /// nullptr for an unknown key.
    virtual CheckedKey find_checked_key(std::string_view key_id) = 0;

    /// The same for a change, as it is in its transaction; nullptr when the rows must be read.
    virtual CheckedKey find_kept_key(const Tx& /*tx*/, std::string_view /*key_id*/) {
        return nullptr;
    }

    /// Begins and ends a round of the thread that stores activity. It begins one when there is
    /// activity, when wants_round(), or after `wake`. `wrote`: something was committed in between.
    virtual bool wants_round() const { return false; }
    virtual void begin_round() {}
    virtual void end_round(bool /*wrote*/) {}

    /// Returns the whole database as bytes; takes them back, and calls `replaced` before anybody
    /// reads the new rows. Throws std::runtime_error where databases are no files.
    virtual std::string image() = 0;
    virtual void replace_everything(const std::string& image, FunctionRef<void()> replaced) = 0;

    /// For the metrics.
    virtual const Latencies& commit_times() const = 0;  ///< in microseconds, failed ones, too
    virtual const GroupSizes& group_sizes() const = 0;  ///< how many changes a commit held
    virtual std::size_t waiting_writes() const = 0;
    virtual std::int64_t log_size() const { return 0; }
    virtual std::uint64_t cache_hits() const { return 0; }
    virtual std::uint64_t cache_misses() const = 0;
};

}}}  // namespace coder_users::v0::store
