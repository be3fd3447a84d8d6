// Internal: may change at any time.
// Derives the columns of a type from its list of fields: what statements name, read and bind.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Calls `fn(at)` for every field that has a column.
template <class T, class Fn>
constexpr void for_each_column(Fn&& fn) {
    fields::for_each<T>([&](auto at) {
        if constexpr (at.field.column != nullptr) fn(at);
    });
}

template <class T>
constexpr int count_columns() {
    int count = 0;
    for_each_column<T>([&](auto) { ++count; });
    return count;
}
/// The number of columns that read_row() reads.
template <class T>
inline constexpr int column_count = count_columns<T>();

/// The column list for SELECT that read_row() reads; `prefix` names the table, such as "u.".
template <class T>
std::string columns(std::string_view prefix = "") {
    std::string list;
    for_each_column<T>([&](auto at) {
        list.append(list.empty() ? "" : ", ").append(prefix).append(at.field.column);
    });
    return list;
}

template <class Value>
void read_value(const Query& row, int column, int unknown, Value& value) {
    if constexpr (std::is_same_v<Value, std::string>)
        value = row.text(column);
    else if constexpr (std::is_same_v<Value, Time>)
        value = row.time(column);
    else if constexpr (std::is_enum_v<Value>)
        value = find_name<Value>(names_of(Value{}), row.text(column))
                    .value_or(static_cast<Value>(unknown));
    else if constexpr (std::is_integral_v<Value>)
        value = static_cast<Value>(row.integer(column));
    else if constexpr (std::is_same_v<Value, std::vector<std::string>>)
        value = words(row.text(column));
    else if (!row.is_null(column))
        value = row.text(column);
}

/// Reads a `T` from the current row; its columns begin at `first_column` in the order of columns().
template <class T>
T read_row(const Query& row, int first_column = 0) {
    T object;
    for_each_column<T>([&, column = first_column](auto at) mutable {
        constexpr const auto& field = at.field;
        read_value(row, column++, field.unknown, field.of(object));
    });
    return object;
}

template <class At, class T>
void bind_value(Query& query, int& index, At at, const T& object) {
    constexpr const auto& field = at.field;
    using Value = typename std::decay_t<decltype(field)>::Value;
    if constexpr (std::is_enum_v<Value>)
        query.bind(++index, to_string(field.of(object)));
    else if constexpr (std::is_same_v<Value, std::vector<std::string>>)
        query.bind(++index, join(field.of(object), " "));
    else
        query.bind(++index, field.of(object));
}

/// Binds what the columns of a field hold: its value, and that in lower case where it has a column.
template <class At, class T>
void bind_columns(Query& query, int& index, At at, const T& object) {
    bind_value(query, index, at, object);
    if constexpr (at.field.folded) query.bind(++index, fold_ascii(at.field.of(object)));
}

/// Binds the values of a row and its *_folded columns to the placeholders of insert_into().
template <class T>
struct RowOf : ManyValues {
    explicit RowOf(const T& row) : object(row) {}

    void bind_to(Query& query, int& index) const {
        for_each_column<T>([&](auto at) { bind_columns(query, index, at, object); });
    }

    const T& object;
};

/// An INSERT for RowOf<T> followed by the values of the columns `more`. The column `counter`, if
/// any, gets the next number of the table.
template <class T>
std::string insert_into(std::initializer_list<std::string_view> more = {},
                        std::string_view counter = {}) {
    std::string names, values;
    int placeholders = 0;
    const auto add = [&](std::string_view column, std::string_view end = "") {
        names.append(names.empty() ? "" : ", ").append(column).append(end);
        values.append(values.empty() ? "$" : ", $").append(std::to_string(++placeholders));
    };
    for_each_column<T>([&](auto at) {
        add(at.field.column);
        if constexpr (at.field.folded) add(at.field.column, "_folded");
    });
    for (const std::string_view column : more) add(column);
    const std::string table = fields::Of<T>::table;
    if (counter.empty()) return "INSERT INTO " + table + " (" + names + ") VALUES (" + values + ")";
    const std::string number(counter);
    // Not by INSERT … SELECT, of which SQLite copies each page that it touches, in case a later row
    // fails.
    return "INSERT INTO " + table + " (" + names + ", " + number + ") VALUES (" + values +
           ", (SELECT COALESCE(MAX(" + number + "), 0) + 1 FROM " + table + "))";
}

/// An UPDATE of all columns of the row that `key` finds, but those that stay as they are.
template <class T>
class RowUpdate {
 public:
    explicit RowUpdate(std::string_view key, std::initializer_list<std::string_view> as_they_are)
        : key_(key), kept_(as_they_are) {
        int placeholders = 0;
        const auto placeholder = [&] { return " = $" + std::to_string(++placeholders); };
        std::string set;
        for_each_column<T>([&](auto at) {
            const std::string column = at.field.column;
            if (!sets(column)) return;
            set.append(set.empty() ? "" : ", ").append(column).append(placeholder());
            if (at.field.folded) set.append(", " + column + "_folded").append(placeholder());
        });
        sql_ = std::string("UPDATE ") + fields::Of<T>::table + " SET " + set + " WHERE " + key_ +
               placeholder();
    }

    const std::string& sql() const { return sql_; }

    /// The values of one row, for sql(). Neither may end before them.
    struct Values : ManyValues {
        Values(const RowUpdate& its_update, const T& row) : update(its_update), object(row) {}

        void bind_to(Query& query, int& index) const {
            for_each_column<T>([&](auto at) {
                if (update.sets(at.field.column)) bind_columns(query, index, at, object);
            });
            for_each_column<T>([&](auto at) {
                if (at.field.column == update.key_) bind_value(query, index, at, object);
            });
        }

        const RowUpdate& update;
        const T& object;
    };
    Values values(const T& row) const { return {*this, row}; }

 private:
    bool sets(std::string_view column) const {
        return column != key_ && std::find(kept_.begin(), kept_.end(), column) == kept_.end();
    }

    std::string key_, sql_;
    std::vector<std::string_view> kept_;
};

}}}  // namespace coder_users::v0::store
