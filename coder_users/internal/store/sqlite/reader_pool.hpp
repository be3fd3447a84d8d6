// Internal: may change at any time.
// The reading connections: made when needed, lent to one thread at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/long_reading.hpp"
#include "coder_users/internal/store/sqlite/fair_mutex.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Any thread may use it. All connections must be given back before the pool ends.
class ReaderPool {
 public:
    using Make = std::function<std::unique_ptr<Connection>()>;

    ReaderPool(std::size_t most, std::chrono::milliseconds long_turn, Make make)
        : most_(most), long_turn_(long_turn), make_(std::move(make)) {
        idle_.reserve(most);  // so that give_back() does not allocate
    }
    ReaderPool(const ReaderPool&) = delete;
    ReaderPool& operator=(const ReaderPool&) = delete;

    /// Returns the connection given back last, whose cache is the warmest, or a new one. Waits
    /// while all are lent.
    std::unique_ptr<Connection> borrow() {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return !shut_ && (!idle_.empty() || lent_ < most_); });
        ++lent_;
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
        lock.unlock();
        try {
            return make_();
        } catch (...) {
            give_back(nullptr);
            throw;
        }
    }

    void give_back(std::unique_ptr<Connection> connection) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            --lent_;
            if (connection) idle_.push_back(std::move(connection));
        }
        changed_.notify_all();
    }

    /// Makes an extra connection for a long reading. Throws Busy when there are too many, or when
    /// one has lasted longer than its turn: the log cannot be shortened while it is being read.
    LongReading begin_long() {
        const std::lock_guard<std::mutex> lock(long_mutex_);
        drop_ended();
        if (long_.size() == most_long || has_overdue(1))
            throw Busy("other long answers are not finished");
        {
            const std::lock_guard<std::mutex> not_shut(mutex_);
            if (shut_) throw Busy("the database is being opened anew");
        }
        auto state = std::make_shared<LongReading::State>(make_(), "BEGIN");
        long_.push_back(state);
        any_long_ = true;
        return LongReading(std::move(state));
    }

    /// Ends all long readings when one has lasted two turns. Called after each change, because only
    /// changes make the log longer.
    void end_overdue() noexcept {
        if (!any_long_) return;
        const std::lock_guard<std::mutex> lock(long_mutex_);
        drop_ended();
        if (!has_overdue(2)) return;
        for (const auto& each : long_) each->end();
        drop_ended();
    }

    /// While one exists, all connections are closed and none is lent. The constructor waits until
    /// all are given back.
    class Shut {
     public:
        explicit Shut(ReaderPool& pool) : pool_(pool) {
            std::unique_lock<std::mutex> lock(pool_.mutex_);
            pool_.shut_ = true;
            pool_.changed_.wait(lock, [&] { return pool_.lent_ == 0; });
            pool_.idle_.clear();
            lock.unlock();
            const std::lock_guard<std::mutex> long_lock(pool_.long_mutex_);
            for (const auto& each : pool_.long_) each->end();
            pool_.drop_ended();
        }
        Shut(const Shut&) = delete;
        Shut& operator=(const Shut&) = delete;
        ~Shut() {
            {
                const std::lock_guard<std::mutex> lock(pool_.mutex_);
                pool_.shut_ = false;
            }
            pool_.changed_.notify_all();
        }

     private:
        ReaderPool& pool_;
    };

 private:
    static constexpr std::size_t most_long = 8;

    // Both need long_mutex_ to be held.
    void drop_ended() noexcept {
        long_.erase(std::remove_if(long_.begin(), long_.end(),
                                   [](const auto& each) { return each->ended(); }),
                    long_.end());
        any_long_ = !long_.empty();
    }
    bool has_overdue(int turns) const noexcept {
        const auto latest = std::chrono::steady_clock::now() - turns * long_turn_;
        return std::any_of(long_.begin(), long_.end(),
                           [&](const auto& each) { return each->begun() < latest; });
    }

    const std::size_t most_;
    const std::chrono::milliseconds long_turn_;
    const Make make_;
    std::mutex long_mutex_;  // lock it before mutex_, never after
    std::vector<std::shared_ptr<LongReading::State>> long_;
    std::atomic<bool> any_long_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Connection>> idle_;
    std::size_t lent_ = 0;
    bool shut_ = false;
};

/// Borrows a connection as long as it lives. A database in memory has no write-ahead log, so its
/// readers wait for the writer at `shared` instead of polling inside SQLite; nullptr for files.
class Reading {
 public:
    Reading(ReaderPool& pool, FairMutex* shared) : pool_(pool), connection_(pool.borrow()) {
        if (shared) shared_ = std::shared_lock<FairMutex>(*shared);
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() {
        if (shared_) shared_.unlock();
        pool_.give_back(std::move(connection_));
    }
    Connection& connection() const { return *connection_; }

 private:
    ReaderPool& pool_;
    std::unique_ptr<Connection> connection_;
    std::shared_lock<FairMutex> shared_;
};

}}}  // namespace coder_users::v0::store
