#include "coder_users/internal/base/metrics.hpp"

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "../catch.hpp"

namespace metrics_test {

using namespace coder_users;

TEST_CASE("a histogram counts a value in the first bucket that is not below it") {
    GroupSizes sizes;  // 1, 2, 4, 8, 16, 32, 64
    for (const std::int64_t value : {0, 1, 2, 3, 64, 65}) sizes.add(value);
    const Distribution all = sizes.read();
    std::vector<std::uint64_t> up_to;
    for (const auto& bucket : all.buckets) up_to.push_back(bucket.up_to);
    CHECK(up_to == std::vector<std::uint64_t>{2, 3, 4, 4, 4, 4, 5});
    CHECK(all.count == 6);
    CHECK(all.sum == 135);
    CHECK(all.buckets.front().bound == 1);
    CHECK(all.buckets.back().bound == 64);
}

TEST_CASE("the buckets of latencies are those of Coder") {
    std::vector<std::int64_t> bounds;
    for (const auto& bucket : Latencies().read().buckets) bounds.push_back(bucket.bound);
    CHECK(bounds == std::vector<std::int64_t>{1'000, 5'000, 10'000, 25'000, 50'000, 100'000,
                                              500'000, 1'000'000, 5'000'000, 10'000'000,
                                              30'000'000});
}

TEST_CASE("threads that add at once lose nothing") {
    Latencies latencies;
    Counter counter;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 10'000; ++i) {
                latencies.add(i);
                counter.add(2);
            }
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(counter.value() == 80'000);
    CHECK(latencies.read().count == 40'000);
    CHECK(latencies.read().sum == 4 * 49'995'000);
}

}  // namespace metrics_test
