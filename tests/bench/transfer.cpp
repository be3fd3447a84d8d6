// Measures export and import of 100,000 users, and compares the bytes afterwards.
#include <time.h>

#include <chrono>
#include <coder_users.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "coder_users/data.hpp"
#include "temp_folder.hpp"

namespace {

namespace data = coder_users::data;
using Clock = std::chrono::steady_clock;

double processor_seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class Work>
void timed(const char* what, Work&& work) {
    const auto start = Clock::now();
    const double all = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double here = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    std::printf("%-44s %8.2f s; processor time %.2f s, of the calling thread %.2f s\n", what,
                std::chrono::duration<double>(Clock::now() - start).count(),
                processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - all,
                processor_seconds(CLOCK_THREAD_CPUTIME_ID) - here);
    std::fflush(stdout);
}

std::string seed_of(int users) {
    std::string seed;
    for (int i = 0; i < users; ++i) {
        std::string number = std::to_string(i), token = "abcdefghij-0123456789ABCDEFGHIJKL";
        token.replace(10 - number.size(), number.size(), number);
        seed +=
            R"({"username":"user)" + number + R"(","email":"user)" + number +
            R"(@example.com","roles":["auditor"],"tokens":{"ci":")" + token +
            R"("},"hashed_password":"$2y$10$abcdefghijklmnopqrstuufS6pobK/FmfRO4I2JuHShY0rWrLIAq6"})"
            "\n";
    }
    return seed;
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    const int users = seconds < 5 ? 5'000 : 100'000;
    const coder_users_test::TempFolder folder;
    coder_users::Options source, target;
    source.database = folder.file("source.db");
    target.database = folder.file("target.db");
    std::printf("%d users, each with a role, a token, a membership and an SSH key\n", users);
    const std::string seed = seed_of(users);
    timed("seed", [&] { data::seed(source, seed); });
    timed("export", [&] { data::export_to(source, folder.file("first.jsonl")); });
    std::ofstream(target.database + ".key")
        << coder_users_test::file_bytes(source.database + ".key");
    timed("import", [&] {
        std::ifstream in(folder.file("first.jsonl"), std::ios::binary);
        data::import_from(target, in);
    });
    data::export_to(target, folder.file("second.jsonl"));
    const std::string first = coder_users_test::file_bytes(folder.file("first.jsonl"));
    const bool same = first == coder_users_test::file_bytes(folder.file("second.jsonl"));
    std::printf("%-44s %8.1f MB, %s\n", "the export", static_cast<double>(first.size()) / 1e6,
                same ? "the same bytes after the import" : "NOT THE SAME BYTES");
    timed("backup", [&] { data::backup(target, folder.file("copy.db")); });
    timed("check", [&] {
        if (!data::check(target).damage.empty()) std::abort();
    });
    return same ? 0 : 1;
}
