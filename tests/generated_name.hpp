// The form of the names that tokens get when none is given.
#pragma once

#include <string_view>

namespace coder_users_test {

/// "quick_ada7": two words of small letters, and up to three digits behind the second.
bool is_generated_name(std::string_view text);

}  // namespace coder_users_test
