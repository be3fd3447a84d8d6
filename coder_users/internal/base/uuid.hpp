// Internal: may change at any time.
// UUIDs as text: 36 characters, always in lower case inside the server.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 {

/// The detail of the refusal of a text that is no UUID.
inline constexpr const char* not_a_uuid = "invalid UUID length or format: a uuid has 36 characters";

/// Returns a 36-character UUID of any letter case in lower case; nothing for any other text.
inline std::optional<std::string> parse_uuid(std::string_view text) {
    if (text.size() != nil_uuid.size()) return std::nullopt;
    std::string out = fold_ascii(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const char c = out[i];
        if (nil_uuid[i] == '-' ? c != '-' : !is_digit(c) && !(c >= 'a' && c <= 'f'))
            return std::nullopt;
    }
    return out;
}

/// Makes a version 4 UUID from 16 random bytes.
inline std::string make_uuid(std::array<unsigned char, 16> random) {
    random[6] = static_cast<unsigned char>((random[6] & 0x0f) | 0x40);
    random[8] = static_cast<unsigned char>((random[8] & 0x3f) | 0x80);
    std::string out(nil_uuid);
    char* to = out.data();
    for (const unsigned char byte : random) {
        if (*to == '-') ++to;
        const auto digits = hex_digits(byte);
        to = std::copy(digits.begin(), digits.end(), to);
    }
    return out;
}

}}  // namespace coder_users::v0
