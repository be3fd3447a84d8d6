// Internal: may change at any time.
// Builds WHERE clauses at run time; values are always bound, never part of the text.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Conditions joined by AND, with the values of their placeholders in the order of the text.
class Conditions {
 public:
    explicit Conditions(std::string first) : sql_(std::move(first)) {}

    /// Returns the name of a new placeholder. In the text it must stand after all earlier ones.
    std::string placeholder(std::variant<std::string, std::int64_t> value) {
        values_.push_back(std::move(value));
        return "$" + std::to_string(values_.size());
    }
    void add(const std::string& condition) { sql_ += " AND " + condition; }
    const std::string& sql() const { return sql_; }

    /// `sql` must contain all placeholders so far.
    Query query(Connection& c, const std::string& sql) const {
        Query query = c.query_varying(sql);
        int index = 0;
        for (const auto& value : values_)
            std::visit([&](const auto& v) { query.bind(++index, v); }, value);
        return query;
    }

 private:
    std::string sql_;
    std::vector<std::variant<std::string, std::int64_t>> values_;
};

}}}  // namespace coder_users::v0::store
