// Internal: may change at any time.
// Counts failed password checks by account, whoever makes them from wherever
// (docs/contract/http.md, "Failed password checks").
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/internal/store/window_counts.hpp"
#include "coder_users/options.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Counters for e-mail addresses, of accounts or not, in room that does not grow: an address has
/// one counter in each of two tables, which it shares with others, and its failures are the fewer
/// of the two. Whoever does not know the key cannot tell which addresses share one. Any thread may
/// call any function.
class PasswordFailures {
 public:
    /// `key` must be secret. `shared`: the store that several servers with this key have, which
    /// count together; nullptr: there is one server. It outlives this object.
    PasswordFailures(const Options& options, std::string_view key, store::Store* shared = nullptr)
        : limit_(options.disable_rate_limits ? 0 : options.failed_login_limit),
          key_(key),
          shared_(shared) {}

    /// Throws the 429 of an account with too many failures, and what the store throws.
    void refuse(std::string_view email, Time now) {
        if (limit_ <= 0) return;
        const Places places = places_of(email);
        if (shared_) return refuse_shared(shared_counters(places), now);
        const std::lock_guard<std::mutex> lock(mutex_);
        if (const auto wait = blocked_for(places, now)) throw too_many(*wait);
    }

    /// Counts a failure. Throws the same 429 when it was one too many, and what the store throws.
    void count(std::string_view email, Time now) {
        if (limit_ <= 0) return;
        const Places places = places_of(email);
        if (shared_) return refuse_shared(counted_shared(places, now), now);
        const std::lock_guard<std::mutex> lock(mutex_);
        if (counters_.empty()) counters_.resize(tables * places_in_table);
        for (const std::size_t place : places) {
            Counter& counter = counters_[place];
            if (!in_window(counter, now)) counter = {now, 0};
            ++counter.failures;
        }
        if (const auto wait = blocked_for(places, now)) throw too_many(*wait);
    }

 private:
    static constexpr Duration window = std::chrono::seconds(60);
    // Passwords are too slow to check for strangers to fill a good part of this in a minute.
    static constexpr std::size_t tables = 2, places_in_table = 16'384;
    using Places = std::array<std::size_t, tables>;

    struct Counter {
        Time start = never;
        std::int64_t failures = 0;
    };

    using Counters = std::array<Counter, tables>;

    static bool in_window(const Counter& counter, Time now) {
        // One that starts much later than `now` was opened before the clock was set back; a little
        // later, by a request that came after this one and was faster.
        return counter.failures > 0 && now < counter.start + window && counter.start < now + window;
    }

    Places places_of(std::string_view email) const {
        const std::string digest =
            rules::hmac_sha512(key_, "failed passwords " + fold_ascii(email));
        Places places{};
        for (std::size_t i = 0; i < tables; ++i) {
            std::size_t number = 0;
            for (std::size_t byte = 0; byte < 4; ++byte)
                number = number << 8 | static_cast<unsigned char>(digest[i * 4 + byte]);
            places[i] = i * places_in_table + number % places_in_table;
        }
        return places;
    }

    static std::string name_of(std::size_t place) {
        return "failed passwords " + std::to_string(place);
    }

    Counters shared_counters(const Places& places) const {
        return shared_->read([&](store::Connection& c) {
            Counters counters{};
            for (std::size_t i = 0; i < tables; ++i)
                if (const auto found = store::window_counts::find(c, name_of(places[i])))
                    counters[i] = {found->start, found->used};
            return counters;
        });
    }

    // The places of every address rise, so that two changes lock rows in the same order.
    Counters counted_shared(const Places& places, Time now) const {
        return shared_->write_aside([&](store::Tx& tx) {
            Counters counters{};
            for (std::size_t i = 0; i < tables; ++i) {
                const auto counted = store::window_counts::add(tx, name_of(places[i]), window, now);
                counters[i] = {counted.start, counted.used};
            }
            return counters;
        });
    }

    void refuse_shared(const Counters& counters, Time now) const {
        if (const auto wait = blocked_for(counters, now)) throw too_many(*wait);
    }

    std::optional<Duration> blocked_for(const Places& places, Time now) const {
        if (counters_.empty()) return std::nullopt;
        return blocked_for(Counters{counters_[places[0]], counters_[places[1]]}, now);
    }

    /// How long an account with these counters is blocked from `now` on; nothing when it is not.
    std::optional<Duration> blocked_for(const Counters& counters, Time now) const {
        Duration wait = window;
        for (const Counter& counter : counters) {
            if (!in_window(counter, now) || counter.failures < limit_) return std::nullopt;
            wait = (std::min)(wait, counter.start + window - now);
        }
        return wait;
    }

    RetryLater too_many(Duration wait) const {
        return {429,
                "You've been rate limited for " + std::to_string(limit_) +
                    " failed password checks in 1m0s.",
                wait};
    }

    const std::int64_t limit_;
    const std::string key_;
    store::Store* const shared_;
    std::mutex mutex_;
    std::vector<Counter> counters_;  // empty until the first failure
};

}}}  // namespace coder_users::v0::operations
