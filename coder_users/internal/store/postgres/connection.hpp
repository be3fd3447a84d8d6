// Internal: may change at any time.
// Connections and transactions of a store, on sessions that the pool lends.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
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
        : Lease(std::move(lease)), On(Lease::session(), activity) {
        Lease::session().set_end((Session::Clock::time_point::max)());
    }
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

/// The number that stands for a user in locks: FNV-1a of its id, the same on every server. Two
/// users with one number would only wait for each other. The sealing key has a name for an id.
inline std::int64_t lock_number(std::string_view user_id) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : user_id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    std::int64_t number = 0;
    std::memcpy(&number, &hash, sizeof number);
    return number;
}

class Tx final : public On<store::Tx> {
 public:
    using On::On;

    void lock_owners() override { lock("SELECT 1 FROM database_info FOR NO KEY UPDATE"); }
    void lock_sealing_key(bool changes) override {
        lock(changes ? alone("$1") : shared("$1"), lock_number("the sealing key"));
    }
    void lock_organization(std::string_view id) override {
        lock("SELECT 1 FROM organizations WHERE id = $1 FOR UPDATE", id);
    }
    void lock_users(std::string_view actor_id, std::string_view target_id) override {
        locked_user_ = target_id;
        const std::int64_t actor = lock_number(actor_id);
        const std::int64_t target = lock_number(target_id);
        if (target_id.empty()) {
            if (!actor_id.empty()) lock("SELECT pg_advisory_xact_lock_shared($1)", actor);
        } else if (actor_id.empty() || actor == target) {
            lock(alone("$1") + all_of + row("$2"), target, target_id);
        } else if (actor < target) {
            lock(shared("$1") + all_of + alone("$2") + all_of + row("$3"), actor, target,
                 target_id);
        } else {
            lock(alone("$1") + all_of + shared("$2") + all_of + row("$3"), target, actor,
                 target_id);
        }
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
        run("SET LOCAL statement_timeout = " + (many ? "0" : server_timeout(usual_deadline_)));
    }

 private:
    template <class... Ids>
    void lock(const std::string& sql, const Ids&... ids) {
        query(sql, ids...).next();
    }

    // Locks of one statement, which takes them one after the other. Those of numbers queue: who
    // wants a user alone is not passed by others who share it, as it would be by locks of rows.
    static constexpr const char* all_of = " UNION ALL ";
    static std::string shared(const char* number) {
        return std::string("SELECT CAST(pg_advisory_xact_lock_shared(") + number + ") AS TEXT)";
    }
    static std::string alone(const char* number) {
        return std::string("SELECT CAST(pg_advisory_xact_lock(") + number + ") AS TEXT)";
    }
    // Against batches of activity, which know no numbers: they write users before keys, and so
    // does everybody who has locked the row first.
    static std::string row(const char* id) {
        return std::string("SELECT id FROM (SELECT id FROM users WHERE id = ") + id +
               " FOR NO KEY UPDATE) target";
    }

    std::string locked_user_;
    Session::Milliseconds usual_deadline_{};
};

}}}}  // namespace coder_users::v0::store::postgres
