// What the tests of the PostgreSQL engine share: stores over new databases, and a way to reach the
// server beneath them.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../store_fixture.hpp"
#include "../test_database.hpp"

namespace postgres_test {

using namespace store_test;
using coder_users_test::new_postgres_database;
using coder_users_test::postgres_rows;
using coder_users_test::prepared_postgres_database;
using coder_users_test::run_on_postgres;
using coder_users_test::there_is_postgres;

/// A store over a new database, with a short deadline.
struct Opened {
    explicit Opened(std::size_t connections = 8,
                    std::chrono::milliseconds deadline = std::chrono::seconds(5))
        : address(prepared_postgres_database()), store(chosen(address, connections, deadline)) {}

    static store::StoreOptions chosen(
        const std::string& address, std::size_t connections = 8,
        std::chrono::milliseconds deadline = std::chrono::seconds(5)) {
        store::StoreOptions chosen = options(address);
        chosen.connections = connections;
        chosen.database_deadline = deadline;
        return chosen;
    }

    /// Beneath the store.
    void run(const std::string& sql) const { run_on_postgres(address, sql); }
    std::string sql(const std::string& query) const { return postgres_rows(address, query); }

    const std::string address;
    store::Store store;
};

/// Runs `work(number)` on so many threads at once.
inline void at_once(int threads, const std::function<void(int)>& work) {
    std::atomic<int> waiting{threads};
    std::vector<std::thread> all;
    for (int i = 0; i < threads; ++i)
        all.emplace_back([&, i] {
            --waiting;
            while (waiting > 0) std::this_thread::yield();
            work(i);
        });
    for (std::thread& each : all) each.join();
}

}  // namespace postgres_test
