#include "test_database.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/text.hpp"

#ifdef CODER_USERS_POSTGRES
#include <libpq-fe.h>
#endif

namespace coder_users_test {

namespace {

std::string cluster() {
    const char* const address = std::getenv("CODER_USERS_TEST_DATABASE");
    return address ? address : "";
}

#ifdef CODER_USERS_POSTGRES
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

Result answer(const std::string& address, const std::string& sql) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(address.c_str()),
                                                                  &PQfinish);
    PQsetNoticeProcessor(
        connection.get(), [](void*, const char*) {}, nullptr);
    if (address != cluster())  // an empty one has no such schema
        PQclear(PQexec(connection.get(), "SET search_path = coder_users, public"));
    Result result(PQexec(connection.get(), sql.c_str()), &PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
    return result;
}
// As SQLite has it: a truth is 1 or 0.
std::string value_at(const PGresult* rows, int row, int column) {
    constexpr Oid type_boolean = 16;
    if (PQgetisnull(rows, row, column)) return "NULL";
    const std::string value = PQgetvalue(rows, row, column);
    if (PQftype(rows, column) != type_boolean) return value;
    return value == "t" ? "1" : "0";
}
#else
struct NoRows {};
using Result = std::unique_ptr<NoRows>;
Result answer(const std::string&, const std::string&) {
    throw std::runtime_error("these tests were built without libpq");
}
#endif

/// The databases of the test that runs.
class Databases {
 public:
    ~Databases() { drop_all(); }

    std::string make() {
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::string test = Catch::getResultCapture().getCurrentTestName();
        if (test != test_) drop_all();
        test_ = test;
        const std::string name =
            "cu_" + std::to_string(::getpid()) + "_" + std::to_string(++count_);
        answer(cluster(), "CREATE DATABASE " + name);
        names_.push_back(name);
        const std::string address = cluster();
        const std::size_t query = address.find('?');
        const std::size_t path = address.find('/', address.find("://") + 3);
        return address.substr(0, (std::min)(path, query)) + "/" + name +
               (query == std::string::npos ? "" : address.substr(query));
    }

 private:
    void drop_all() noexcept {
        for (const std::string& name : names_) try {
                answer(cluster(), "DROP DATABASE " + name + " WITH (FORCE)");
            } catch (const std::exception&) {
                // the whole cluster is deleted in the end
            }
        names_.clear();
    }

    std::mutex mutex_;
    std::string test_;
    std::vector<std::string> names_;
    int count_ = 0;
};

}  // namespace

bool on_postgres() { return !cluster().empty(); }

bool there_is_postgres() {
    if (on_postgres()) return true;
    std::cout << "there is no PostgreSQL: CODER_USERS_TEST_DATABASE is not set\n";
    return false;
}

std::string new_postgres_database() {
    if (!on_postgres())  // ctest skips the test that says so
        throw std::runtime_error("there is no PostgreSQL cluster (CODER_USERS_TEST_DATABASE)");
    static Databases databases;
    return databases.make();
}

void run_on_postgres(const std::string& address, const std::string& sql) { answer(address, sql); }

std::string postgres_rows(const std::string& address, const std::string& sql) {
    std::string out;
#ifdef CODER_USERS_POSTGRES
    const Result rows = answer(address, sql);
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
        if (row > 0) out += '\n';
        for (int i = 0; i < PQnfields(rows.get()); ++i)
            (out += i ? "|" : "") += value_at(rows.get(), row, i);
    }
#else
    answer(address, sql);
#endif
    return out;
}

std::string in_one_line(std::string rows) {
    for (char& c : rows)
        if (c == '\n') c = ',';
    return rows.empty() ? "NULL" : rows;
}

std::string database_or(const std::string& otherwise) {
    return on_postgres() ? new_postgres_database() : otherwise;
}

}  // namespace coder_users_test
