// Internal: may change at any time.
// Hashes and checks passwords with bcrypt of libxcrypt. The only header that includes <crypt.h>.
#pragma once

#include <crypt.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// In bytes. Must stay below 72, since bcrypt ignores the bytes after that.
inline constexpr std::size_t longest_password = 64;
inline constexpr int lowest_hash_cost = 4;
inline constexpr int highest_hash_cost = 31;
inline constexpr int default_hash_cost = 10;
inline constexpr std::size_t password_hash_size = 60;

inline void require_hash_cost(int cost) {
    if (cost < lowest_hash_cost || cost > highest_hash_cost)
        throw std::invalid_argument("the cost of a password hash is 4 to 31");
}

/// Whether bcrypt uses the whole password: it stops at NUL and after 72 bytes.
inline bool fits_bcrypt(std::string_view password) {
    return password.size() <= longest_password && password.find('\0') == std::string_view::npos;
}

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

/// Returns nothing when libxcrypt refuses the setting.
inline std::optional<std::string> bcrypt(const std::string& password, const std::string& setting) {
    const auto data = std::make_unique<crypt_data>();  // 32 KiB are too much for a small stack
    const char* const hash =
        crypt_rn(password.c_str(), setting.c_str(), data.get(), static_cast<int>(sizeof *data));
    if (hash == nullptr || !is_bcrypt_hash(hash)) return std::nullopt;
    return std::string(hash);
}

/// Returns a `$2b$` hash with a fresh salt; takes 50 to 150 ms at cost 10. Throws
/// std::invalid_argument for a password that is over 64 bytes or holds NUL (refuse those before)
/// and for a cost outside 4 to 31.
inline std::string hash_password(std::string_view password, int cost, const Random& random) {
    require_hash_cost(cost);
    if (!fits_bcrypt(password)) throw std::invalid_argument("password too long or with NUL");
    const auto salt = random_bytes<16>(random);
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
    const char* const made = crypt_gensalt_rn(
        "$2b$", static_cast<unsigned long>(cost), reinterpret_cast<const char*>(salt.data()),
        static_cast<int>(salt.size()), setting.data(), static_cast<int>(setting.size()));
    const auto hash = bcrypt(std::string(password), made ? made : "");
    if (!hash) throw std::runtime_error("libxcrypt cannot make a bcrypt hash");
    return *hash;
}

/// A well-formed hash that no password has; making it takes no time. Comparing with it takes as
/// long as a real comparison, for logins where there is no account or no stored hash.
inline std::string dummy_hash(int cost) {
    require_hash_cost(cost);
    // The last of these 31 characters encodes only four bits, and bcrypt never writes '/' there.
    return "$2b$" + std::to_string(cost / 10) + std::to_string(cost % 10) + '$' +
           std::string(22, '.') + std::string(30, '.') + '/';
}

/// Whether `stored_hash` is the hash of this password. Never true for a password that is over 64
/// bytes or holds NUL, nor for a text that is not a bcrypt hash. Every answer takes as long as a
/// mismatch; for malformed hashes that is the time of `cost_if_malformed`.
inline bool password_matches(std::string_view password, const std::string& stored_hash,
                             int cost_if_malformed = default_hash_cost) {
    const std::string compared(password.substr(0, longest_password));
    if (is_bcrypt_hash(stored_hash))
        if (const auto hash = bcrypt(compared, stored_hash))
            return equal_constant_time(*hash, stored_hash) && fits_bcrypt(password);
    bcrypt(compared, dummy_hash(cost_if_malformed));
    return false;
}

}}}  // namespace coder_users::v0::rules
