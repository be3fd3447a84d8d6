// A server in its own process, whose memory and descriptors can be read, and a client that measures
// the time of its requests.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "child_process.hpp"
#include "server_fixture.hpp"

namespace faults {

using namespace coder_users_test;

inline void allow_descriptors(rlim_t wanted) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = (std::min)(files.rlim_max, (std::max)(files.rlim_cur, wanted));
    ::setrlimit(RLIMIT_NOFILE, &files);
}

struct MeasuredProcess {
    explicit MeasuredProcess(const coder_users::Options& options)
        : child([&](const Child& self) {
              allow_descriptors(1 << 20);
              auto service = coder_users::start(options);
              self.say(std::to_string(service.port()));
              self.wait_for_parent();
          }),
          port(std::stoi(child.heard())) {}

    std::size_t descriptors() const {
        std::size_t count = 0;
        const std::string folder = "/proc/" + std::to_string(child.pid()) + "/fd";
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder))
            ++count;
        return count;
    }
    double megabytes() const {
        std::ifstream statm("/proc/" + std::to_string(child.pid()) + "/statm");
        double whole = 0, resident = 0;
        statm >> whole >> resident;
        return resident * 4096 / (1 << 20);
    }

    Child child;
    int port;
};

/// Sends requests on one connection until it is stopped, and measures each.
class Probe {
 public:
    Probe(int port, const std::string& token)
        : thread_([=] {
              std::optional<RawClient> client(port);
              while (!stop_) {
                  const auto begin = Clock::now();
                  client->send(
                      request_text("GET", "/api/v2/users/me", {{"Coder-Session-Token", token}}));
                  if (client->read().status != 200) ++failed_;
                  const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
                  times_.push_back(took.count());
                  if (times_.size() % 9000 == 0) client.emplace(port);
                  std::this_thread::sleep_for(std::chrono::milliseconds(2));
              }
          }) {}
    ~Probe() { stop(); }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    void stop() {
        stop_ = true;
        if (!thread_.joinable()) return;
        thread_.join();
        std::sort(times_.begin(), times_.end());
    }
    int failed() const { return failed_; }
    // The functions below may be called after stop().
    std::size_t count() const { return times_.size(); }
    double percentile(int part) const {
        return times_.empty() ? 0
                              : times_[(times_.size() - 1) * static_cast<std::size_t>(part) / 100];
    }

 private:
    using Clock = std::chrono::steady_clock;

    std::atomic<bool> stop_{false};
    std::atomic<int> failed_{0};
    std::vector<double> times_;
    std::thread thread_;
};

/// Creates the first user "owner" and returns its session.
inline std::string owner_of(int port) {
    const std::string password = R"("password":")" + good_password + "\"}";
    request(port, "POST", "/api/v2/users/first", {},
            R"({"email":"owner@example.org","username":"owner",)" + password);
    const Answer answer = request(port, "POST", "/api/v2/users/login", {},
                                  R"({"email":"owner@example.org",)" + password);
    return parse(answer.body)["session_token"].text();
}

}  // namespace faults
