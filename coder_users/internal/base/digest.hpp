// Internal: may change at any time.
// SHA-256 digests as bytes.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "coder_users/internal/base/url.hpp"

namespace coder_users { inline namespace v0 {

/// A SHA-256.
using Digest = std::array<unsigned char, 32>;

/// The digest of 64 hex digits. For any other text zeros, of which nobody knows a preimage.
inline Digest read_digest(std::string_view hex) {
    Digest digest{};
    if (hex.size() != 2 * digest.size()) return digest;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return {};
        digest[i] = static_cast<unsigned char>(high * 16 + low);
    }
    return digest;
}

}}  // namespace coder_users::v0
