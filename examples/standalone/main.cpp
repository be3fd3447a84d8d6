#include <coder_users.hpp>
#include <csignal>
#include <iostream>

int main() {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    // Opens, migrates, binds; serves on its own thread. What fails is thrown here.
    auto users = coder_users::start({"users.db"});
    std::cout << users.url() << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
}  // stops and joins
