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

#include "coder_users/internal/base/password_hash.hpp"
#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// In bytes. Must stay below 72, since bcrypt ignores the bytes after that.
inline constexpr std::size_t longest_password = 64;

inline void require_hash_cost(int cost) {
    if (cost < lowest_hash_cost || cost > highest_hash_cost)
        throw std::invalid_argument("the cost of a password hash is 4 to 31");
}

/// Whether bcrypt uses the whole password: it stops at NUL and after 72 bytes.
inline bool fits_bcrypt(std::string_view password) {
    return password.size() <= longest_password && password.find('\0') == std::string_view::npos;
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

/// Does as much work as a comparison with a hash of `dearest` takes beyond one with a hash of
/// `cost`: it doubles with each step.
inline void spend_difference(int cost, int dearest) {
    for (; cost < dearest; ++cost) bcrypt("", dummy_hash(cost));
}

/// Whether `stored_hash` is the hash of this password. Never true for a password that is over 64
/// bytes or holds NUL, nor for a text that is not a bcrypt hash. No mismatch takes less time than
/// one with a hash of `least_cost`.
inline bool password_matches(std::string_view password, const std::string& stored_hash,
                             int least_cost = lowest_hash_cost) {
    const std::string compared(password.substr(0, longest_password));
    if (is_bcrypt_hash(stored_hash))
        if (const auto hash = bcrypt(compared, stored_hash)) {
            if (equal_constant_time(*hash, stored_hash) && fits_bcrypt(password)) return true;
            spend_difference(hash_cost(stored_hash).value_or(least_cost), least_cost);
            return false;
        }
    bcrypt(compared, dummy_hash(least_cost));
    return false;
}

}}}  // namespace coder_users::v0::rules
