// Measures what a host waits for and pays: the time from start to the first answer, the time of a
// stop with idle clients, the memory of an idle service, and the time to compile a file that
// includes the header.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>
#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "coder_users/internal/store/sqlite/schema_sql.hpp"
#include "raw_client.hpp"
#include "temp_folder.hpp"

namespace {

using coder_users_test::RawClient;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

double timed(const std::function<void()>& work) {
    const auto start = Clock::now();
    work();
    return milliseconds(Clock::now() - start);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void print(const char* what, const std::vector<double>& values, double baseline, const char* goal) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    std::printf("%-44s median %7.2f ms  (%.2f to %.2f)  %5.1f x baseline  goal %s\n", what,
                median(values), *low, *high, median(values) / baseline, goal);
}

coder_users::Options options(const std::string& database) {
    coder_users::Options chosen{database};
    chosen.port = 0;
    return chosen;
}

// Times a service from its start to its first answer over HTTP.
double start_to_first_answer(const std::string& database) {
    return timed([&] {
        auto users = coder_users::start(options(database));
        if (coder_users_test::request(users.port(), "GET", "/readyz").status != 200) std::abort();
    });
}

// Times the least that any server made of these parts needs: a database with this schema and a
// socket.
double bare_database(const std::string& name) {
    return timed([&] {
        SQLite::Database db(name, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        db.exec(coder_users::store::schema_sql);
    });
}

double stop_with_idle_clients(int clients) {
    auto users = coder_users::start(options(":memory:"));
    std::vector<RawClient> idle;
    for (int i = 0; i < clients; ++i) {
        idle.emplace_back(users.port());
        idle.back().send(coder_users_test::request_text("GET", "/healthz"));
        if (idle.back().read().status != 200) std::abort();
    }
    return timed([&] { users.stop(); });
}

double resident_megabytes() {
    std::ifstream statm("/proc/self/statm");
    double whole = 0, resident = 0;
    statm >> whole >> resident;
    return resident * 4096 / (1 << 20);
}

double compiled(const std::string& folder, const char* source) {
    const std::string file = folder + "/host.cpp";
    std::ofstream(file) << source;
    const std::string command = std::string(HOST_COMPILER) +
                                " -std=c++17 -DCODER_USERS_COMPILED -I" + HOST_INCLUDE + " -c " +
                                file + " -o " + folder + "/host.o";
    return timed([&] {
        if (std::system(command.c_str()) != 0) std::abort();
    });
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    const int rounds = (std::max)(3, static_cast<int>(seconds * 4));
    coder_users_test::TempFolder folder;

    std::vector<double> bare, memory, fresh, existing, stopping;
    start_to_first_answer(folder.file("existing.db"));
    for (int i = 0; i < rounds; ++i) {
        bare.push_back(bare_database(":memory:"));
        memory.push_back(start_to_first_answer(":memory:"));
        fresh.push_back(start_to_first_answer(folder.file("fresh" + std::to_string(i) + ".db")));
        existing.push_back(start_to_first_answer(folder.file("existing.db")));
        stopping.push_back(stop_with_idle_clients(50));
    }
    std::printf("baseline: schema into a bare SQLite database %.2f ms; %d rounds\n", median(bare),
                rounds);
    print("start, first answer and stop, :memory:", memory, median(bare), "<= 20 ms");
    print("the same on a new file", fresh, median(bare), "-");
    print("the same on an existing file", existing, median(bare), "<= 50 ms");
    print("stop() with 50 idle keep-alive clients", stopping, median(bare), "<= 20 ms");

    const double before = resident_megabytes();
    auto users = coder_users::start(options(":memory:"));
    coder_users_test::request(users.port(), "GET", "/readyz");
    std::printf("%-44s %.1f MB, %.1f of them for the service  goal <= 16 MB\n",
                "resident with one idle service", resident_megabytes(),
                resident_megabytes() - before);

    std::vector<double> empty, host;
    for (int i = 0; i < 3; ++i) {
        empty.push_back(compiled(folder.file(""), "#include <string>\nint main() {}\n"));
        host.push_back(compiled(folder.file(""), "#include <coder_users.hpp>\nint main() {}\n"));
    }
    print("compiling a file with coder_users.hpp", host, median(empty), "<= 1000 ms");
}
