// Internal: may change at any time.
// Sweeper: decides when old rows are removed, and by which of several servers.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/store/engine.hpp"
#include "coder_users/internal/store/leases.hpp"
#include "coder_users/internal/store/store_options.hpp"
#include "coder_users/internal/store/sweep.hpp"
#include "coder_users/internal/store/used_states.hpp"
#include "coder_users/internal/store/window_counts.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Something that a server does once in a while, and where several share a database only the one
/// that holds the lease. The lease lasts as long as the pause, so it stays where it is until its
/// server has died.
class Chore {
 public:
    /// `name` outlives it.
    Chore(const char* name, Duration pause) : name_(name), pause_(pause) {}

    /// Whether it is time, and this server's turn.
    bool begins(Engine& engine, const StoreOptions& options, Time now) {
        if (begun_at_ && now >= *begun_at_ && now - *begun_at_ < pause_) return false;
        begun_at_ = now;
        return may_go_on(engine, options, now);
    }

    /// Makes the lease last as long as the chore does. Returns false when it is somebody else's.
    bool may_go_on(Engine& engine, const StoreOptions& options, Time now) {
        if (!engine.shared()) return true;
        if (leased_at_ && now >= *leased_at_ && now - *leased_at_ < pause_ / 2) return true;
        bool taken = false;
        const auto take = [&](Tx& tx) {
            taken = leases::take(tx, name_, options.server, now, pause_);
        };
        engine.write(take, Need::ordinary);
        leased_at_ = taken ? std::optional<Time>(now) : std::nullopt;
        return taken;
    }

 private:
    const char* const name_;
    const Duration pause_;
    std::optional<Time> begun_at_, leased_at_;
};

/// One thread uses it. The arguments outlive it.
class Sweeper {
 public:
    Sweeper(const StoreOptions& options, Engine& engine) : options_(options), engine_(engine) {}

    bool is_on() const { return options_.retention.is_on() || keeps_order(); }
    /// Whether a sweep has begun and is not done.
    bool under_way() const { return sweep_.has_value(); }

    /// Begins a sweep every ten minutes. Goes on with it for a part of each round, so that activity
    /// is stored in time and other changes find the writer free. What it throws ends the sweep.
    void run_some(const std::atomic<bool>& closing) {
        constexpr std::chrono::milliseconds share{200};
        const Time now = options_.now();
        try {
            if (keeps_order() && order_.begins(engine_, options_, now)) keep_order(now);
            if (!options_.retention.is_on()) return;
            if (!sweep_ && sweeps_.begins(engine_, options_, now))
                sweep_.emplace(options_.retention, now);
            if (sweep_ && !sweeps_.may_go_on(engine_, options_, now)) sweep_.reset();
            const auto end = std::chrono::steady_clock::now() + share;
            while (sweep_ && !closing && std::chrono::steady_clock::now() < end) {
                go_on();
                if (sweep_->done()) sweep_.reset();
            }
        } catch (...) {
            sweep_.reset();
            throw;
        }
    }

 private:
    bool keeps_order() const { return engine_.shared() && !options_.server.empty(); }

    void go_on() {
        const auto read = [&](const auto& find) {
            std::optional<decltype(find(std::declval<Connection&>()))> found;
            const auto run = [&](Connection& c) { found.emplace(find(c)); };
            engine_.read(run);
            return std::move(*found);
        };
        sweep_->step(read, [&](const auto& change) { engine_.write(change, Need::ordinary); });
    }

    // A clock of another server may be some seconds behind.
    void keep_order(Time now) {
        constexpr std::chrono::minutes longest_window{1}, behind{1};
        const auto tidy = [&](Tx& tx) {
            window_counts::remove_before(tx, add(now, -(longest_window + behind)));
            used_states::remove_before(tx, add(now, -behind));
            leases::remove_before(tx, add(now, -std::chrono::hours(1)));
        };
        engine_.write(tidy, Need::ordinary);
    }

    const StoreOptions& options_;
    Engine& engine_;
    Chore order_{"order", std::chrono::seconds(15)}, sweeps_{"sweep", std::chrono::minutes(10)};
    std::optional<Sweep> sweep_;
};

}}}  // namespace coder_users::v0::store
