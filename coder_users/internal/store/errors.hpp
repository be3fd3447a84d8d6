// Internal: may change at any time.
// Exceptions of the store, one for each kind of failure; dispatch turns them into statuses. They
// are visible because the part for PostgreSQL throws them into a shared library.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "coder_users/config.hpp"

namespace coder_users { inline namespace v0 { namespace store {

/// A uniqueness rule would be broken. `column()` is "table.column" of the rule's first column.
class CODER_USERS_API Duplicate : public std::runtime_error {
 public:
    explicit Duplicate(std::string column)
        : std::runtime_error("value already in use: " + column), column_(std::move(column)) {}
    const std::string& column() const noexcept { return column_; }

 private:
    std::string column_;
};

/// Another rule of the schema would be broken: a reference to a missing row, a value out of range.
class CODER_USERS_API ConstraintBroken : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The database cannot hold a text, such as one with the character U+0000. Nothing was changed.
class CODER_USERS_API UnstorableText : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Another connection held a lock until the time-out. Nothing was changed.
class CODER_USERS_API Busy : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The disk is full or fails, or its content is damaged. The change may be stored or not.
class CODER_USERS_API Unavailable : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// There is no space for the change. Nothing was changed.
class CODER_USERS_API DiskFull : public Unavailable {
    using Unavailable::Unavailable;
};

/// A sync failed: written data may be lost even if later syncs succeed.
class CODER_USERS_API SyncFailed : public Unavailable {
    using Unavailable::Unavailable;
};

/// The content is damaged and must not be relied on.
class CODER_USERS_API Damaged : public Unavailable {
    using Unavailable::Unavailable;
};

}}}  // namespace coder_users::v0::store
