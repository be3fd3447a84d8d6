// Releases of Coder, by which the fields of answers differ.
#pragma once

namespace coder_users { inline namespace v0 {

/// `2.10` is after `2.9`. By default the oldest one, which has all fields of today.
struct Release {
    int major = 2;
    int minor = 6;
};

inline constexpr bool operator<(Release a, Release b) {
    return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}

}}  // namespace coder_users::v0
