// Mixed work for hours: memory, descriptors and the log must not grow.
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "measured_process.hpp"
#include "rounds.hpp"

using namespace faults;
using Clock = std::chrono::steady_clock;

namespace {

/// One of many who make and delete users, sessions and tokens.
class Worker {
 public:
    Worker(int port, std::string owner, int number)
        : port_(port), owner_(std::move(owner)), name_("w" + std::to_string(number) + "x") {}

    void work(const std::atomic<bool>& over) {
        std::optional<RawClient> connection;
        for (long turn = 0; !over; ++turn) {
            if (turn % 50 == 0) connection.emplace(port_);
            live(*connection, name_ + std::to_string(turn));
        }
    }
    long requests() const { return requests_; }
    long failed() const { return failed_; }

 private:
    /// Makes a user, uses it and deletes it.
    void live(RawClient& connection, const std::string& name) {
        const std::string password = R"("password":")" + good_password + "\"}";
        const std::string address = R"({"email":")" + name + R"(@example.org",)";
        ask(connection, 201, "POST", "/users", owner_,
            address + R"("username":")" + name + "\"," + password);
        const std::string session =
            parse(ask(connection, 201, "POST", "/users/login", "", address + password)
                      .body)["session_token"]
                .text();
        for (int i = 0; i < 5; ++i) {
            const std::string token =
                parse(ask(connection, 201, "POST", "/users/me/keys/tokens", session, "{}")
                          .body)["key"]
                    .text();
            for (const char* path : {"/users/me", "/users/me/keys/tokens", "/users/me/roles"})
                ask(connection, 200, "GET", path, token);
            ask(connection, 204, "DELETE", "/users/me/keys/" + token.substr(0, token.find('-')),
                session);
            ask(connection, 401, "GET", "/users/me", token);
        }
        ask(connection, 200, "GET", "/users?limit=25&q=" + name, owner_);
        ask(connection, 200, "GET", "/audit?limit=25", owner_);
        ask(connection, 200, "PUT", "/users/" + name + "/roles", owner_,
            R"({"roles":["auditor"]})");
        ask(connection, 200, "PUT", "/users/" + name + "/status/suspend", owner_);
        ask(connection, 401, "GET", "/users/me", session);
        ask(connection, 200, "DELETE", "/users/" + name, owner_);
    }

    Answer ask(RawClient& connection, int status, const std::string& method,
               const std::string& path, const std::string& token, const std::string& body = "") {
        HeaderList headers;
        if (!token.empty()) headers.emplace_back("Coder-Session-Token", token);
        connection.send(request_text(method, "/api/v2" + path, headers, body));
        Answer answer = connection.read();
        ++requests_;
        failed_ += answer.status != status;
        if (answer.status != status) answer.body = "{}";
        return answer;
    }

    const int port_;
    const std::string owner_, name_;
    std::atomic<long> requests_{0}, failed_{0};
};

}  // namespace

TEST_CASE("memory, descriptors and log stay where they are under mixed work", "[soak]") {
    const auto whole = rounds_asked_for() ? std::chrono::milliseconds(60'000) * rounds(1, 1)
                                          : std::chrono::milliseconds(1'000);
    const int periods = 20, warm_up = 6;
    TempFolder folder;
    coder_users::Options options = in_memory();
    options.database = folder.file("users.db");
    const MeasuredProcess server(options);
    const std::string owner = owner_of(server.port);
    REQUIRE(owner.size() > 20);
    const std::size_t descriptors = server.descriptors();
    std::atomic<bool> over{false};
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        workers.push_back(std::make_unique<Worker>(server.port, owner, i));
        threads.emplace_back([&over, worker = workers.back().get()] { worker->work(over); });
    }
    double warm = 0, last = 0;
    std::string report;
    for (int i = 1; i <= periods; ++i) {
        Probe probe(server.port, owner);
        std::this_thread::sleep_for(whole / periods);
        probe.stop();
        CHECK(probe.failed() == 0);
        last = server.megabytes();
        if (i == warm_up) warm = last;
        std::error_code none;
        const auto log = std::filesystem::file_size(options.database + "-wal", none);
        CHECK(log < 64u << 20);
        report += std::to_string(last) + " MB, " + std::to_string(server.descriptors()) +
                  " descriptors, log " + std::to_string(log / 1024) + " kB, p99 " +
                  std::to_string(probe.percentile(99)) + " ms\n";
    }
    over = true;
    for (std::thread& thread : threads) thread.join();
    long requests = 0, failed = 0;
    for (const auto& worker : workers) requests += worker->requests(), failed += worker->failed();
    CHECK(failed == 0);
    CHECK(requests > 0);
    // Allows for a heap that has not settled, and a megabyte an hour. A sanitizer keeps freed
    // memory.
    if (!sanitized)
        CHECK(last - warm < 8 + std::chrono::duration<double, std::ratio<3600>>(whole).count());
    CHECK(eventually([&] { return server.descriptors() <= descriptors + 8; }));
    WARN(report << requests << " requests");
}
