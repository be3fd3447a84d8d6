// Counts the instructions of one request by callgrind, with fixed users, time and randomness, so
// that the same code gives the same count. growth.py runs it. The argument is the path of a
// database to be made.
#include <valgrind/callgrind.h>

#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>

#include "data.hpp"

namespace {

using namespace coder_users;

constexpr int warm_up = 40, measured = 100;

/// Counts `measured` calls of `work` under `name`, in a file of their own.
void count(const char* name, const std::function<void(int)>& work) {
    for (int i = 0; i < warm_up; ++i) work(i);
    CALLGRIND_ZERO_STATS;
    CALLGRIND_TOGGLE_COLLECT;
    for (int i = 0; i < measured; ++i) work(warm_up + i);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(name);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const Time now = bench::born + std::chrono::hours(24 * 30);
    std::vector<std::string> tokens;
    {
        store::StoreOptions options;
        options.database = argv[1];
        store::Store store(options);
        tokens = bench::fill(store, 1000, now, "");
    }
    std::mutex mutex;
    bench::Repeatable random(99);
    Options options{argv[1]};
    options.port = 0;
    options.disable_rate_limits = true;
    options.env.now = [&] { return now; };
    options.env.random = [&](unsigned char* to, std::size_t bytes) {
        const std::lock_guard<std::mutex> lock(mutex);
        random.bytes()(to, bytes);
    };
    Service service = start(std::move(options));
    const auto ask = [&](const char* method, const std::string& target, const std::string& body,
                         int status) {
        Request request;
        request.method = method;
        request.target = target;
        request.headers = {{"Host", "localhost"}, {"Coder-Session-Token", tokens.front()}};
        request.body = body;
        if (service.handle(request).status != status) std::abort();
    };
    // The first look-up of a session wakes a thread that looks at the file; that is not to count,
    // and sessions are kept only afterwards. Under callgrind one thread runs at a time.
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < std::chrono::seconds(2))
        ask("GET", "/api/v2/users/me", "", 200);
    count("me", [&](int) { ask("GET", "/api/v2/users/me", "", 200); });
    count("list", [&](int) { ask("GET", "/api/v2/users?limit=25", "", 200); });
    count("token", [&](int i) {
        ask("POST", "/api/v2/users/me/keys/tokens",
            "{\"lifetime\":3600000000000,\"token_name\":\"t" + std::to_string(i) + "\"}", 201);
    });
    std::printf("%d\n", measured);
}
