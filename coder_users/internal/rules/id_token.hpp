// Internal: may change at any time.
// Decides whether an ID token of an OpenID provider can be trusted
// (docs/contract/external_login.md, "OpenID Connect", step 2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/jwt.hpp"
#include "coder_users/internal/rules/signatures.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// A signing key of the issuer. Keys for other uses or of unsupported types are left out.
struct IssuerKey {
    std::string kid;  ///< "" when the key has no id
    PublicKey key;
};

/// Nothing for a key for other uses, of another type, or whose numbers are not base64url.
inline std::optional<IssuerKey> issuer_key(const PublishedKey& published) {
    const bool rsa = published.kty == "RSA";
    if (!rsa && !(published.kty == "EC" && published.crv == "P-256")) return std::nullopt;
    if (published.use && *published.use != "sig") return std::nullopt;
    auto first = base64url_decode(rsa ? published.n : published.x);
    auto second = base64url_decode(rsa ? published.e : published.y);
    if (!first || !second || first->empty() || second->empty()) return std::nullopt;
    return IssuerKey{published.kid,
                     {rsa ? KeyType::rsa : KeyType::p256, std::move(*first), std::move(*second)}};
}

/// The keys of a key set that can be used.
inline std::vector<IssuerKey> issuer_keys(const std::vector<PublishedKey>& published) {
    std::vector<IssuerKey> keys;
    for (const PublishedKey& each : published)
        if (auto key = issuer_key(each)) keys.push_back(std::move(*key));
    return keys;
}

enum class SignatureCheck { good, bad, unknown_key };

/// Tries the key that the header names, or all keys when it names none. `unknown_key`: no key has
/// the id that the header names, or the header names none and no key fits.
inline SignatureCheck check_signature(const Jwt& jwt, const IdTokenHeader& header,
                                      const std::vector<IssuerKey>& keys) {
    const SignatureAlgorithm* algorithm = signature_algorithm_named(header.algorithm);
    if (!algorithm) return SignatureCheck::bad;
    bool known = false;
    for (const IssuerKey& each : keys) {
        if (header.kid && each.kid != *header.kid) continue;
        known = known || header.kid.has_value();
        if (signature_fits(*algorithm, each.key, jwt.signed_text, jwt.signature))
            return SignatureCheck::good;
    }
    return known ? SignatureCheck::bad : SignatureCheck::unknown_key;
}

/// The longest subject in bytes: OpenID Connect Core 1.0, section 2.
inline constexpr std::size_t longest_subject = 255;

/// What a login expects of its ID token.
struct IdTokenExpectation {
    std::string_view issuer;
    std::string_view client_id;
    std::string_view nonce;
    Time now = never;
};

/// Why the claims cannot be trusted, in words that quote none of them; nullptr when they can be.
inline const char* id_token_flaw(const IdTokenClaims& claims, const IdTokenExpectation& expected) {
    constexpr double tolerance = 60;
    const double now = static_cast<double>(micros(expected.now)) / 1e6;
    if (claims.issuer != expected.issuer) return "it is from another issuer";
    if (std::find(claims.audiences.begin(), claims.audiences.end(), expected.client_id) ==
        claims.audiences.end())
        return "it is for another audience";
    if (claims.authorized_party ? *claims.authorized_party != expected.client_id
                                : claims.audiences.size() > 1)
        return "it is for another authorized party";
    if (!(claims.expires_at + tolerance > now)) return "it has expired";
    if (claims.not_before && !(*claims.not_before - tolerance <= now)) return "it is not valid yet";
    if (claims.issued_at && !(*claims.issued_at - tolerance <= now))
        return "it was issued in the future";
    if (claims.subject.empty()) return "it names no subject";
    if (claims.subject.size() > longest_subject) return "its subject is longer than 255 bytes";
    if (expected.nonce.empty() || !equal_constant_time(claims.nonce, expected.nonce))
        return "its nonce is not that of this login";
    return nullptr;
}

}}}  // namespace coder_users::v0::rules
