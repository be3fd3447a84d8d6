// Internal: may change at any time.
// A transaction on one connection that always ends: by COMMIT, or else by ROLLBACK.
#pragma once

#include <exception>
#include <type_traits>

#include "coder_users/internal/store/connection.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// Rolls back unless both the work and COMMIT succeeded.
class Transaction {
 public:
    Transaction(Connection& connection, const char* begin) : connection_(connection) {
        // The ROLLBACK of an earlier one may have failed for lack of memory.
        if (connection_.in_transaction()) connection_.execute("ROLLBACK");
        connection_.execute(begin);
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        if (done_) return;
        try {
            connection_.execute("ROLLBACK");
        } catch (const std::exception&) {
            // on the errors that make ROLLBACK fail, SQLite rolls back by itself
        }
    }

    template <class Fn>
    auto run(Fn&& fn) {
        if constexpr (std::is_void_v<decltype(fn())>) {
            fn();
            commit();
        } else {
            auto result = fn();
            commit();
            return result;
        }
    }

 private:
    void commit() {
        connection_.execute("COMMIT");
        done_ = true;
    }
    Connection& connection_;
    bool done_ = false;
};

}}}  // namespace coder_users::v0::store
