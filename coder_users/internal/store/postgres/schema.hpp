// Internal: may change at any time.
// Makes the schema of an empty database, brings an older one to the current version, and refuses
// any other.
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/later_steps.hpp"
#include "coder_users/internal/store/postgres/expected_schema.hpp"
#include "coder_users/internal/store/postgres/schema_query.hpp"
#include "coder_users/internal/store/postgres/schema_sql.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// The version of schema.sql beside this file, and the oldest server that may use it.
inline constexpr int schema_version = 3, schema_compatible_from = 3;

/// The newest schema that this version knows.
inline int newest_version(const SchemaSteps& steps) {
    return steps.empty() ? schema_version : steps.back().version;
}

/// What a database says of itself.
struct DatabaseInfo {
    int version = 0;
    int compatible_from = 0;
    bool test_data = false;
};

inline std::optional<DatabaseInfo> find_info(Connection& c) {
    if (c.first_text("SELECT to_regclass('coder_users.database_info')").empty())
        return std::nullopt;
    Query row = c.query("SELECT version, compatible_from, test_data FROM database_info");
    if (!row.next()) throw std::runtime_error("its table database_info is empty");
    return DatabaseInfo{static_cast<int>(row.integer(0)), static_cast<int>(row.integer(1)),
                        row.integer(2) != 0};
}

/// Throws std::runtime_error when the database holds anything but what it was made with.
inline void require_empty(Connection& c) {
    const std::string other = c.first_text(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') "
        "AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast\\_temp\\_%' "
        "AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
        "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass "
        "AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1 LIMIT 1");
    if (!other.empty())
        throw std::runtime_error("it is not empty and none of coder_users: it holds " + other);
}

/// Throws std::runtime_error when the schema coder_users belongs to somebody else, who could
/// remove our tables and put functions beside them. Returns whether there is one.
inline bool find_schema(Connection& c) {
    Query row = c.query(
        "SELECT CASE WHEN pg_has_role(nspowner, 'MEMBER') THEN 1 ELSE 0 END FROM pg_namespace "
        "WHERE nspname = 'coder_users'");
    if (!row.next()) return false;
    if (row.integer(0) == 0)
        throw std::runtime_error("its schema coder_users belongs to another role");
    return true;
}

/// Makes the index of texts, for which an extension is needed that not every server has and not
/// everybody may create. Returns why it was not made; "" when it was.
inline std::string make_text_index(Connection& c) {
    if (c.first_text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'").empty())
        return "the server does not have the extension pg_trgm";
    c.run("SAVEPOINT text_index");
    try {
        c.run("CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA coder_users");
        const std::string where = c.first_text(
            "SELECT quote_ident(n.nspname) FROM pg_extension e "
            "JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm'");
        c.run("CREATE INDEX users_text ON users USING gin (username_folded " + where +
              ".gin_trgm_ops, email_folded " + where + ".gin_trgm_ops) WHERE deleted = 0");
        c.run("RELEASE text_index");
        return {};
    } catch (const Unavailable& error) {
        c.run("ROLLBACK TO text_index");
        return error.what();
    }
}

/// Returns why lists of users are searched without an index; "" when there is one.
inline std::string why_no_text_index(Connection& c) {
    return c.first_text("SELECT to_regclass('coder_users.users_text')").empty()
               ? "the index users_text is missing"
               : "";
}

/// Throws std::runtime_error that names a part that is missing or foreign. A newer schema may hold
/// more than this version knows.
inline void check_schema(Connection& c, bool newer) {
    std::vector<std::string_view> expected;
    for (std::string_view rest = expected_schema; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        expected.push_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    std::vector<std::string> found;
    Query rows = c.query(describe_schema);
    while (rows.next()) found.push_back(rows.text(0));
    std::vector<std::string> missing, foreign;
    const std::set<std::string> wanted(expected.begin(), expected.end());
    const std::set<std::string> there(found.begin(), found.end());
    std::set_difference(wanted.begin(), wanted.end(), there.begin(), there.end(),
                        std::back_inserter(missing));
    std::set_difference(there.begin(), there.end(), wanted.begin(), wanted.end(),
                        std::back_inserter(foreign));
    if (!missing.empty())
        throw std::runtime_error("its schema was changed: it lacks " + missing.front());
    if (!newer && !foreign.empty())
        throw std::runtime_error("its schema was changed: it holds " + foreign.front());
}

/// Brings a database of ours from its version to the newest of `steps`.
inline void take_steps(Connection& c, int version, const SchemaSteps& steps) {
    for (const SchemaStep& step : steps) {
        if (step.version <= version) continue;
        c.run(step.sql);
        c.execute("UPDATE database_info SET version = $1, compatible_from = $2", step.version,
                  step.compatible_from);
    }
}

/// Throws std::runtime_error when this server must not use the database.
inline void check_info(const DatabaseInfo& info, int newest, bool test_data) {
    if (info.compatible_from > newest)
        throw std::runtime_error("it was made by a newer version of coder_users (schema " +
                                 std::to_string(info.version) + ", this one knows " +
                                 std::to_string(newest) + ")");
    if (info.test_data && !test_data)
        throw std::runtime_error("it is a database of test data (Options::test_data)");
    if (!info.test_data && test_data)
        throw std::runtime_error("it is no database of test data (Options::test_data)");
}

/// Looks at a database that is only read: nothing is made or brought to a newer version. Throws
/// std::runtime_error when it is none of ours, or older than this version.
inline void require_schema(Connection& c, bool test_data, const SchemaSteps& steps) {
    const int newest = newest_version(steps);
    const auto info = find_schema(c) ? find_info(c) : std::nullopt;
    if (!info) throw std::runtime_error("it holds no users, since no server has ever used it");
    check_info(*info, newest, test_data);
    if (info->version < newest)
        throw std::runtime_error("it is of an older version of coder_users (schema " +
                                 std::to_string(info->version) + "): start a server on it first");
    check_schema(c, info->version > newest);
}

/// Call it in a transaction: when it throws, the database is as it was. One process at a time gets
/// past its beginning. Throws std::runtime_error, and exceptions of the store. `accept()` is called
/// for a database that exists, before anything in it is changed. Returns why there is no index of
/// texts, or "".
template <class Accept>
std::string prepare_schema(Connection& c, bool test_data, const SchemaSteps& steps,
                           Accept&& accept) {
    c.run("SELECT pg_advisory_xact_lock(1129664370, 1)");  // "CUsr"
    const int newest = newest_version(steps);
    const bool has_schema = find_schema(c);
    if (const auto info = has_schema ? find_info(c) : std::nullopt) {
        check_info(*info, newest, test_data);
        accept();
        take_steps(c, info->version, steps);
        check_schema(c, info->version > newest);
        return why_no_text_index(c);
    }
    require_empty(c);
    if (!has_schema) c.run("CREATE SCHEMA coder_users");
    c.run(schema_sql);
    c.execute(
        "INSERT INTO database_info (only_row, version, compatible_from, test_data) "
        "VALUES (1, $1, $2, $3)",
        schema_version, schema_compatible_from, test_data ? 1 : 0);
    take_steps(c, schema_version, steps);
    std::string no_index = make_text_index(c);
    check_schema(c, false);
    return no_index;
}

}}}}  // namespace coder_users::v0::store::postgres
