// Internal: may change at any time.
// A connection to the server. Nothing on it waits longer than its deadline.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/store/postgres/address.hpp"
#include "coder_users/internal/store/postgres/errors.hpp"
#include "coder_users/internal/store/postgres/hosts.hpp"
#include "coder_users/internal/store/postgres/libpq.hpp"
#include "coder_users/internal/store/postgres/transport.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// The value of a placeholder.
struct Parameter {
    Oid type = type_text;
    bool is_null = true;
    std::string text = {};
};

/// How a statement is prepared: kept for the next time, or for this time alone.
enum class Kept { yes, no };

/// How many milliseconds the server itself lets a statement run, as SQL: less than our own
/// deadline, since what the server ends leaves the connection usable.
inline std::string server_timeout(std::chrono::milliseconds deadline) {
    return std::to_string((std::max)(deadline * 9 / 10, std::chrono::milliseconds(1)).count());
}

/// One thread at a time may use it. Whatever fails on it is thrown as errors.hpp says.
class Session {
 public:
    using Clock = std::chrono::steady_clock;
    using Milliseconds = std::chrono::milliseconds;

    /// Connects. Throws Unavailable when that fails, or takes longer than `deadline`, or
    /// `connecting` if that is less, or until `end`. `deadline` and `end` then hold for each
    /// exchange with the server.
    Session(const Address& address, Milliseconds deadline, Clock::time_point end,
            Milliseconds connecting = (Milliseconds::max)())
        : address_(address), deadline_(deadline), end_(end) {
        connect((std::min)(deadline, connecting));
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        if (connection_) PQfinish(connection_);
    }

    const Address& address() const { return address_; }
    int server_version() const { return PQserverVersion(connection_); }

    /// What is not safe about the way to the server; "": nothing.
    std::string transport_flaw() const {
        return std::string(postgres::transport_flaw(transport_of(connection_)));
    }

    /// Runs one statement and returns its whole answer.
    Result execute(std::string_view sql, const std::vector<Parameter>& parameters, Kept kept) {
        const Packed packed(parameters);
        const std::string* const name = kept == Kept::yes ? prepared(sql, packed) : nullptr;
        if (name)
            return exchange([&] {
                return PQsendQueryPrepared(connection_, name->c_str(), packed.count(),
                                           packed.values.data(), packed.sizes.data(),
                                           packed.formats.data(), 0);
            });
        return exchange([&] {
            return PQsendQueryParams(connection_, std::string(sql).c_str(), packed.count(),
                                     packed.types.data(), packed.values.data(), packed.sizes.data(),
                                     packed.formats.data(), 0);
        });
    }

    /// Runs any number of statements without values.
    void run(const std::string& sql) {
        exchange([&] { return PQsendQuery(connection_, sql.c_str()); });
    }

    /// Ends the transaction. Throws Unavailable unless it is known that everything is stored, on
    /// the standbys, too, that the server waits for.
    void commit() {
        warned_ = false;
        end_ = (std::max)(end_, Clock::now() + std::chrono::seconds(1));  // who asks wants to know
        const Result answer = exchange([&] { return PQsendQuery(connection_, "COMMIT"); });
        if (std::string_view(PQcmdStatus(answer.get())) != "COMMIT")
            throw Unavailable("the transaction was rolled back");
        if (warned_) throw Unavailable("a standby may lack the change");
    }

    bool in_transaction() const {
        const auto status = PQtransactionStatus(connection_);
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
    }

    /// Whether it is of no use any more.
    bool is_lost() const { return lost_; }

    /// Whether it is lost because no answer came for a whole deadline.
    bool is_stalled() const { return stalled_; }

    /// Whether nothing has come from the server since the last exchange: what comes says that it
    /// closes the connection.
    bool is_quiet() const {
        struct pollfd socket {
            PQsocket(connection_), POLLIN, 0
        };
        return !lost_ && ::poll(&socket, 1, 0) == 0;
    }

    /// Changes how long an exchange may take, without an end for all of them; returns how long it
    /// could take so far.
    Milliseconds set_deadline(Milliseconds deadline) {
        end_ = (Clock::time_point::max)();
        return std::exchange(deadline_, deadline);
    }
    /// When the exchanges of one borrower are over.
    void set_end(Clock::time_point end) { end_ = end; }
    Milliseconds deadline() const { return deadline_; }

    /// Closes what a fork() shares with the process that the connection belongs to, and tells the
    /// server nothing.
    void let_go() const noexcept { ::close(PQsocket(connection_)); }

    /// When it was given back last; the pool's own note.
    Clock::time_point idle_since = {};

 private:
    static constexpr std::size_t most_prepared = 200;

    // Values as libpq takes them. Texts go as bytes with their size: read as a C string they would
    // end at a NUL, silently.
    struct Packed {
        explicit Packed(const std::vector<Parameter>& parameters) {
            const std::size_t size = parameters.size();
            types.reserve(size), values.reserve(size), sizes.reserve(size), formats.reserve(size);
            for (const Parameter& each : parameters) {
                types.push_back(each.type);
                values.push_back(each.is_null ? nullptr : each.text.c_str());
                sizes.push_back(static_cast<int>(each.text.size()));
                formats.push_back(each.type == type_text ? 1 : 0);
            }
        }
        int count() const { return static_cast<int>(types.size()); }

        std::vector<Oid> types;
        std::vector<const char*> values;
        std::vector<int> sizes, formats;
    };

    // Of several hosts one that does not answer, though it may accept connections as a frozen
    // machine does, has half of the time, and those after it the rest.
    void connect(Milliseconds deadline) {
        const auto end = (std::min)(Clock::now() + deadline, end_);
        const Hosts hosts = address_.hosts();
        for (bool first = hosts.are_several();; first = false) {
            begin_connecting(hosts);
            const auto begin = Clock::now();  // libpq has looked up a name, which may take long
            try {
                return finish_connecting(first ? begin + (end - begin) / 2 : end);
            } catch (const Stalled&) {
                // In less time one that works may be silent, too: it stays the first for others.
                if (Clock::now() - begin >= deadline / 4) pass_over(address_.hosts());
                pass_over(hosts);
                drop();
                if (!first) throw;
                lost_ = stalled_ = false;
            } catch (...) {
                drop();
                throw;
            }
        }
    }

    void begin_connecting(const Hosts& hosts) {
        std::map<std::string, std::string> options{
            {"fallback_application_name", "coder_users"},
            {"keepalives_idle", "10"},
            {"keepalives_interval", "5"},
            {"keepalives_count", "3"},
            {"tcp_user_timeout", std::to_string(deadline_.count())},
        };
        for (const auto& [name, value] : address_.options()) options[name] = value;
        hosts.put_into(options);
        options["client_encoding"] = "UTF8";
        std::vector<const char*> names, values;
        for (const auto& [name, value] : options) {
            names.push_back(name.c_str());
            values.push_back(value.c_str());
        }
        names.push_back(nullptr);
        values.push_back(nullptr);
        connection_ = PQconnectStartParams(names.data(), values.data(), 0);
        if (!connection_) throw Unavailable("no memory for a connection");
    }

    void pass_over(const Hosts& hosts) const noexcept {
        hosts.pass_over(PQhost(connection_), PQport(connection_));
    }
    void drop() noexcept { PQfinish(std::exchange(connection_, nullptr)); }

    // Until when something that begins now may take.
    Clock::time_point begin_exchange() {
        begun_ = Clock::now();
        return (std::min)(begun_ + deadline_, end_);
    }

    void finish_connecting(Clock::time_point end) {
        if (PQstatus(connection_) == CONNECTION_BAD) throw_lost();
        for (auto status = PGRES_POLLING_WRITING; status != PGRES_POLLING_OK;) {
            if (status == PGRES_POLLING_FAILED) throw_lost();
            wait_for(status == PGRES_POLLING_READING ? POLLIN : POLLOUT, end);
            status = PQconnectPoll(connection_);
        }
        PQsetNoticeReceiver(connection_, &note_warning, this);
        if (PQsetnonblocking(connection_, 1) != 0) throw_lost();
    }

    static void note_warning(void* self, const PGresult* notice) {
        // This field is never translated.
        if (error_field(notice, PG_DIAG_SEVERITY_NONLOCALIZED) == "WARNING")
            static_cast<Session*>(self)->warned_ = true;
    }

    // The name of the statement with these types; nullptr when so many are kept already.
    const std::string* prepared(std::string_view sql, const Packed& packed) {
        key_.assign(sql);
        for (const Oid type : packed.types) key_ += type == type_text ? 't' : 'i';
        const auto found = names_.find(key_);
        if (found != names_.end()) return &found->second;
        if (names_.size() == most_prepared) return nullptr;
        std::string name = "s" + std::to_string(names_.size());
        exchange([&] {
            return PQsendPrepare(connection_, name.c_str(), std::string(sql).c_str(),
                                 packed.count(), packed.types.data());
        });
        return &names_.emplace(key_, std::move(name)).first->second;
    }

    template <class Send>
    Result exchange(const Send& send) {
        if (lost_) throw Lost("the connection to the database was lost");
        const auto end = begin_exchange();
        if (!send()) throw_lost();
        while (const int left = PQflush(connection_)) {
            if (left < 0) throw_lost();
            if ((wait_for(POLLIN | POLLOUT, end) & POLLIN) != 0 && !PQconsumeInput(connection_))
                throw_lost();
        }
        Result last;
        bool failed = false;
        while (Result next = next_result(end)) {
            if (!failed) last = std::move(next);
            failed = failed || PQresultStatus(last.get()) == PGRES_FATAL_ERROR;
        }
        if (!last) throw_lost();
        if (failed) throw_error(last.get());
        return last;
    }

    Result next_result(Clock::time_point end) {
        while (PQisBusy(connection_)) {
            wait_for(POLLIN, end);
            if (!PQconsumeInput(connection_)) throw_lost();
        }
        return Result(PQgetResult(connection_));
    }

    short wait_for(short events, Clock::time_point end) {
        for (;;) {
            const auto left =
                std::chrono::duration_cast<Milliseconds>(end - Clock::now()).count() + 1;
            if (left <= 0) break;
            struct pollfd socket {
                PQsocket(connection_), events, 0
            };
            const int ready = ::poll(&socket, 1, static_cast<int>(left));
            if (ready > 0) return socket.revents;
            if (ready < 0 && errno != EINTR) throw_lost();
        }
        lost_ = true;
        stalled_ = Clock::now() - begun_ >= deadline_ * 9 / 10;
        throw Stalled("no answer from the database in time");
    }

    [[noreturn]] void throw_error(const PGresult* result) {
        const std::string state = error_field(result, PG_DIAG_SQLSTATE);
        if (state.empty()) throw_lost();
        if (ends_connection(state) || PQstatus(connection_) == CONNECTION_BAD) lost_ = true;
        throw_server_error(result);
    }

    [[noreturn]] void throw_lost() {
        lost_ = true;
        std::string text = address_.masked(PQerrorMessage(connection_));
        text.resize(text.find_last_not_of('\n') + 1);
        std::replace(text.begin(), text.end(), '\n', ' ');
        throw Lost(text.empty() ? "the connection to the database was lost" : text);
    }

    const Address& address_;
    Milliseconds deadline_;
    Clock::time_point end_, begun_;
    PGconn* connection_ = nullptr;
    bool lost_ = false;
    bool stalled_ = false;
    bool warned_ = false;
    std::map<std::string, std::string> names_;  ///< of prepared statements, by text and types
    std::string key_;
};

}}}}  // namespace coder_users::v0::store::postgres
