// Internal: may change at any time.
// Reads and writes the claims in the cookie of a conversion to a login provider.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// The conversion that a user has asked for: from now on to log in through a provider.
struct ConversionClaims {
    std::string deployment_id;
    std::string user_id;
    std::string state;
    std::string from_type, to_type;
    std::int64_t issued_at = 0;   ///< seconds since 1970
    std::int64_t expires_at = 0;  ///< seconds since 1970
};

inline std::string write_conversion_claims(const ConversionClaims& claims) {
    JsonWriter json;
    json.begin_object()
        .member("iss", claims.deployment_id)
        .member("sub", claims.user_id)
        .member("state", claims.state)
        .member("from_login_type", claims.from_type)
        .member("to_login_type", claims.to_type)
        .member("iat", claims.issued_at)
        .member("exp", claims.expires_at)
        .end_object();
    return json.take();
}

/// Reads claims that this server has signed. Missing members read as "" or 0; claims without `exp`
/// have expired.
inline ConversionClaims read_conversion_claims(std::string_view text) {
    const Json json = parse_json(text);
    const auto member = [&](const char* name) { return text_member(json, name).value_or(""); };
    ConversionClaims claims{member("iss"), member("sub"), member("state"),
                            member("from_login_type"), member("to_login_type")};
    claims.expires_at = integer_member(json, "exp").value_or(0);
    claims.issued_at = integer_member(json, "iat").value_or(claims.expires_at);
    return claims;
}

}}}  // namespace coder_users::v0::wire
