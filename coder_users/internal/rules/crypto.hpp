// Internal: may change at any time.
// Cryptography: digests, sealing, base64 and randomness. The only header that includes OpenSSL.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coder_users/internal/base/digest.hpp"
#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// Fills `count` bytes with unpredictable values or throws. Any thread may call it.
using Random = std::function<void(unsigned char* bytes, std::size_t count)>;

/// OpenSSL could not do what needs no more than memory and randomness: a caller may try again.
class CryptoUnavailable : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Call it for what fails only when memory or randomness run out. OpenSSL does not always say so:
/// its queue of errors needs memory, too. Throws CryptoUnavailable. Empties the queue of this
/// thread: an error left there would confuse TLS code of the host.
inline void check_openssl(bool good, const char* what) {
    if (good) return;
    ERR_clear_error();
    throw CryptoUnavailable(std::string("OpenSSL failed: ") + what);
}

/// Does the same for an object that a function of OpenSSL made, and returns it.
template <class Handle>
Handle* made(Handle* handle) {
    check_openssl(handle != nullptr, "no memory");
    return handle;
}

/// Throws CryptoUnavailable when the queue of this thread says that memory ran out, for what may
/// fail for other reasons, too.
inline void throw_if_out_of_memory() {
    bool found = false;
    while (const auto error = ERR_get_error())
        found = found || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
    check_openssl(!found, "no memory");
}

/// The operating system's randomness, as a Random. Throws std::runtime_error.
inline void system_random(unsigned char* bytes, std::size_t count) {
    while (count > 0) {
        const std::size_t step = (std::min)(count, std::size_t{1} << 20);
        check_openssl(RAND_bytes(bytes, static_cast<int>(step)) == 1, "RAND_bytes");
        bytes += step;
        count -= step;
    }
}

template <std::size_t N>
std::array<unsigned char, N> random_bytes(const Random& random) {
    std::array<unsigned char, N> bytes{};
    random(bytes.data(), bytes.size());
    return bytes;
}

/// Lets a unique_ptr free an OpenSSL handle.
template <auto free_handle>
struct FreeWith {
    template <class Handle>
    void operator()(Handle* handle) const {
        free_handle(handle);
    }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>>;

inline const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// OpenSSL takes sizes as int. Throws std::length_error.
inline int int_size(std::string_view text) {
    if (text.size() > INT_MAX) throw std::length_error("too long for OpenSSL");
    return static_cast<int>(text.size());
}

inline Digest sha256(std::string_view text) {
    // The algorithm and a context for each thread are kept: this is several times as fast as a
    // one-shot digest, and every request needs one. The algorithm is never freed, because threads
    // may outlive main().
    // What throws here is tried again by the next call.
    static const EVP_MD* const algorithm = [] {
        const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        check_openssl(fetched != nullptr, "SHA-256");
        return fetched;
    }();
    thread_local const DigestContext context(made(EVP_MD_CTX_new()));
    Digest digest{};
    check_openssl(EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1,
                  "SHA-256");
    return digest;
}

/// SHA-256 as 64 lower-case hex digits.
inline std::string sha256_hex(std::string_view text) {
    std::string out;
    out.reserve(2 * sizeof(Digest));
    for (const unsigned char byte : sha256(text)) out += to_hex(byte);
    return out;
}

/// HMAC with SHA-512: 64 raw bytes.
inline std::string hmac_sha512(std::string_view key, std::string_view text) {
    std::string out(64, '\0');
    unsigned size = 0;
    check_openssl(HMAC(EVP_sha512(), key.data(), int_size(key), bytes_of(text), text.size(),
                       bytes_of(out), &size) != nullptr &&
                      size == out.size(),
                  "HMAC");
    return out;
}

/// Takes the same time wherever two texts of the same length differ, so that guesses learn nothing.
inline bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}
inline bool equal_constant_time(const Digest& a, const Digest& b) {
    return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

inline constexpr std::size_t seal_key_size = 32;
inline constexpr int seal_nonce_size = 12;
inline constexpr int seal_tag_size = 16;

inline void require_seal_key(std::string_view key) {
    if (key.size() != seal_key_size) throw std::invalid_argument("a sealing key has 32 bytes");
}

/// Encrypts with AES-256-GCM; returns nonce, ciphertext and tag. Only open() with the same key and
/// the same associated data (such as the user's id) decrypts it. Throws std::invalid_argument
/// unless `key` has 32 bytes.
inline std::string seal(std::string_view key, std::string_view plaintext,
                        std::string_view associated, const Random& random) {
    require_seal_key(key);
    const int size = int_size(plaintext), associated_size = int_size(associated);
    std::string out(plaintext.size() + seal_nonce_size + seal_tag_size, '\0');
    unsigned char* const nonce = bytes_of(out);
    unsigned char* const body = nonce + seal_nonce_size;
    random(nonce, seal_nonce_size);
    const CipherContext context(made(EVP_CIPHER_CTX_new()));
    EVP_CIPHER_CTX* const c = context.get();
    int done = 0;
    check_openssl(
        EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce) == 1 &&
            EVP_EncryptUpdate(c, nullptr, &done, bytes_of(associated), associated_size) == 1 &&
            EVP_EncryptUpdate(c, body, &done, bytes_of(plaintext), size) == 1 &&
            EVP_EncryptFinal_ex(c, body + size, &done) == 1 &&
            EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, seal_tag_size, body + size) == 1,
        "AES-256-GCM");
    return out;
}

/// Decrypts what seal() returned; nothing when the text, the key or the associated data differs in
/// any byte.
inline std::optional<std::string> open(std::string_view key, std::string_view sealed,
                                       std::string_view associated) {
    require_seal_key(key);
    const int associated_size = int_size(associated);
    const int size = int_size(sealed) - seal_nonce_size - seal_tag_size;
    if (size < 0) return std::nullopt;
    const unsigned char* const nonce = bytes_of(sealed);
    const unsigned char* const body = nonce + seal_nonce_size;
    std::string tag(sealed.substr(sealed.size() - seal_tag_size));
    std::string out(static_cast<std::size_t>(size), '\0');
    const CipherContext context(made(EVP_CIPHER_CTX_new()));
    EVP_CIPHER_CTX* const c = context.get();
    int done = 0;
    check_openssl(
        EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), nullptr, bytes_of(key), nonce) == 1 &&
            EVP_DecryptUpdate(c, nullptr, &done, bytes_of(associated), associated_size) == 1 &&
            EVP_DecryptUpdate(c, bytes_of(out), &done, body, size) == 1 &&
            EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, seal_tag_size, tag.data()) == 1,
        "AES-256-GCM");
    ERR_set_mark();  // an error left in the thread's queue would confuse TLS code of the host
    const bool good = EVP_DecryptFinal_ex(c, bytes_of(out) + size, &done) == 1;
    ERR_pop_to_mark();
    if (!good) return std::nullopt;
    return out;
}

/// Uses the standard alphabet with padding, without line breaks.
inline std::string base64_encode(std::string_view bytes) {
    if (bytes.size() > INT_MAX / 2) throw std::length_error("too long for base64");
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL adds a NUL
    const int size = EVP_EncodeBlock(bytes_of(out), bytes_of(bytes), int_size(bytes));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

/// Decodes exactly what base64_encode() writes: no blanks, no missing padding, no stray bits.
inline std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0 || text.size() > INT_MAX / 2) return std::nullopt;
    std::string out(text.size() / 4 * 3, '\0');
    if (text.empty()) return out;
    if (EVP_DecodeBlock(bytes_of(out), bytes_of(text), int_size(text)) < 0) return std::nullopt;
    out.resize(out.size() - (text[text.size() - 1] == '=') - (text[text.size() - 2] == '='));
    if (base64_encode(out) != text) return std::nullopt;
    return out;
}

}}}  // namespace coder_users::v0::rules
