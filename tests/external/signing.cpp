#include "signing.hpp"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <stdexcept>
#include <utility>

#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/rules/signature_keys.hpp"
#include "coder_users/internal/rules/signatures.hpp"

namespace coder_users_test {

namespace rules = coder_users::rules;
using rules::base64url_encode;
using rules::bytes_of;
using rules::check_openssl;

namespace {

std::string number(const EVP_PKEY* key, const char* name, int size = 0) {
    BIGNUM* raw = nullptr;
    check_openssl(EVP_PKEY_get_bn_param(key, name, &raw) == 1, name);
    std::string out(static_cast<std::size_t>(size ? size : BN_num_bytes(raw)), '\0');
    BN_bn2binpad(raw, bytes_of(out), static_cast<int>(out.size()));
    BN_free(raw);
    return base64url_encode(out);
}

template <class Write>
std::string pem(Write write) {
    const rules::Bytes out(BIO_new(BIO_s_mem()));
    check_openssl(write(out.get()) == 1, "PEM");
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace

struct ProviderKey::Pair {
    rules::SignatureKey key;
};

ProviderKey::ProviderKey(std::unique_ptr<Pair> pair) : pair_(std::move(pair)) {
    check_openssl(pair_->key != nullptr, "key pair");
}
ProviderKey::ProviderKey(ProviderKey&&) noexcept = default;
ProviderKey::~ProviderKey() = default;

ProviderKey ProviderKey::ec() {
    return ProviderKey(std::make_unique<Pair>(
        Pair{rules::SignatureKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))}));
}
ProviderKey ProviderKey::rsa(unsigned bits) {
    return ProviderKey(std::make_unique<Pair>(
        Pair{rules::SignatureKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits}))}));
}

std::string ProviderKey::jwk(const std::string& id) const {
    const EVP_PKEY* key = pair_->key.get();
    const std::string named = "\"kid\":\"" + id + "\",\"use\":\"sig\"}";
    if (EVP_PKEY_is_a(key, "RSA"))
        return R"({"kty":"RSA","n":")" + number(key, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
               number(key, OSSL_PKEY_PARAM_RSA_E) + "\"," + named;
    return R"({"kty":"EC","crv":"P-256","x":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32) +
           R"(","y":")" + number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"," + named;
}
std::string ProviderKey::public_pem() const {
    return pem([&](BIO* out) { return PEM_write_bio_PUBKEY(out, pair_->key.get()); });
}
std::string ProviderKey::private_pem() const {
    return pem([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, pair_->key.get(), nullptr, nullptr, 0, nullptr,
                                        nullptr);
    });
}

std::string ProviderKey::sign(const std::string& algorithm, const std::string& text) const {
    const std::string digest = "SHA" + algorithm.substr(2);
    const rules::DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    check_openssl(EVP_DigestSignInit_ex(context.get(), &parameters, digest.c_str(), nullptr,
                                        nullptr, pair_->key.get(), nullptr) == 1,
                  "signature");
    if (algorithm[0] == 'P')
        check_openssl(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1,
                      "padding");
    std::string out(1024, '\0');
    std::size_t size = out.size();
    check_openssl(
        EVP_DigestSign(context.get(), bytes_of(out), &size, bytes_of(text), text.size()) == 1,
        "signature");
    out.resize(size);
    return algorithm[0] == 'E' ? rules::ecdsa_raw(out) : out;
}

std::string ProviderKey::certificate(const std::string& address) const {
    const std::unique_ptr<X509, rules::FreeWith<X509_free>> made(X509_new());
    X509* const x509 = made.get();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 24 * 3600);
    X509_set_pubkey(x509, pair_->key.get());
    X509_NAME* const name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("stand-in"), -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509V3_CTX context;
    X509V3_set_ctx(&context, x509, x509, nullptr, nullptr, 0);
    const bool named = address.find_first_not_of("0123456789.") != std::string::npos;
    for (const auto& [id, value] :
         {std::pair<int, std::string>{NID_subject_alt_name, (named ? "DNS:" : "IP:") + address},
          std::pair<int, std::string>{NID_basic_constraints, "critical,CA:TRUE"}}) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
        check_openssl(X509_add_ext(x509, extension, -1) == 1, "certificate");
        X509_EXTENSION_free(extension);
    }
    check_openssl(X509_sign(x509, pair_->key.get(), EVP_sha256()) > 0, "certificate");
    return pem([&](BIO* out) { return PEM_write_bio_X509(out, x509); });
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
    std::string out(32, '\0');
    unsigned size = 0;
    check_openssl(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text),
                       text.size(), bytes_of(out), &size) != nullptr,
                  "HMAC");
    return out;
}

std::string s256(const std::string& text) { return rules::pkce_challenge(text); }

std::string signing_input(const std::string& header, const std::string& claims) {
    return rules::jwt_signed_text(header, claims);
}

std::string with_signature(const std::string& input, const std::string& signature) {
    return rules::jwt_of(input, signature);
}

}  // namespace coder_users_test
