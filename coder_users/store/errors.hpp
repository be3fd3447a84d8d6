// What can go wrong with the store, told apart by cause; dispatch maps these to statuses.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace coder_users { inline namespace v0 { namespace store {

/// A uniqueness rule was broken. `column()` is "table.column" of the first column of the rule.
class Duplicate : public std::runtime_error {
 public:
    explicit Duplicate(std::string column)
        : std::runtime_error("value already in use: " + column), column_(std::move(column)) {}
    const std::string& column() const noexcept { return column_; }

 private:
    std::string column_;
};

/// Another rule of the schema was broken: a reference to nothing, a value out of range.
class ConstraintBroken : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Another connection held a lock for longer than the time-out. Nothing was changed.
class Busy : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The disk is full, fails, or its content is damaged. A change that failed so may be there or not.
class Unavailable : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// There is no room for the change. Nothing was changed.
class DiskFull : public Unavailable {
    using Unavailable::Unavailable;
};

/// A sync failed: what was written may be lost, though the system says nothing of it any more.
class SyncFailed : public Unavailable {
    using Unavailable::Unavailable;
};

/// The content is damaged: nothing that it says may be relied on.
class Damaged : public Unavailable {
    using Unavailable::Unavailable;
};

}}}  // namespace coder_users::v0::store
