// Internal: may change at any time.
// Moves the content of a database into an empty one of another kind: from a file to PostgreSQL and
// back.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/data.hpp"
#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/service/secret_key.hpp"
#include "coder_users/internal/store/database_address.hpp"
#include "coder_users/internal/store/store.hpp"
#include "coder_users/internal/store/tables.hpp"
#include "coder_users/internal/store/user_records.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace data {

/// How many rows a table has, and a hash over all of them in the order of their keys.
struct TableSum {
    std::int64_t rows = 0;
    std::string hash = std::string(32, '\0');

    void add(const store::TableRows::Row& row) {
        std::string bytes = hash;
        const auto add_text = [&](std::string_view text) {
            bytes.append(std::to_string(text.size())).append(":").append(text);
        };
        for (std::size_t i = 0; i < row.texts.size(); ++i)
            row.is_null[i] ? bytes.append("-") : (add_text(row.texts[i]), bytes);
        for (const std::int64_t number : row.numbers) add_text(std::to_string(number));
        const auto digest = rules::sha256(bytes);
        hash.assign(digest.begin(), digest.end());
        ++rows;
    }

    bool operator==(const TableSum& other) const {
        return rows == other.rows && hash == other.hash;
    }
};

/// The content of one database, read into a transaction of another.
class Move {
 public:
    /// `from` shows one consistent state. All arguments outlive it.
    Move(store::Connection& from, const Progress& progress) : from_(from), progress_(progress) {
        for (const store::Table& table : store::content_tables())
            total_ += store::TableRows(table).count(from);
    }

    /// Copies every table, makes again what is derived, and compares. Throws std::runtime_error
    /// when the target holds anything, or other rows in the end than the source. May be called
    /// again after the transaction was undone.
    std::vector<MovedTable> run(store::Tx& to) {
        done_ = 0;
        std::vector<MovedTable> moved;
        const store::LargeCache room(to);
        require_empty(to);
        for (const store::Table& table : store::content_tables()) {
            const TableSum sent = copy(table, to);
            if (!(sum_of(table, to) == sent))
                throw std::runtime_error("the target holds other rows than the source: " +
                                         std::string(table.name));
            moved.push_back({std::string(table.name), sent.rows});
        }
        finish(to);
        return moved;
    }

 private:
    static void require_empty(store::Connection& to) {
        constexpr std::string_view made_by_a_start = "deployment";
        std::string_view found;
        for (const store::Table& table : store::content_tables())
            if ((found.empty() || found == made_by_a_start) &&
                store::TableRows(table).count(to) != 0)
                found = table.name;
        if (found.empty()) return;
        std::string text = "the target is not empty: it holds rows of " + std::string(found);
        if (found == made_by_a_start)
            text += " from a server that was started on it, and no users. " +
                    std::string(to.dialect().how_to_empty);
        throw std::runtime_error(text);
    }

    TableSum copy(const store::Table& table, store::Tx& to) {
        store::TableRows rows(table);
        TableSum sum;
        for (auto page = rows.next_page(from_); !page.empty(); page = rows.next_page(from_)) {
            for (store::TableRows::Row& row : page) {
                make_readable(table, row);
                sum.add(row);
            }
            rows.insert(to, page);
            done_ += static_cast<std::int64_t>(page.size());
            if (progress_) progress_(done_, total_);
        }
        return sum;
    }

    static TableSum sum_of(const store::Table& table, store::Connection& c) {
        store::TableRows rows(table);
        TableSum sum;
        for (auto page = rows.next_page(c); !page.empty(); page = rows.next_page(c))
            for (const store::TableRows::Row& row : page) sum.add(row);
        return sum;
    }

    // Only what clients call themselves may be bytes that PostgreSQL does not take as text.
    static void make_readable(const store::Table& table, store::TableRows::Row& row) {
        for (std::size_t i = 0; i < table.texts.size(); ++i)
            if (table.texts[i] == "user_agent") row.texts[i] = as_utf8(row.texts[i]);
    }

    void finish(store::Tx& to) {
        if (const auto cost = store::users::dearest_password_cost(from_))
            store::users::raise_dearest_password_cost(to, *cost);
        store::users::derive_beside_rows(to);
        for (const char* statement : to.dialect().continue_numbers)
            if (statement) to.query(statement).next();
    }

    store::Connection& from_;
    const Progress& progress_;
    std::int64_t done_ = 0, total_ = 0;
};

/// Ends a transaction that was only tried.
struct OnlyTried {};

/// The sealing key of source and target, which a move does not change.
inline std::string key_of_both(const Options& options) {
    if (!options.secret_key.empty()) return options.secret_key;
    if (options.secret_key_file.empty())
        throw std::invalid_argument(
            "secret_key_file: must be set (or secret_key) to the sealing key of the source, which "
            "becomes that of the target; \"<file>.key\" has it unless its host keeps it");
    const auto key = read_key_file(options.secret_key_file);
    if (!key) throw std::runtime_error("the key file " + options.secret_key_file + " is missing");
    return *key;
}

/// Throws std::runtime_error unless the key opens what the source has sealed.
inline void require_key_of(store::Connection& from, const std::string& name,
                           const Options& options) {
    const std::string key = key_of_both(options);
    const auto check = find_key_check(from);
    if (check && !opens_check(key, *check))
        throw std::runtime_error(key_source(options, options.secret_key_file) +
                                 " does not hold the key of " + name);
}

/// Moves what `from` shows into the store, or only tries to.
inline std::vector<MovedTable> move_into(store::Store& to, store::Connection& from, bool dry_run,
                                         const Progress& progress) {
    const std::string wrong = store::users::first_with_wrong_row(from);
    if (!wrong.empty())
        throw std::runtime_error("the source is damaged: the row of user " + wrong +
                                 " names other roles or organizations than it has");
    Move move(from, progress);
    std::vector<MovedTable> moved;
    try {
        to.write([&](store::Tx& tx) {
            moved = move.run(tx);
            if (dry_run) throw OnlyTried();
        });
    } catch (const OnlyTried&) {
    }
    return moved;
}

}}}  // namespace coder_users::v0::data
