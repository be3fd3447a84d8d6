// Thousands of clients that send or read nothing, and bursts of logins, while other clients behave
// well.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "measured_process.hpp"
#include "people.hpp"
#include "rounds.hpp"

using namespace faults;
using Clock = std::chrono::steady_clock;

namespace {

coder_users::Options of_load() {
    coder_users::Options options = in_memory();
    options.password_hash_cost = 8;
    return options;
}

/// Opens `count` connections, a thousand from each address.
std::vector<RawClient> crowd(int port, long count, int first_address, int receive_buffer = 0) {
    std::vector<RawClient> clients;
    for (long i = 0; i < count; ++i) {
        ClientOptions options;
        options.source = "127.0.0." + std::to_string(first_address + i / 1000);
        options.receive_buffer = receive_buffer;
        clients.emplace_back(port, options);
    }
    return clients;
}

/// A body of nearly 1 MiB that is costly to decode.
std::string many_members() {
    std::string body = "{";
    for (int i = 0; body.size() < (1 << 20) - 32; ++i)
        body += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return body + "}";
}

/// Logs in again and again, from an address of its own each time; the median in milliseconds.
double median_login(int port, std::size_t count, std::size_t first_address) {
    const std::string body = R"({"email":"owner@example.org","password":")" + good_password + "\"}";
    std::vector<double> times;
    for (std::size_t i = 0; i < count; ++i) {
        ClientOptions options;
        options.source = "127.0.1." + std::to_string(first_address + i);
        options.deadline = std::chrono::seconds(60);
        const auto begun = Clock::now();
        RawClient client(port, options);
        client.send(request_text("POST", "/api/v2/users/login", {}, body));
        CHECK(client.read().status == 201);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

}  // namespace

TEST_CASE("thousands of idle, dripping and never-reading clients have no effect on others",
          "[load]") {
    const long each = rounds(100, 30);
    allow_descriptors(static_cast<rlim_t>(3 * each + 1000));
    const MeasuredProcess server(of_load());
    const std::string token = owner_of(server.port);
    REQUIRE(token.size() > 20);
    const std::size_t descriptors = server.descriptors();
    const double before = server.megabytes();
    double most = before;
    {
        const std::vector<RawClient> idle = crowd(server.port, each, 2);
        std::vector<RawClient> dripping = crowd(server.port, each, 12);
        std::vector<RawClient> unread = crowd(server.port, each, 22, 2048);
        std::string many;
        for (int i = 0; i < 20; ++i) many += request_text("GET", "/api/v2/openapi.json");
        for (RawClient& client : unread) client.send(many);
        Probe probe(server.port, token);
        const std::string slow =
            request_text("GET", "/healthz", {{"X-Slow", std::string(40, 'x')}});
        const auto end = Clock::now() + std::chrono::seconds(rounds_asked_for() ? 30 : 1);
        long malformed = 0;
        for (std::size_t at = 0; Clock::now() < end; ++at) {
            if (at < slow.size())
                for (RawClient& client : dripping) client.send({&slow[at], 1});
            for (int i = 0; i < 20; ++i, ++malformed) {
                RawClient bad(server.port, {"127.0.0.1", "127.0.0.40"});
                bad.send("GET  / HTTP/1.1\r\n\r\n");
                bad.read();
            }
            most = (std::max)(most, server.megabytes());
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        probe.stop();
        CHECK(probe.count() > 10);
        CHECK(probe.failed() == 0);
        CHECK(server.descriptors() > descriptors);
        CHECK(most - before < 256);
        WARN(3 * each << " hostile connections and " << malformed
                      << " malformed requests: " << probe.count()
                      << " requests beside them, median " << probe.percentile(50) << " ms, p99 "
                      << probe.percentile(99) << " ms, longest " << probe.percentile(100)
                      << " ms, memory " << before << " to " << most << " MB");
    }
    CHECK(
        eventually([&] { return server.descriptors() <= descriptors; }, std::chrono::seconds(20)));
    CHECK(eventually([&] { return server.megabytes() < before + 32; }, std::chrono::seconds(20)));
    WARN("afterwards " << server.megabytes() << " MB");
}

TEST_CASE("thousands of clients that ask on and on and read nothing have no effect on others",
          "[load]") {
    const long count = rounds(100, 30);
    allow_descriptors(static_cast<rlim_t>(count + 1000));
    const MeasuredProcess server(of_load());
    const std::string token = owner_of(server.port);
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += request_text("GET", "/api/v2/users/me", {{"Coder-Session-Token", token}});
    Probe alone(server.port, token);
    std::this_thread::sleep_for(std::chrono::seconds(1));
    alone.stop();
    std::vector<RawClient> deaf = crowd(server.port, count, 2);
    Probe probe(server.port, token);
    for (RawClient& client : deaf) client.send(many);
    std::this_thread::sleep_for(std::chrono::seconds(rounds_asked_for() ? 5 : 1));
    probe.stop();
    CHECK(probe.count() > 10);
    CHECK(probe.failed() == 0);
    WARN(count << " clients with 200 requests each, none of which reads: " << probe.count()
               << " requests beside them, median " << probe.percentile(50) << " ms, p99 "
               << probe.percentile(99) << " ms, longest " << probe.percentile(100)
               << " ms; alone the p99 is " << alone.percentile(99) << " ms");
    INFO("who reads at last gets every answer");
    RawClient& late = deaf.front();
    for (int i = 0; i < 200; ++i)
        if (late.read().status != 200) FAIL("answer " << i);
}

TEST_CASE("one hostile address keeps the logins of others waiting no longer than its share allows",
          "[load]") {
    coder_users::Options options;  // with the limits that everybody has
    options.database = ":memory:";
    options.port = 0;
    options.password_hash_cost = rounds_asked_for() ? 10 : 6;
    const MeasuredProcess server(options);
    REQUIRE(owner_of(server.port).size() > 20);
    const std::size_t logins = rounds_asked_for() ? 40 : 8;

    std::atomic<bool> over{false};
    std::atomic<int> answered{0};
    std::vector<std::thread> attackers;
    const double alone = median_login(server.port, logins, 2);
    const std::string many = request_text("POST", "/api/v2/users/first", {}, many_members());
    const int count = sanitized ? 20 : 70;
    for (int i = 0; i < count; ++i)
        attackers.emplace_back([&] {
            ::setpriority(PRIO_PROCESS, 0, 19);  // of this thread: theirs is another machine
            while (!over) {
                RawClient client(server.port, {"127.0.0.1", "127.0.0.99"});
                while (!over && client.send(many) && client.read().status) ++answered;
            }
        });
    CHECK(eventually([&] { return answered > count; }, std::chrono::seconds(60)));
    const double beside = median_login(server.port, logins, 100);
    over = true;
    for (std::thread& attacker : attackers) attacker.join();
    WARN("a login of another address takes " << alone << " ms alone, " << beside << " ms beside "
                                             << answered << " bodies of 1 MiB: " << beside / alone
                                             << " times as long");
}

TEST_CASE("two hundred logins at once keep nobody else waiting", "[load]") {
    const MeasuredProcess server(of_load());
    const std::string token = owner_of(server.port);
    Probe probe(server.port, token);
    const std::string body = R"({"email":"owner@example.org","password":")" + good_password + "\"}";
    const auto answers = all_at_once(sanitized ? 100 : 200, [&](std::size_t i) {
        // From ten addresses, since each has a share of the lane.
        const std::string source = "127.0.0." + std::to_string(2 + i % 10);
        RawClient client(server.port, {"127.0.0.1", source, 0, std::chrono::seconds(60)});
        client.send(request_text("POST", "/api/v2/users/login", {}, body));
        return client.read();
    });
    probe.stop();
    const StatusCounts counts = count_statuses(answers);
    int good = 0;
    for (const Answer& answer : answers) {
        good += answer.status == 201;
        if (answer.status != 201) {
            CHECK(answer.status == 503);
            CHECK(answer.header("retry-after") == "1");
        }
    }
    CHECK(good >= 64);
    CHECK(probe.failed() == 0);
    // Checks of tokens continued while the logins took their turns.
    CHECK(probe.count() > 10);
    WARN(good << " logins, " << answers.size() - static_cast<std::size_t>(good)
              << " asked to come again; " << probe.count() << " token checks beside them, median "
              << probe.percentile(50) << " ms, p99 " << probe.percentile(99) << " ms");
}
