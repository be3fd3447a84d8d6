// Measures what tests in other languages wait for: the start of coder-users test up to its ready
// line, and calls of its control API over one connection, with 100 users.
#include "coder_users/test_server.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "figures.hpp"
#include "raw_client.hpp"

namespace {

using bench::print;
using bench::require;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// From the start of the program to the end of its ready line.
double start_of_program() {
    int in[2], out[2];
    require(::pipe(in) == 0 && ::pipe(out) == 0);
    posix_spawn_file_actions_t files;
    require(::posix_spawn_file_actions_init(&files) == 0);
    ::posix_spawn_file_actions_adddup2(&files, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&files, out[1], 1);
    for (const int each : {in[0], in[1], out[0], out[1]})
        ::posix_spawn_file_actions_addclose(&files, each);
    std::string name = DEMO_PROGRAM, command = "test";
    char* const arguments[] = {name.data(), command.data(), nullptr};
    const auto start = Clock::now();
    pid_t child = 0;
    require(::posix_spawn(&child, name.c_str(), &files, nullptr, arguments, environ) == 0);
    ::close(in[0]), ::close(out[1]);
    for (char c = 0; c != '\n';) require(::read(out[0], &c, 1) == 1);
    const double took = ms_since(start);
    ::close(in[1]);  // ends it
    int status = 0;
    require(::waitpid(child, &status, 0) == child && status == 0);
    ::close(out[0]);
    ::posix_spawn_file_actions_destroy(&files);
    return took;
}

class Control {
 public:
    explicit Control(coder_users::testing::TestServer& server)
        : client_(server.server().service().port()),
          headers_{{"X-Control-Token", server.control_token()}} {}

    /// Returns how long the call took.
    double timed(const char* method, const std::string& path, int status, const char* body = "") {
        const auto start = Clock::now();
        require(client_.send(
            coder_users_test::request_text(method, "/test/v1" + path, headers_, body)));
        require(client_.read().status == status);
        return ms_since(start);
    }

 private:
    coder_users_test::RawClient client_;
    const coder_users_test::HeaderList headers_;
};

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    const int rounds = (std::max)(3, static_cast<int>(seconds * 10));
    std::vector<double> ready, user, snapshot, restore, reset;
    for (int i = 0; i < rounds; ++i) ready.push_back(start_of_program());

    coder_users::testing::TestServer server({});
    Control control(server);
    for (int i = 0; i < 99; ++i) user.push_back(control.timed("POST", "/users", 201));
    control.timed("POST", "/snapshots", 201, R"({"name":"all"})");
    for (int i = 0; i < rounds; ++i) {
        snapshot.push_back(control.timed("POST", "/snapshots", 201, R"({"name":"one"})"));
        restore.push_back(control.timed("POST", "/snapshots/all/restore", 204));
        control.timed("DELETE", "/snapshots/one", 204);
    }
    for (int i = 0; i < rounds; ++i) reset.push_back(control.timed("POST", "/reset", 204));
    print("coder-users test, up to its ready line", ready, "<= 15 ms");
    print("one more user, logged in, over HTTP", user, "-");
    print("a snapshot of 100 users over HTTP", snapshot, "<= 1 ms");
    print("its restore over HTTP", restore, "<= 1 ms");
    print("reset over HTTP", reset, "-");
}
