#include <csignal>
#include <coder_users.hpp>
#include <iostream>

int main() {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    auto users = coder_users::start({"users.db"});  // opens, migrates, binds; serves on its own thread
    std::cout << users.url() << std::endl;          // a failure of any of these is thrown here

    int signal = 0;
    sigwait(&signals, &signal);
}  // stops and joins
