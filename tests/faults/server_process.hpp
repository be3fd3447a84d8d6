// A server in another process, which may be killed at any moment.
#pragma once

#include <chrono>
#include <string>

#include "child_process.hpp"
#include "server_fixture.hpp"

namespace faults {

using namespace coder_users_test;

// Every round is later than the one before, so that what expires in a minute has expired in the
// next round.
inline coder_users::Options in_round(const std::string& path, long round) {
    coder_users::Options options{path};
    options.port = 0;
    options.password_hash_cost = 4;
    options.disable_rate_limits = true;
    options.env.now = [round] { return start_of_test + std::chrono::minutes(2 * round); };
    return options;
}

class Server {
 public:
    Server(const std::string& path, long round)
        : child_([&](const Child& self) {
              auto service = coder_users::start(in_round(path, round));
              self.say(std::to_string(service.port()));
              self.wait_for_parent();
              service.stop();
          }) {
        const std::string port = child_.heard();
        INFO(port);
        REQUIRE(port.find_first_not_of("0123456789") == std::string::npos);
        REQUIRE_FALSE(port.empty());
        port_ = std::stoi(port);
    }
    int port() const { return port_; }
    void kill() { child_.end(); }
    void stop() {
        child_.let_go();
        child_.wait();
    }

 private:
    Child child_;
    int port_ = 0;
};

}  // namespace faults
