// Adds users to a program that has an HTTP server already: serves the API and the page beside the
// program's own routes.
#include <httplib.h>

#include <coder_users.hpp>
#include <csignal>
#include <iostream>
#include <thread>

int main(int argc, char** argv) {
    sigset_t signals;
    sigemptyset(&signals), sigaddset(&signals, SIGINT), sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    coder_users::Options options{"users.db"};
    options.coder_version = "2.35";  // which release of Coder clients find
    options.web_page = true;
    auto users = coder_users::open(options);  // like start(), but without a socket
    httplib::Server site;
    users.mount(site, "/accounts/api");   // POST /accounts/api/users/login, ...
    users.mount_page(site, "/accounts");  // where people sign in and manage others

    site.Get("/greeting", [&](const httplib::Request& request, httplib::Response& response) {
        try {
            const auto caller = users.authenticate(request);  // token in header or cookie
            response.set_content("Hello, " + caller.user.username + "!\n", "text/plain");
        } catch (const coder_users::ApiError& refused) {
            response.status = refused.status();
            response.set_content(refused.message() + "\n", "text/plain");
        }
    });

    // For Prometheus; on a server that strangers reach, ask who it is first.
    site.Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
        response.set_content(users.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });

    const int port = argc > 1 ? std::stoi(argv[1]) : 8080;
    const int bound = port ? (site.bind_to_port("127.0.0.1", port) ? port : -1)
                           : site.bind_to_any_port("127.0.0.1");
    if (bound < 0) return std::cerr << "the port is taken\n", 1;
    std::thread serving([&] { site.listen_after_bind(); });
    std::cout << "http://127.0.0.1:" << bound << std::endl;

    int signal = 0;
    sigwait(&signals, &signal);
    site.stop();
    serving.join();
}
