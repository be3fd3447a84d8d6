#include "coder_users/internal/rules/signature_keys.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "coder_users/internal/rules/signatures.hpp"
#include "texts.hpp"

namespace signature_keys_test {

using namespace coder_users;
using namespace coder_users::rules;
using coder_users_test::from_hex;
using coder_users_test::hex_of;

TEST_CASE("Ed25519 public keys of RFC 8032") {
    CHECK(hex_of(ed25519_public_key(
              from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))) ==
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    CHECK(hex_of(ed25519_public_key(
              from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))) ==
          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    CHECK_THROWS_AS(ed25519_public_key("short"), std::invalid_argument);
}

TEST_CASE("P-256 keys are the multiple of the generator that the randomness draws") {
    const Random zeros = [](unsigned char* bytes, std::size_t count) {
        std::fill_n(bytes, count, static_cast<unsigned char>(0));
    };
    const EcdsaKey key = make_p256_key(zeros);  // the number 1: the generator itself, SEC 2
    CHECK(hex_of(key.point) ==
          "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
          "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
    CHECK(key.pem.rfind("-----BEGIN EC PRIVATE KEY-----\n", 0) == 0);
    CHECK(make_p256_key(system_random).point != make_p256_key(system_random).point);
}

TEST_CASE("what a P-256 key signs fits it, and nothing else") {
    const P256Pair pair = make_p256_pair(system_random), other = make_p256_pair(system_random);
    const SignatureAlgorithm& es256 = *signature_algorithm_named("ES256");
    const auto fits = [&](const P256Pair& by, const std::string& text, const std::string& made) {
        return signature_fits(es256, {KeyType::p256, by.point.substr(1, 32), by.point.substr(33)},
                              text, made);
    };
    for (int i = 0; i < 300; ++i) {  // about one number in 256 begins with a zero byte
        const std::string made = sign_es256(pair, "text");
        REQUIRE(made.size() == 64);
        REQUIRE(fits(pair, "text", made));
    }
    const std::string made = sign_es256(pair, "text");
    CHECK_FALSE(fits(other, "text", made));
    CHECK_FALSE(fits(pair, "Text", made));
    CHECK_THROWS_AS(ecdsa_raw("no signature"), CryptoUnavailable);
}

}  // namespace signature_keys_test
