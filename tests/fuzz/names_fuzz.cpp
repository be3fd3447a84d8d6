// The rules of names must end for any bytes, and must not depend on the case of ASCII letters.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coder_users/internal/rules/names.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coder_users;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto require = [](bool good) {
        if (!good) std::abort();
    };
    std::string upper = text;
    for (char& c : upper)
        if (is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    const bool email = rules::valid_email(text), username = rules::valid_username(text);
    for (const std::string& other : {upper, fold_ascii(text)}) {
        require(rules::valid_email(other) == email);
        require(rules::valid_username(other) == username);
    }
    if (email) {
        require(size <= 254 && is_utf8(text) && text.find('@') != std::string::npos);
        require(text.find_first_of(std::string("\0\n\r\t\x1b\x7f", 6)) == std::string::npos);
        // The rule holds for every address with the same domain and a plain local part.
        require(rules::valid_email("a" + text.substr(text.rfind('@'))));
    }
    if (username) require(size <= 32 && rules::valid_email(text + "@x.org"));
    return 0;
}
