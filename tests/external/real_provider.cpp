#include "real_provider.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "catch.hpp"
#include "loopback.hpp"

namespace coder_users_test {

bool no_node() {
    if (std::system("command -v node >/dev/null 2>&1") == 0) return false;
    WARN("skipped: there is no Node (Debian: nodejs, npm), so no real provider");
    return true;
}

RealProvider::RealProvider(std::vector<std::string> arguments)
    : arguments_(std::move(arguments)), listener_(listen_on_loopback()), port_(port_of(listener_)) {
    start();
}
RealProvider::~RealProvider() { stop(); }
void RealProvider::restart() {
    stop();
    start();
}

void RealProvider::start() {
    int input[2], output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    posix_spawn_file_actions_adddup2(&actions, listener_.get(), 3);
    std::vector<std::string> words{"node", PROVIDER_SCRIPT, "--fd", "3"};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::setenv("NODE_PACKAGES", NODE_PACKAGES, 1);
    const int error = ::posix_spawnp(&process_, "node", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(input[0]), ::close(output[1]);
    input_ = input[1];
    if (error != 0) throw std::runtime_error("node: " + std::string(std::strerror(error)));

    std::string said;
    char bytes[512];
    ssize_t n = 0;
    while (said.find('\n') == std::string::npos && (n = ::read(output[0], bytes, sizeof bytes)) > 0)
        said.append(bytes, static_cast<std::size_t>(n));
    ::close(output[0]);
    if (said.find(issuer()) == std::string::npos)
        throw std::runtime_error("the provider did not start: " + said);
}
void RealProvider::stop() {
    ::close(input_);  // the end of its input ends it
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
}

}  // namespace coder_users_test
