// What an OpenID provider says about somebody, and when it may be believed
// (docs/contract/external_login.md, "OpenID Connect", step 2).
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/base/time.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/rules/jwt.hpp"
#include "coder_users/rules/signatures.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// One key of the issuer. Keys for other uses or of other types are not among them.
struct IssuerKey {
    std::string kid;  ///< "" when it has none
    PublicKey key;
};

/// What counts of a token's header.
struct IdTokenHeader {
    std::string algorithm;
    std::optional<std::string> kid;
};

enum class SignatureCheck { good, bad, unknown_key };

/// The key that the header names, or any when it names none. `unknown_key`: none of these keys is
/// the one.
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

/// The registered claims. Times are seconds since 1970, and may have a fraction.
struct IdTokenClaims {
    std::string issuer;
    std::vector<std::string> audiences;
    std::optional<std::string> authorized_party;  ///< azp
    double expires_at = 0;
    std::optional<double> not_before, issued_at;
    std::string subject;
    std::string nonce;
};

/// What a login expects of its token.
struct IdTokenExpectation {
    std::string_view issuer;
    std::string_view client_id;
    std::string_view nonce;
    Time now = never;
};

/// Why the claims cannot be trusted, in words that quote none of them; nullptr when they can.
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
    if (expected.nonce.empty() || !equal_constant_time(claims.nonce, expected.nonce))
        return "its nonce is not that of this login";
    return nullptr;
}

}}}  // namespace coder_users::v0::rules
