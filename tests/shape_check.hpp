// Whether a JSON document has exactly the shape that the route table promises.
#pragma once

#include <string>

#include "coder_users/format/json.hpp"
#include "coder_users/format/shape.hpp"

namespace coder_users_test {

using coder_users::format::Json;
using coder_users::format::Shape;

bool is_uuid_text(const std::string& text);
bool is_time_text(const std::string& text);

/// "" or what is wrong: every key there, no others, each of its type.
std::string shape_error(const Json& json, const Shape& shape, const std::string& at);

/// The same of a whole body, or of each item of the `list` that it is.
std::string shape_error(const std::string& body, const Shape& shape, bool list = false);

}  // namespace coder_users_test
