// Binding, starting and stopping, in any order and on any thread. Nothing may remain.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "front_harness.hpp"
#include "raw_client.hpp"
#include "sanitized.hpp"

namespace front_lifecycle_test {

using coder_users_test::Answer;
using coder_users_test::ClientOptions;
using coder_users_test::eventually;
using coder_users_test::RawClient;
using coder_users_test::request;
using coder_users_test::sanitized;
using front_test::FrontHarness;
using front_test::HarnessOptions;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0;
    return count;
}

HarnessOptions not_started() {
    HarnessOptions options;
    options.start = false;
    return options;
}

/// Returns the text of the exception of `make`.
template <class Make>
std::string reason(Make make) {
    try {
        make();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

TEST_CASE("binding fails with a text that names address, port and reason") {
    FrontHarness first;
    HarnessOptions options;
    options.port = first.port();
    CHECK(reason([&] { FrontHarness second(options); }) ==
          "cannot listen on 127.0.0.1:" + std::to_string(first.port()) +
              ": Address already in use");
    CHECK(request(first.port(), "GET", "/").status == 200);
}

TEST_CASE("a port is free again as soon as its front has ended") {
    int port = 0;
    for (int i = 0; i < 3; ++i) {
        HarnessOptions options;
        options.port = port;
        FrontHarness front(options);
        port = front.port();
        CHECK(request(port, "GET", "/").status == 200);
    }
    CHECK_THROWS(RawClient(port));
}

TEST_CASE("clients that connect before the start are served after it") {
    FrontHarness front(not_started());
    RawClient client(front.port());
    client.send(get);
    front.start();
    CHECK(client.read().status == 200);
}

TEST_CASE("stopping ends idle, half-sent and never-reading clients at once", "[alone]") {
    FrontHarness front;
    std::vector<RawClient> clients;
    for (int i = 0; i < 50; ++i) {
        clients.emplace_back(front.port());
        if (i % 3 == 1) clients.back().send("GET / HTTP/1.1\r\nHo");
        if (i % 3 == 2)
            clients.back().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na");
    }
    ClientOptions narrow;
    narrow.receive_buffer = 4096;
    clients.emplace_back(front.port(), narrow);
    clients.back().send("GET /big/8000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(eventually([&] { return front.open_connections() == 51 && front.answered() == 1; }));
    const auto begun = Clock::now();
    front.request_stop();
    front.join();
    CHECK(Clock::now() - begun < milliseconds(1000));
    CHECK(front.open_connections() == 0);
    CHECK(front.held_bytes() == 0);
    clients.pop_back();
    for (RawClient& client : clients) CHECK(client.at_end());
    CHECK_THROWS(RawClient(front.port()));
}

TEST_CASE("requests that run when the stop comes are answered, those that wait are not run") {
    FrontHarness front;
    std::vector<RawClient> running;
    for (const std::string target : {"/block", "/lane/block"}) {
        running.emplace_back(front.port());
        running.back().send("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    }
    CHECK(eventually([&] { return front.blocked() == 2; }));
    RawClient waiting(front.port());
    waiting.send("POST /lane HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    CHECK(eventually([&] { return front.waiting() == 1; }));
    front.request_stop();
    CHECK(eventually([&] {  // the listener is closed first
        try {
            const RawClient late(front.port());
            return false;
        } catch (const std::runtime_error&) {
            return true;
        }
    }));
    front.release();
    front.join();
    for (RawClient& client : running) {
        const Answer answer = client.read();
        CHECK(answer.status == 200);
        CHECK(answer.header("connection") == "close");
        CHECK(client.at_end());
    }
    CHECK(waiting.at_end());
    CHECK(front.answered() == 2);
}

TEST_CASE("a handler may stop the front") {
    FrontHarness front;
    RawClient client(front.port());
    client.send("GET /stop HTTP/1.1\r\nHost: a\r\n\r\n" + get);
    front.join();
    const Answer answer = client.read();
    CHECK(answer.status == 200);
    CHECK(answer.header("connection") == "close");
    CHECK(client.at_end());
    CHECK(front.answered() == 1);
}

TEST_CASE("stopping before the start means that nothing starts") {
    FrontHarness front(not_started());
    RawClient client(front.port());
    client.send(get);
    front.request_stop();
    front.start();
    front.join();
    CHECK(client.at_end());
    CHECK(front.answered() == 0);
}

TEST_CASE("a front that is never started leaves nothing behind") {
    const int before = open_descriptors();
    { const FrontHarness front(not_started()); }
    CHECK(open_descriptors() == before);
}

/// Returns a number that the system tells of this process, such as "Threads:".
long own_status(const std::string& field) {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word && word != field) continue;
    long value = 0;
    status >> value;
    return value;
}

TEST_CASE("a start that finds no room for its threads throws and leaves nothing behind") {
    const long kibibytes = own_status("VmSize:");
    if (kibibytes > 1L << 30) return;  // a sanitizer needs the address space for itself
    const int descriptors = open_descriptors();
    const long threads = own_status("Threads:");
    {
        HarnessOptions options = not_started();
        options.limits.workers = 100;
        FrontHarness front(options);
        rlimit before{};
        ::getrlimit(RLIMIT_AS, &before);
        rlimit narrow = before;
        narrow.rlim_cur = static_cast<rlim_t>(kibibytes + (100 << 10)) << 10;  // a stack is 8 MiB
        ::setrlimit(RLIMIT_AS, &narrow);
        CHECK_THROWS_AS(front.start(), std::system_error);
        ::setrlimit(RLIMIT_AS, &before);
        CHECK_THROWS(RawClient(front.port()));
    }
    // The system still counts a thread for a moment after it was joined.
    CHECK(eventually([&] { return own_status("Threads:") <= threads; }));
    CHECK(open_descriptors() == descriptors);
}

TEST_CASE("200 rounds of starting and stopping leave nothing behind", "[alone]") {
    const int before = open_descriptors();
    auto slowest = Clock::duration::zero();
    for (int round = 0; round < (sanitized ? 40 : 200); ++round) {
        auto front = std::make_unique<FrontHarness>(not_started());
        std::vector<RawClient> clients;
        if (round % 4 == 0) front->request_stop();
        std::thread racing([&] {
            if (round % 4 == 1) front->request_stop();
        });
        front->start();
        racing.join();
        for (int i = 0; round % 4 >= 2 && i < 20; ++i) {
            clients.emplace_back(front->port());
            if (i % 3 == 0) clients.back().send(get);
            if (i % 3 == 1) clients.back().send("POST / HTTP/1.1\r\nHost: a\r\nContent-L");
        }
        if (round % 4 == 3) CHECK(clients.front().read().status == 200);
        const auto begun = Clock::now();
        std::vector<std::thread> stoppers;
        for (int i = 0; i < 3; ++i) stoppers.emplace_back([&] { front->request_stop(); });
        front->request_stop();
        front->join();
        for (std::thread& stopper : stoppers) stopper.join();
        slowest = (std::max)(slowest, Clock::now() - begun);
    }
    CHECK(slowest < milliseconds(1000));
    CHECK(open_descriptors() == before);
}

TEST_CASE("no SIGPIPE ends the host, even if it has put the signal back to its default") {
    FrontHarness front;
    struct sigaction before {};
    struct sigaction fatal {};
    fatal.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &fatal, &before);
    for (int i = 0; i < 20; ++i) {
        RawClient client(front.port());
        client.send("GET /big/8000000 HTTP/1.1\r\nHost: a\r\n\r\n" + get);
        if (i % 2) client.reset();  // else a FIN, and a reset while the answer is sent
    }
    CHECK(eventually([&] { return front.open_connections() == 0; }));
    CHECK(request(front.port(), "GET", "/").status == 200);
    ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_CASE("what the host does about SIGPIPE is left to it") {
    struct sigaction before {};
    struct sigaction own {};
    struct sigaction after {};
    own.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &own, &before);
    { const FrontHarness front; }
    ::sigaction(SIGPIPE, &before, &after);
    CHECK(after.sa_handler == SIG_DFL);
}

std::atomic<int> signals_seen{0};
std::atomic<bool> seen_elsewhere{false};
pthread_t host_thread;

TEST_CASE("the host's signals do not reach the front's threads") {
    host_thread = ::pthread_self();
    struct sigaction before {};
    struct sigaction note {};
    note.sa_handler = [](int) {
        if (!::pthread_equal(::pthread_self(), host_thread)) seen_elsewhere = true;
        ++signals_seen;
    };
    ::sigaction(SIGUSR1, &note, &before);
    sigset_t usr1, old;
    ::sigemptyset(&usr1);
    ::sigaddset(&usr1, SIGUSR1);
    {
        FrontHarness front;
        CHECK(request(front.port(), "GET", "/lane").status == 200);
        // The host's thread blocks the signal; any thread of the front that does not would take it.
        ::pthread_sigmask(SIG_BLOCK, &usr1, &old);
        ::kill(::getpid(), SIGUSR1);
        CHECK(request(front.port(), "GET", "/lane").status == 200);
        CHECK(signals_seen == 0);
        ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
    }
    CHECK(signals_seen == 1);
    CHECK_FALSE(seen_elsewhere);
    ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("running out of descriptors keeps clients waiting and ends nothing") {
    FrontHarness front;
    CHECK(request(front.port(), "GET", "/").status == 200);
    CHECK(eventually([&] { return front.open_connections() == 0; }));
    const int next = ::open("/dev/null", O_RDONLY);
    ::close(next);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit narrow = before;
    narrow.rlim_cur = static_cast<rlim_t>(next) + 1;  // room for the client's end only
    ::setrlimit(RLIMIT_NOFILE, &narrow);
    RawClient client(front.port());
    client.send(get);
    CHECK(client.read_by(milliseconds(120)).status == 0);
    ::setrlimit(RLIMIT_NOFILE, &before);
    CHECK(client.read().status == 200);
}

}  // namespace front_lifecycle_test
