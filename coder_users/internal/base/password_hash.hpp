// Internal: may change at any time.
// The form of stored password hashes, which are those of bcrypt.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 {

inline constexpr int lowest_hash_cost = 4;
inline constexpr int highest_hash_cost = 31;
/// A comparison with a hash of a higher cost takes minutes, so none is taken from elsewhere.
inline constexpr int highest_foreign_hash_cost = 18;
inline constexpr std::size_t password_hash_size = 60;

/// Guards every comparison: without it libxcrypt would take texts such as "plaintext" for DES
/// hashes.
inline bool is_bcrypt_hash(std::string_view hash) {
    return hash.size() == password_hash_size &&
           (starts_with(hash, "$2a$") || starts_with(hash, "$2b$") || starts_with(hash, "$2y$"));
}

/// The cost of a bcrypt hash; nothing for any other text.
inline std::optional<int> hash_cost(std::string_view hash) {
    if (!is_bcrypt_hash(hash) || !is_digit(hash[4]) || !is_digit(hash[5]) || hash[6] != '$')
        return std::nullopt;
    const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
    for (const char c : hash.substr(7))
        if (!is_letter(c) && !is_digit(c) && c != '.' && c != '/') return std::nullopt;
    if (cost < lowest_hash_cost || cost > highest_hash_cost) return std::nullopt;
    return cost;
}

/// Whether a hash that was made elsewhere may be stored.
inline bool is_foreign_hash(std::string_view hash) {
    return hash_cost(hash).value_or(highest_hash_cost) <= highest_foreign_hash_cost;
}

}}  // namespace coder_users::v0
