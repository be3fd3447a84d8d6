// Internal: may change at any time.
// The rule that an owner always remains (docs/contract/roles.md, "Assigning site roles").
#pragma once

#include <string_view>

#include "coder_users/errors.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

/// Throws the 409 for taking the role owner, or the account, from the only owner. Holds for the
/// host, too: without an owner nobody could give the role back.
inline void refuse_for_last_owner(store::Connection& c, std::string_view id) {
    if (store::users::is_last_owner(c, id))
        throw ApiError(409, "The last owner must stay. Make somebody else an owner first.");
}

}}}  // namespace coder_users::v0::operations
