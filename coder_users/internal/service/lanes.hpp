// Internal: may change at any time.
// The pools of the lanes, each as wide as what its work waits for allows.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "coder_users/internal/net/lanes.hpp"
#include "coder_users/internal/operations/operation.hpp"
#include "coder_users/internal/service/open_store.hpp"
#include "coder_users/options.hpp"

namespace coder_users { inline namespace v0 { namespace service {

/// Any thread may call any function.
struct Lanes {
    /// `shared_database`: looks at its rows wait for another machine.
    Lanes(const Options& options, bool shared_database)
        : writes(32, options.limits.waiting_writes, options.deadlines.queue),
          // one more than the cores, because one thread may be waiting for its commit
          hashes(cores() + 1, options.limits.waiting_hashes, options.deadlines.queue),
          providers(8, options.limits.waiting_logins,
                    (std::min)(options.deadlines.queue, options.deadlines.provider)) {
        // A short wait, since the database may take its whole deadline afterwards.
        if (shared_database)
            looks.emplace(32, options.limits.connections,
                          (std::min)(options.deadlines.queue, options.deadlines.database / 4));
    }

    /// nullptr: the thread at hand runs the work of this lane.
    net::LanePool* pool_of(operations::Lane lane) noexcept {
        switch (lane) {
            case operations::Lane::write:
                return &writes;
            case operations::Lane::hash:
                return &hashes;
            case operations::Lane::provider:
                return &providers;
            case operations::Lane::read:
                break;
        }
        return nullptr;
    }

    /// All of them with their names in the metrics.
    std::vector<std::pair<const char*, const net::LanePool*>> named() const {
        std::vector<std::pair<const char*, const net::LanePool*>> all{
            {"write", &writes}, {"hash", &hashes}, {"provider", &providers}};
        if (looks) all.emplace_back("look", &*looks);
        return all;
    }

    void end_overdue() {
        if (looks) looks->end_overdue();
        for (net::LanePool* const pool : {&writes, &hashes, &providers}) pool->end_overdue();
    }

    void stop() {
        if (looks) looks->stop();
        for (net::LanePool* const pool : {&writes, &hashes, &providers}) pool->stop();
    }

    net::LanePool writes, hashes, providers;
    /// Where requests from outside wait for the store from their first look on; empty: on the
    /// threads that read them, which none of them holds for long.
    std::optional<net::LanePool> looks;
};

}}}  // namespace coder_users::v0::service
