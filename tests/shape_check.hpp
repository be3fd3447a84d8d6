// Checks that a JSON document has the shape that the route table promises.
#pragma once

#include <string>

#include "coder_users/internal/wire/json.hpp"
#include "coder_users/internal/wire/shapes.hpp"

namespace coder_users_test {

using coder_users::Release;
using coder_users::wire::Json;
using coder_users::wire::Shape;

bool is_uuid_text(const std::string& text);
bool is_time_text(const std::string& text);

/// Returns what is wrong; "" when all members of the release are there, no others, and each with
/// its type.
std::string shape_error(const Json& json, const Shape& shape, const std::string& at,
                        Release release = {});

/// Checks a whole body, or each item of the `list` that it is.
std::string shape_error(const std::string& body, const Shape& shape, bool list = false,
                        Release release = {});

}  // namespace coder_users_test
