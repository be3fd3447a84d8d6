// Internal: may change at any time.
// What login providers say, as plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// An answer as it came. It may hold secrets.
struct ProviderAnswer {
    int status = 0;
    std::string body;
    std::string cache_control = {};
    std::string link = {};  ///< the Link field, which names further pages
};

/// Why a provider's answer cannot be used. The text is short, holds no secrets, and may be shown.
class ProviderFailure : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline constexpr const char* provider_too_slow = "the provider did not answer in time";

inline ProviderFailure unexpected_status(int status) {
    return ProviderFailure("the provider answered with status " + std::to_string(status));
}

/// A text that a provider chose, cut to 512 bytes between two characters.
inline std::string cut_text(std::string text) {
    constexpr std::size_t longest = 512;
    if (text.size() <= longest) return text;
    std::size_t size = longest;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    text.resize(size);
    return text;
}

/// What lets the server act for a user at the provider. Secret.
struct ProviderTokens {
    std::string access_token;
    std::string refresh_token = {};  ///< "" when there is none
    Time expires_at = never;         ///< of the access token; `never` when it does not end
};

/// What a token endpoint answers.
struct TokenAnswer {
    ProviderTokens tokens;
    std::optional<std::string> id_token = {};  ///< of an OpenID provider
};

/// What an OpenID provider's discovery document says.
struct Discovery {
    std::string authorization_endpoint;
    std::string token_endpoint;
    std::string jwks_uri;
    std::string userinfo_endpoint;  ///< "" when there is none
    bool secret_in_form = false;    ///< else the client authenticates by HTTP Basic
};

/// A key as its issuer publishes it (RFC 7517). Members that are missing or no strings are "".
struct PublishedKey {
    std::string kid;
    std::string kty;
    std::string crv;
    std::optional<std::string> use;  ///< nothing when it is missing
    std::string n, e;                ///< of RSA, in base64url
    std::string x, y;                ///< of elliptic curves, in base64url
};

/// What counts of an id token's header.
struct IdTokenHeader {
    std::string algorithm;
    std::optional<std::string> kid;
};

/// The registered claims of an id token. Times are seconds since 1970, and may have a fraction.
struct IdTokenClaims {
    std::string issuer;
    std::vector<std::string> audiences;
    std::optional<std::string> authorized_party;  ///< azp
    double expires_at = 0;
    std::optional<double> not_before, issued_at;
    std::string subject;
    std::string nonce;
};

struct GithubUser {
    std::string login;
    std::int64_t id = 0;  ///< 0 when it is missing
    std::string avatar_url;
    std::string name;  ///< the full name
};

struct GithubEmail {
    std::string address;
    bool primary = false;
    bool verified = false;
};

/// A user's membership in an organization.
struct GithubMembership {
    std::string organization;
    bool active = false;
};

}}  // namespace coder_users::v0
