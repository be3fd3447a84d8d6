// Stored hashes: whatever the file holds, a password must match its own hash only, and every
// comparison must end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "coder_users/internal/rules/password.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coder_users;
    using namespace coder_users::rules;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto require = [](bool good) {
        if (!good) std::abort();
    };
    const std::size_t end = text.find('\n');
    const std::string hash = text.substr(0, end);
    const std::string password = end == std::string::npos ? "" : text.substr(end + 1);
    // Higher costs take time, so only the lowest is tried.
    const bool dear = is_bcrypt_hash(hash) && hash.substr(3, 4) != "$04$";
    static const std::string known = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";
    if (!dear) {
        const bool matches = password_matches(password, hash, lowest_hash_cost);
        require(!matches || (is_bcrypt_hash(hash) && fits_bcrypt(password)));
        if (matches) require(!password_matches(password + "x", hash, lowest_hash_cost));
    }
    require(dear || !password_matches(hash, hash, lowest_hash_cost));
    require(password_matches(password, known, lowest_hash_cost) == (password == "secret"));
    return 0;
}
