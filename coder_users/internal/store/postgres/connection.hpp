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
    On(Session& session, const Activity& activity) : Base(dialect, activity), session_(session) {}

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
    ~LongConnection() override {
        try {
            if (!Lease::session().is_lost()) run("ROLLBACK");
        } catch (const std::exception&) {
            // the pool closes it
        }
    }

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

    void lock_owners() override { lock("SELECT 1 FROM database_info FOR NO KEY UPDATE"); }
    void lock_organization(std::string_view id) override {
        lock("SELECT 1 FROM organizations WHERE id = $1 FOR UPDATE", id);
    }
    /// Both in one statement, in the order of their ids.
    void lock_users(std::string_view actor_id, std::string_view target_id) override {
        locked_user_ = target_id;
        if (actor_id.empty() || actor_id == target_id) {
            if (!target_id.empty())
                lock("SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE", target_id);
        } else if (target_id.empty()) {
            lock("SELECT 1 FROM users WHERE id = $1 FOR SHARE", actor_id);
        } else if (actor_id < target_id) {
            lock(both_locks("$1 FOR SHARE", "$2 FOR NO KEY UPDATE"), actor_id, target_id);
        } else {
            lock(both_locks("$1 FOR NO KEY UPDATE", "$2 FOR SHARE"), target_id, actor_id);
        }
    }
    void lock_session(std::string_view key_id) override {
        lock("SELECT 1 FROM api_keys WHERE id = $1 FOR SHARE", key_id);
    }
    bool lock_found_user(std::string_view id) override {
        if (locked_user_ == id) return false;
        lock_users("", id);
        return true;
    }

    /// Many rows take their time, in single statements, too.
    void expect_many_rows(bool many) override {
        if (many) usual_deadline_ = session().set_deadline(std::chrono::hours(1));
        if (!many) session().set_deadline(usual_deadline_);
        run(many ? "SET LOCAL statement_timeout = 0" : "SET LOCAL statement_timeout TO DEFAULT");
    }

 private:
    template <class... Ids>
    void lock(const std::string& sql, const Ids&... ids) {
        query(sql, ids...).next();
    }
    // The rows of the first are locked before those of the second.
    static std::string both_locks(const char* first, const char* second) {
        const std::string one = "(SELECT 1 FROM users WHERE id = ";
        return "SELECT 1 FROM " + one + first + ") first UNION ALL SELECT 1 FROM " + one + second +
               ") second";
    }

    std::string locked_user_;
    Session::Milliseconds usual_deadline_{};
};

}}}}  // namespace coder_users::v0::store::postgres
