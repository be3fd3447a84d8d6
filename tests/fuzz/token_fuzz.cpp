// Session tokens, cookies and Authorization headers: any bytes must be the two parts of a token, or
// a 401.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/token.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coder_users;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto require = [](bool good) {
        if (!good) std::abort();
    };
    // Header, Authorization and Cookie, separated by line ends, which no header can contain.
    std::optional<std::string_view> parts[3];
    std::string_view rest = text;
    for (auto& part : parts) {
        const std::size_t end = rest.find('\n');
        part = rest.substr(0, end);
        if (part->substr(0, 1) == "-") part.reset();
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    const auto found = rules::find_token(parts[0], parts[1], parts[2]);
    if (!found) return 0;
    require(!found->token.empty());
    // The token must be part of what was sent, and of the cookie only when there was no other.
    require(text.find(found->token) != std::string_view::npos);
    require(!found->from_cookie || trim(parts[0].value_or("")).empty());
    try {
        const rules::TokenParts split = rules::split_token(found->token);
        require(std::string(split.id) + "-" + std::string(split.secret) == found->token);
    } catch (const ApiError& error) {
        require(error.status() == 401);
    }
    return 0;
}
