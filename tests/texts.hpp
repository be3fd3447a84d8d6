// Small things that several tests do with texts.
#pragma once

#include <string>
#include <string_view>

namespace coder_users_test {

/// The bytes of "0aff".
std::string from_hex(std::string_view hex);
std::string hex_of(std::string_view bytes);

std::string lower_case(std::string text);

/// "quick_ada7", as tokens are called when no name is given: two words of small letters, and up to
/// three digits behind the second.
bool is_generated_name(std::string_view text);

}  // namespace coder_users_test
