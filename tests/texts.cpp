#include "texts.hpp"

#include <cstddef>

#include "coder_users/internal/base/text.hpp"

namespace coder_users_test {

std::string from_hex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}
std::string hex_of(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) out += coder_users::to_hex(static_cast<unsigned char>(c));
    return out;
}

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

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
