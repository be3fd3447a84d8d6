// Internal: may change at any time.
// Releases of Coder: answers to an older one leave newer fields out.
#pragma once

namespace coder_users { inline namespace v0 {

/// Compares by number: `2.10` is after `2.9`. The default is the oldest release that is supported.
struct Release {
    int major = 2;
    int minor = 6;
};

inline constexpr bool operator<(Release a, Release b) {
    return a.major != b.major ? a.major < b.major : a.minor < b.minor;
}

}}  // namespace coder_users::v0
