// Internal: may change at any time.
// Counts requests by group, caller and route in windows of one minute (docs/contract/http.md, "Rate
// limits").
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/api.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/internal/store/window_counts.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace http {

/// How much of a limit a caller has used in the present window.
struct LimitState {
    std::int64_t limit = 0;
    std::int64_t used = 0;
    Time ends = never;

    bool exceeded() const { return used > limit; }
    std::int64_t remaining() const { return exceeded() ? 0 : limit - used; }
    /// The end of the window in Unix seconds, rounded up.
    std::int64_t reset() const { return (micros(ends) + 999'999) / 1'000'000; }
};

/// The limits that one request counts against.
struct LimitStates {
    LimitState tightest;
    std::optional<LimitState> exceeded = std::nullopt;  ///< the smaller one when both are exceeded
};

/// Counters that occupy bounded memory: when there are too many, the one whose window ends first is
/// dropped. Any thread may call any function.
class WindowCounters {
 public:
    explicit WindowCounters(std::size_t most = 50'000) : most_(most) {}

    /// Counts one request and returns the state after it.
    LimitState count(const std::string& key, std::int64_t limit, Time now) {
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_ended(now);
        auto found = counters_.find(key);
        if (found == counters_.end()) {
            if (counters_.size() == most_) drop_oldest();
            found = counters_.emplace(key, Counter{now, 0}).first;
            oldest_first_.push_back(found);
        }
        ++found->second.used;
        return {limit, found->second.used, found->second.start + window};
    }

    /// Returns the state of a counter whose window has not ended; nothing when there is none.
    std::optional<LimitState> find(const std::string& key, std::int64_t limit, Time now) const {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = counters_.find(key);
        if (found == counters_.end() || over(found->second.start, now)) return std::nullopt;
        return LimitState{limit, found->second.used, found->second.start + window};
    }

    /// Notes what another counter, which several servers share, says of a key.
    void note(const std::string& key, Time start, std::int64_t used, Time now) {
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_ended(now);
        auto found = counters_.find(key);
        if (found == counters_.end()) {
            if (counters_.size() == most_) drop_oldest();
            found = counters_.emplace(key, Counter{start, used}).first;
            oldest_first_.push_back(found);
        }
        Counter& noted = found->second;
        if (noted.start != start && (over(noted.start, now) || start > noted.start))
            noted = {start, used};
        if (noted.start == start) noted.used = (std::max)(noted.used, used);
    }

    /// Whether a new key would be in the place of another.
    bool is_full(Time now) {
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_ended(now);
        return counters_.size() == most_;
    }

    std::size_t size() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return counters_.size();
    }

    static constexpr Duration window = std::chrono::seconds(60);

 private:
    struct Counter {
        Time start;
        std::int64_t used;
    };
    // Not a hash table: clients cannot choose keys that make a tree slow.
    using Counters = std::map<std::string, Counter>;

    void drop_oldest() {
        counters_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    // A window that starts so long after `now` was opened before the clock was set back.
    static bool over(Time start, Time now) { return now >= start + window || now + window < start; }
    void drop_ended(Time now) {
        while (!oldest_first_.empty() && over(oldest_first_.front()->second.start, now))
            drop_oldest();
    }

    const std::size_t most_;
    mutable std::mutex mutex_;
    Counters counters_;
    std::deque<Counters::iterator> oldest_first_;
};

/// The two groups of docs/contract/http.md, "Rate limits".
class RateLimits {
 public:
    /// `shared`: the store that several servers have, which count tight limits together;
    /// nullptr: there is one server. It outlives this object. Beyond `most_shared` callers and
    /// routes a minute a server counts alone.
    explicit RateLimits(const Options& options, store::Store* shared = nullptr,
                        std::size_t most_shared = 50'000)
        : everything_(options.disable_rate_limits ? 0 : options.api_rate_limit),
          tight_(options.disable_rate_limits ? 0 : options.login_rate_limit),
          shared_(shared),
          counted_together_(most_shared) {}

    bool on() const { return everything_ > 0 || tight_ > 0; }

    /// Counts a request in its groups. Returns nothing when no limit applies. Throws what the store
    /// throws. What is over a limit for sure does not ask the store, where it would wait and let
    /// others wait.
    std::optional<LimitStates> count(const std::string& caller, const std::string& route,
                                     bool tight, Time now) {
        std::optional<LimitState> first, second;
        const std::string key = caller + ' ' + route;
        if (everything_ > 0) second = counters_.count("all " + key, everything_, now);
        if (tight && tight_ > 0)
            first = count_tightly("tight " + key, second && second->exceeded(), now);
        if (second && (!first || second->limit < first->limit)) std::swap(first, second);
        if (!first) return std::nullopt;
        LimitStates states{*first};
        if (first->exceeded())
            states.exceeded = first;
        else if (second && second->exceeded())
            states.exceeded = second;
        return states;
    }

 private:
    // `refused`: the request is over another limit, and so it is not counted together, but shown as
    // the first one of its window.
    std::optional<LimitState> count_tightly(const std::string& key, bool refused, Time now) {
        if (!shared_) return counters_.count(key, tight_, now);
        const auto known = counted_together_.find(key, tight_, now);
        if (known && (refused || known->exceeded())) return known;
        if (refused) return LimitState{tight_, 1, now + WindowCounters::window};
        if (!known && counted_together_.is_full(now)) return counters_.count(key, tight_, now);
        const auto counted = shared_->write_aside([&](store::Tx& tx) {
            return store::window_counts::add(tx, key, WindowCounters::window, now);
        });
        counted_together_.note(key, counted.start, counted.used, now);
        return LimitState{tight_, counted.used, counted.start + WindowCounters::window};
    }

    const std::int64_t everything_;
    const std::int64_t tight_;
    store::Store* const shared_;
    WindowCounters counters_;
    WindowCounters counted_together_;  // what the store has said
};

}}}  // namespace coder_users::v0::http
