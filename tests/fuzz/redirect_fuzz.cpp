// Whatever redirect is asked for, a login must lead to a path of this server, in a text that fits
// in a header and a cookie.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coder_users/internal/rules/redirect.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coder_users;
    const auto require = [](bool good) {
        if (!good) std::abort();
    };
    const std::string text(reinterpret_cast<const char*>(data), size);
    const std::string path = rules::local_redirect(text);
    require(!path.empty() && path[0] == '/');
    require(path.size() == 1 || (path[1] != '/' && path[1] != '\\'));
    constexpr std::string_view kept = "!#$%&'()*+-./:=?@[]_~";
    for (const char c : path)
        require(is_letter(c) || is_digit(c) || kept.find(c) != std::string_view::npos);
    require(rules::local_redirect(path) == path);
    require(path == "/" || !rules::has_broken_escape(path));
    return 0;
}
