// Several servers on one database of PostgreSQL.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server_fixture.hpp"
#include "test_database.hpp"

namespace coder_users_test {

/// Servers that differ in nothing but their ports and, once a test moves them, their clocks.
struct Servers {
    using Change = std::function<void(coder_users::Options&)>;

    explicit Servers(const Change& change = {}, bool rate_limits = false, std::size_t count = 3)
        : database(new_postgres_database()) {
        options.database = database;
        options.secret_key = test_secret_key;
        if (change) change(options);
        while (all.size() < count)
            all.push_back(std::make_unique<TestServer>(options, rate_limits));
    }

    TestServer& operator[](std::size_t i) const { return *all[i % all.size()]; }
    std::string sql(const std::string& query) const { return stored(database, query); }
    void advance(coder_users::Duration step) const {
        for (const auto& each : all) each->advance(step);
    }

    const std::string database;
    coder_users::Options options;
    std::vector<std::unique_ptr<TestServer>> all;
};

}  // namespace coder_users_test
