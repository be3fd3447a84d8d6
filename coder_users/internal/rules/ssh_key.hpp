// Internal: may change at any time.
// Makes Git SSH key pairs in the formats of OpenSSH.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/signature_keys.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

struct SshKeyPair {
    std::string public_key;   ///< one authorized_keys line with its newline, without comment
    std::string private_key;  ///< PEM; never leaves the server
};

/// RFC 4251: integers are big-endian with 32 bits, and strings follow their length.
inline std::string ssh_uint32(std::size_t value) {
    std::string out;
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift & 0xff);
    return out;
}
inline std::string ssh_string(std::string_view text) {
    return ssh_uint32(text.size()).append(text);
}

/// Base64 between PEM lines, 70 characters in a line as ssh-keygen writes them.
inline std::string to_pem(std::string_view type, std::string_view bytes) {
    constexpr std::size_t line = 70;
    const std::string dashes = "-----", label(type);
    std::string out = dashes + "BEGIN " + label + dashes + '\n';
    const std::string text = base64_encode(bytes);
    for (std::size_t i = 0; i < text.size(); i += line) out.append(text, i, line) += '\n';
    return out + dashes + "END " + label + dashes + '\n';
}

/// The format "openssh-key-v1" (OpenSSH's PROTOCOL.key), without encryption and without a comment.
inline std::string openssh_private_key(std::string_view type, std::string_view public_blob,
                                       std::string_view private_fields, const Random& random) {
    std::string check(4, '\0');
    random(bytes_of(check), check.size());
    std::string secret = check + check + ssh_string(type);
    secret.append(private_fields) += ssh_string("");
    for (char pad = 1; secret.size() % 8 != 0; ++pad) secret += pad;

    std::string out("openssh-key-v1\0", 15);
    out += ssh_string("none") + ssh_string("none") + ssh_string("");
    out += ssh_uint32(1) + ssh_string(public_blob) + ssh_string(secret);
    return to_pem("OPENSSH PRIVATE KEY", out);
}

/// One authorized_keys line.
inline std::string authorized_key(std::string_view type, std::string_view blob) {
    return std::string(type) + ' ' + base64_encode(blob) + '\n';
}

inline SshKeyPair make_ed25519_key(const Random& random) {
    constexpr std::string_view type = "ssh-ed25519";
    std::string seed(32, '\0');
    random(bytes_of(seed), seed.size());
    const std::string point = ed25519_public_key(seed);
    const std::string blob = ssh_string(type) + ssh_string(point);
    SshKeyPair key;
    key.public_key = authorized_key(type, blob);
    key.private_key =
        openssh_private_key(type, blob, ssh_string(point) + ssh_string(seed + point), random);
    return key;
}

/// Makes a NIST P-256 key; the private key is an "EC PRIVATE KEY".
inline SshKeyPair make_ecdsa_key(const Random& random) {
    constexpr std::string_view type = "ecdsa-sha2-nistp256";
    const EcdsaKey key = make_p256_key(random);
    return {authorized_key(type, ssh_string(type) + ssh_string("nistp256") + ssh_string(key.point)),
            key.pem};
}

/// RFC 4251 mpint: a leading zero keeps the number positive.
inline std::string ssh_number(std::string_view big_endian) {
    const bool high = !big_endian.empty() && (big_endian[0] & 0x80) != 0;
    return ssh_string((high ? std::string(1, '\0') : std::string()).append(big_endian));
}

/// Makes an RSA key of 4096 bits; the private key is an "RSA PRIVATE KEY".
inline SshKeyPair make_rsa4096_key() {
    constexpr std::string_view type = "ssh-rsa";
    const RsaKey key = make_rsa_key(4096);
    return {
        authorized_key(type, ssh_string(type) + ssh_number(key.exponent) + ssh_number(key.modulus)),
        key.pem};
}

}}}  // namespace coder_users::v0::rules
