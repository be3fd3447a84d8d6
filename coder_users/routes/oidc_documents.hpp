// The JSON documents of an OpenID provider, as values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/text.hpp"
#include "coder_users/base/time.hpp"
#include "coder_users/format/json_members.hpp"
#include "coder_users/routes/provider.hpp"
#include "coder_users/rules/id_token.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// What a discovery document says.
struct Discovery {
    std::string authorization_endpoint;
    std::string token_endpoint;
    std::string jwks_uri;
    std::string userinfo_endpoint;  ///< "" when there is none
    bool secret_in_form = false;    ///< else the client authenticates by HTTP Basic
};

/// An endpoint of a discovery document; "" when it is absent. A provider that is reached over https
/// has no endpoints without it. Throws ProviderFailure.
inline std::string endpoint(const format::Json& document, const char* name, bool https) {
    const format::Json* value = format::member(document, name);
    if (!value || format::is_null(*value)) return {};
    std::string url = format::text_member(document, name).value_or("");
    const bool good = same_folded(std::string_view(url).substr(0, 8), "https://") ||
                      (!https && same_folded(std::string_view(url).substr(0, 7), "http://"));
    if (!good || url.find_first_of("\r\n\t #\"<>\\") != std::string::npos)
        throw ProviderFailure(std::string("the discovery document has no usable ") + name);
    return url;
}

/// Throws ProviderFailure when the document is of no use, or of another issuer.
inline Discovery parse_discovery(const std::string& text, std::string_view issuer) {
    const format::Json document = provider_json(text);
    if (format::text_member(document, "issuer").value_or("") != issuer)
        throw ProviderFailure("the discovery document is of another issuer");
    const bool https = same_folded(issuer.substr(0, 8), "https://");
    Discovery found;
    found.authorization_endpoint = endpoint(document, "authorization_endpoint", https);
    found.token_endpoint = endpoint(document, "token_endpoint", https);
    found.jwks_uri = endpoint(document, "jwks_uri", https);
    found.userinfo_endpoint = endpoint(document, "userinfo_endpoint", https);
    if (found.authorization_endpoint.empty() || found.token_endpoint.empty() ||
        found.jwks_uri.empty())
        throw ProviderFailure("the discovery document lacks an endpoint");
    const auto methods =
        format::texts_in(format::member(document, "token_endpoint_auth_methods_supported"));
    found.secret_in_form = methods && std::find(methods->begin(), methods->end(),
                                                "client_secret_post") != methods->end();
    return found;
}

/// A key for signatures of a type that is known here; nothing for any other.
inline std::optional<rules::IssuerKey> issuer_key(const format::Json& json) {
    const auto text = [&](const char* name) {
        return format::text_member(json, name).value_or("");
    };
    const bool rsa = text("kty") == "RSA";
    if (!rsa && !(text("kty") == "EC" && text("crv") == "P-256")) return std::nullopt;
    if (format::member(json, "use") && text("use") != "sig") return std::nullopt;
    auto first = rules::base64url_decode(text(rsa ? "n" : "x"));
    auto second = rules::base64url_decode(text(rsa ? "e" : "y"));
    if (!first || !second || first->empty() || second->empty()) return std::nullopt;
    return rules::IssuerKey{
        text("kid"),
        {rsa ? rules::KeyType::rsa : rules::KeyType::p256, std::move(*first), std::move(*second)}};
}

/// Those keys of a key set that can be used, at least one. Throws ProviderFailure.
inline std::vector<rules::IssuerKey> parse_issuer_keys(const std::string& text) {
    const format::Json document = provider_json(text);
    const auto* list = format::elements(format::member(document, "keys"));
    if (!list) throw ProviderFailure("the answer is not a key set");
    std::vector<rules::IssuerKey> keys;
    for (const format::Json& each : *list)
        if (auto key = issuer_key(each)) keys.push_back(std::move(*key));
    if (keys.empty()) throw ProviderFailure("the key set has no usable key");
    return keys;
}

/// Nothing when the header is no JSON object, demands extensions or has members of a wrong type.
inline std::optional<rules::IdTokenHeader> parse_id_token_header(const std::string& text) {
    try {
        const format::Json json = provider_json(text);
        auto algorithm = format::text_member(json, "alg");
        auto kid = format::text_member(json, "kid");
        if (!algorithm || format::member(json, "crit") || (format::member(json, "kid") && !kid))
            return std::nullopt;
        return rules::IdTokenHeader{std::move(*algorithm), std::move(kid)};
    } catch (const ProviderFailure&) {
        return std::nullopt;
    }
}

/// The registered claims; nothing when one has a wrong type, or one is missing that must be there.
inline std::optional<rules::IdTokenClaims> registered_claims(const format::Json& json) {
    rules::IdTokenClaims claims;
    bool good = true;
    const auto number = [&](const char* name) {
        const auto value = format::number_member(json, name);
        good = good && (value || !format::member(json, name));
        return value;
    };
    const auto text = [&](const char* name) {
        auto value = format::text_member(json, name);
        good = good && (value || !format::member(json, name));
        return value;
    };
    claims.issuer = text("iss").value_or("");
    claims.subject = text("sub").value_or("");
    claims.nonce = text("nonce").value_or("");
    claims.authorized_party = text("azp");
    const auto expires_at = number("exp");
    claims.expires_at = expires_at.value_or(0);
    claims.not_before = number("nbf");
    claims.issued_at = number("iat");
    if (const auto audience = format::text_member(json, "aud"))
        claims.audiences = {*audience};
    else if (auto audiences = format::texts_in(format::member(json, "aud")))
        claims.audiences = std::move(*audiences);
    if (!good || !expires_at) return std::nullopt;
    return claims;
}

/// Up to nine digits.
inline std::optional<std::int64_t> seconds_in(std::string_view digits) {
    if (digits.empty() || digits.size() > 9 ||
        digits.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    return std::stoi(std::string(digits));
}

/// How long the tokens are good: a number, which some providers write as a string. 0: it does not
/// say.
inline std::int64_t token_seconds(const format::Json& json) {
    if (const auto text = format::text_member(json, "expires_in"))
        return seconds_in(*text).value_or(0);
    return format::integer_member(json, "expires_in").value_or(0);
}

/// The tokens of a token endpoint's answer. Throws ProviderFailure with the provider's error code.
inline ProviderTokens parse_tokens(const ProviderAnswer& answer, const format::Json& json,
                                   Time now) {
    if (const auto error = format::text_member(json, "error"); error && !error->empty())
        throw ProviderFailure(cut_text(*error));
    if (answer.status < 200 || answer.status > 299)
        throw ProviderFailure("the provider answered with status " + std::to_string(answer.status));
    ProviderTokens tokens;
    tokens.access_token = format::text_member(json, "access_token").value_or("");
    if (tokens.access_token.empty()) throw ProviderFailure("the answer holds no access token");
    tokens.refresh_token = format::text_member(json, "refresh_token").value_or("");
    constexpr std::int64_t ten_years = std::int64_t{10} * 366 * 24 * 3600;
    const std::int64_t seconds = token_seconds(json);
    if (seconds > 0)
        tokens.expires_at = add(now, std::chrono::seconds((std::min)(seconds, ten_years)));
    return tokens;
}

/// How long an answer may be kept, by its Cache-Control field; nothing when it does not say.
inline std::optional<std::chrono::seconds> max_age(std::string_view cache_control) {
    const auto directives = split(cache_control, ',');
    for (std::string_view each : directives) {
        each = trim(each);
        if (same_folded(each, "no-store") || same_folded(each, "no-cache"))
            return std::chrono::seconds(0);
        if (!same_folded(each.substr(0, 8), "max-age=")) continue;
        if (const auto seconds = seconds_in(each.substr(8))) return std::chrono::seconds(*seconds);
    }
    return std::nullopt;
}

}}}  // namespace coder_users::v0::routes
