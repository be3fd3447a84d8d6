// Internal: may change at any time.
// Keeps one consistent state open for an answer that is made in pieces.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A connection of its own with an open transaction. Ends with this object, or earlier when the
/// store closes all connections or needs to shorten its log. One thread at a time may use it.
class LongReading {
 public:
    /// The part that the reader and the store share, since either may end it.
    class State {
     public:
        /// `begin` begins a transaction that sees one state.
        State(std::unique_ptr<Connection> connection, const char* begin)
            : connection_(std::move(connection)) {
            connection_->run(begin);
        }

        template <class Fn>
        auto use(Fn&& fn) {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!connection_) throw Busy("a reader took too long, or the database was opened anew");
            return fn(*connection_, rows_);
        }
        /// Waits for a use in progress.
        void end() noexcept {
            const std::lock_guard<std::mutex> lock(mutex_);
            rows_.reset();
            connection_.reset();
            ended_ = true;
        }
        bool ended() const { return ended_; }
        std::chrono::steady_clock::time_point begun() const { return begun_; }

     private:
        const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
        std::atomic<bool> ended_{false};
        std::mutex mutex_;  // guards the members below
        std::unique_ptr<Connection> connection_;
        std::optional<Query> rows_;
    };

    explicit LongReading(std::shared_ptr<State> state) : state_(std::move(state)) {}
    LongReading(LongReading&&) = default;
    LongReading& operator=(LongReading&&) = delete;
    ~LongReading() {
        if (state_) state_->end();
    }

    /// Runs `fn(Connection&, std::optional<Query>& rows)`; a statement left in `rows` is still
    /// there at the next call. Throws Busy when the store has ended the reading.
    template <class Fn>
    auto use(Fn&& fn) {
        return state_->use(std::forward<Fn>(fn));
    }

 private:
    std::shared_ptr<State> state_;
};

}}}  // namespace coder_users::v0::store
