// Internal: may change at any time.
// Releases of Coder: answers to an older one leave newer fields out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 {

/// Compares by number: `2.10` is after `2.9`. The default is the oldest release that is supported.
/// Aligned, since clang asks for a library (libatomic) to keep an atomic one otherwise.
struct alignas(2 * sizeof(int)) Release {
    int major = 2;
    int minor = 6;
};

inline constexpr bool operator<(Release a, Release b) {
    return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}
inline constexpr bool operator>=(Release a, Release b) { return !(a < b); }

inline constexpr Release newest_release{2, 35};

/// Reads "2.6" to "2.35", written so; nothing for any other text.
inline std::optional<Release> parse_release(std::string_view text) {
    if (!starts_with(text, "2.") || text.size() > 4) return std::nullopt;
    Release release{2, 0};
    for (const char c : text.substr(2)) {
        if (!is_digit(c)) return std::nullopt;
        release.minor = release.minor * 10 + (c - '0');
    }
    if (text[2] == '0' || release < Release() || newest_release < release) return std::nullopt;
    return release;
}

inline std::string to_text(Release release) {
    return std::to_string(release.major) + '.' + std::to_string(release.minor);
}

}}  // namespace coder_users::v0
