// SQLite's errors as the store's, and prepared statements: the only header that includes SQLiteCpp.
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

#include "coder_users/base/time.hpp"
#include "coder_users/store/errors.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Throws what an SQLite error means (errors.hpp); std::runtime_error for anything unforeseen.
/// Of the text only the column's name is read, everything else goes by the extended code.
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

/// Runs `fn` and turns SQLiteCpp's exceptions into the store's.
template <class Fn>
auto translated(Fn&& fn) -> decltype(fn()) {
    try {
        return fn();
    } catch (const SQLite::Exception& error) {
        throw_store_error(error.getExtendedErrorCode(), error.what());
    }
}

/// What takes more than one placeholder: `bind_to(Query&, int& index)` binds those behind `index`,
/// and counts it up.
struct ManyValues {};

/// A prepared statement with its bound values, in use until this object ends.
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
        statement_->tryReset();  // after an error the next bind would be misuse otherwise
        try {
            statement_->clearBindings();
        } catch (const SQLite::Exception&) {
            // cannot happen for a live statement; a destructor must not throw
        }
        if (in_use_) *in_use_ = false;
    }

    /// Steps to the next row; false at the end.
    bool next() {
        return translated([&] { return statement_->executeStep(); });
    }
    std::string text(int column) const {
        const SQLite::Column value = statement_->getColumn(column);
        // Not getText(): the copy with a NUL behind it may fail for want of memory, unseen.
        const auto* const bytes = static_cast<const char*>(value.getBlob());
        const auto size = static_cast<std::size_t>(value.getBytes());
        if (!bytes && size > 0) throw Unavailable("no memory for a value");
        return bytes ? std::string(bytes, size) : std::string();
    }
    std::int64_t integer(int column) const { return statement_->getColumn(column).getInt64(); }
    Time time(int column) const { return from_micros(integer(column)); }
    bool is_null(int column) const { return statement_->getColumn(column).isNull(); }

    /// Begins anew, with other values for the placeholders.
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
