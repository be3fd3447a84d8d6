#include <coder_users.hpp>
#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    coder_users::Options options{"users.db"};
    options.coder_version = "2.35";  // which release of Coder its clients find; 2.6 if not said
    if (argc > 1) options.port = std::stoi(argv[1]);  // 0: any free port
    // Opens and migrates the database, binds, and serves on threads of its own. Throws what fails.
    auto users = coder_users::start(options);
    std::cout << users.url() << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
}  // stops the server and joins its threads
