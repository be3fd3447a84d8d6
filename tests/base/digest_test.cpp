// Digests that are read from their hex digits.
#include "coder_users/internal/base/digest.hpp"

#include <string>

#include "catch.hpp"

namespace digest_test {

using coder_users::Digest;
using coder_users::read_digest;

TEST_CASE("a digest is read from 64 hex digits, and nothing else is one") {
    const std::string hex = "0123456789abcdef00ff10e0ffffffffffffffffffffffffffffffffffffffff";
    const Digest digest = read_digest(hex);
    CHECK(digest[0] == 0x01);
    CHECK(digest[7] == 0xef);
    CHECK(digest[8] == 0x00);
    CHECK(digest[11] == 0xe0);
    CHECK(digest[31] == 0xff);
    CHECK(read_digest(hex.substr(1)) == Digest{});
    CHECK(read_digest(hex + "00") == Digest{});
    CHECK(read_digest("") == Digest{});
    for (const std::size_t place : {0u, 31u, 62u, 63u}) {
        std::string wrong = hex;
        wrong[place] = 'g';
        CHECK(read_digest(wrong) == Digest{});
    }
}

}  // namespace digest_test
