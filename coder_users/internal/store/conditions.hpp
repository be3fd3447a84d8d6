// Internal: may change at any time.
// Builds WHERE clauses at run time; values are always bound, never part of the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Conditions joined by AND, with the values of their placeholders in the order of the text.
class Conditions {
 public:
    explicit Conditions(std::string first) : sql_(std::move(first)) {}

    /// Returns the name of a new placeholder. In the text it must stand after all earlier ones.
    std::string placeholder(std::string text) { return placeholder(Value{std::move(text), {}}); }
    std::string placeholder(std::int64_t number) { return placeholder(Value{{}, number}); }
    void add(const std::string& condition) { sql_ += " AND " + condition; }
    const std::string& sql() const { return sql_; }

    /// `sql` must contain all placeholders so far.
    Query query(Connection& c, const std::string& sql) const {
        Query query = c.query_varying(sql);
        int index = 0;
        for (const Value& value : values_) {
            if (value.number)
                query.bind(++index, *value.number);
            else
                query.bind(++index, value.text);
        }
        return query;
    }

 private:
    // Not a std::variant: when memory runs out while libstdc++ copies one whose alternatives can
    // all be moved without failing, it destroys a value that was never made.
    struct Value {
        std::string text;
        std::optional<std::int64_t> number;
    };

    std::string placeholder(Value value) {
        values_.push_back(std::move(value));
        return "$" + std::to_string(values_.size());
    }

    std::string sql_;
    std::vector<Value> values_;
};

}}}  // namespace coder_users::v0::store
