// The bounded pool: its width, its queue, work on the threads of callers, and its end.
#include "coder_users/internal/net/lanes.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "raw_client.hpp"

namespace lanes_test {

using coder_users::net::LanePool;
using coder_users_test::eventually;

/// Work that counts itself and waits until it is released.
class Latch {
 public:
    void work() {
        std::unique_lock<std::mutex> lock(mutex_);
        most_ = (std::max)(most_, ++inside_);
        released_.wait(lock, [this] { return open_; });
        --inside_;
        ++done_;
    }
    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        open_ = true;
        released_.notify_all();
    }
    bool holds(int count) {
        return eventually([&] {
            const std::lock_guard<std::mutex> lock(mutex_);
            return inside_ == count;
        });
    }
    int most() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return most_;
    }
    int done() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return done_;
    }

 private:
    std::mutex mutex_;
    std::condition_variable released_;
    bool open_ = false;
    int inside_ = 0, most_ = 0, done_ = 0;
};

TEST_CASE("a lane runs what its width and its queue have room for, and refuses the rest") {
    Latch latch;
    LanePool lane(2, 3);
    const auto job = [&] { latch.work(); };
    for (int i = 0; i < 5; ++i) CHECK(lane.try_submit(job));
    CHECK_FALSE(lane.try_submit(job));
    CHECK(latch.holds(2));
    CHECK(lane.threads() == 2);
    latch.release();
    CHECK(eventually([&] { return latch.done() == 5; }));
    CHECK(latch.most() == 2);
    CHECK(eventually([&] { return lane.try_submit(job); }));
}

TEST_CASE("jobs begin in the order in which they came") {
    std::vector<int> order;
    LanePool lane(1, 100);
    for (int i = 0; i < 100; ++i) REQUIRE(lane.try_submit([&order, i] { order.push_back(i); }));
    lane.stop();
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("no thread is made before there is work, nor kept long after it") {
    LanePool lane(4, 10, std::chrono::milliseconds(10));
    CHECK(lane.threads() == 0);
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> done{0};
        for (int i = 0; i < 8; ++i) REQUIRE(lane.try_submit([&] { ++done; }));
        CHECK(eventually([&] { return done == 8; }));
        CHECK(lane.threads() <= 4);
        if (round % 5 == 0) CHECK(eventually([&] { return lane.threads() == 0; }));
    }
}

TEST_CASE("callers on their own threads share width and queue") {
    Latch latch;
    LanePool lane(2, 1);
    std::atomic<int> ran{0}, refused{0};
    std::vector<std::thread> callers;
    REQUIRE(lane.try_submit([&] { latch.work(); }));
    const auto call = [&] { lane.run_here([&] { latch.work(); }) ? ++ran : ++refused; };
    callers.emplace_back(call);
    CHECK(latch.holds(2));
    callers.emplace_back(call);
    callers.emplace_back(call);  // one of these two has to wait, the other one is refused
    CHECK(eventually([&] { return refused == 1; }));
    CHECK_FALSE(lane.try_submit([] {}));
    latch.release();
    for (std::thread& caller : callers) caller.join();
    CHECK(ran == 2);
    CHECK(latch.most() == 2);
    CHECK(lane.run_here([] {}));
}

TEST_CASE("what a caller's work throws goes through, and its place is free again") {
    LanePool lane(1, 0);
    CHECK_THROWS_AS(lane.run_here([] { throw std::runtime_error("x"); }), std::runtime_error);
    CHECK(lane.run_here([] {}));
    CHECK(lane.threads() == 0);
}

TEST_CASE("stop runs what was taken, turns callers away, and takes nothing more") {
    Latch latch;
    LanePool lane(1, 10);
    std::atomic<int> ran{0}, here{0}, refused{0};
    REQUIRE(lane.try_submit([&] { latch.work(); }));
    CHECK(latch.holds(1));
    for (int i = 0; i < 3; ++i) REQUIRE(lane.try_submit([&] { ++ran; }));
    std::thread caller([&] { lane.run_here([&] { ++here; }) ? 0 : ++refused; });
    std::thread stopper([&] { lane.stop(); });
    CHECK(eventually([&] { return here + refused == 1 || !lane.try_submit([] {}); }));
    latch.release();
    stopper.join();
    caller.join();
    CHECK(ran == 3);
    CHECK(lane.threads() == 0);
    CHECK_FALSE(lane.try_submit([] {}));
    CHECK_FALSE(lane.run_here([] {}));
    lane.stop();
}

TEST_CASE("many clients at once keep the bounds") {
    std::atomic<int> inside{0}, most{0}, done{0};
    const auto work = [&] {
        const int now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) continue;
        std::this_thread::yield();
        --inside;
        ++done;
    };
    int taken = 0;
    {
        LanePool lane(3, 50, std::chrono::milliseconds(1));
        std::vector<std::thread> clients;
        std::atomic<int> accepted{0};
        for (int i = 0; i < 8; ++i)
            clients.emplace_back([&, i] {
                for (int n = 0; n < 300; ++n)
                    if (i % 2 ? lane.try_submit(work) : lane.run_here(work)) ++accepted;
            });
        for (std::thread& client : clients) client.join();
        taken = accepted;
    }
    CHECK(done == taken);
    CHECK(taken > 0);
    CHECK(most <= 3);
}

}  // namespace lanes_test
