// Internal: may change at any time.
// PostgreSQL as the engine of a store: a pool of connections, and changes that are tried again when
// they meet others. Several processes may use one database, so nothing is cached.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "coder_users/internal/base/metrics.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/engine.hpp"
#include "coder_users/internal/store/postgres/address.hpp"
#include "coder_users/internal/store/postgres/connection.hpp"
#include "coder_users/internal/store/postgres/long_readings.hpp"
#include "coder_users/internal/store/postgres/new_session.hpp"
#include "coder_users/internal/store/postgres/pool.hpp"
#include "coder_users/internal/store/postgres/readiness.hpp"
#include "coder_users/internal/store/postgres/schema.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// Runs what it is given between BEGIN and the end of the transaction.
class Engine final : public store::Engine {
 public:
    explicit Engine(EngineHost host)
        : host_(std::move(host)),
          address_(options().database),
          pool_(options().connections, [this](Pool::End end) { return connect(end); }),
          readiness_([this](Session::Clock::time_point end) { return connect(end); }),
          long_readings_(options().connections, options().long_turn) {
        try {
            open();
        } catch (const std::exception& error) {
            throw std::runtime_error("cannot open " + name() + ": " +
                                     address_.masked(error.what()));
        }
    }
    ~Engine() override { long_readings_.end_all(); }

    const std::string& name() const override { return address_.name(); }
    bool shared() const override { return true; }
    void let_go() noexcept override {
        pool_.let_go();
        readiness_.let_go();
    }

    void read(Read fn) override {
        const Lease lease = begun("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", end());
        Connection connection(lease.session(), host_.activity);
        in_transaction(lease.session(), [&] { fn(connection); });
        lease.session().commit();  // which has a moment more than what was asked
    }

    void require_ready() override {
        const auto look = [this](Session& session) {
            Connection connection(session, host_.activity);
            check_ready(connection);
        };
        readiness_.require(look);
    }

    LongReading begin_long_reading() override {
        return long_readings_.begin(
            [&] { return std::make_unique<LongConnection>(Lease(pool_, end()), host_.activity); });
    }

    /// `fn` runs at most five times: again after it has met another transaction. Once more, too,
    /// after a value was in use or a row was missing: when another change did that meanwhile, `fn`
    /// sees it then and can say what is wrong.
    void write(Change fn, Need /*need*/) override {
        const Pool::End end = this->end();
        bool surprised = false;
        for (int tries = 1;; ++tries) {
            const bool last = tries == most_tries || Session::Clock::now() > end;
            try {
                return write_once(fn, end);
            } catch (const TryAgain&) {
                if (last) throw;
            } catch (const Duplicate&) {
                if (last || std::exchange(surprised, true)) throw;
            } catch (const ReferenceBroken&) {
                if (last || std::exchange(surprised, true)) throw;
            }
            pause(tries);
        }
    }

    /// One statement sees one state, so it needs no transaction.
    CheckedKey find_checked_key(std::string_view key_id) override {
        cache_misses_.add();
        const auto look = [&](Lease lease) {
            Connection connection(lease.session(), host_.activity);
            return api_keys::read_checked_key(connection, key_id);
        };
        auto found = with_session(look, end());
        return found ? std::make_shared<const api_keys::CheckedKey>(std::move(*found)) : nullptr;
    }

    bool wants_round() const override { return unfolded_; }
    void end_round(bool /*wrote*/) override {
        if (unfolded_.exchange(false)) fold_counters();
    }

    std::string image() override { refuse_as_file(); }
    void replace_everything(const std::string& /*image*/,
                            FunctionRef<void()> /*replaced*/) override {
        refuse_as_file();
    }

    const Latencies& commit_times() const override { return commit_times_; }
    const GroupSizes& group_sizes() const override { return group_sizes_; }
    std::size_t waiting_writes() const override { return pool_.waiting(); }
    std::uint64_t cache_misses() const override { return cache_misses_.value(); }

 private:
    static constexpr int most_tries = 5;
    static constexpr std::chrono::minutes longest_opening{5};

    const StoreOptions& options() const { return host_.options; }

    std::unique_ptr<Session> connect(Session::Clock::time_point end) const {
        return new_session(address_, options().database_deadline, end, options().connect_deadline);
    }

    void open() {
        const Lease lease(pool_, end());
        Session& session = lease.session();
        const auto usual = session.set_deadline(longest_opening);
        session.run("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0");
        Connection connection(session, host_.activity);
        const auto accept = [&] {
            if (options().accept) options().accept(connection, name());
        };
        std::string no_index;
        in_transaction(session, [&] {
            if (options().only_read) {
                session.run("SET TRANSACTION READ ONLY");
                require_schema(connection, options().test_data, later_steps());
                return accept();
            }
            no_index = prepare_schema(connection, options().test_data, later_steps(), accept);
        });
        session.commit();
        session.set_deadline(usual);
        warn("searches in lists of users read all of them, without pg_trgm", no_index);
        warn("the way to the database is not safe", session.transport_flaw());
    }
    void warn(const char* what, const std::string& reason) const {
        if (!reason.empty() && options().on_warning) options().on_warning(what, reason);
    }

    // Calls `fn(lease)`, and once more with a new session when that of the pool was lost while it
    // lay there, as after a restart of the server. `fn` must change nothing.
    template <class Fn>
    auto with_session(Fn&& fn, Pool::End end) -> decltype(fn(std::declval<Lease>())) {
        Lease lease(pool_, end);
        if (lease.is_new()) return fn(std::move(lease));
        return or_anew([&] { return fn(std::move(lease)); },
                       [&] { return fn(Lease(pool_, end, true)); });
    }

    // When what begins now is over, with all of its statements.
    Pool::End end() const { return Session::Clock::now() + options().database_deadline; }

    Lease begun(const char* begin, Pool::End end) {
        const auto run = [&](Lease lease) {
            lease.session().run(begin);
            return lease;
        };
        return with_session(run, end);
    }

    // Rolls back when `fn` throws.
    template <class Fn>
    static void in_transaction(Session& session, Fn&& fn) {
        try {
            fn();
        } catch (...) {
            roll_back(session);
            throw;
        }
    }
    static void roll_back(Session& session) noexcept {
        try {
            if (!session.is_lost()) session.run("ROLLBACK");
        } catch (const std::exception&) {
            // the pool closes a session whose transaction is open
        }
    }

    void write_once(Change fn, Pool::End end) {
        const Lease lease = begun("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", end);
        Session& session = lease.session();
        Tx tx(session, host_.activity);
        in_transaction(session, [&] { fn(tx); });
        const auto begin = Session::Clock::now();
        group_sizes_.add(1);
        try {
            session.commit();
        } catch (...) {
            note_commit(begin);
            throw;
        }
        note_commit(begin);
        if (!unfolded_.exchange(true)) host_.wake();
    }
    void note_commit(Session::Clock::time_point begin) {
        commit_times_.add(
            std::chrono::duration_cast<std::chrono::microseconds>(Session::Clock::now() - begin)
                .count());
    }

    // Random, so that changes that have met do not meet again.
    static void pause(int tries) {
        static thread_local std::minstd_rand random(std::random_device{}());
        std::uniform_int_distribution<int> some(1, 5 * tries);
        std::this_thread::sleep_for(std::chrono::milliseconds(some(random)));
    }

    // Adds the differences to the counters. Each is in the sum once, before and after.
    void fold_counters() noexcept {
        try {
            const Lease lease(pool_, end());
            lease.session().run(
                "WITH gone AS (DELETE FROM counter_changes WHERE ctid = ANY (ARRAY("
                "SELECT ctid FROM counter_changes LIMIT 10000 FOR UPDATE SKIP LOCKED)) "
                "RETURNING name, value), "
                "sums AS (SELECT name, sum(value) AS value FROM gone GROUP BY name) "
                "UPDATE counters SET value = counters.value + sums.value FROM sums "
                "WHERE counters.name = sums.name");
        } catch (const std::exception&) {
            // the differences stay, and the next round finds them
        }
    }

    static void check_ready(Connection& c) {
        Query row = c.query(
            "SELECT CAST(pg_is_in_recovery() AS INTEGER), compatible_from FROM database_info");
        if (!row.next()) throw Unavailable("the table database_info is empty");
        if (row.integer(0)) throw Unavailable("the server is a standby");
        if (row.integer(1) > newest_version(later_steps()))
            throw Unavailable("the database is one of a newer version of coder_users");
    }

    const EngineHost host_;
    const Address address_;
    Pool pool_;
    Readiness readiness_;
    LongReadings long_readings_;
    Latencies commit_times_;
    GroupSizes group_sizes_;
    Counter cache_misses_;
    std::atomic<bool> unfolded_{false};  ///< whether there may be differences of counters
};

}}}}  // namespace coder_users::v0::store::postgres
