// Sockets that wait for nothing but their turn.
#include "coder_users/internal/net/poller.hpp"

#include <sys/eventfd.h>

#include <cstdint>
#include <future>

#include "catch.hpp"

namespace poller_test {

using coder_users::FileDescriptor;
using coder_users::net::Interest;
using coder_users::net::Poller;

TEST_CASE("a deferred socket has its turn when there is no event, or after eight") {
    Poller poller;
    const FileDescriptor ready(::eventfd(1, EFD_CLOEXEC)), later(::eventfd(1, EFD_CLOEXEC));
    REQUIRE(poller.add(ready.get(), Interest::readable, 1));
    poller.defer(later.get(), 2);
    for (int i = 0; i < 8; ++i) {
        REQUIRE(poller.wait() == 1);
        REQUIRE(poller.arm(ready.get(), Interest::readable, 1));
    }
    CHECK(poller.wait() == 2);
    CHECK(poller.wait() == 1);
    poller.defer(later.get(), 2);
    CHECK(poller.wait() == 2);
}

TEST_CASE("what a thread defers that does not wait itself is for one that does") {
    Poller poller;
    const FileDescriptor socket(::eventfd(1, EFD_CLOEXEC));
    for (std::uint64_t i = 0; i < 200; ++i) {
        std::promise<void> begun;
        auto got = std::async(std::launch::async, [&] {
            begun.set_value();
            return poller.wait();
        });
        begun.get_future().wait();
        poller.defer(socket.get(), i);
        poller.look_again();
        REQUIRE(got.get() == i);
    }
    poller.wake();
    CHECK(poller.wait() == Poller::woken);
}

}  // namespace poller_test
