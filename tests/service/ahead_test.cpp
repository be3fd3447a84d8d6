// Items that are made ahead of their use: their order and number, what is thrown, and every end.
#include "coder_users/internal/base/ahead.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <fstream>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "raw_client.hpp"
#include "sanitized.hpp"

namespace ahead_test {

using coder_users::Ahead;
using coder_users_test::eventually;
using Numbers = Ahead<std::size_t>;

/// Makes 0, 1, 2 and so on, each of `bytes`.
Numbers::Make count_to(std::size_t end, std::size_t bytes = 1) {
    return [=, next = std::size_t{0}]() mutable {
        if (next == end) return std::optional<Numbers::Made>();
        return std::optional(Numbers::Made{next++, bytes});
    };
}

bool gives(Numbers& numbers, std::size_t end) {
    for (std::size_t i = 0; i < end; ++i)
        if (numbers.next() != i) return false;
    return true;
}

TEST_CASE("what is made ahead comes in order, and ends") {
    for (const std::size_t items : {1U, 2U, 128U})
        for (const std::size_t count : {0U, 1U, 20'000U}) {
            Numbers numbers(count_to(count), {items, std::size_t{2} << 20});
            CHECK(gives(numbers, count));
            CHECK_FALSE(numbers.next());
            CHECK_FALSE(numbers.next());
        }
}

TEST_CASE("what is thrown comes in the place of its item, and is the end") {
    for (const std::size_t before : {0U, 1U, 1000U}) {
        std::size_t calls = 0;
        Numbers numbers([&]() -> std::optional<Numbers::Made> {
            if (calls++ == before) throw std::runtime_error("the item is bad");
            return Numbers::Made{calls - 1, 1};
        });
        CHECK(gives(numbers, before));
        CHECK_THROWS_WITH(numbers.next(), "the item is bad");
        CHECK_FALSE(numbers.next());
        CHECK(calls == before + 1);
    }
}

TEST_CASE("items are made by another thread, which takes no signal from the host") {
    sigset_t before, after, there;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
    std::thread::id maker;
    Numbers numbers([&]() -> std::optional<Numbers::Made> {
        maker = std::this_thread::get_id();
        ::pthread_sigmask(SIG_SETMASK, nullptr, &there);
        return std::nullopt;
    });
    ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
    CHECK_FALSE(numbers.next());
    CHECK(maker != std::this_thread::get_id());
    CHECK(::sigismember(&there, SIGTERM) == 1);
    CHECK(::sigismember(&before, SIGTERM) == ::sigismember(&after, SIGTERM));
}

/// The most items that were made and not used yet, counted when one is made.
std::size_t most_held(std::size_t count, std::size_t bytes, coder_users::AheadBounds bounds) {
    std::atomic<std::size_t> used{0};
    std::size_t made = 0, most = 0;
    const auto make = [&]() -> std::optional<Numbers::Made> {
        most = (std::max)(most, made - used);
        if (made == count) return std::nullopt;
        return Numbers::Made{made++, bytes};
    };
    Numbers numbers(make, bounds);
    for (; numbers.next(); ++used) continue;
    CHECK(used == count);
    return most;
}

TEST_CASE("no more is made ahead than the bounds allow, by number and by size") {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    CHECK(most_held(5000, 1, {10, any}) <= 21);
    CHECK(most_held(5000, 100, {any, 1000}) <= 21);
    CHECK(most_held(5000, 5000, {any, 1000}) <= 3);  // each is larger than the bound
}

TEST_CASE("whoever leaves early leaves a full queue without another call") {
    std::atomic<std::size_t> calls{0};
    {
        Numbers numbers(
            [&]() -> std::optional<Numbers::Made> {
                return Numbers::Made{calls++, 1};
            },
            {10, 1000});
        CHECK(eventually([&] { return calls == 11; }));
    }
    CHECK(calls == 11);
}

TEST_CASE("whoever leaves during a call waits for that call alone") {
    std::promise<void> inside, let_go;
    std::atomic<int> calls{0};
    const auto make = [&]() -> std::optional<Numbers::Made> {
        if (++calls == 2) {
            inside.set_value();
            let_go.get_future().wait();
        }
        return Numbers::Made{0, 1};
    };
    auto numbers = std::make_unique<Numbers>(make, coder_users::AheadBounds{1, 1000});
    inside.get_future().wait();
    CHECK(numbers->next() == 0u);
    std::atomic<bool> leaving{false};
    auto left = std::async(std::launch::async, [&] {
        leaving = true;
        numbers.reset();
        return calls.load();
    });
    CHECK(eventually([&] { return leaving.load(); }));
    CHECK(left.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    let_go.set_value();
    const int at_the_end = left.get();
    CHECK(calls == at_the_end);
}

/// How many kibibytes of addresses this process has.
long own_addresses() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != "VmSize:") continue;
    long value = 0;
    status >> value;
    return value;
}

TEST_CASE("where there is no thread, items are made when they are asked for") {
    if (coder_users_test::sanitized) return;  // needs the address space for itself
    rlimit before{};
    ::getrlimit(RLIMIT_AS, &before);
    rlimit narrow = before;
    narrow.rlim_cur = static_cast<rlim_t>(own_addresses() + (100 << 10)) << 10;
    ::setrlimit(RLIMIT_AS, &narrow);
    std::vector<std::unique_ptr<Numbers>> all;  // each holds a thread, whose stack is 8 MiB
    std::vector<std::thread::id> makers(100);
    for (std::thread::id& maker : makers)
        all.push_back(std::make_unique<Numbers>([&maker, calls = std::size_t{0}]() mutable {
            maker = std::this_thread::get_id();
            if (calls == 3) throw std::runtime_error("the item is bad");
            return std::optional(Numbers::Made{calls++, 1});
        }));
    ::setrlimit(RLIMIT_AS, &before);
    for (const auto& each : all) {
        CHECK(gives(*each, 3));
        CHECK_THROWS_WITH(each->next(), "the item is bad");
        CHECK_FALSE(each->next());
    }
    CHECK(std::count(makers.begin(), makers.end(), std::this_thread::get_id()) > 0);
}

}  // namespace ahead_test
