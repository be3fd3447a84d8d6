// Internal: may change at any time.
// What SQL needs of an engine: connections, statements, transactions. The classes that an engine
// derives are Statement, Connection and Tx; files that hold SQL use Query, Connection and Tx.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coder_users/internal/store/activity.hpp"
#include "coder_users/internal/store/dialect.hpp"
#include "coder_users/internal/store/errors.hpp"
#include "coder_users/internal/store/recent_users.hpp"
#include "coder_users/internal/store/user_texts.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A prepared statement of an engine. It belongs to its connection, which lends it to one Query at
/// a time. Indexes of placeholders begin at 1, those of columns at 0. Members throw the exceptions
/// of errors.hpp.
class Statement {
 public:
    Statement() = default;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    /// Copies the value.
    virtual void bind_text(int index, std::string_view value) = 0;
    virtual void bind_integer(int index, std::int64_t value) = 0;
    virtual void bind_null(int index) = 0;

    /// Runs the statement up to its first row, or goes on to the next; returns false at the end.
    virtual bool next() = 0;
    /// Of the current row. A text of NULL is "", an integer of NULL is 0.
    virtual std::string text(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual bool is_null(int column) const = 0;
    /// How many rows the statement has changed, once it has run.
    virtual int changed() const = 0;

    /// Ends the rows; the values stay bound until others take their place.
    virtual void restart() = 0;
    /// Ends the loan: drops rows and values. Frees the statement unless the connection keeps it.
    virtual void give_back() noexcept = 0;

 protected:
    ~Statement() = default;
};

struct GiveBack {
    void operator()(Statement* statement) const noexcept { statement->give_back(); }
};
/// A statement on loan.
using LentStatement = std::unique_ptr<Statement, GiveBack>;

/// Base of values that fill several placeholders: `bind_to(Query&, int& index)` binds those after
/// `index` and increases it.
struct ManyValues {};

/// A prepared statement with bound values, in use as long as this object lives. Others may run on
/// the same connection between two of its rows.
class Query {
 public:
    explicit Query(LentStatement statement) : statement_(std::move(statement)) {}

    /// Steps to the next row; returns false at the end.
    bool next() { return statement_->next(); }
    std::string text(int column) const { return statement_->text(column); }
    std::int64_t integer(int column) const { return statement_->integer(column); }
    Time time(int column) const { return from_micros(integer(column)); }
    bool is_null(int column) const { return statement_->is_null(column); }
    /// How many rows the statement has changed, once next() has returned false.
    int changed() const { return statement_->changed(); }

    /// Starts the statement again with new values.
    template <class... Values>
    void restart(const Values&... values) {
        statement_->restart();
        bind_all(values...);
    }

    template <class... Values>
    void bind_all(const Values&... values) {
        [[maybe_unused]] int index = 0;
        (bind_next(index, values), ...);
    }
    void bind(int index, std::string_view value) { statement_->bind_text(index, value); }
    void bind(int index, std::int64_t value) { statement_->bind_integer(index, value); }
    void bind(int index, Time value) { statement_->bind_integer(index, micros(value)); }
    void bind(int index, std::nullptr_t) { statement_->bind_null(index); }
    void bind(int index, const std::optional<std::string>& value) {
        value ? bind(index, std::string_view(*value)) : bind(index, nullptr);
    }
    template <class Number, std::enable_if_t<std::is_integral_v<Number>, int> = 0>
    void bind(int index, Number value) {
        bind(index, static_cast<std::int64_t>(value));
    }
    void bind(int index, const char* value) { bind(index, std::string_view(value)); }
    void bind(int index, const std::string& value) { bind(index, std::string_view(value)); }

 private:
    template <class Value>
    void bind_next(int& index, const Value& value) {
        if constexpr (std::is_base_of_v<ManyValues, Value>)
            value.bind_to(*this, index);
        else
            bind(++index, value);
    }

    LentStatement statement_;
};

/// A connection. One thread at a time may use it and its queries. Statements are prepared once and
/// kept until the connection closes.
class Connection {
 public:
    /// Called with what is copied and with the whole, in units of the engine.
    using CopyProgress = std::function<void(std::int64_t done, std::int64_t total)>;

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    /// Binds copies of the values to the placeholders `$1…$n` in order. In the text a placeholder
    /// stands for the first time after all lower ones did.
    template <class... Values>
    Query query(std::string_view sql, const Values&... values) {
        Query query(prepare(sql));
        query.bind_all(values...);
        return query;
    }

    /// For statements whose text varies: keeps only some of them prepared, so that the others have
    /// room.
    Query query_varying(const std::string& sql) { return Query(prepare_varying(sql)); }

    /// Runs a statement that returns no rows; returns the number of rows that it changed.
    template <class... Values>
    int execute(std::string_view sql, const Values&... values) {
        Query query = this->query(sql, values...);
        query.next();
        return query.changed();
    }

    /// Returns the first value of a statement; "" when there is no row.
    std::string first_text(std::string_view sql) {
        Query query = this->query(sql);
        return query.next() ? query.text(0) : std::string();
    }

    /// Runs any number of statements without values and keeps none of them prepared.
    virtual void run(const std::string& sql) = 0;

    virtual bool in_transaction() const = 0;

    /// Copies the database, as this connection's transaction sees it, into the empty file `path`.
    /// Throws std::runtime_error where databases are no files.
    virtual void copy_to(const std::string& path, const CopyProgress& progress) = 0;

    /// A number that is another one when another connection has changed the database. Inside a
    /// transaction it stays the same. For connections whose recent_users() are on.
    virtual std::int64_t data_version() { return 0; }
    /// Off, unless the engine switched it on for a connection that only reads.
    RecentUsers& recent_users() { return recent_users_; }
    /// Not usable, unless the engine shares them with a connection that only reads.
    SharedTexts& shared_texts() { return shared_texts_; }

    /// The uses of keys that are not stored yet.
    const Activity& activity() const { return activity_; }
    /// The texts in which engines differ.
    const Dialect& dialect() const { return dialect_; }

 protected:
    /// Both must outlive the connection.
    Connection(const Dialect& dialect, const Activity& activity)
        : dialect_(dialect), activity_(activity) {}

    /// Lends a statement without values. One that is lent already is prepared a second time.
    virtual LentStatement prepare(std::string_view sql) = 0;
    virtual LentStatement prepare_varying(const std::string& sql) = 0;

 private:
    const Dialect& dialect_;
    const Activity& activity_;
    RecentUsers recent_users_;
    SharedTexts shared_texts_;
};

/// The users whose cached keys a transaction may have made stale.
struct Concerned {
    bool everybody = false;
    std::vector<std::string> user_ids = {};
};

/// The tables that the session cache depends on.
inline constexpr std::array<std::string_view, 5> session_tables{
    "users", "user_roles", "organization_members", "user_links", "api_keys"};

/// Whether execute_for() looks at the rows that its statement changed.
#ifdef NDEBUG
inline constexpr bool checks_concerned = false;
#else
inline constexpr bool checks_concerned = true;
#endif

/// A connection inside a writing transaction; only engines make it. A statement that writes a table
/// which the session cache depends on concerns everybody, unless execute_for() runs it.
class Tx : public Connection {
 public:
    /// Like execute(), for a statement that makes only this user's keys stale; "": nobody's. In
    /// builds with assertions it throws std::logic_error when the statement changed a row of
    /// somebody else, whose keys would stay as they are in the session cache.
    template <class... Values>
    int execute_for(std::string_view user_id, std::string_view sql, const Values&... values) {
        if (!user_id.empty()) note_user(user_id);
        const bool before = concerns_everybody_;
        const int changed =
            checks_concerned ? execute_checked(user_id, sql, values...) : execute(sql, values...);
        concerns_everybody_ = before;
        return changed;
    }

    /// Whether the transaction has changed what sessions of this user show, so far.
    bool concerns(const std::string& user_id) const {
        return concerns_everybody_ ||
               std::find(user_ids_.begin(), user_ids_.end(), user_id) != user_ids_.end();
    }

    /// Runs `fn()` and undoes what it has stored. What it throws leaves that to the caller's
    /// transaction.
    template <class Fn>
    void run_and_undo(Fn&& fn) {
        run("SAVEPOINT undone");
        fn();
        run("ROLLBACK TO undone");
        run("RELEASE undone");
    }

    /// Makes room for a transaction that writes very many rows, or takes it back. Does nothing
    /// where an engine needs no such word.
    virtual void expect_many_rows(bool /*many*/) {}

    /// Locks, which last until the transaction ends, for engines that run several changes at once.
    /// What a change decides by is read after its locks. They are taken in the order of these
    /// functions; docs/architecture.md, "Changes at the same time", says why.
    ///
    /// Who is an owner, or whether there is one: no other change with this lock runs.
    virtual void lock_owners() {}
    /// The sealing key of the database is changed, or stays while something is sealed with it.
    virtual void lock_sealing_key(bool /*changes*/) {}
    /// The organization is changed or removed.
    virtual void lock_organization(std::string_view /*id*/) {}
    /// The actor stays as it is, and so do its sessions and tokens; the target is changed, or one
    /// of its keys. Each may be "". Who waits for a user comes before those who ask later.
    virtual void lock_users(std::string_view /*actor_id*/, std::string_view /*target_id*/) {}
    /// A user, not the actor, whom the change has found itself, and changes. Returns whether it was
    /// locked only now, so that it must be looked for again.
    virtual bool lock_found_user(std::string_view /*id*/) { return false; }

    /// Returns and resets what the transaction has affected so far, including changes that were
    /// rolled back to a savepoint.
    Concerned take_concerned() {
        return {std::exchange(concerns_everybody_, false), std::exchange(user_ids_, {})};
    }

 protected:
    using Connection::Connection;

    /// An engine with a session cache calls this whenever it lends a statement that writes one of
    /// `session_tables`.
    void concern_everybody() { concerns_everybody_ = true; }

 private:
    static constexpr std::size_t most_user_ids = 1000;  // an import must not fill memory

    // Lets the statement return the user of each row that it changed.
    template <class... Values>
    int execute_checked(std::string_view user_id, std::string_view sql, const Values&... values) {
        const std::string_view table = table_of(sql);
        const bool of_new_key = user_id.empty() && table == "api_keys" && sql.front() == 'I';
        std::string returning(sql);
        returning += table == "users" ? " RETURNING id" : " RETURNING user_id";
        Query rows = query(returning, values...);
        int changed = 0;
        for (; rows.next(); ++changed)
            if (!of_new_key && rows.text(0) != user_id)
                throw std::logic_error("a statement for the user \"" + std::string(user_id) +
                                       "\" changed " + std::string(table) + " of " + rows.text(0));
        return changed;
    }

    // The name after "INSERT INTO", "DELETE FROM" or "UPDATE".
    static std::string_view table_of(std::string_view sql) {
        sql.remove_prefix(sql.find(' ') + 1);
        if (sql.substr(0, 5) == "INTO " || sql.substr(0, 5) == "FROM ") sql.remove_prefix(5);
        return sql.substr(0, sql.find(' '));
    }

    void note_user(std::string_view user_id) {
        if (!user_ids_.empty() && user_ids_.back() == user_id) return;
        if (user_ids_.size() < most_user_ids)
            user_ids_.emplace_back(user_id);
        else
            concerns_everybody_ = true;
    }

    bool concerns_everybody_ = false;
    std::vector<std::string> user_ids_;
};

}}}  // namespace coder_users::v0::store
