// Internal: may change at any time.
// Prepared statements, and SQLite's errors as exceptions of the store. The only header that
// includes SQLiteCpp.
#pragma once

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "coder_users/internal/store/errors.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Flags for opening a connection, to be combined.
namespace opened {
inline constexpr int to_write = SQLITE_OPEN_READWRITE;
inline constexpr int or_made = SQLITE_OPEN_CREATE;
inline constexpr int by_one_thread = SQLITE_OPEN_NOMUTEX;  ///< one thread at a time may use it
inline constexpr int by_uri = SQLITE_OPEN_URI;
inline constexpr int in_memory = SQLITE_OPEN_MEMORY;
inline constexpr int through_no_link = SQLITE_OPEN_NOFOLLOW;
}  // namespace opened

/// Throws the exception of errors.hpp that an SQLite error means; std::runtime_error for any other.
/// The extended code decides; only the name of the column is taken from the text.
[[noreturn]] inline void throw_store_error(int extended_code, const std::string& text) {
    if (extended_code == SQLITE_CONSTRAINT_UNIQUE ||
        extended_code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        const std::size_t colon = text.rfind(": ");
        const std::size_t begin = colon == std::string::npos ? 0 : colon + 2;
        throw Duplicate(text.substr(begin, text.find(',', begin) - begin));
    }
    if (extended_code == SQLITE_IOERR_FSYNC || extended_code == SQLITE_IOERR_DIR_FSYNC)
        throw SyncFailed(text);
    switch (extended_code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
            throw Busy(text);
        case SQLITE_FULL:
            throw DiskFull(text);
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            throw Damaged(text);
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_NOMEM:
            throw Unavailable(text);
        case SQLITE_CONSTRAINT:
            throw ConstraintBroken("SQLite: " + text);
        default:
            throw std::runtime_error("SQLite: " + text);
    }
}

/// Runs `fn` and turns exceptions of SQLiteCpp into those of the store.
template <class Fn>
auto translated(Fn&& fn) -> decltype(fn()) {
    try {
        return fn();
    } catch (const SQLite::Exception& error) {
        throw_store_error(error.getExtendedErrorCode(), error.what());
    }
}

/// Base of values that fill several placeholders: `bind_to(Query&, int& index)` binds those after
/// `index` and increases it.
struct ManyValues {};

/// A prepared statement with bound values, in use as long as this object lives.
class Query {
 public:
    Query(SQLite::Statement& statement, bool& in_use) : statement_(&statement), in_use_(&in_use) {
        in_use = true;
    }
    explicit Query(std::unique_ptr<SQLite::Statement> owned)
        : owned_(std::move(owned)), statement_(owned_.get()) {}
    Query(Query&& other) noexcept
        : owned_(std::move(other.owned_)),
          statement_(std::exchange(other.statement_, nullptr)),
          in_use_(std::exchange(other.in_use_, nullptr)) {}
    Query& operator=(Query&&) = delete;
    ~Query() {
        if (!statement_) return;
        statement_->tryReset();  // otherwise the next bind after an error would be misuse
        try {
            statement_->clearBindings();
        } catch (const SQLite::Exception&) {
            // cannot happen for a live statement, and a destructor must not throw
        }
        if (in_use_) *in_use_ = false;
    }

    /// Steps to the next row; returns false at the end.
    bool next() {
        return translated([&] { return statement_->executeStep(); });
    }
    std::string text(int column) const {
        const SQLite::Column value = statement_->getColumn(column);
        // getText() would append a NUL, and ignore it when that fails for lack of memory.
        const auto* const bytes = static_cast<const char*>(value.getBlob());
        const auto size = static_cast<std::size_t>(value.getBytes());
        if (!bytes && size > 0) throw Unavailable("no memory for a value");
        return bytes ? std::string(bytes, size) : std::string();
    }
    std::int64_t integer(int column) const { return statement_->getColumn(column).getInt64(); }
    Time time(int column) const { return from_micros(integer(column)); }
    bool is_null(int column) const { return statement_->getColumn(column).isNull(); }

    /// Starts the statement again with new values.
    template <class... Values>
    void restart(const Values&... values) {
        translated([&] {
            statement_->reset();
            bind_all(values...);
        });
    }

    template <class... Values>
    void bind_all(const Values&... values) {
        [[maybe_unused]] int index = 0;
        (bind_next(index, values), ...);
    }
    void bind(int index, std::string_view value) { put(index, std::string(value)); }
    void bind(int index, std::int64_t value) { put(index, value); }
    void bind(int index, Time value) { put(index, micros(value)); }
    void bind(int index, std::nullptr_t) { put(index); }
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
    template <class... Value>
    void put(int index, const Value&... value) {
        translated([&] { statement_->bind(index, value...); });
    }

    std::unique_ptr<SQLite::Statement> owned_;
    SQLite::Statement* statement_;
    bool* in_use_ = nullptr;
};

}}}  // namespace coder_users::v0::store
