// What the load of run.py meets: the service, and the servers it is compared with.
//   load_server make <database> <users> <file for the tokens>
//   load_server serve <mode> [<database>]   prints its port, serves until its input ends
//   load_server hash <seconds>              prints how many passwords of cost 10 all cores hash in
//   one
// Modes: service; single (the service, one change at a time); stock (its handler on
// httplib::Server with 300 threads); fixed_front, fixed_stock, fixed_raw (600 bytes that are always
// the same, from the front, from httplib::Server and from a bare loop around epoll).
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "coder_users/internal/net/front.hpp"
#include "coder_users/internal/net/lanes.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "data.hpp"
#include "raw_loop.hpp"

namespace {

using namespace coder_users;

const std::string fixed_body(600, 'x');

Time system_time() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

Options options_for(const std::string& database) {
    Options options{database};
    options.port = 0;
    options.disable_rate_limits = true;
    if (store::is_postgres_address(database)) options.secret_key.assign(32, 'k');
    return options;
}

int make(const std::string& database, std::size_t users, const std::string& token_file) {
    const auto begin = std::chrono::steady_clock::now();
    {
        store::StoreOptions options;
        options.database = database;
        options.database_deadline = std::chrono::minutes(30);  // one statement reads every user
        store::Store store(options);
        const std::string hash =
            rules::hash_password("SomeSecurePassword!", 10, rules::system_random);
        std::ofstream out(token_file);
        for (const std::string& token : bench::fill(store, users, system_time(), hash))
            out << token << '\n';
    }
    std::printf("%zu users in %.1f s\n", users,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    return 0;
}

int hash(double seconds) {
    using Clock = std::chrono::steady_clock;
    const std::string stored =
        rules::hash_password("SomeSecurePassword!", 10, rules::system_random);
    const auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
        threads.emplace_back([&] {
            while (passed() < seconds) {
                if (!rules::bcrypt("SomeSecurePassword!", stored)) std::abort();
                ++done;
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::printf("%.2f\n", done / passed());
    return 0;
}

void serve_until_input_ends(int port) {
    std::cout << port << std::endl;
    std::string line;
    while (std::getline(std::cin, line)) continue;
}

/// Runs `respond` on the front: in the workers, or all of it in a lane of one thread.
class OnFront final : public net::FrontHandler {
 public:
    OnFront(std::function<Response(const Request&)> respond, bool in_lane)
        : respond_(std::move(respond)), in_lane_(in_lane) {}

    struct Looked final : net::Pending {
        Looked(OnFront& to, const Request& looked_at) : front(to), request(looked_at) {
            if (front.in_lane_ && request.method == "POST") lane = &front.lane_;
        }
        Answer answer() noexcept override { return front.respond_(request); }
        Answer refuse(const Refusal& refusal) noexcept override {
            return front.refuse(request, refusal);
        }
        OnFront& front;
        const Request& request;
    };
    std::unique_ptr<net::Pending> look(const Request& request, std::optional<Url>) override {
        return std::make_unique<Looked>(*this, request);
    }
    Answer refuse(const Request&, const Refusal& refusal) noexcept override {
        return Response{refusal.status, {}, ""};
    }
    void serve() {
        net::Front front(*this, Limits{}, Deadlines{});
        front.bind("127.0.0.1", 0);
        front.start();
        serve_until_input_ends(front.port());
        front.request_stop();
        front.join();
        lane_.stop();
    }

 private:
    std::function<Response(const Request&)> respond_;
    const bool in_lane_;
    net::LanePool lane_{1, 100'000};
};

/// Runs `respond` on cpp-httplib's own server.
void serve_stock(const std::function<Response(const Request&)>& respond) {
    httplib::Server server;
    server.new_task_queue = [] { return new httplib::ThreadPool(300); };
    server.set_tcp_nodelay(true);
    server.set_keep_alive_max_count(10'000);
    const auto handler = [&](const httplib::Request& in, httplib::Response& out) {
        Request request;
        request.method = in.method;
        request.target = in.target;
        for (const auto& [name, value] : in.headers) request.headers.emplace_back(name, value);
        request.body = in.body;
        request.address = in.remote_addr;
        Response response = respond(request);
        out.status = response.status;
        std::string type;
        for (auto& [name, value] : response.headers) {
            if (name == "Content-Type")
                type = value;
            else
                out.set_header(name, value);
        }
        out.set_content(std::move(response.body), type);
    };
    server.Get(".*", handler);
    server.Post(".*", handler);
    const int port = server.bind_to_any_port("127.0.0.1");
    std::thread thread([&] { server.listen_after_bind(); });
    serve_until_input_ends(port);
    server.stop();
    thread.join();
}

/// The bytes that the front would send.
void serve_raw() {
    const bench::RawLoop loop(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Content-Length: " +
        std::to_string(fixed_body.size()) + "\r\n\r\n" + fixed_body);
    serve_until_input_ends(loop.port());
    std::exit(0);  // with its threads
}

int serve(const std::string& mode, const std::string& database) {
    const auto fixed = [](const Request&) {
        return Response{200, {{"Content-Type", "application/json; charset=utf-8"}}, fixed_body};
    };
    if (mode == "fixed_front") return OnFront(fixed, false).serve(), 0;
    if (mode == "fixed_raw") return serve_raw(), 0;
    if (mode == "fixed_stock") return serve_stock(fixed), 0;
    Options options = options_for(database);
    if (mode == "proxied") {  // wrk stands for many clients, each of which has its share of a lane
        options.proxy_trusted_origins = {"127.0.0.1"};
        options.proxy_trusted_headers = {"X-Forwarded-For"};
    }
    Service service = start(options);
    const auto handle = [&](const Request& request) { return service.handle(request); };
    if (mode == "service" || mode == "proxied")
        serve_until_input_ends(service.port());
    else if (mode == "single")
        OnFront(handle, true).serve();
    else if (mode == "stock")
        serve_stock(handle);
    else
        return 2;
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string command = argc > 1 ? argv[1] : "";
    if (command == "make" && argc == 5)
        return make(argv[2], std::strtoul(argv[3], nullptr, 10), argv[4]);
    if (command == "hash" && argc == 3) return hash(std::atof(argv[2]));
    if (command == "serve" && argc >= 3) return serve(argv[2], argc > 3 ? argv[3] : "");
    std::fputs(
        "usage: load_server make <database> <users> <tokens> | serve <mode> [<database>] | "
        "hash <seconds>\n",
        stderr);
    return 2;
}
