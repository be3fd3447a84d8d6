// The differences of audit entries under the names that this room knows them by.
#pragma once

#include "coder_users/base/audit_diff.hpp"

namespace coder_users { inline namespace v0 { namespace format {

using coder_users::api_key_diff;
using coder_users::AuditDiff;
using coder_users::user_diff;

}}}  // namespace coder_users::v0::format
