// Internal: may change at any time.
// Statements and their rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/postgres/session.hpp"

namespace coder_users { inline namespace v0 { namespace store { namespace postgres {

/// The text as the server takes it: what is not UTF-8, which only headers of requests can hold, as
/// U+FFFD, as answers show it. Throws UnstorableText for a NUL.
inline std::string server_text(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw UnstorableText("a text holds the character U+0000");
    return is_utf8(text) ? std::string(text) : as_utf8(text);
}

/// Reads all rows at once; those of a long reading in pieces.
class Statement final : public store::Statement {
 public:
    /// `cursor`: "", or the name of the cursor by which its rows are read in pieces.
    Statement(Session& session, std::string_view sql, Kept kept, std::string cursor)
        : session_(session), sql_(sql), kept_(kept), cursor_(std::move(cursor)) {}

    void bind_text(int index, std::string_view value) override {
        put(index, {type_text, false, server_text(value)});
    }
    void bind_integer(int index, std::int64_t value) override {
        put(index, {type_bigint, false, std::to_string(value)});
    }
    void bind_null(int index) override { put(index, {type_text, true, {}}); }

    bool next() override {
        if (!rows_) begin();
        if (++row_ < PQntuples(rows_.get())) return true;
        if (!more_) return false;
        fetch();
        return ++row_ < PQntuples(rows_.get());
    }
    std::string text(int column) const override {
        return {PQgetvalue(rows_.get(), row_, column),
                static_cast<std::size_t>(PQgetlength(rows_.get(), row_, column))};
    }
    std::int64_t integer(int column) const override {
        return std::strtoll(PQgetvalue(rows_.get(), row_, column), nullptr, 10);
    }
    bool is_null(int column) const override { return PQgetisnull(rows_.get(), row_, column) != 0; }
    int changed() const override { return std::atoi(PQcmdTuples(rows_.get())); }

    void restart() override {
        if (more_) close();
        rows_.reset();
    }
    void give_back() noexcept override {
        if (more_) close();
        delete this;
    }

 private:
    static constexpr int rows_in_piece = 500;

    ~Statement() = default;

    void put(int index, Parameter value) {
        const auto place = static_cast<std::size_t>(index);
        if (values_.size() < place) values_.resize(place);
        values_[place - 1] = std::move(value);
    }

    void begin() {
        row_ = -1;
        if (cursor_.empty()) {
            rows_ = session_.execute(sql_, values_, kept_);
            return;
        }
        session_.execute("DECLARE " + cursor_ + " NO SCROLL CURSOR FOR " + sql_, values_, Kept::no);
        more_ = true;
        fetch();
    }

    void fetch() {
        row_ = -1;
        rows_ = session_.execute("FETCH " + std::to_string(rows_in_piece) + " FROM " + cursor_, {},
                                 Kept::no);
        if (PQntuples(rows_.get()) < rows_in_piece) close();
    }

    void close() noexcept {
        more_ = false;
        try {
            session_.run("CLOSE " + cursor_);
        } catch (const std::exception&) {
            // it ends with its transaction, which cannot go on either
        }
    }

    Session& session_;
    const std::string sql_;
    const Kept kept_;
    const std::string cursor_;
    std::vector<Parameter> values_;
    Result rows_;
    int row_ = -1;
    bool more_ = false;  ///< whether the cursor is open
};

}}}}  // namespace coder_users::v0::store::postgres
