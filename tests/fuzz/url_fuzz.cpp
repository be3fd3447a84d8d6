// Request targets: any bytes must be decoded to UTF-8 without NUL, or refused; encoding what was
// decoded and decoding it again must give the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "coder_users/internal/base/url.hpp"

namespace {

using namespace coder_users;

void require(bool good) {
    if (!good) std::abort();
}

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) out += "%" + to_hex(static_cast<unsigned char>(c));
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    for (const bool query : {false, true}) {
        const auto decoded = percent_decode(text, query);
        if (!decoded) continue;
        require(is_utf8(*decoded) && decoded->find('\0') == std::string::npos);
        require(decoded->size() <= text.size());
        require(percent_decode(encoded(*decoded), query) == decoded);
    }

    const auto target = parse_url(text);
    if (!target) return 0;
    std::string again = "/";
    for (const std::string& segment : target->segments) {
        require(!segment.empty() && is_utf8(segment) && segment.find('\0') == std::string::npos);
        again += encoded(segment) + "//";
    }
    again += '?';
    for (const auto& [name, value] : target->query) {
        require(is_utf8(name) && is_utf8(value));
        require(target->parameter(name).has_value());
        again += encoded(name) + "=" + encoded(value) + "&";
    }
    const auto same = parse_url(again);
    require(same && same->segments == target->segments && same->query == target->query);
    return 0;
}
