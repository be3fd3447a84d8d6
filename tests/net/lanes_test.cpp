// The bounded pool: its width, its queue, the shares of its holders, how long work may wait, work
// on the threads of callers, and its end.
#include "coder_users/internal/net/lanes.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "raw_client.hpp"

namespace lanes_test {

using coder_users::net::LanePool;
using coder_users_test::eventually;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::hours no_end(1);

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
    const auto job = [&](bool) { latch.work(); };
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
    for (int i = 0; i < 100; ++i)
        REQUIRE(lane.try_submit([&order, i](bool) { order.push_back(i); }));
    lane.stop();
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("no thread is made before there is work, nor kept long after it") {
    LanePool lane(4, 10, no_end, std::chrono::milliseconds(10));
    CHECK(lane.threads() == 0);
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> done{0};
        for (int i = 0; i < 8; ++i) REQUIRE(lane.try_submit([&](bool) { ++done; }));
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
    REQUIRE(lane.try_submit([&](bool) { latch.work(); }));
    const auto call = [&] { lane.run_here([&] { latch.work(); }) ? ++ran : ++refused; };
    callers.emplace_back(call);
    CHECK(latch.holds(2));
    callers.emplace_back(call);
    callers.emplace_back(call);  // one of these two has to wait, the other one is refused
    CHECK(eventually([&] { return refused == 1; }));
    CHECK_FALSE(lane.try_submit([](bool) {}));
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
    REQUIRE(lane.try_submit([&](bool) { latch.work(); }));
    CHECK(latch.holds(1));
    for (int i = 0; i < 3; ++i) REQUIRE(lane.try_submit([&](bool) { ++ran; }));
    std::thread caller([&] { lane.run_here([&] { ++here; }) ? 0 : ++refused; });
    std::thread stopper([&] { lane.stop(); });
    CHECK(eventually([&] { return here + refused == 1 || !lane.try_submit([](bool) {}); }));
    latch.release();
    stopper.join();
    caller.join();
    CHECK(ran == 3);
    CHECK(lane.threads() == 0);
    CHECK_FALSE(lane.try_submit([](bool) {}));
    CHECK_FALSE(lane.run_here([] {}));
    lane.stop();
}

TEST_CASE("one holder has a quarter of a lane's threads and of its queue, and no more") {
    Latch latch;
    LanePool lane(8, 12);
    const auto submit = [&](const std::string& holder) {
        return lane.try_submit([&](bool) { latch.work(); }, holder);
    };
    for (int i = 0; i < 5; ++i) CHECK(submit("a"));  // two run, three wait
    CHECK(latch.holds(2));
    CHECK(lane.waiting() == 3);
    CHECK_FALSE(submit("a"));
    CHECK_FALSE(lane.run_here([] {}, "a"));
    for (int i = 0; i < 5; ++i) CHECK(submit("b"));
    CHECK_FALSE(submit("b"));
    CHECK(latch.holds(4));
    CHECK(lane.holders() == 2);
    latch.release();
    CHECK(eventually([&] { return latch.done() == 10 && lane.holders() == 0; }));
    CHECK(submit("a"));
}

TEST_CASE("whoever has no place yet gets one, however small the lane is") {
    Latch latch;
    LanePool lane(3, 2);  // three quarters of a thread, half a place in the queue
    const auto submit = [&](const std::string& holder) {
        return lane.try_submit([&](bool) { latch.work(); }, holder);
    };
    CHECK(submit("a"));
    CHECK(submit("a"));
    CHECK_FALSE(submit("a"));
    CHECK(latch.holds(1));
    INFO("the one that waits keeps nobody else waiting");
    CHECK(submit("b"));
    CHECK(submit("c"));
    CHECK(latch.holds(3));
    CHECK(submit("b"));
    CHECK_FALSE(submit("c"));  // now the queue is full
    latch.release();
    CHECK(eventually([&] { return latch.done() == 5; }));
}

TEST_CASE("work that is nobody's may fill the lane") {
    Latch latch;
    LanePool lane(8, 4);
    for (int i = 0; i < 12; ++i) CHECK(lane.try_submit([&](bool) { latch.work(); }));
    CHECK(latch.holds(8));
    CHECK_FALSE(lane.try_submit([](bool) {}));
    CHECK_FALSE(lane.try_submit([](bool) {}, "a"));
    CHECK(lane.holders() == 0);
    latch.release();
}

TEST_CASE("of one holder the earlier work begins first, on whatever thread") {
    std::vector<int> order;
    LanePool lane(4, 400);
    Latch latch;
    REQUIRE(lane.try_submit([&](bool) { latch.work(); }, "a"));
    for (int i = 0; i < 100; ++i)
        REQUIRE(lane.try_submit([&order, i](bool) { order.push_back(i); }, "a"));
    latch.release();
    lane.stop();
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE(
    "work that has waited too long is told so when its turn comes, and what came in time is not") {
    Latch latch;
    std::atomic<int> in_time{0}, late{0};
    LanePool lane(1, 10, std::chrono::milliseconds(1));
    const auto note = [&](bool good) { good ? ++in_time : ++late; };
    REQUIRE(lane.try_submit([&](bool good) { note(good), latch.work(); }));
    for (int i = 0; i < 3; ++i) REQUIRE(lane.try_submit(note));
    const auto submitted = Clock::now();
    REQUIRE(eventually([&] { return Clock::now() > submitted + std::chrono::milliseconds(5); }));
    latch.release();
    CHECK(eventually([&] { return in_time + late == 4; }));
    CHECK(in_time == 1);
    lane.stop();

    LanePool patient(1, 10, std::chrono::hours(24 * 365 * 10'000));
    for (int i = 0; i < 5; ++i) REQUIRE(patient.try_submit(note));
    CHECK(eventually([&] { return in_time == 6; }));
    CHECK(late == 3);
}

TEST_CASE("work that waits too long is ended while the lane's threads are stuck") {
    Latch latch;
    std::atomic<int> in_time{0}, late{0}, ran{0};
    LanePool lane(1, 10, std::chrono::milliseconds(1));
    REQUIRE(lane.try_submit([&](bool) { latch.work(); }, "a"));
    REQUIRE(lane.try_submit([&](bool good) { good ? ++in_time : ++late; }, "a"));
    REQUIRE(lane.try_submit([&](bool good) { good ? ++in_time : ++late; }, "b"));
    CHECK_FALSE(lane.run_here([&] { ++ran; }, "c"));
    CHECK(eventually([&] { return lane.end_overdue(), late == 2; }));
    CHECK(lane.waiting() == 0);
    CHECK(lane.holders() == 1);
    CHECK(latch.holds(1));
    CHECK(in_time + ran == 0);
    latch.release();
    CHECK(eventually([&] { return lane.holders() == 0; }));
    CHECK(lane.run_here([&] { ++ran; }, "c"));
    CHECK(ran == 1);
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
        LanePool lane(3, 50, no_end, std::chrono::milliseconds(1));
        std::vector<std::thread> clients;
        std::atomic<int> accepted{0};
        for (int i = 0; i < 8; ++i)
            clients.emplace_back([&, i] {
                for (int n = 0; n < 300; ++n)
                    if (i % 2 ? lane.try_submit([&](bool) { work(); }) : lane.run_here(work))
                        ++accepted;
            });
        for (std::thread& client : clients) client.join();
        taken = accepted;
    }
    CHECK(done == taken);
    CHECK(taken > 0);
    CHECK(most <= 3);
}

}  // namespace lanes_test
