// Internal: may change at any time.
// The tables whose rows are the content of a database, for copies from one engine to another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A table with its columns, which every engine has. What is derived and kept elsewhere is left
/// out.
struct Table {
    std::string_view name;
    std::size_t key_columns;                       ///< the first ones are the primary key
    std::vector<std::string_view> texts, numbers;  ///< columns, those of the key first
    std::string_view rows = {};                    ///< a condition for the rows that count; "": all
    bool number_is_key = false;                    ///< the key is the first number, not a text
};

/// In an order in which rows refer only to rows that came earlier.
inline const std::vector<Table>& content_tables() {
    static const std::vector<Table> tables{
        // first, so that a server that starts on the target of a move waits for its end, and fails
        {"deployment", 1, {"name", "value"}, {}, "name IN ('deployment_id', 'secret_key_check')"},
        {"users",
         1,
         {"id", "username", "username_folded", "email", "email_folded", "hashed_password", "status",
          "login_type", "avatar_url", "theme_preference", "name", "name_folded", "roles",
          "organization_ids"},
         {"created_at", "last_seen_at", "deleted", "number", "updated_at", "is_service_account"}},
        {"user_roles", 2, {"user_id", "role"}, {}},
        {"organizations",
         1,
         {"id", "name", "name_folded", "display_name", "description", "icon"},
         {"created_at", "updated_at", "is_default"}},
        {"organization_members", 2, {"user_id", "organization_id"}, {"created_at", "updated_at"}},
        {"organization_member_roles", 3, {"user_id", "organization_id", "role"}, {}},
        {"api_keys",
         1,
         {"id", "user_id", "hashed_secret", "login_type", "scopes", "allow_list", "token_name",
          "ip", "user_agent"},
         {"created_at", "updated_at", "expires_at", "last_used", "lifetime_seconds"}},
        {"git_ssh_keys",
         1,
         {"user_id", "public_key", "sealed_private_key"},
         {"created_at", "updated_at"}},
        {"user_settings", 2, {"user_id", "name", "value"}, {}},
        {"notification_preferences", 2, {"user_id", "template_id"}, {"disabled", "updated_at"}},
        {"one_time_passcodes", 1, {"user_id", "hashed_passcode"}, {"expires_at"}},
        {"user_data", 1, {"user_id", "value"}, {}},
        {"user_links",
         1,
         {"user_id", "login_type", "linked_id", "sealed_access_token", "sealed_refresh_token",
          "sealed_claims"},
         {"token_expires_at"}},
        {"audit_logs",
         1,
         {"id", "request_id", "organization_id", "actor_id", "ip", "user_agent", "resource_type",
          "action", "resource_id", "resource_target", "resource_target_folded", "diff"},
         {"entry", "time", "status_code"},
         "",
         true}};
    return tables;
}

/// Reads and writes the rows of one table, a page at a time in the order of its key.
class TableRows {
 public:
    /// `table` outlives it.
    explicit TableRows(const Table& table) : table_(table) {
        for (const auto& columns : {table.texts, table.numbers})
            for (const std::string_view column : columns)
                names_.append(names_.empty() ? "" : ", ").append(column);
        for (std::size_t i = 0; i < table.key_columns; ++i)
            key_.append(i ? ", " : "")
                .append(table.number_is_key ? table.numbers[i] : table.texts[i]);
    }

    /// A row, each value with its kind: texts as they are, numbers in decimal.
    struct Row {
        std::vector<std::string> texts;
        std::vector<std::int64_t> numbers;
        std::vector<bool> is_null;  ///< of the texts
    };

    /// Returns the next rows behind those that were returned before; none at the end.
    std::vector<Row> next_page(Connection& c) {
        Query rows = c.query_varying(select());
        int index = 0;
        for (std::size_t i = 0; last_ && i < table_.key_columns; ++i)
            table_.number_is_key ? rows.bind(++index, last_->numbers[i])
                                 : rows.bind(++index, last_->texts[i]);
        std::vector<Row> page;
        while (rows.next()) page.push_back(read(rows));
        if (!page.empty()) last_ = page.back();
        return page;
    }

    void insert(Tx& tx, const std::vector<Row>& page) const {
        for (std::size_t from = 0; from < page.size();) {
            const std::size_t count = page.size() - from >= rows_at_once ? rows_at_once : 1;
            Query query = tx.query_varying(insert_of(count));
            int index = 0;
            for (std::size_t i = 0; i < count; ++i) bind(query, index, page[from + i]);
            query.next();
            from += count;
        }
    }

    std::int64_t count(Connection& c) const {
        Query row =
            c.query_varying("SELECT count(*) FROM " + std::string(table_.name) +
                            (table_.rows.empty() ? "" : " WHERE ") + std::string(table_.rows));
        return row.next() ? row.integer(0) : 0;
    }

 private:
    static constexpr std::size_t rows_in_page = 500, rows_at_once = 50;

    std::string select() const {
        std::string conditions(table_.rows);
        if (last_) {
            conditions += (conditions.empty() ? "(" : " AND (") + key_ + ") > (";
            for (std::size_t i = 1; i <= table_.key_columns; ++i)
                conditions.append(i > 1 ? ", $" : "$").append(std::to_string(i));
            conditions += ')';
        }
        return "SELECT " + names_ + " FROM " + std::string(table_.name) +
               (conditions.empty() ? "" : " WHERE ") + conditions + " ORDER BY " + key_ +
               " LIMIT " + std::to_string(rows_in_page);
    }

    Row read(const Query& rows) const {
        Row row;
        int column = 0;
        for (std::size_t i = 0; i < table_.texts.size(); ++i, ++column) {
            row.texts.push_back(rows.text(column));
            row.is_null.push_back(rows.is_null(column));
        }
        for (std::size_t i = 0; i < table_.numbers.size(); ++i)
            row.numbers.push_back(rows.integer(column++));
        return row;
    }

    std::string insert_of(std::size_t rows) const {
        const std::size_t columns = table_.texts.size() + table_.numbers.size();
        std::string sql = "INSERT INTO " + std::string(table_.name) + " (" + names_ + ") VALUES ";
        for (std::size_t i = 0; i < rows * columns; ++i) {
            if (i % columns == 0) sql += i ? "), (" : "(";
            sql.append(i % columns ? ", $" : "$").append(std::to_string(i + 1));
        }
        return sql + ")";
    }

    static void bind(Query& query, int& index, const Row& row) {
        for (std::size_t i = 0; i < row.texts.size(); ++i)
            row.is_null[i] ? query.bind(++index, nullptr) : query.bind(++index, row.texts[i]);
        for (const std::int64_t number : row.numbers) query.bind(++index, number);
    }

    const Table& table_;
    std::string names_, key_;
    std::optional<Row> last_;
};

}}}  // namespace coder_users::v0::store
