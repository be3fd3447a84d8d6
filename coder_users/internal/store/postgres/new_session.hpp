// Internal: may change at any time.
// Makes sessions on which nothing depends on what a role or a database has set.
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "coder_users/internal/store/postgres/session.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// What our statements rely on, and the server's own deadlines, which end what a client has left
/// behind that is gone.
inline std::string session_settings(std::chrono::milliseconds deadline) {
    const auto ms = [](std::chrono::milliseconds time) { return std::to_string(time.count()); };
    return "SET search_path = coder_users, pg_temp;"
           "SET standard_conforming_strings = on;"
           "SET default_transaction_isolation = 'read committed';"
           "SET default_transaction_read_only = off;"
           "SET default_transaction_deferrable = off;"
           "SET transform_null_equals = off;"
           "SET row_security = on;"
           "SET statement_timeout = " +
           server_timeout(deadline) +
           ";"
           "SET lock_timeout = " +
           ms(deadline * 4 / 5) +
           ";"
           "SET idle_in_transaction_session_timeout = " +
           ms(2 * deadline) +
           ";"
           // What was answered must be on the disk. Stricter settings of the server hold.
           "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
           "WHEN 'off' THEN 'on' WHEN 'local' THEN 'on' "
           "ELSE current_setting('synchronous_commit') END, false)";
}

/// Throws std::runtime_error when the server or the database is none that can be used.
inline void check_server(Session& session) {
    constexpr int oldest = 130000;
    if (session.server_version() < oldest)
        throw std::runtime_error("PostgreSQL 13 or newer is needed");
    const Result row = session.execute(
        "SELECT current_setting('server_encoding'), current_setting('session_replication_role')",
        {}, Kept::no);
    if (std::string(PQgetvalue(row.get(), 0, 0)) != "UTF8")
        throw std::runtime_error("the encoding of the database is not UTF8");
    if (std::string(PQgetvalue(row.get(), 0, 1)) != "origin")
        throw std::runtime_error("session_replication_role is set, which switches references off");
}

/// Throws as Session's constructor and check_server().
inline std::unique_ptr<Session> new_session(
    const Address& address, std::chrono::milliseconds deadline, Session::Clock::time_point end,
    std::chrono::milliseconds connecting = (std::chrono::milliseconds::max)()) {
    auto session = std::make_unique<Session>(address, deadline, end, connecting);
    check_server(*session);
    session->run(session_settings(deadline));
    return session;
}

}}}}  // namespace coder_users::v0::store::postgres
