// Internal: may change at any time.
// Prepared statements of SQLite, and its errors as exceptions of the store. The only header that
// includes SQLiteCpp.
#pragma once

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/errors.hpp"

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

namespace sqlite {

/// Lent by the Database that has prepared it.
class Statement final : public store::Statement {
 public:
    /// One that is not `kept` is freed when it is given back.
    Statement(const SQLite::Database& db, const std::string& sql, bool kept)
        : statement_(db, sql), kept_(kept) {}

    /// Whether it writes a table that the session cache depends on, as noted when it was prepared.
    bool writes_sessions() const { return writes_sessions_; }
    void note_writes_sessions(bool yes) { writes_sessions_ = yes; }

    bool in_use() const { return in_use_; }
    std::unique_ptr<Statement, GiveBack> lend() {
        in_use_ = true;
        return std::unique_ptr<Statement, GiveBack>(this);
    }

    void bind_text(int index, std::string_view value) override { put(index, std::string(value)); }
    void bind_integer(int index, std::int64_t value) override { put(index, value); }
    void bind_null(int index) override { put(index); }

    bool next() override {
        return translated([&] { return statement_.executeStep(); });
    }
    std::string text(int column) const override {
        const SQLite::Column value = statement_.getColumn(column);
        // getText() would append a NUL, and ignore it when that fails for lack of memory.
        const auto* const bytes = static_cast<const char*>(value.getBlob());
        const auto size = static_cast<std::size_t>(value.getBytes());
        if (!bytes && size > 0) throw Unavailable("no memory for a value");
        return bytes ? std::string(bytes, size) : std::string();
    }
    std::int64_t integer(int column) const override {
        return statement_.getColumn(column).getInt64();
    }
    bool is_null(int column) const override { return statement_.getColumn(column).isNull(); }
    int changed() const override { return statement_.getChanges(); }

    void restart() override {
        translated([&] { statement_.reset(); });
    }
    void give_back() noexcept override {
        const std::unique_ptr<Statement> freed(kept_ ? nullptr : this);
        statement_.tryReset();  // otherwise the next bind after an error would be misuse
        try {
            statement_.clearBindings();
        } catch (const SQLite::Exception&) {
            // cannot happen for a live statement, and nothing may be thrown here
        }
        in_use_ = false;
    }

 private:
    template <class... Value>
    void put(int index, const Value&... value) {
        translated([&] { statement_.bind(index, value...); });
    }

    SQLite::Statement statement_;
    const bool kept_;
    bool in_use_ = false;
    bool writes_sessions_ = false;
};

}  // namespace sqlite
}}}  // namespace coder_users::v0::store
