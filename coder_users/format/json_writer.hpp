// The writer of JSON under the name that this room knows it by.
#pragma once

#include "coder_users/base/json_writer.hpp"

namespace coder_users { inline namespace v0 { namespace format {

using coder_users::JsonWriter;

}}}  // namespace coder_users::v0::format
