// What single requests cost, with fixed users, time and randomness, so that the same code gives the
// same counts. growth.py runs it; both forms make the database.
//   growth instructions <database>  for callgrind: counts what the front does with the bytes of
//   each
//                                   kind, without sockets and threads
//   growth calls <database>         for strace: the same requests over a socket; prints allocations
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <coder_users.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/net/framing.hpp"
#include "coder_users/internal/net/httplib.hpp"
#include "coder_users/internal/service/running.hpp"
#include "data.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* const made = std::malloc(size)) return made;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* made) noexcept { std::free(made); }
[[gnu::noinline]] void operator delete(void* made, std::size_t) noexcept { std::free(made); }

namespace {

using namespace coder_users;

constexpr int warm_up = 40, measured = 100;

/// A kind of request; `#` in its body stands for a number that is never the same.
struct Kind {
    const char* name;
    const char* method;
    const char* target;
    const char* body;
};

// The last two change what the others read.
constexpr std::array<Kind, 7> kinds{{
    {"me", "GET", "/users/me", ""},
    {"user", "GET", "/users/bob", ""},
    {"authcheck", "POST", "/authcheck",
     R"({"checks":{"may":{"object":{"resource_type":"user"},"action":"create"}}})"},
    {"list", "GET", "/users?limit=25", ""},
    {"search", "GET", "/users?q=kate&limit=25", ""},
    {"token", "POST", "/users/me/keys/tokens", R"({"lifetime":3600000000000,"token_name":"t#"})"},
    {"profile", "PUT", "/users/bob/profile", R"({"username":"bob","name":"Bob #"})"},
}};

/// A database with a thousand users, a user called bob, and a token of the owner.
class Subject {
 public:
    explicit Subject(const char* database) : options_{database} {
        const Time now = bench::born + std::chrono::hours(24 * 30);
        {
            store::StoreOptions options;
            options.database = database;
            store::Store store(options);
            token_ = bench::fill(store, 1000, now, "").front();
            User bob = bench::user_number(1'000'000);
            bob.username = "bob";
            store.write([&](store::Tx& tx) { store::users::insert(tx, bob, ""); });
        }
        options_.port = 0;
        options_.disable_rate_limits = true;
        options_.limits.requests_per_connection = 1'000'000'000;
        options_.env.now = [now] { return now; };
        options_.env.random = [this](unsigned char* to, std::size_t bytes) { draw(to, bytes); };
    }

    const Options& options() const { return options_; }

    std::string bytes_of(const Kind& kind, int number) const {
        std::string body = kind.body;
        if (const std::size_t place = body.find('#'); place != body.npos)
            body.replace(place, 1, std::to_string(number));
        const std::string length =
            body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return std::string(kind.method) + " /api/v2" + kind.target +
               " HTTP/1.1\r\nHost: localhost\r\nCoder-Session-Token: " + token_ + "\r\n" + length +
               "\r\n" + body;
    }

    /// Those for warming up and those that are measured.
    std::vector<std::string> requests_of(const Kind& kind) const {
        std::vector<std::string> requests;
        for (int i = 0; i < warm_up + measured; ++i) requests.push_back(bytes_of(kind, i));
        return requests;
    }

 private:
    // Eight bytes at a time, so that hardly any of the instructions are its own.
    void draw(unsigned char* to, std::size_t bytes) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (std::size_t at = 0; at < bytes; at += sizeof(std::uint64_t)) {
            const std::uint64_t drawn = random_.next();
            std::memcpy(to + at, &drawn, (std::min)(bytes - at, sizeof drawn));
        }
    }

    std::mutex mutex_;
    bench::Repeatable random_{99};
    std::string token_;
    Options options_;
};

/// A connection without its socket.
class Bytes {
 public:
    explicit Bytes(service::Running& running) : running_(running) {}

    void ask(std::string_view request) {
        reader_.feed(request);
        if (reader_.advance() != net::RequestReader::Step::ready) std::abort();
        const auto pending = running_.look(reader_.request(), reader_.take_url());
        output_.clear();
        const auto answer = [&] {
            net::append_answer(output_, pending->answer(), false, false, net::BodyEnd::by_length);
        };
        if (!pending->lane)
            answer();
        else if (!pending->lane->run_here(answer, pending->holder))
            std::abort();
        reader_.next();
        if (output_.compare(9, 1, "2") != 0) std::abort();
    }

 private:
    service::Running& running_;
    net::RequestReader reader_;
    std::string output_;
};

/// The first look-up of a session wakes a thread that looks at the file; that is not to count, and
/// sessions are kept only afterwards. Under callgrind one thread runs at a time.
template <class Ask>
void wait_for_sessions(const Ask& ask, const Subject& subject) {
    const std::string request = subject.bytes_of(kinds[0], 0);
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begun < std::chrono::seconds(2)) ask(request);
}

void count_instructions(const char* database) {
    const Subject subject(database);
    service::Running running(subject.options(), false);
    Bytes connection(running);
    wait_for_sessions([&](const std::string& request) { connection.ask(request); }, subject);
    for (const Kind& kind : kinds) {
        const auto requests = subject.requests_of(kind);
        for (std::size_t i = 0; i < warm_up; ++i) connection.ask(requests[i]);
        CALLGRIND_ZERO_STATS;
        CALLGRIND_TOGGLE_COLLECT;
        for (std::size_t i = warm_up; i < requests.size(); ++i) connection.ask(requests[i]);
        CALLGRIND_TOGGLE_COLLECT;
        CALLGRIND_DUMP_STATS_AT(kind.name);
    }
    std::printf("%d\n", measured);
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

/// Marks a place among the system calls.
void mark(const char* text) { static_cast<void>(::access(text, F_OK)); }

void make_calls(const char* database) {
    const Subject subject(database);
    const Service service = start(subject.options());
    Client client(service.port());
    wait_for_sessions([&](const std::string& request) { client.ask(request); }, subject);
    for (const Kind& kind : kinds) {
        const auto requests = subject.requests_of(kind);
        for (std::size_t i = 0; i < warm_up; ++i) client.ask(requests[i]);
        mark(kind.name);
        const std::size_t before = allocations;
        for (std::size_t i = warm_up; i < requests.size(); ++i) client.ask(requests[i]);
        const std::size_t made = allocations - before;
        mark("");
        std::printf("%s %zu\n", kind.name, made);
    }
    std::printf("%d\n", measured);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view form = argc == 3 ? argv[1] : "";
    if (form == "instructions")
        count_instructions(argv[2]);
    else if (form == "calls")
        make_calls(argv[2]);
    else
        return 2;
}
