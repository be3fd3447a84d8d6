// stop(): at any time, from any thread, within its deadline, and without remains.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "faults/rounds.hpp"
#include "remains.hpp"
#include "server_fixture.hpp"

using namespace coder_users_test;
using coder_users::Options;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

template <class Work>
milliseconds time_of(Work&& work) {
    const auto begin = steady_clock::now();
    work();
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

int status_of_authenticate(coder_users::Service& service, const std::string& token) {
    try {
        service.authenticate(token);
    } catch (const coder_users::ApiError& error) {
        return error.status();
    }
    return 0;
}

bool refuses_connections(int port) {
    try {
        RawClient client(port);
        return client.at_end();
    } catch (const std::runtime_error&) {
        return true;
    }
}

/// A place where one caller waits until another one releases it.
class Hold {
 public:
    void wait_if_wanted() {
        if (!wanted_.exchange(false)) return;
        waiting_ = true;
        released_.get_future().wait();
    }
    void want() { wanted_ = true; }
    bool waited_for() const {
        const auto end = steady_clock::now() + std::chrono::seconds(10);
        while (!waiting_ && steady_clock::now() < end) std::this_thread::yield();
        return waiting_;
    }
    void release() { released_.set_value(); }

 private:
    std::atomic<bool> wanted_{false}, waiting_{false};
    std::promise<void> released_;
};

}  // namespace

TEST_CASE("a stopped service refuses connections and calls, and may be stopped again") {
    TestServer server;
    const std::string token = server.owner();
    const int port = server.port();
    server.service().stop();
    server.service().stop();
    CHECK(refuses_connections(port));
    CHECK(server.service().handle({}).status == 503);
    CHECK(server.service().handle({"POST", "/api/v2/users/login"}).status == 503);
    CHECK(status_of_authenticate(server.service(), token) == 503);
    CHECK(status_of_authenticate(server.service(), "bad") == 503);
    CHECK(server.port() == port);
    CHECK_FALSE(server.service().url().empty());
    server.service().stop();
}

TEST_CASE("stop ends idle, half-sent and lazy clients within its second, from many threads",
          "[alone]") {
    auto service = coder_users::start(in_memory());
    std::vector<RawClient> clients;
    for (int i = 0; i < 30; ++i) {
        clients.emplace_back(service.port());
        if (i % 3 == 1) clients.back().send("GET /api/v2/ HTTP/1.1\r\nHost:");
        if (i % 3 == 2)
            clients.back().send(
                "POST /api/v2/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
    }
    RawClient served(service.port());
    served.send(request_text("GET", "/healthz"));
    CHECK(served.read().status == 200);
    std::vector<std::thread> threads;
    const milliseconds took = time_of([&] {
        for (int i = 0; i < 8; ++i) threads.emplace_back([&] { service.stop(); });
        for (std::thread& thread : threads) thread.join();
    });
    CHECK(took < milliseconds(1000));
    for (RawClient& client : clients) CHECK(client.at_end());
    CHECK(served.at_end());
    CHECK(service.handle({}).status == 503);
}

TEST_CASE("a service may be destroyed while a client is in the middle of a body", "[alone]") {
    std::unique_ptr<RawClient> client;
    const milliseconds took = time_of([&] {
        const auto service = coder_users::start(in_memory());
        client = std::make_unique<RawClient>(service.port());
        client->send("PUT /api/v2/users/me HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" +
                     std::string(300'000, 'x'));
    });
    CHECK(took < milliseconds(2000));
    CHECK(client->at_end());
}

TEST_CASE("the log function may stop the service inside a request, which is still answered") {
    std::atomic<coder_users::Service*> target{nullptr};
    std::atomic<int> stops{0};
    Options options = in_memory();
    options.deadlines.stop = milliseconds(300);
    options.log = [&](const coder_users::LogLine&) {
        if (coder_users::Service* const service = target.exchange(nullptr)) {
            service->stop();
            ++stops;
        }
    };
    SECTION("over HTTP") {
        auto service = coder_users::start(options);
        target = &service;
        CHECK(request(service.port(), "GET", "/healthz").status == 200);
        CHECK(stops == 1);
        service.stop();
        CHECK(service.handle({}).status == 503);
    }
    SECTION("in the process") {
        auto service = coder_users::start(options);
        target = &service;
        CHECK(service.handle({"GET", "/healthz"}).status == 200);
        CHECK(stops == 1);
        service.stop();
        CHECK(service.handle({}).status == 503);
    }
}

TEST_CASE("stop returns at its deadline while a request hangs, and lets nobody in behind it",
          "[alone]") {
    Hold hold;
    Options options = in_memory();
    options.deadlines.stop = milliseconds(200);
    options.env.now = [&] {
        hold.wait_if_wanted();
        return start_of_test;
    };
    auto service = coder_users::start(options);
    hold.want();
    std::thread hanging([&] { service.handle({"GET", "/api/v2/"}); });
    const bool waiting = hold.waited_for();
    const milliseconds took = time_of([&] { service.stop(); });
    const int status = service.handle({"GET", "/api/v2/"}).status;
    const int authenticated = status_of_authenticate(service, "bad");
    hold.release();
    hanging.join();
    CHECK(waiting);
    CHECK(took >= milliseconds(200));
    CHECK(took < milliseconds(1000));
    CHECK(status == 503);
    CHECK(authenticated == 503);
}

TEST_CASE("every request that stop finds under way is answered or cut off, and none hangs",
          "[restart]") {
    TempFolder folder;
    { const auto first = coder_users::start(in_memory()); }  // makes what libraries keep for good
    const Remains remains;
    for (long round = 0; round < faults::rounds(10, 10); ++round) {
        Options options = in_memory();
        if (round % 2) options.database = folder.file("a.db");
        auto service = coder_users::start(options);
        const int port = service.port();
        std::atomic<int> strange{0}, begun{0};
        std::vector<std::thread> clients;
        for (int i = 0; i < 6; ++i)
            clients.emplace_back([&, i] {
                try {
                    for (;;) {
                        RawClient client(port);
                        client.send(i % 2 ? request_text("GET", "/healthz")
                                          : request_text("POST", "/api/v2/users/login", {},
                                                         R"({"email":"a@b.org","password":"x"})"));
                        const int status = client.read().status;
                        ++begun;
                        strange += status != 0 && status != 200 && status != 401 && status != 503;
                        if (status == 0) return;
                    }
                } catch (const std::runtime_error&) {
                }  // refused, because the service has stopped
            });
        while (begun < 6) std::this_thread::yield();
        service.stop();
        for (std::thread& client : clients) client.join();
        CHECK(strange == 0);
    }
    CHECK(remains.none());
}

TEST_CASE("signals of the host never end up in a thread of the service") {
    Options options = in_memory();
    std::vector<std::string> before;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
        before.push_back(task.path().filename().string());
    auto service = coder_users::start(options);
    CHECK(service.handle({"POST", "/api/v2/users/login", {}, "{}", ""}).status == 400);
    int open_to_signals = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        if (std::count(before.begin(), before.end(), task.path().filename().string())) continue;
        std::ifstream file(task.path() / "status");
        for (std::string line; std::getline(file, line);)
            if (line.rfind("SigBlk:", 0) == 0) {
                const auto blocked = std::stoull(line.substr(7), nullptr, 16);
                open_to_signals += (blocked >> (SIGTERM - 1) & 1) == 0;
            }
    }
    CHECK(open_to_signals == 0);
}

TEST_CASE("a hundred starts and stops leave no file and no thread behind") {
    TempFolder folder;
    Options options = in_memory();
    { const auto first = coder_users::start(options); }  // makes what libraries keep for good
    const Remains remains;
    for (int i = 0; i < 100; ++i) {
        options.database = i % 10 == 0 ? folder.file("a.db") : ":memory:";
        auto service = coder_users::start(options);
        if (i % 3 == 0) service.stop();
        if (i % 7 == 0 && i % 3 != 0)
            CHECK(request(service.port(), "GET", "/healthz").status == 200);
    }
    CHECK(remains.none());
}

TEST_CASE("a thousand starts and stops leave no file and no thread behind") {
    const Options options = in_memory();
    { const auto first = coder_users::start(options); }
    const Remains remains;
    for (long i = 0; i < faults::rounds(1000, 100); ++i) coder_users::start(options);
    CHECK(remains.none());
}
