// Internal: may change at any time.
// Verifies signatures that others made with RSA or P-256 keys (RFC 7518).
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/signature_keys.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

enum class KeyType { rsa, p256 };

/// An algorithm that ID tokens may be signed with. There is no symmetric one and never `none`.
struct SignatureAlgorithm {
    std::string_view name;
    KeyType key_type;
    const char* digest;
    bool pss = false;  ///< RSASSA-PSS instead of PKCS #1 v1.5
};

inline constexpr std::array<SignatureAlgorithm, 5> signature_algorithms{
    {{"RS256", KeyType::rsa, "SHA256"},
     {"RS384", KeyType::rsa, "SHA384"},
     {"RS512", KeyType::rsa, "SHA512"},
     {"PS256", KeyType::rsa, "SHA256", true},
     {"ES256", KeyType::p256, "SHA256"}}};

/// Returns nullptr for every name that is not in the list.
inline const SignatureAlgorithm* signature_algorithm_named(std::string_view name) {
    for (const SignatureAlgorithm& each : signature_algorithms)
        if (each.name == name) return &each;
    return nullptr;
}

/// A public key as big-endian numbers: modulus and exponent for RSA, the two coordinates for P-256.
struct PublicKey {
    KeyType type = KeyType::rsa;
    std::string first;   ///< n for RSA, x for P-256
    std::string second;  ///< e for RSA, y for P-256
};

using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

/// Removes the errors of this scope from OpenSSL's queue, where they would confuse TLS code of the
/// host.
class OpensslErrorsDropped {
 public:
    OpensslErrorsDropped() { ERR_set_mark(); }
    OpensslErrorsDropped(const OpensslErrorsDropped&) = delete;
    OpensslErrorsDropped& operator=(const OpensslErrorsDropped&) = delete;
    ~OpensslErrorsDropped() { ERR_pop_to_mark(); }
};

inline Number number_of(std::string_view bytes) {
    return Number(made(BN_bin2bn(bytes_of(bytes), int_size(bytes), nullptr)));
}

/// Returns nullptr when OpenSSL refuses the parameters.
inline SignatureKey key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const Parameters params(made(OSSL_PARAM_BLD_to_param(builder)));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return SignatureKey(key);
}

/// Returns nullptr unless the modulus has 2048 to 16384 bits and the exponent is odd and has 2 to
/// 64 bits.
inline SignatureKey rsa_key(const PublicKey& key) {
    const Number n = number_of(key.first), e = number_of(key.second);
    const ParameterBuilder builder(made(OSSL_PARAM_BLD_new()));
    if (BN_num_bits(n.get()) < 2048 || BN_num_bits(n.get()) > 16384 || BN_num_bits(e.get()) < 2 ||
        BN_num_bits(e.get()) > 64 || !BN_is_odd(e.get()) ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return key_from("RSA", builder.get());
}

/// Returns nullptr when the point is not on the curve.
inline SignatureKey p256_key(const PublicKey& key) {
    if (key.first.size() != 32 || key.second.size() != 32) return nullptr;
    const std::string point = '\x04' + key.first + key.second;
    const ParameterBuilder builder(made(OSSL_PARAM_BLD_new()));
    if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return nullptr;
    return key_from("EC", builder.get());
}

/// Converts the two numbers of a token's signature to the DER form that OpenSSL reads; "" when they
/// are malformed.
inline std::string ecdsa_der(std::string_view raw) {
    if (raw.size() != 64) return {};
    Number r = number_of(raw.substr(0, 32)), s = number_of(raw.substr(32));
    const EcdsaSignature signature(made(ECDSA_SIG_new()));
    if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
    r.release(), s.release();
    std::string out(80, '\0');
    unsigned char* end = bytes_of(out);
    const int size = i2d_ECDSA_SIG(signature.get(), &end);
    out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return out;
}

/// Does the opposite for a signature that OpenSSL made.
inline std::string ecdsa_raw(std::string_view der) {
    const unsigned char* at = bytes_of(der);
    const EcdsaSignature signature(made(d2i_ECDSA_SIG(nullptr, &at, int_size(der))));
    std::string out(64, '\0');
    check_openssl(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes_of(out), 32) == 32 &&
                      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes_of(out) + 32, 32) == 32,
                  "P-256");
    return out;
}

/// Signs as ES256 does. Any thread may call it. Throws CryptoUnavailable.
inline std::string sign_es256(const P256Pair& pair, std::string_view text) {
    const DigestContext context(made(EVP_MD_CTX_new()));
    std::string der(80, '\0');
    std::size_t size = der.size();
    check_openssl(
        EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, pair.key.get(),
                              nullptr) == 1 &&
            EVP_DigestSign(context.get(), bytes_of(der), &size, bytes_of(text), text.size()) == 1,
        "ES256");
    der.resize(size);
    return ecdsa_raw(der);
}

/// Returns false also when memory runs out.
inline bool verified(const SignatureAlgorithm& algorithm, const PublicKey& key,
                     std::string_view text, std::string_view signature) {
    const bool ec = key.type == KeyType::p256;
    const SignatureKey verifier = ec ? p256_key(key) : rsa_key(key);
    const std::string bytes = ec ? ecdsa_der(signature) : std::string(signature);
    const DigestContext context(made(EVP_MD_CTX_new()));
    EVP_PKEY_CTX* settings = nullptr;  // belongs to the context
    if (!verifier || bytes.empty() ||
        EVP_DigestVerifyInit_ex(context.get(), &settings, algorithm.digest, nullptr, nullptr,
                                verifier.get(), nullptr) != 1)
        return false;
    if (algorithm.pss && (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(context.get(), bytes_of(bytes), bytes.size(), bytes_of(text),
                            text.size()) == 1;
}

/// Whether the owner of `key` signed `text`. Returns false also for unusable keys. Throws
/// CryptoUnavailable.
inline bool signature_fits(const SignatureAlgorithm& algorithm, const PublicKey& key,
                           std::string_view text, std::string_view signature) {
    if (algorithm.key_type != key.type) return false;
    const OpensslErrorsDropped quiet;
    if (verified(algorithm, key, text, signature)) return true;
    throw_if_out_of_memory();  // the signature may be good
    return false;
}

}}}  // namespace coder_users::v0::rules
