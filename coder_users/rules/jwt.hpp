// JSON Web Tokens that this server signs for itself: HS512 and nothing else.
#pragma once

#include <string>
#include <string_view>

#include "coder_users/rules/crypto.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// Without padding, safe in URLs and cookies (RFC 7515 appendix C).
inline std::string base64url_encode(std::string_view bytes) {
    std::string out = base64_encode(bytes);
    out.erase(out.find_last_not_of('=') + 1);
    for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return out;
}

/// `claims` is a JSON object.
inline std::string sign_jwt(std::string_view claims, std::string_view key) {
    std::string token = base64url_encode(R"({"alg":"HS512","typ":"JWT"})");
    token += '.' + base64url_encode(claims);
    return token + '.' + base64url_encode(hmac_sha512(key, token));
}

}}}  // namespace coder_users::v0::rules
