// Internal: may change at any time.
// Counters and histograms that any thread adds to and reads without a lock.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace coder_users { inline namespace v0 {

/// Counts up.
class Counter {
 public:
    void add(std::uint64_t count = 1) noexcept {
        value_.fetch_add(count, std::memory_order_relaxed);
    }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
    std::atomic<std::uint64_t> value_{0};
};

/// What a histogram held at one moment. Times are in microseconds.
struct Distribution {
    struct Bucket {
        std::int64_t bound;
        std::uint64_t up_to;  ///< how many values were `bound` or less
    };
    std::vector<Bucket> buckets;
    std::uint64_t count = 0;
    std::int64_t sum = 0;
};

/// Counts values by how large they are. `Bounds` is a constant array, in ascending order.
template <const auto& Bounds>
class Histogram {
 public:
    void add(std::int64_t value) noexcept {
        std::size_t bucket = 0;
        while (bucket < Bounds.size() && value > Bounds[bucket]) ++bucket;
        buckets_[bucket].add();
        sum_.fetch_add(value, std::memory_order_relaxed);
    }

    Distribution read() const {
        Distribution all;
        for (std::size_t i = 0; i < Bounds.size(); ++i) {
            all.count += buckets_[i].value();
            all.buckets.push_back({Bounds[i], all.count});
        }
        all.count += buckets_[Bounds.size()].value();
        all.sum = sum_.load(std::memory_order_relaxed);
        return all;
    }

 private:
    std::array<Counter, Bounds.size() + 1> buckets_;
    std::atomic<std::int64_t> sum_{0};
};

/// The buckets of Coder's request_latencies_seconds, in microseconds.
inline constexpr std::array<std::int64_t, 11> latency_bounds{
    1'000,   5'000,     10'000,    25'000,     50'000,    100'000,
    500'000, 1'000'000, 5'000'000, 10'000'000, 30'000'000};
/// How many changes share a transaction: at most 64.
inline constexpr std::array<std::int64_t, 7> group_bounds{1, 2, 4, 8, 16, 32, 64};

using Latencies = Histogram<latency_bounds>;
using GroupSizes = Histogram<group_bounds>;

}}  // namespace coder_users::v0
