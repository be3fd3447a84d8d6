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
        const Beginning beginning(*this);  // others need not wait until this one is connected
        auto state = std::make_shared<LongReading::State>(
            connect(),
            // Slow clients let it lie: the server must not end it meanwhile.
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            "SET LOCAL idle_in_transaction_session_timeout = 120000");
        const std::lock_guard<std::mutex> lock(mutex_);
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
    /// The place of a reading that is about to begin.
    class Beginning {
     public:
        explicit Beginning(LongReadings& readings) : readings_(readings) { readings_.reserve(); }
        ~Beginning() {
            const std::lock_guard<std::mutex> lock(readings_.mutex_);
            --readings_.beginning_;
        }
        Beginning(const Beginning&) = delete;
        Beginning& operator=(const Beginning&) = delete;

     private:
        LongReadings& readings_;
    };

    void reserve() {
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_ended();
        const auto latest = std::chrono::steady_clock::now() - turn_;
        const bool one_lasts = std::any_of(
            all_.begin(), all_.end(), [&](const auto& each) { return each->begun() < latest; });
        if (all_.size() + beginning_ >= most_ || one_lasts)
            throw Busy("other long answers are not finished");
        ++beginning_;
    }

    void drop_ended() {
        all_.erase(std::remove_if(all_.begin(), all_.end(),
                                  [](const auto& each) { return each->ended(); }),
                   all_.end());
    }

    const std::size_t most_;
    const std::chrono::milliseconds turn_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<LongReading::State>> all_;
    std::size_t beginning_ = 0;
};

}}}}  // namespace coder_users::v0::store::postgres
