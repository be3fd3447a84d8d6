// Measures the parts of the server without HTTP: checking a token, lists, searches, the start,
// decoding large bodies; and a bare SQLite statement to compare with.
//
// bench_parts [seconds] [users]     seconds 1: the shortest form, with 1,000 users
#include <SQLiteCpp/SQLiteCpp.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "coder_users/internal/store/user_list.hpp"
#include "data.hpp"
#include "large_bodies.hpp"
#include "temp_folder.hpp"

namespace {

using namespace coder_users;
using Clock = std::chrono::steady_clock;
using store::users::Filter;
using store::users::Page;

double microseconds(Clock::duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Calls `work` again and again in three rounds. Prints the median of their means, the spread, and
/// the processor time of this thread, which other work on the machine does not lengthen.
double report(const char* what, double seconds, const char* goal,
              const std::function<void()>& work) {
    std::vector<double> means, cpu;
    for (int round = 0; round < 3; ++round) {
        const auto begin = Clock::now();
        const double cpu_begin = cpu_seconds();
        const auto end = begin + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(seconds / 60));
        int calls = 0;
        do {
            work();
            ++calls;
        } while (Clock::now() < end);
        means.push_back(microseconds(Clock::now() - begin) / calls);
        cpu.push_back((cpu_seconds() - cpu_begin) * 1e6 / calls);
    }
    std::sort(means.begin(), means.end());
    std::sort(cpu.begin(), cpu.end());
    std::printf("%-52s %9.1f us  (%.1f to %.1f)  cpu %.1f  goal %s\n", what, means[1], means[0],
                means[2], cpu[1], goal);
    std::fflush(stdout);
    return means[1];
}

double resident_megabytes() {
    std::ifstream statm("/proc/self/statm");
    double whole = 0, resident = 0;
    statm >> whole >> resident;
    return resident * 4096 / (1 << 20);
}

void lists(store::Store& store, std::size_t users, double seconds) {
    const auto listed = [&](const char* what, const char* goal, const Filter& filter, Page page) {
        report(what, seconds, goal, [&] {
            const auto list = store.read(
                [&](store::Connection& c) { return store::users::list(c, filter, page); });
            if (list.count < 0) std::abort();
        });
    };
    const auto text = [](const char* part) {
        Filter filter;
        filter.text = part;
        return filter;
    };
    listed("first page of 25, with count", "-", {}, {"", 25, 0});
    listed("page of 25 in the middle, by after_id", "<= 1 ms", {},
           {bench::user_number(users / 2).id, 25, 0});
    listed("last page by offset", "<= 3 ms", {}, {"", 25, static_cast<std::int64_t>(users) - 25});
    listed("text that one user has", "<= 1 ms", text("0000777"), {"", 25, 0});
    listed("text that a few have", "<= 1 ms", text("kate-nils-00003"), {"", 25, 0});
    listed("text that everybody has", "<= 8 ms", text("example"), {"", 25, 0});
    listed("one letter", "<= 8 ms", text("a"), {"", 25, 0});
    listed("one letter, last page by offset", "<= 8 ms", text("e"),
           {"", 25, static_cast<std::int64_t>(users) - 25});
    listed("two letters that nobody has", "<= 8 ms", text("zq"), {"", 25, 0});
    // By now the texts are in memory, in which all searches look.
    listed("text that one user has, again", "<= 1 ms", text("0000777"), {"", 25, 0});
    listed("text that a few have, again", "<= 1 ms", text("kate-nils-00003"), {"", 25, 0});
    Filter dormant;
    dormant.statuses = {UserStatus::dormant};
    listed("status:dormant, a tenth of all", "-", dormant, {"", 25, 0});
    Filter owners;
    owners.roles = {"owner"};
    listed("role:owner", "-", owners, {"", 25, 0});
}

void sessions(const std::string& path, const std::vector<std::string>& tokens, double seconds) {
    Options options{path};
    options.port = 0;
    for (const bool cached : {true, false}) {
        if (!cached) options.limits.cached_sessions = 0;
        Service service = start(options);
        std::size_t next = 0;
        report(cached ? "authenticate(token)" : "authenticate(token), nothing kept in memory",
               seconds, cached ? "<= 8 us" : "-",
               [&] { service.authenticate(tokens[next++ % tokens.size()]); });
    }
    // The bare statement, on a connection of its own.
    store::StoreOptions bare;
    bare.database = path;
    store::Store store(bare);
    std::size_t next = 0;
    store.read([&](store::Connection& c) {
        report("the joined statement for a session, bare", seconds, "-", [&] {
            const auto found = store::api_keys::find_checked_key(
                c, tokens[next++ % tokens.size()].substr(0, rules::key_id_size));
            if (!found) std::abort();
        });
    });
}

void bodies(double seconds) {
    for (const coder_users_test::LargeBody& body : coder_users_test::large_bodies())
        report((std::string("decoding 1 MiB: ") + body.what).c_str(), seconds, "<= 10 ms", [&] {
            try {
                wire::read_body(body.text, *body.schema);
            } catch (const ApiError&) {
                if (body.detail.empty()) std::abort();
            }
        });
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 10;
    const std::size_t users = argc > 2      ? std::strtoul(argv[2], nullptr, 10)
                              : seconds > 2 ? 100'000
                                            : 1'000;
    coder_users_test::TempFolder folder;
    const std::string path = folder.file("users.db");
    std::vector<std::string> tokens;
    {
        store::StoreOptions options;
        options.database = path;
        store::Store store(options);
        const auto begin = Clock::now();
        tokens = bench::fill(
            store, users, std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()),
            "");
        std::printf("%zu users made in %.1f s, %.1f MB\n", users,
                    microseconds(Clock::now() - begin) / 1e6,
                    static_cast<double>(std::filesystem::file_size(path)) / (1 << 20));
        lists(store, users, seconds);
    }
    Options options{path};
    options.port = 0;
    report("start() and stop() on this file", seconds, "start() <= 50 ms",
           [&] { Service service = start(options); });
    sessions(path, tokens, seconds);
    bodies(seconds);
    std::printf("%-52s %9.1f MB\n", "resident at the end", resident_megabytes());
}
