// Internal: may change at any time.
// One question of POST /authcheck.
#pragma once

#include <string>

namespace coder_users { inline namespace v0 {

struct AuthQuestion {
    std::string key;
    std::string resource_type, owner_id, organization_id, resource_id;
    std::string action;
    bool any_org = false;  ///< a right in one organization is enough, whatever `organization_id` is
};

}}  // namespace coder_users::v0
