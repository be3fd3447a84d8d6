// Internal: may change at any time.
// Bounds the long readings, each of which keeps a session to itself.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "coder_users/internal/store/long_reading.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// Any thread may use it.
class LongReadings {
 public:
    /// At most half of the `connections` are used by long readings. While one lasts longer than
    /// `turn` none begins: what was removed since it began still takes up space in the database.
    LongReadings(std::size_t connections, std::chrono::milliseconds turn)
        : most_((std::max)(std::size_t{1}, (std::min)(std::size_t{8}, connections / 2))),
          turn_(turn) {}

    /// Begins one on what `connect()` returns. Throws Busy when there are too many.
    template <class Connect>
    LongReading begin(Connect&& connect) {
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_ended();
        const auto latest = std::chrono::steady_clock::now() - turn_;
        if (all_.size() == most_ || std::any_of(all_.begin(), all_.end(), [&](const auto& each) {
                return each->begun() < latest;
            }))
            throw Busy("other long answers are not finished");
        auto state = std::make_shared<LongReading::State>(
            connect(),
            // Slow clients let it lie: the server must not end it meanwhile.
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            "SET LOCAL idle_in_transaction_session_timeout = 120000");
        all_.push_back(state);
        return LongReading(std::move(state));
    }

    /// Ends those that are left.
    void end_all() noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& each : all_) each->end();
        all_.clear();
    }

 private:
    void drop_ended() {
        all_.erase(std::remove_if(all_.begin(), all_.end(),
                                  [](const auto& each) { return each->ended(); }),
                   all_.end());
    }

    const std::size_t most_;
    const std::chrono::milliseconds turn_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<LongReading::State>> all_;
};

}}}}  // namespace coder_users::v0::store::postgres
