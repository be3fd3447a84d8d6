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
        : options(changed(change)), database(options.database) {
        while (all.size() < count)
            all.push_back(std::make_unique<TestServer>(options, rate_limits));
    }

    TestServer& operator[](std::size_t i) const { return *all[i % all.size()]; }
    std::string sql(const std::string& query) const { return stored(database, query); }
    void advance(coder_users::Duration step) const {
        for (const auto& each : all) each->advance(step);
    }

    coder_users::Options options;
    const std::string database;
    std::vector<std::unique_ptr<TestServer>> all;

 private:
    static coder_users::Options changed(const Change& change) {
        coder_users::Options chosen;
        chosen.database.clear();
        chosen.secret_key = test_secret_key;
        if (change) change(chosen);
        if (chosen.database.empty()) chosen.database = prepared_postgres_database();
        return chosen;
    }
};

}  // namespace coder_users_test
