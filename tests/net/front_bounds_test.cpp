// Deadlines and limits: what slow, greedy and silent clients get. Other clients must not notice.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "front_harness.hpp"
#include "raw_client.hpp"

namespace front_bounds_test {

using coder_users_test::Answer;
using coder_users_test::ClientOptions;
using coder_users_test::eventually;
using coder_users_test::RawClient;
using coder_users_test::request;
using front_test::FrontHarness;
using front_test::HarnessOptions;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string big = "GET /big/8000000 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string busy = "{\"message\":\"The server is temporarily unable to answer.\"}\n";

TEST_CASE("a client that does not come to an end is cut off at its deadline", "[alone]") {
    struct Drip {
        const char* name;
        std::string first, step;
        milliseconds deadline;
        int status;  ///< 0: closed without an answer
        Clock::time_point begun;
        RawClient client;
        milliseconds lasted{0};
    };
    HarnessOptions options;
    options.deadlines.head = milliseconds(300);
    options.deadlines.body = milliseconds(400);
    options.deadlines.idle = milliseconds(500);
    FrontHarness front(options);
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
    std::vector<Drip> drips;
    const auto add = [&](const char* name, std::string first, std::string step,
                         milliseconds deadline, int status) {
        drips.push_back({name, std::move(first), std::move(step), deadline, status, Clock::now(),
                         RawClient(front.port())});
    };
    add("says nothing", "", "", options.deadlines.head, 0);
    add("says half a line", "GE", "", options.deadlines.head, 408);
    add("drips its head", head + "X: ", "a", options.deadlines.head, 408);
    add("drips its body", head + "Content-Length: 9999\r\n\r\n", "a", options.deadlines.body, 408);
    add("drips chunks", head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n",
        options.deadlines.body, 408);
    add("drips the body of a lost URL",
        "POST /%zz HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n", "a", options.deadlines.body,
        400);
    add("is idle after an answer", get, "", options.deadlines.idle, 0);
    add("sends empty lines after an answer", get, "\r\n", options.deadlines.idle, 0);

    for (Drip& drip : drips) {
        drip.client.send(drip.first);
        if (drip.first == get) drip.client.read();
    }
    const auto time_up = Clock::now() + std::chrono::seconds(5);
    const auto lasts = [](const Drip& drip) { return drip.lasted.count() == 0; };
    while (std::any_of(drips.begin(), drips.end(), lasts) && Clock::now() < time_up) {
        for (Drip& drip : drips) {
            if (!lasts(drip)) continue;
            drip.client.send(drip.step);
            const bool answered =
                drip.status && drip.client.read_by(milliseconds(1)).status == drip.status;
            const bool ended = !drip.status && drip.client.at_end_by(milliseconds(1));
            if (answered || ended)
                drip.lasted = std::chrono::duration_cast<milliseconds>(Clock::now() - drip.begun);
        }
        CHECK(request(front.port(), "GET", "/").status == 200);
    }
    for (Drip& drip : drips) {
        INFO(drip.name);
        CHECK(drip.lasted >= drip.deadline - milliseconds(10));
        CHECK(drip.lasted < drip.deadline + milliseconds(1500));
    }
}

TEST_CASE("the answer to a request that takes too long says so") {
    HarnessOptions options;
    options.deadlines.head = milliseconds(50);
    FrontHarness front(options);
    RawClient client(front.port());
    client.send("GET / HTTP/1.1\r\n");
    const Answer answer = client.read();
    CHECK(answer.status == 408);
    CHECK(answer.body == "{\"message\":\"Request took too long.\"}\n");
    CHECK(answer.header("connection") == "close");
    CHECK(client.at_end());
    CHECK(front.answered() == 0);
}

TEST_CASE("a client that does not read its answer loses it at the deadline") {
    HarnessOptions options;
    options.deadlines.write = milliseconds(300);
    FrontHarness front(options);
    ClientOptions narrow;
    narrow.receive_buffer = 4096;
    RawClient client(front.port(), narrow);
    client.send(big);
    CHECK(eventually([&] { return front.answered() == 1; }));
    CHECK(eventually([&] { return front.open_connections() == 0 && front.held_bytes() == 0; }));
    CHECK(client.read_all().size() < 8'000'000);
}

TEST_CASE("a client that reads late gets everything") {
    FrontHarness front;
    ClientOptions narrow;
    narrow.receive_buffer = 65536;
    RawClient client(front.port(), narrow);
    client.send(big + get);
    CHECK(eventually([&] { return front.held_bytes() > 1'000'000; }));  // only answers are so large
    CHECK(front.answered() == 1);  // nothing is read while an answer waits
    CHECK(client.read().body.size() == 8'000'000);
    CHECK(client.read().status == 200);
}

TEST_CASE("a client that does not read has few of the requests run that it has sent") {
    FrontHarness front;
    ClientOptions narrow;
    narrow.receive_buffer = 4096;
    RawClient deaf(front.port(), narrow), other(front.port());
    std::string many;
    for (int i = 0; i < 200; ++i) many += "GET /big/1000 HTTP/1.1\r\nHost: a\r\n\r\n";
    deaf.send(many);
    const std::size_t others = 300;  // by then the deaf client has had all the turns it gets
    for (std::size_t i = 0; i < others; ++i) {
        other.send(get);
        REQUIRE(other.read().status == 200);
    }
    CHECK(front.answered() - others < 60);
    for (int i = 0; i < 200; ++i) REQUIRE(deaf.read().body.size() == 1000);
    CHECK(front.answered() == others + 200);
}

TEST_CASE("who sends many requests at once waits behind those who do not") {
    HarnessOptions options;
    options.limits.workers = 1;
    FrontHarness front(options);
    RawClient blocking(front.port()), other(front.port());
    std::vector<RawClient> greedy;
    std::string many;
    for (int i = 0; i < 20; ++i) many += "GET /nth HTTP/1.1\r\nHost: a\r\n\r\n";
    for (int i = 0; i < 10; ++i) greedy.emplace_back(front.port());
    CHECK(eventually([&] { return front.open_connections() == 12; }));
    blocking.send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(eventually([&] { return front.blocked() == 1; }));
    for (RawClient& client : greedy) client.send(many);
    other.send("GET /nth HTTP/1.1\r\nHost: a\r\n\r\n");
    front.release();
    CHECK(std::stoi(other.read().body) <= 15);  // each of the others has had a turn at most
    for (RawClient& client : greedy)
        for (int i = 0; i < 20; ++i) REQUIRE(client.read().status == 200);
}

TEST_CASE("handlers that are held up stop nobody while a worker is left") {
    HarnessOptions options;
    options.limits.workers = 2 * (std::max)(2u, std::thread::hardware_concurrency());
    FrontHarness front(options);
    std::vector<RawClient> held_up;
    for (std::size_t i = 1; i < options.limits.workers; ++i) {
        held_up.emplace_back(front.port());
        held_up.back().send("GET /block HTTP/1.1\r\nHost: a\r\n\r\n" + get + get);
        REQUIRE(eventually([&] { return front.blocked() == i; }));
        RawClient other(front.port());
        other.send(get + get);
        REQUIRE(other.read().status == 200);
        REQUIRE(other.read().status == 200);
    }
    front.release();
    for (RawClient& client : held_up)
        for (int i = 0; i < 3; ++i) REQUIRE(client.read().status == 200);
}

TEST_CASE("connections over the bound are turned away, and let in again when there is room") {
    HarnessOptions options;
    options.limits.connections = 3;
    FrontHarness front(options);
    std::vector<RawClient> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back(front.port());
    CHECK(eventually([&] { return front.open_connections() == 3; }));
    RawClient fourth(front.port());
    const Answer answer = fourth.read();
    CHECK(answer.status == 503);
    CHECK(answer.body == busy);
    CHECK(answer.header("connection") == "close");
    CHECK(fourth.at_end());
    clients.pop_back();
    CHECK(eventually([&] { return front.open_connections() == 2; }));
    CHECK(request(front.port(), "GET", "/").status == 200);
    for (RawClient& client : clients) {
        client.send(get);
        CHECK(client.read().status == 200);
    }
}

TEST_CASE("one address cannot take all connections") {
    HarnessOptions options;
    options.limits.connections_per_address = 2;
    FrontHarness front(options);
    RawClient first(front.port()), second(front.port());
    CHECK(eventually([&] { return front.open_connections() == 2; }));
    RawClient third(front.port());
    CHECK(third.read().status == 503);
    ClientOptions other;
    other.source = "127.0.0.2";
    RawClient elsewhere(front.port(), other);
    elsewhere.send(get);
    CHECK(elsewhere.read().body == "GET / 0 127.0.0.2\n");
}

TEST_CASE("bytes of unfinished requests are bounded in all") {
    HarnessOptions options;
    options.limits.unfinished_bytes = 100'000;
    FrontHarness front(options);
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n";
    RawClient first(front.port());
    first.send(head + std::string(59'999, 'a'));
    CHECK(eventually([&] { return front.held_bytes() > 59'999; }));
    RawClient second(front.port());
    second.send(head + std::string(59'999, 'a'));
    const Answer answer = second.read();
    CHECK(answer.status == 503);
    CHECK(answer.body == busy);
    first.send("a");
    CHECK(first.read().body == "POST / 60000 127.0.0.1\n");
    CHECK(eventually([&] { return front.held_bytes() == 0; }));
}

TEST_CASE("large bodies of some clients do not shut out what is small") {
    HarnessOptions options;
    options.limits.unfinished_bytes = 61'000;
    FrontHarness front(options);
    RawClient hoarder(front.port());
    hoarder.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" +
                 std::string(59'999, 'a'));
    REQUIRE(eventually([&] { return front.held_bytes() >= 59'999; }));
    RawClient other(front.port());
    other.send("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(3'000, 'c') + "\r\n\r\n");
    CHECK(other.read().status == 200);
    hoarder.send(std::string(5'000, 'a'));
    CHECK(hoarder.read().status == 503);
}

TEST_CASE("answers that nobody reads are bounded in all: who has waited longest goes first") {
    HarnessOptions options;
    options.limits.unfinished_bytes = 20'000'000;
    FrontHarness front(options);
    ClientOptions narrow;
    narrow.receive_buffer = 4096;
    std::vector<RawClient> clients;
    for (const std::size_t held : {7'000'000u, 15'000'000u}) {
        clients.emplace_back(front.port(), narrow);
        clients.back().send(big);
        CHECK(eventually([&] { return front.held_bytes() > held; }));
    }
    RawClient idle(front.port());
    idle.send(get);
    CHECK(idle.read().status == 200);
    RawClient last(front.port(), narrow);
    last.send(big);
    CHECK(eventually([&] { return front.open_connections() == 2; }));
    CHECK(front.held_bytes() < 10'000'000);
    CHECK(last.read().body.size() == 8'000'000);
    for (RawClient& client : clients) CHECK(client.read_all().size() < 8'000'000);
    idle.send(get);
    CHECK(idle.read().status == 200);
}

TEST_CASE("a connection ends after its share of requests") {
    HarnessOptions options;
    options.limits.requests_per_connection = 3;
    FrontHarness front(options);
    RawClient client(front.port());
    for (int i = 0; i < 4; ++i) client.send(get);
    CHECK_FALSE(client.read().has("connection"));
    CHECK_FALSE(client.read().has("connection"));
    CHECK(client.read().header("connection") == "close");
    CHECK(client.at_end());
    CHECK(front.answered() == 3);
}

TEST_CASE("a full lane answers 503, keeps the connection, and slows nobody") {
    FrontHarness front;  // one runs, two wait
    const std::string blocking = "GET /lane/block HTTP/1.1\r\nHost: a\r\n\r\n";
    std::vector<RawClient> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.emplace_back(front.port());
        waiting.back().send(blocking);
    }
    REQUIRE(eventually([&] { return front.blocked() == 1 && front.waiting() == 2; }));
    RawClient late(front.port());
    late.send("GET /lane HTTP/1.1\r\nHost: a\r\n\r\n");
    const Answer answer = late.read();
    CHECK(answer.status == 503);
    CHECK(answer.body == busy);
    CHECK_FALSE(answer.has("connection"));
    late.send(get);
    CHECK(late.read().status == 200);
    front.release();
    for (RawClient& client : waiting) CHECK(client.read().status == 200);
}

TEST_CASE("a request whose look has a lane is answered there, or goes on to the next lane") {
    FrontHarness front;  // of the next lane one runs, two wait
    std::vector<RawClient> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.emplace_back(front.port());
        waiting.back().send("GET /look/lane/block HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    REQUIRE(eventually([&] { return front.blocked() == 1 && front.waiting() == 2; }));
    RawClient late(front.port());
    for (int i = 0; i < 3; ++i) {
        late.send("GET /look/lane HTTP/1.1\r\nHost: a\r\n\r\n");
        const Answer answer = late.read();
        CHECK(answer.status == 503);
        CHECK(answer.body == busy);
        late.send("POST /look HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        CHECK(late.read().body == "POST /look 5 127.0.0.1\n");
    }
    front.release();
    for (RawClient& client : waiting)
        CHECK(client.read().body == "GET /look/lane/block 0 127.0.0.1\n");
    for (RawClient& client : waiting) {  // the lane has room once all of them are answered
        client.send("GET /look/lane HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(client.read().status == 200);
    }
}

TEST_CASE("a request whose client has reset the connection in the queue is not run") {
    FrontHarness front;
    RawClient running(front.port()), gone(front.port());
    running.send("GET /lane/block HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(eventually([&] { return front.blocked() == 1; }));
    gone.send("POST /lane HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    REQUIRE(eventually([&] { return front.waiting() == 1; }));
    gone.reset();
    CHECK(request(front.port(), "GET", "/").status == 200);  // the reset has come before this
    front.release();
    CHECK(running.read().status == 200);
    CHECK(eventually([&] { return front.open_connections() == 1; }));
    CHECK(front.answered() == 2);
}

TEST_CASE("idle and dripping clients have no effect on others", "[alone]") {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = (std::min<rlim_t>)(files.rlim_max, 4096);
    setrlimit(RLIMIT_NOFILE, &files);
    FrontHarness front;
    std::vector<RawClient> idle, dripping;
    for (int i = 0; i < 200; ++i) {
        idle.emplace_back(front.port());
        dripping.emplace_back(front.port());
    }
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\nX: aaa\r\n\r\n";
    std::vector<Clock::duration> taken;
    RawClient other(front.port());
    for (const char byte : text) {
        for (RawClient& client : dripping) client.send({&byte, 1});
        const auto begun = Clock::now();
        other.send(get);
        CHECK(other.read().status == 200);
        taken.push_back(Clock::now() - begun);
    }
    for (RawClient& client : dripping) CHECK(client.read().status == 200);
    for (RawClient& client : idle) CHECK_FALSE(client.at_end_by(milliseconds(0)));
    std::sort(taken.begin(), taken.end());
    CHECK(taken[taken.size() / 2] < milliseconds(100));
}

TEST_CASE("descriptors above 1024 are served") {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < 1200) return;
    files.rlim_cur = (std::max<rlim_t>)(files.rlim_cur, 1200);
    setrlimit(RLIMIT_NOFILE, &files);
    std::vector<int> taken;
    while (taken.empty() || taken.back() < 1030) {
        taken.push_back(::open("/dev/null", O_RDONLY));
        REQUIRE(taken.back() >= 0);
    }
    {
        FrontHarness front;
        CHECK(request(front.port(), "GET", "/").status == 200);
    }
    for (const int fd : taken) ::close(fd);
}

}  // namespace front_bounds_test
