#include "coder_users/internal/base/call_counter.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "catch.hpp"

using coder_users::CallCounter;

TEST_CASE("calls are let in until the counter is shut") {
    CallCounter counter;
    REQUIRE(counter.enter());
    REQUIRE(counter.enter());
    counter.shut();
    CHECK_FALSE(counter.enter());
    counter.leave();
    counter.leave();
    counter.wait_until_empty();
    CHECK_FALSE(counter.enter());
}

TEST_CASE("whoever waits is told of the last call, and may destroy the counter at once") {
    for (int round = 0; round < 200; ++round) {
        auto counter = std::make_unique<CallCounter>();
        std::atomic<int> asked{0}, entered{0};
        std::vector<std::thread> callers;
        for (int i = 0; i < 3; ++i)
            callers.emplace_back([&counter = *counter, &asked, &entered] {
                const bool let_in = counter.enter();
                if (let_in) ++entered;
                ++asked;
                if (let_in) counter.leave();
            });
        while (asked < 3) std::this_thread::yield();
        counter->shut();
        counter->wait_until_empty();
        counter.reset();
        for (std::thread& caller : callers) caller.join();
        CHECK(entered == 3);
    }
}

TEST_CASE("a counter knows that it is the copy of another process") {
    CallCounter counter;
    CHECK_FALSE(counter.is_copy());
    const pid_t copy = ::fork();
    if (copy == 0) {
        bool refused = false;
        try {
            counter.enter();
        } catch (const std::logic_error&) {
            refused = true;
        }
        ::_exit(counter.is_copy() && refused ? 7 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(copy, &status, 0) == copy);
    CHECK(WEXITSTATUS(status) == 7);
    CHECK_FALSE(counter.is_copy());
    CHECK(counter.enter());
    counter.leave();
}
