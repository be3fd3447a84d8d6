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
#include "coder_users/options.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Counters for e-mail addresses, of accounts or not, in memory that does not grow: an address has
/// one counter in each of two tables, which it shares with others, and its failures are the fewer
/// of the two. Whoever does not know the key cannot tell which addresses share one. Any thread may
/// call any function.
class PasswordFailures {
 public:
    /// `key` must be secret.
    PasswordFailures(const Options& options, std::string_view key)
        : limit_(options.disable_rate_limits ? 0 : options.failed_login_limit), key_(key) {}

    /// Throws the 429 of an account with too many failures.
    void refuse(std::string_view email, Time now) {
        if (limit_ <= 0) return;
        const Places places = places_of(email);
        const std::lock_guard<std::mutex> lock(mutex_);
        if (const auto wait = blocked_for(places, now)) throw too_many(*wait);
    }

    /// Counts a failure. Throws the same 429 when it was one too many.
    void count(std::string_view email, Time now) {
        if (limit_ <= 0) return;
        const Places places = places_of(email);
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

    /// How long the account is blocked from `now` on; nothing when it is not.
    std::optional<Duration> blocked_for(const Places& places, Time now) const {
        if (counters_.empty()) return std::nullopt;
        Duration wait = window;
        for (const std::size_t place : places) {
            const Counter& counter = counters_[place];
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
    std::mutex mutex_;
    std::vector<Counter> counters_;  // empty until the first failure
};

}}}  // namespace coder_users::v0::operations
