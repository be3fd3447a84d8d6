// Measures what the author of an integration test waits for: a server with a logged-in owner, many
// servers at the same time, and many in turn.
#include <algorithm>
#include <chrono>
#include <coder_users.hpp>
#include <cstdlib>
#include <memory>
#include <vector>

#include "coder_users/testing.hpp"
#include "figures.hpp"

namespace {

using bench::print;
using bench::require;
using coder_users::testing::Client;
using coder_users::testing::Server;
using Clock = std::chrono::steady_clock;

template <class Work>
double timed(Work&& work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    const int rounds = (std::max)(3, static_cast<int>(seconds * 20));
    std::vector<double> ready, member, snapshot, restore, stop;
    for (int i = 0; i < rounds; ++i) {
        std::unique_ptr<Server> server;
        ready.push_back(timed([&] {
            server = std::make_unique<Server>();
            require(server->owner().get("/users/me").status == 200);
        }));
        member.push_back(timed([&] { server->user_with_roles({"auditor"}); }));
        Server::Moment before = server->snapshot();
        snapshot.push_back(timed([&] { before = server->snapshot(); }));
        require(server->owner().del("/users/auditor").status == 200);
        restore.push_back(timed([&] { server->restore(before); }));
        require(server->owner().get("/users/auditor").status == 200);
        stop.push_back(timed([&] { server.reset(); }));
    }
    print("a server, an owner and its first answer", ready, "<= 5 ms");
    print("one more user, logged in", member, "-");
    print("snapshot()", snapshot, "-");
    print("restore()", restore, "-");
    print("the end of a server", stop, "-");

    std::vector<std::unique_ptr<Server>> servers;
    print("200 servers alive, each with its owner", {timed([&] {
              for (int i = 0; i < 200; ++i) {
                  servers.push_back(std::make_unique<Server>());
                  servers.back()->owner();
              }
              for (const auto& server : servers)
                  require(server->owner().get("/users")["count"] == "1");
          })},
          "<= 1000 ms");
    servers.clear();
    print("1000 rounds of start and stop", {timed([&] {
              for (int i = 0; i < 1000; ++i)
                  coder_users::start(coder_users::Options::for_tests()).stop();
          })},
          "<= 5000 ms");
}
