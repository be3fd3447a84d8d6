// Internal: may change at any time.
// Makes signature keys: Ed25519, NIST P-256 and RSA.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

using SignatureKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Bytes = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_clear_free>>;
using NumberContext = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using Curve = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using CurvePoint = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;

/// Derives the 32 raw bytes of the public key from a 32-byte seed.
inline std::string ed25519_public_key(std::string_view seed) {
    if (seed.size() != 32) throw std::invalid_argument("an Ed25519 seed has 32 bytes");
    const SignatureKey key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
    std::string out(32, '\0');
    std::size_t size = out.size();
    check_openssl(key && EVP_PKEY_get_raw_public_key(key.get(), bytes_of(out), &size) == 1,
                  "Ed25519");
    return out;
}

/// Writes a private key in the PEM form that names its algorithm: "EC PRIVATE KEY", "RSA PRIVATE
/// KEY".
inline std::string traditional_pem(EVP_PKEY* key) {
    const Bytes out(made(BIO_new(BIO_s_mem())));
    check_openssl(PEM_write_bio_PrivateKey_traditional(out.get(), key, nullptr, nullptr, 0, nullptr,
                                                       nullptr) == 1,
                  "private key");
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

/// A NIST P-256 key.
struct P256Pair {
    std::string point;  ///< the public key, as an uncompressed point
    SignatureKey key;
};

/// The same key as text.
struct EcdsaKey {
    std::string point;
    std::string pem;
};

/// Draws a private number from 1 to the curve's order minus one: FIPS 186-5, A.2.1 (extra random
/// bits).
inline Number draw_scalar(const EC_GROUP* curve, const Random& random) {
    const auto bytes = random_bytes<40>(random);
    Number scalar(made(BN_secure_new()));
    made(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), scalar.get()));
    const Number range(made(BN_dup(EC_GROUP_get0_order(curve))));
    const NumberContext context(made(BN_CTX_new()));
    check_openssl(BN_sub_word(range.get(), 1) == 1 &&
                      BN_nnmod(scalar.get(), scalar.get(), range.get(), context.get()) == 1 &&
                      BN_add_word(scalar.get(), 1) == 1,
                  "P-256");
    BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
    return scalar;
}

/// Makes a key from what `random` draws.
inline P256Pair make_p256_pair(const Random& random) {
    const Curve curve(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    check_openssl(curve != nullptr, "P-256");
    const Number scalar = draw_scalar(curve.get(), random);
    const CurvePoint product(made(EC_POINT_new(curve.get())));
    std::string point(65, '\0');
    const ParameterBuilder builder(made(OSSL_PARAM_BLD_new()));
    OSSL_PARAM_BLD* const b = builder.get();
    check_openssl(
        EC_POINT_mul(curve.get(), product.get(), scalar.get(), nullptr, nullptr, nullptr) == 1 &&
            EC_POINT_point2oct(curve.get(), product.get(), POINT_CONVERSION_UNCOMPRESSED,
                               bytes_of(point), point.size(), nullptr) == point.size() &&
            OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                             point.size()) == 1 &&
            OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) == 1,
        "P-256");
    const Parameters parameters(made(OSSL_PARAM_BLD_to_param(b)));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    check_openssl(
        context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
            EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) == 1,
        "P-256");
    return {std::move(point), SignatureKey(made)};
}

inline EcdsaKey make_p256_key(const Random& random) {
    P256Pair pair = make_p256_pair(random);
    return {std::move(pair.point), traditional_pem(pair.key.get())};
}

/// A fresh RSA key; its public numbers are big-endian. OpenSSL's own randomness makes it, in about
/// a second.
struct RsaKey {
    std::string exponent, modulus;
    std::string pem;
};

inline RsaKey make_rsa_key(unsigned bits) {
    const SignatureKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}));
    const auto number = [&](const char* name) {
        BIGNUM* raw = nullptr;
        check_openssl(key && EVP_PKEY_get_bn_param(key.get(), name, &raw) == 1, "RSA");
        const Number value(raw);
        std::string out(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
        BN_bn2bin(raw, bytes_of(out));
        return out;
    };
    RsaKey made{number(OSSL_PKEY_PARAM_RSA_E), number(OSSL_PKEY_PARAM_RSA_N), {}};
    made.pem = traditional_pem(key.get());
    return made;
}

}}}  // namespace coder_users::v0::rules
