// A host that serves the API from its own cpp-httplib server.
#include <httplib.h>

#include <coder_users.hpp>
#include <iostream>
#include <thread>

int main() {
    coder_users::Options options;
    options.database = ":memory:";
    auto users = coder_users::open(options);
    httplib::Server site;
    users.mount(site, "/accounts");
    const int port = site.bind_to_any_port("127.0.0.1");
    std::thread serving([&] { site.listen_after_bind(); });
    site.wait_until_ready();
    const auto answer = httplib::Client("127.0.0.1", port).Get("/accounts/buildinfo");
    const bool good = answer && answer->status == 200;
    site.stop();
    serving.join();
    std::cout << (good ? "consumer: mounted" : "consumer: not mounted") << '\n';
    return good ? 0 : 1;
}
