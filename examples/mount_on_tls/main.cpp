// Serves the API over TLS from a program's own httplib::SSLServer.
// Usage: mount_on_tls [port [certificate key]], both in PEM.
#include <httplib.h>

#include <chrono>
#include <coder_users.hpp>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL

    const int port = argc > 1 ? std::stoi(argv[1]) : 8443;  // 0: any free one
    httplib::SSLServer site(argc > 3 ? argv[2] : "users.crt", argc > 3 ? argv[3] : "users.key");
    if (!site.is_valid()) return std::cerr << "certificate and key cannot be used\n", 1;
    const int bound = port ? (site.bind_to_port("127.0.0.1", port) ? port : -1)
                           : site.bind_to_any_port("127.0.0.1");
    if (bound < 0) return std::cerr << "the port is taken\n", 1;

    coder_users::Options options{"users.db"};
    options.access_url = "https://localhost:" + std::to_string(bound);  // so cookies are Secure
    options.strict_transport_security = std::chrono::hours(24 * 730);
    auto users = coder_users::open(options);
    users.mount(site);
    std::thread serving([&] { site.listen_after_bind(); });
    std::cout << "https://127.0.0.1:" << bound << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
    site.stop();
    serving.join();
}
