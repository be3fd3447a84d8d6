// Internal: may change at any time.
// JSON Web Tokens: taking any apart, and signing and verifying those of this server (HS512 only).
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// Base64 without padding that is safe in URLs and cookies (RFC 7515, appendix C).
inline std::string base64url_encode(std::string_view bytes) {
    std::string out = base64_encode(bytes);
    out.erase(out.find_last_not_of('=') + 1);
    for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
}

/// Decodes exactly what base64url_encode() writes: no padding, no blanks, no stray bits.
inline std::optional<std::string> base64url_decode(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
    std::string standard(text);
    for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
    standard.append((4 - standard.size() % 4) % 4, '=');
    return base64_decode(standard);
}

/// What a client shows of its PKCE verifier at the start of a login (RFC 7636, S256).
inline std::string pkce_challenge(std::string_view verifier) {
    const auto digest = sha256(verifier);
    return base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// The parts of a JSON Web Token in compact form, decoded but not checked.
struct Jwt {
    std::string header;            ///< JSON, unless the token is malformed
    std::string claims;            ///< JSON, unless the token is malformed
    std::string signature;         ///< raw bytes
    std::string_view signed_text;  ///< the part that the signature covers; a view into the token
};

/// Returns nothing unless the text is three parts of strict base64url.
inline std::optional<Jwt> split_jwt(std::string_view token) {
    if (std::count(token.begin(), token.end(), '.') != 2) return std::nullopt;
    const std::vector<std::string_view> parts = split(token, '.');
    auto header = base64url_decode(parts[0]);
    auto claims = base64url_decode(parts[1]);
    auto signature = base64url_decode(parts[2]);
    if (!header || !claims || !signature) return std::nullopt;
    return Jwt{std::move(*header), std::move(*claims), std::move(*signature),
               token.substr(0, parts[0].size() + 1 + parts[1].size())};
}

/// What the signature of a token covers. Both are JSON objects.
inline std::string jwt_signed_text(std::string_view header, std::string_view claims) {
    return base64url_encode(header) + '.' + base64url_encode(claims);
}

/// The whole token. `signature` holds raw bytes.
inline std::string jwt_of(const std::string& signed_text, std::string_view signature) {
    return signed_text + '.' + base64url_encode(signature);
}

/// The only header that tokens made by this server have.
inline constexpr std::string_view own_jwt_header = R"({"alg":"HS512","typ":"JWT"})";

/// Signs `claims`, a JSON object, with HMAC-SHA-512.
inline std::string sign_jwt(std::string_view claims, std::string_view key) {
    const std::string text = jwt_signed_text(own_jwt_header, claims);
    return jwt_of(text, hmac_sha512(key, text));
}

/// The claims of a token that sign_jwt() made with this key; nothing for any other text.
inline std::optional<std::string> verified_jwt_claims(std::string_view token,
                                                      std::string_view key) {
    auto jwt = split_jwt(token);
    if (!jwt || jwt->header != own_jwt_header ||
        !equal_constant_time(jwt->signature, hmac_sha512(key, jwt->signed_text)))
        return std::nullopt;
    return std::move(jwt->claims);
}

}}}  // namespace coder_users::v0::rules
