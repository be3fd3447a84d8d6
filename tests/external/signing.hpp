// Keys of a provider and the tokens it signs with them.
#pragma once

#include <memory>
#include <string>

namespace coder_users_test {

/// An asymmetric key pair, fresh at each construction.
class ProviderKey {
 public:
    static ProviderKey ec();  ///< P-256
    static ProviderKey rsa(unsigned bits = 2048);

    ProviderKey(ProviderKey&&) noexcept;
    ~ProviderKey();

    /// The public half as a JSON Web Key.
    std::string jwk(const std::string& id) const;
    /// The public half in PEM.
    std::string public_pem() const;
    std::string private_pem() const;
    /// The raw signature of a JSON Web Signature: RS256, RS384, RS512, PS256 or ES256.
    std::string sign(const std::string& algorithm, const std::string& text) const;
    /// A certificate that the key signs itself, for an IPv4 address or a name and a day from now
    /// (PEM).
    std::string certificate(const std::string& address) const;

 private:
    struct Pair;
    explicit ProviderKey(std::unique_ptr<Pair> pair);
    std::unique_ptr<Pair> pair_;
};

/// HMAC with SHA-256.
std::string hmac_sha256(const std::string& key, const std::string& text);

/// SHA-256 in base64url, as PKCE wants it.
std::string s256(const std::string& text);

/// The parts of a token before its signature; both are JSON.
std::string signing_input(const std::string& header, const std::string& claims);

/// The whole token: signing_input() and a raw signature.
std::string with_signature(const std::string& input, const std::string& signature);

}  // namespace coder_users_test
