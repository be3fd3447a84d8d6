// Turns at serving: who has one, who takes the place of a thread that is held up, and how it ends.
#include "coder_users/internal/net/standby.hpp"

#include <atomic>
#include <cstddef>
#include <future>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "raw_client.hpp"

namespace standby_test {

using coder_users::net::Standby;
using coder_users_test::eventually;

TEST_CASE("threads beyond the turns stand by, and stop ends that") {
    Standby standby(2, 4);
    REQUIRE(standby.take_turn(0));
    REQUIRE(standby.take_turn(1));
    auto third = std::async(std::launch::async, [&] { return standby.take_turn(2); });
    auto fourth = std::async(std::launch::async, [&] { return standby.take_turn(3); });
    for (int i = 0; i < 1000; ++i) {
        REQUIRE(standby.work(0, [] {}));
        REQUIRE(standby.work(1, [] {}));
    }
    standby.stop();
    CHECK_FALSE(third.get());
    CHECK_FALSE(fourth.get());
    CHECK_FALSE(standby.take_turn(3));
    CHECK(standby.work(0, [] {}));  // what has begun may end
}

TEST_CASE("the turn of a thread that is held up goes to another, again and again") {
    Standby standby(1, 2);
    REQUIRE(standby.take_turn(0));
    for (std::size_t i = 0; i < 20; ++i) {
        const std::size_t held_up = i % 2, other = 1 - held_up;
        auto taken = std::async(std::launch::async, [&] { return standby.take_turn(other); });
        bool got = false;
        const bool kept = standby.work(held_up, [&] { got = taken.get(); });
        REQUIRE(got);
        REQUIRE_FALSE(kept);
        REQUIRE(standby.work(other, [] {}));
    }
}

TEST_CASE("a thread that is held up keeps its turn when no other stands by") {
    Standby standby(3, 1);  // one turn
    REQUIRE(standby.take_turn(0));
    std::promise<void> over;
    auto held_up = std::async(std::launch::async,
                              [&] { return standby.work(0, [&] { over.get_future().wait(); }); });
    over.set_value();
    CHECK(held_up.get());
}

TEST_CASE("all that are held up are replaced while others stand by") {
    constexpr std::size_t threads = 8, turns = 3;
    Standby standby(turns, threads);
    std::atomic<std::size_t> begun{0};
    std::promise<void> release;
    const std::shared_future<void> released = release.get_future().share();
    std::vector<std::future<void>> running;
    for (std::size_t number = 0; number < threads; ++number)
        running.push_back(std::async(std::launch::async, [&, number] {
            while (standby.take_turn(number)) {
                standby.work(number, [&] {
                    ++begun;
                    released.wait();
                });
                if (begun == threads) return;
            }
        }));
    CHECK(eventually([&] { return begun == threads; }));
    release.set_value();
    standby.stop();
    for (auto& each : running) each.get();
}

TEST_CASE("work that waits for later work is done in the end") {
    constexpr std::size_t threads = 4, jobs = 5000;
    Standby standby(2, threads);
    std::atomic<std::size_t> next{0}, done{0}, lost{0};
    const auto run = [&](std::size_t job) {
        if (job % 500 < 2)  // both that have turns may come to wait
            while (done < job + 20) std::this_thread::yield();
        ++done;
    };
    std::vector<std::thread> serving;
    for (std::size_t number = 0; number < threads; ++number)
        serving.emplace_back([&, number] {
            while (standby.take_turn(number)) {
                bool kept = true;
                for (std::size_t job; kept && (job = next++) < jobs;)
                    kept = standby.work(number, [&] { run(job); });
                if (!kept)
                    ++lost;
                else
                    return standby.stop();
            }
        });
    for (std::thread& each : serving) each.join();
    CHECK(done == jobs);
    CHECK(lost >= jobs / 500);
}

}  // namespace standby_test
