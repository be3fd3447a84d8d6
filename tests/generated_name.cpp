#include "generated_name.hpp"

#include <cstddef>

namespace coder_users_test {

bool is_generated_name(std::string_view text) {
    const std::string_view letters = "abcdefghijklmnopqrstuvwxyz", digits = "0123456789";
    const auto count = [&](std::string_view of) {
        const std::size_t end = text.find_first_not_of(of);
        const std::size_t found = end == std::string_view::npos ? text.size() : end;
        text.remove_prefix(found);
        return found;
    };
    if (count(letters) == 0 || count("_") != 1 || count(letters) == 0) return false;
    const std::size_t number = count(digits);
    return number >= 1 && number <= 3 && text.empty();
}

}  // namespace coder_users_test
