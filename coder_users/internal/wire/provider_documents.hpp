// Internal: may change at any time.
// Reads what login providers answer: the JSON documents of OpenID providers and of GitHub.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// The JSON that a provider sent. Throws ProviderFailure.
inline Json provider_json(const std::string& text) {
    try {
        return parse_json(text, DuplicateKeys::refused);
    } catch (const JsonError& error) {
        throw ProviderFailure(std::string("the answer is not valid JSON: ") + error.what());
    }
}

/// The JSON of an answer with status 200. Throws ProviderFailure.
inline Json provider_json(const ProviderAnswer& answer) {
    if (answer.status != 200) throw unexpected_status(answer.status);
    return provider_json(answer.body);
}

/// A string; "" for anything else.
inline std::string text_or_empty(const Json& json, const char* name) {
    return text_member(json, name).value_or("");
}

/// An endpoint of a discovery document; "" when it is absent. A provider that is reached over https
/// has no endpoints without it. Throws ProviderFailure.
inline std::string endpoint(const Json& document, const char* name, bool https) {
    const Json* value = member(document, name);
    if (!value || is_null(*value)) return {};
    std::string url = text_or_empty(document, name);
    const bool good = same_folded(std::string_view(url).substr(0, 8), "https://") ||
                      (!https && same_folded(std::string_view(url).substr(0, 7), "http://"));
    if (!good || url.find_first_of("\r\n\t #\"<>\\") != std::string::npos)
        throw ProviderFailure(std::string("the discovery document has no usable ") + name);
    return url;
}

/// Throws ProviderFailure when the document is of no use, or of another issuer.
inline Discovery read_discovery(const std::string& text, std::string_view issuer) {
    const Json document = provider_json(text);
    if (text_or_empty(document, "issuer") != issuer)
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
    const auto methods = texts_in(member(document, "token_endpoint_auth_methods_supported"));
    found.secret_in_form = methods && std::find(methods->begin(), methods->end(),
                                                "client_secret_post") != methods->end();
    return found;
}

/// All keys of a key set, those that nobody here can use, too. Throws ProviderFailure.
inline std::vector<PublishedKey> read_key_set(const std::string& text) {
    const Json document = provider_json(text);
    const auto* list = elements(member(document, "keys"));
    if (!list) throw ProviderFailure("the answer is not a key set");
    std::vector<PublishedKey> keys;
    for (const Json& each : *list) {
        const auto member_text = [&](const char* name) { return text_or_empty(each, name); };
        PublishedKey key;
        key.kid = member_text("kid");
        key.kty = member_text("kty");
        key.crv = member_text("crv");
        if (member(each, "use")) key.use = member_text("use");
        key.n = member_text("n");
        key.e = member_text("e");
        key.x = member_text("x");
        key.y = member_text("y");
        keys.push_back(std::move(key));
    }
    return keys;
}

/// Nothing when the header is no JSON object, demands extensions or has members of a wrong type.
inline std::optional<IdTokenHeader> read_id_token_header(const std::string& text) {
    try {
        const Json json = provider_json(text);
        auto algorithm = text_member(json, "alg");
        auto kid = text_member(json, "kid");
        if (!algorithm || member(json, "crit") || (member(json, "kid") && !kid))
            return std::nullopt;
        return IdTokenHeader{std::move(*algorithm), std::move(kid)};
    } catch (const ProviderFailure&) {
        return std::nullopt;
    }
}

/// What an OpenID provider claims about a user, in an id token or at its userinfo endpoint.
class Claims {
 public:
    /// Nothing when the text is no JSON object.
    static std::optional<Claims> read(const std::string& text) {
        try {
            Json json = provider_json(text);
            if (is_object(json)) return Claims(std::move(json));
        } catch (const ProviderFailure&) {
        }
        return std::nullopt;
    }

    /// A string; nothing for anything else.
    std::optional<std::string> text(const std::string& name) const {
        return text_member(json_, name);
    }
    /// Whether the claim is `true`.
    bool flag(const std::string& name) const { return flag_member(json_, name); }
    /// Whether the claim is there, be it `null`.
    bool has(const std::string& name) const { return member(json_, name) != nullptr; }
    /// Of which JSON type the claim is: "string", "null" and so on; "" when it is absent.
    std::string kind(const std::string& name) const {
        const Json* value = member(json_, name);
        return value ? type_name(*value) : "";
    }

    /// The registered claims; nothing when one has a wrong type, or `exp` is missing.
    std::optional<IdTokenClaims> registered() const;

    /// All of them, as a JSON object in the style of answers.
    std::string json() const {
        JsonWriter json;
        write_json(json, json_);
        return json.take();
    }

    /// Takes over all claims of `above`, also in place of its own.
    void lay_over(const Claims& above) { json_ = laid_over(json_, above.json_); }

 private:
    explicit Claims(Json json) : json_(std::move(json)) {}

    Json json_;  // an object
};

inline std::optional<IdTokenClaims> Claims::registered() const {
    IdTokenClaims claims;
    bool good = true;
    const auto number = [&](const char* name) {
        const auto value = number_member(json_, name);
        good = good && (value || !has(name));
        return value;
    };
    const auto string = [&](const char* name) {
        auto value = text(name);
        good = good && (value || !has(name));
        return value;
    };
    claims.issuer = string("iss").value_or("");
    claims.subject = string("sub").value_or("");
    claims.nonce = string("nonce").value_or("");
    claims.authorized_party = string("azp");
    const auto expires_at = number("exp");
    claims.expires_at = expires_at.value_or(0);
    claims.not_before = number("nbf");
    claims.issued_at = number("iat");
    if (const auto audience = text("aud"))
        claims.audiences = {*audience};
    else if (auto audiences = texts_in(member(json_, "aud")))
        claims.audiences = std::move(*audiences);
    if (!good || !expires_at) return std::nullopt;
    return claims;
}

/// The answer that shows claims, of which `claims` is what Claims::json() returned.
inline std::string oidc_claims(std::string_view claims) {
    JsonWriter json;
    json.begin_object().key("claims").raw(claims).end_object();
    return document(json);
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
inline std::int64_t token_seconds(const Json& json) {
    if (const auto text = text_member(json, "expires_in")) return seconds_in(*text).value_or(0);
    return integer_member(json, "expires_in").value_or(0);
}

/// What a token endpoint answered just now. Throws ProviderFailure, with the provider's error code
/// if it gives one.
inline TokenAnswer read_token_answer(const ProviderAnswer& answer, Time now) {
    const bool failed = answer.status < 200 || answer.status > 299;
    Json json;
    try {
        json = provider_json(answer.body);
    } catch (const ProviderFailure&) {
        if (failed) throw unexpected_status(answer.status);  // the status says more
        throw;
    }
    if (const auto error = text_member(json, "error"); error && !error->empty())
        throw ProviderFailure(cut_text(*error));
    if (failed) throw unexpected_status(answer.status);
    TokenAnswer read;
    ProviderTokens& tokens = read.tokens;
    tokens.access_token = text_or_empty(json, "access_token");
    if (tokens.access_token.empty()) throw ProviderFailure("the answer holds no access token");
    tokens.refresh_token = text_or_empty(json, "refresh_token");
    constexpr std::int64_t ten_years = std::int64_t{10} * 366 * 24 * 3600;
    const std::int64_t seconds = token_seconds(json);
    if (seconds > 0)
        tokens.expires_at = add(now, std::chrono::seconds((std::min)(seconds, ten_years)));
    read.id_token = text_member(json, "id_token");
    return read;
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

/// Throws ProviderFailure, also when the user has no login.
inline GithubUser read_github_user(const ProviderAnswer& answer) {
    const Json json = provider_json(answer);
    auto login = text_member(json, "login");
    if (!login) throw ProviderFailure("the answer is not a user");
    return {std::move(*login), integer_member(json, "id").value_or(0),
            text_or_empty(json, "avatar_url"), text_or_empty(json, "name")};
}

/// The elements of one page of a list, each as `read` makes a value of it; it leaves out those of
/// which it makes nothing. Throws ProviderFailure.
template <class Read>
auto read_github_list(const ProviderAnswer& answer, Read&& read) {
    const Json json = provider_json(answer);
    const auto* items = elements(&json);
    if (!items) throw ProviderFailure("the answer is not a list");
    std::vector<typename decltype(read(json))::value_type> values;
    for (const Json& each : *items)
        if (auto value = read(each)) values.push_back(std::move(*value));
    return values;
}

/// One page of the user's memberships. Throws ProviderFailure.
inline std::vector<GithubMembership> read_github_memberships(const ProviderAnswer& answer) {
    return read_github_list(answer, [](const Json& each) -> std::optional<GithubMembership> {
        const Json* organization = member(each, "organization");
        if (!organization) return std::nullopt;
        return GithubMembership{text_or_empty(*organization, "login"),
                                text_member(each, "state") == "active"};
    });
}

/// Whether the answer about a membership in a team says that it is active. Throws ProviderFailure.
inline bool read_github_team_membership(const ProviderAnswer& answer) {
    return text_member(provider_json(answer), "state") == "active";
}

/// One page of the user's addresses. Throws ProviderFailure.
inline std::vector<GithubEmail> read_github_emails(const ProviderAnswer& answer) {
    return read_github_list(answer, [](const Json& each) -> std::optional<GithubEmail> {
        return GithubEmail{text_or_empty(each, "email"), flag_member(each, "primary"),
                           flag_member(each, "verified")};
    });
}

}}}  // namespace coder_users::v0::wire
