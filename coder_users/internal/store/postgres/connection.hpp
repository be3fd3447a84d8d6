// Internal: may change at any time.
// Connections and transactions of a store, on sessions that the pool lends.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/postgres/dialect.hpp"
#include "coder_users/internal/store/postgres/pool.hpp"
#include "coder_users/internal/store/postgres/statement.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

[[noreturn]] inline void refuse_as_file() {
    throw std::runtime_error(
        "a database of PostgreSQL is copied and restored with PostgreSQL's own tools, as pg_dump");
}

/// A connection or transaction, which is the `Base`, on a session that must outlive it.
template <class Base>
class On : public Base {
 public:
    On(Session& session, const Activity& activity)
        : Base(dialect, activity), session_(session) {}

    void run(const std::string& sql) final { session_.run(sql); }
    bool in_transaction() const final { return session_.in_transaction(); }
    void copy_to(const std::string& /*path*/,
                 const store::Connection::CopyProgress& /*progress*/) final {
        refuse_as_file();
    }

 protected:
    Session& session() const { return session_; }

    LentStatement prepare(std::string_view sql) override { return lend(sql, Kept::yes, ""); }
    LentStatement prepare_varying(const std::string& sql) override {
        return lend(sql, Kept::no, "");
    }

    LentStatement lend(std::string_view sql, Kept kept, std::string cursor) const {
        return LentStatement(new Statement(session_, sql, kept, std::move(cursor)));
    }

 private:
    Session& session_;
};

class Connection final : public On<store::Connection> {
 public:
    using On::On;
};

/// The connection of a long reading, which keeps what it was lent.
class LongConnection final : private Lease, public On<store::Connection> {
 public:
    LongConnection(Lease lease, const Activity& activity)
        : Lease(std::move(lease)), On(Lease::session(), activity) {}

 private:
    LentStatement prepare(std::string_view sql) override { return in_pieces(sql); }
    LentStatement prepare_varying(const std::string& sql) override { return in_pieces(sql); }
    LentStatement in_pieces(std::string_view sql) {
        return lend(sql, Kept::no, "c" + std::to_string(++cursors_));
    }

    int cursors_ = 0;
};

class Tx final : public On<store::Tx> {
 public:
    using On::On;

    /// Many rows take their time, in single statements, too.
    void expect_many_rows(bool many) override {
        if (many) usual_deadline_ = session().set_deadline(std::chrono::hours(1));
        if (!many) session().set_deadline(usual_deadline_);
        run(many ? "SET LOCAL statement_timeout = 0" : "SET LOCAL statement_timeout TO DEFAULT");
    }

 private:
    Session::Milliseconds usual_deadline_{};
};

}}}}  // namespace coder_users::v0::store::postgres
