#include <coder_users.hpp>
#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    coder_users::Options options{"users.db"};
    if (argc > 1) options.port = std::stoi(argv[1]);  // 0: any free one
    // Opens, migrates, binds; serves on its own thread. What fails is thrown here.
    auto users = coder_users::start(options);
    std::cout << users.url() << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
}  // stops and joins
