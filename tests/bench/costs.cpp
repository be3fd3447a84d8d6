// What one request over a socket costs the server in allocations and system calls.
//   bench_costs [seconds]               prints both; without strace the first alone
//   bench_costs loop <kind> <requests>  what it runs under strace
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "data.hpp"
#include "temp_folder.hpp"

namespace {

std::atomic<std::size_t> allocations{0}, allocated{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    allocated += size;
    if (void* const made = std::malloc(size)) return made;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* made) noexcept { std::free(made); }
[[gnu::noinline]] void operator delete(void* made, std::size_t) noexcept { std::free(made); }

namespace {

using namespace coder_users;

constexpr const char* kinds[] = {"me", "list", "token"};

std::string request_of(std::string_view kind, const std::string& token) {
    const std::string fields =
        " HTTP/1.1\r\nHost: localhost\r\nCoder-Session-Token: " + token + "\r\n";
    if (kind == "me") return "GET /api/v2/users/me" + fields + "\r\n";
    if (kind == "list") return "GET /api/v2/users?limit=25" + fields + "\r\n";
    return "POST /api/v2/users/me/keys/tokens" + fields + "Content-Length: 2\r\n\r\n{}";
}

/// A client that allocates nothing. It calls read and write, so that its system calls differ from
/// the server's recvfrom and sendto.
class Client {
 public:
    explicit Client(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int yes = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            std::abort();
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Sends a request and reads until a newline: every answer of this API ends in one, and has no
    /// other.
    void ask(std::string_view request) {
        if (::write(fd_, request.data(), request.size()) < 0) std::abort();
        char last = 0;
        do {
            static char bytes[1 << 16];
            const ssize_t size = ::read(fd_, bytes, sizeof bytes);
            if (size <= 12 || bytes[9] != '2') std::abort();
            last = bytes[size - 1];
        } while (last != '\n');
    }

 private:
    int fd_;
};

struct Cost {
    double allocations = 0, bytes = 0;
};

Cost loop(std::string_view kind, int requests) {
    const coder_users_test::TempFolder folder;
    const std::string path = folder.file("users.db");
    std::vector<std::string> tokens;
    {
        store::StoreOptions options;
        options.database = path;
        store::Store store(options);
        const auto now = std::chrono::system_clock::now();
        tokens = bench::fill(store, 1000, std::chrono::time_point_cast<Duration>(now), "");
    }
    Options options{path};
    options.port = 0;
    options.disable_rate_limits = true;
    const Service service = start(std::move(options));
    Client client(service.port());
    const std::string request = request_of(kind, tokens.front());
    for (int i = 0; i < 100; ++i) client.ask(request);
    const std::size_t count = allocations, bytes = allocated;
    for (int i = 0; i < requests; ++i) client.ask(request);
    return {double(allocations - count) / requests, double(allocated - bytes) / requests};
}

/// Counts the system calls of a run under strace, by name.
std::map<std::string, double> system_calls(const std::string& self, const std::string& kind,
                                           int requests) {
    const coder_users_test::TempFolder folder;
    const std::string out = folder.file("calls");
    const std::string command = "strace -f -c -o " + out + " " + self + " loop " + kind + " " +
                                std::to_string(requests) + " 2>/dev/null >/dev/null";
    std::map<std::string, double> calls;
    if (std::system(command.c_str()) != 0) return calls;
    std::ifstream table(out);
    for (std::string line; std::getline(table, line);) {
        std::istringstream words(line);
        std::vector<std::string> row;
        for (std::string word; words >> word;) row.push_back(word);
        if (row.size() < 5 || row[0].find_first_not_of("0123456789.") != row[0].npos) continue;
        if (row.back() != "total" && row.back() != "read" && row.back() != "write")
            calls[row.back()] = std::atof(row[3].c_str());
    }
    return calls;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "loop") {
        loop(argv[2], std::atoi(argv[3]));
        return 0;
    }
    for (const char* const kind : kinds) {
        const Cost cost = loop(kind, 1000);
        std::printf("%-6s %6.1f allocations of %.0f bytes in all", kind, cost.allocations,
                    cost.bytes);
        constexpr int few = 200, many = 1200;
        auto before = system_calls(argv[0], kind, few);
        for (const auto& [name, calls] : system_calls(argv[0], kind, many))
            if (const double each = (calls - before[name]) / (many - few); each > 0.02)
                std::printf(", %.2f %s", each, name.c_str());
        std::printf("\n");
        std::fflush(stdout);
    }
}
