// What the test kit needs of the library beyond its API.
#pragma once

#include <string>

#include "coder_users/api.hpp"

namespace coder_users { inline namespace v0 { namespace testing {

/// Sends a request over HTTP on a connection of its own. Throws std::runtime_error when no answer
/// comes.
CODER_USERS_API Response send(const std::string& url, const Request& request);

/// The member of a JSON document at a path such as "users.0.username": a string's content, the
/// JSON text of anything else. Throws std::out_of_range when there is none, and quotes the text.
CODER_USERS_API std::string json_member(const std::string& json, const std::string& path);

}}}  // namespace coder_users::v0::testing
