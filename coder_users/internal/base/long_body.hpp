// Internal: may change at any time.
// The rest of a body that is too long to be made at once.
#pragma once

#include <string>

namespace coder_users { inline namespace v0 {

/// Makes a body piece by piece, as fast as the client takes it. One thread at a time uses it.
class LongBody {
 public:
    virtual ~LongBody() = default;

    /// Appends the next piece to `out`; returns false after the last one. If it throws, the body
    /// cannot be completed.
    virtual bool append_piece(std::string& out) = 0;
};

}}  // namespace coder_users::v0
