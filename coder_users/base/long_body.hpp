// The rest of a body that is too long to be made at once.
#pragma once

#include <string>

namespace coder_users { inline namespace v0 {

/// Made piece by piece, by one thread at a time, as fast as the client takes it.
class LongBody {
 public:
    virtual ~LongBody() = default;

    /// Appends the next piece to `out`. False: that was the last one. What it throws means that the
    /// body cannot be completed.
    virtual bool append_piece(std::string& out) = 0;
};

}}  // namespace coder_users::v0
