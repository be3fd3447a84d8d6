#include "test_database.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "coder_users/internal/base/text.hpp"

#ifdef CODER_USERS_POSTGRES
#include <libpq-fe.h>

#include "coder_users/internal/store/open_engine.hpp"
#include "coder_users/internal/store/postgres/schema_sql.hpp"
#endif

namespace coder_users_test {

namespace {

std::string cluster() {
    const char* const address = std::getenv("CODER_USERS_TEST_DATABASE");
    return address ? address : "";
}

/// The address of another database of the cluster.
std::string address_of(const std::string& database) {
    const std::string address = cluster();
    const std::size_t query = address.find('?');
    const std::size_t path = address.find('/', address.find("://") + 3);
    return address.substr(0, (std::min)(path, query)) + "/" + database +
           (query == std::string::npos ? "" : address.substr(query));
}

#ifdef CODER_USERS_POSTGRES
using Link = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

Link linked(const std::string& address) {
    Link link(PQconnectdb(address.c_str()), &PQfinish);
    PQsetNoticeProcessor(
        link.get(), [](void*, const char*) {}, nullptr);
    if (address != cluster())  // an empty one has no such schema
        PQclear(PQexec(link.get(), "SET search_path = coder_users, public"));
    return link;
}

Result tried(const Link& link, const std::string& sql) {
    return {PQexec(link.get(), sql.c_str()), &PQclear};
}
bool is_good(const Result& result) {
    const auto status = PQresultStatus(result.get());
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}
std::runtime_error failed(const Link& link, const std::string& sql) {
    return std::runtime_error(sql + ": " + PQerrorMessage(link.get()));
}

/// Connections that nobody uses at present: to make one takes longer than most statements take.
class IdleLinks {
 public:
    Link take(const std::string& address) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = links_.find(address);
        if (found == links_.end()) return {nullptr, &PQfinish};
        Link link = std::move(found->second);
        links_.erase(found);
        return link;
    }
    void put_back(const std::string& address, Link link) {
        const std::lock_guard<std::mutex> lock(mutex_);
        links_.emplace(address, std::move(link));
    }
    void end_all() {
        const std::lock_guard<std::mutex> lock(mutex_);
        links_.clear();
    }

 private:
    std::mutex mutex_;
    std::multimap<std::string, Link> links_;
};

IdleLinks& idle_links() {
    static IdleLinks all;
    return all;
}

Result answer(const std::string& address, const std::string& sql) {
    for (;;) {
        Link link = idle_links().take(address);
        const bool is_new = !link;
        if (is_new) link = linked(address);
        Result result = tried(link, sql);
        if (is_good(result)) {
            idle_links().put_back(address, std::move(link));
            return result;
        }
        // A test may have ended it while it lay there.
        if (is_new || PQstatus(link.get()) != CONNECTION_BAD) throw failed(link, sql);
    }
}

/// Makes a database that is like another one, in the way that is fastest while they are small.
void copy_database(const std::string& from, const std::string& to) {
    const Result version = answer(cluster(), "SHOW server_version_num");
    const bool has_ways = std::atoi(PQgetvalue(version.get(), 0, 0)) >= 150000;
    answer(cluster(),
           "CREATE DATABASE " + to + " TEMPLATE " + from + (has_ways ? " STRATEGY file_copy" : ""));
}

/// Returns the name of a database with our schema and no rows. Of all processes that test on the
/// cluster the first one makes it, and gives it this name when it is complete.
std::string database_with_schema() {
    namespace store = coder_users::store;
    const std::string name =
        "cu_schema_" + std::to_string(std::hash<std::string_view>()(store::postgres::schema_sql));
    const std::string incomplete = name + "_incomplete", lock = "SELECT pg_advisory_lock(1)";
    const Link turn = linked(cluster());  // which ends with it
    if (!is_good(tried(turn, lock))) throw failed(turn, lock);
    const Result known =
        answer(cluster(), "SELECT 1 FROM pg_database WHERE datname = '" + name + "'");
    if (PQntuples(known.get()) > 0) return name;
    answer(cluster(), "DROP DATABASE IF EXISTS " + incomplete + " WITH (FORCE)");
    copy_database("template1", incomplete);
    store::StoreOptions options;
    options.database = address_of(incomplete);
    { const store::Store opened(options); }
    answer(cluster(), "ALTER DATABASE " + incomplete + " RENAME TO " + name);
    return name;
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
struct NoLinks {
    static void end_all() {}
};
NoLinks idle_links() { return {}; }
void answer(const std::string&, const std::string&) {
    throw std::runtime_error("these tests were built without libpq");
}
void copy_database(const std::string& from, const std::string& to) { answer(from, to); }
std::string database_with_schema() { return ""; }
#endif

/// The databases of the test that runs.
class Databases {
 public:
    Databases() { idle_links(); }  // which ends after this
    ~Databases() { drop_all(); }

    std::string copy(const std::string& from) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::string test = Catch::getResultCapture().getCurrentTestName();
        if (test != test_) drop_all();
        test_ = test;
        const std::string name =
            "cu_" + std::to_string(::getpid()) + "_" + std::to_string(++count_);
        copy_database(from, name);
        names_.push_back(name);
        return address_of(name);
    }

 private:
    void drop_all() noexcept {
        idle_links().end_all();
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

std::string copy_for_test(const std::string& from) {
    static Databases databases;
    return databases.copy(from);
}

void require_cluster() {  // ctest skips the test that says so
    if (!on_postgres())
        throw std::runtime_error("there is no PostgreSQL cluster (CODER_USERS_TEST_DATABASE)");
}

}  // namespace

bool on_postgres() { return !cluster().empty(); }

bool there_is_postgres() {
    if (on_postgres()) return true;
    std::cout << "there is no PostgreSQL: CODER_USERS_TEST_DATABASE is not set\n";
    return false;
}

std::string new_postgres_database() {
    require_cluster();
    return copy_for_test("template1");
}

std::string prepared_postgres_database() {
    require_cluster();
    static const std::string prepared = database_with_schema();
    return copy_for_test(prepared);
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
    return on_postgres() ? prepared_postgres_database() : otherwise;
}

}  // namespace coder_users_test
