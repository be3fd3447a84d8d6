// Logging in at an OpenID provider: from the code to the user behind it
// (docs/contract/external_login.md, "OpenID Connect").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/format/json_members.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/oidc_provider.hpp"
#include "coder_users/rules/id_token.hpp"
#include "coder_users/rules/provider_user.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

using Form = std::vector<std::pair<std::string, std::string>>;

/// Adds a parameter, or gives the one of this name another value.
inline void set_parameter(Form& form, const std::string& name, const std::string& value) {
    for (auto& [known, content] : form) {
        if (known != name) continue;
        content = value;
        return;
    }
    form.emplace_back(name, value);
}

/// What came back from the provider's pages, and what the browser had kept for it.
struct ReturnedCode {
    std::string code;
    std::string redirect_uri;
    std::string pkce_verifier;
    std::string nonce;
};

inline LoggedFailure exchange_failed(const ProviderFailure& failure) {
    return {"Internal error exchanging Oauth code.", failure.what(), failure.what()};
}

/// A request to a token endpoint. Throws ProviderFailure when the answer cannot be read.
struct TokenAnswer {
    ProviderAnswer answer;
    format::Json json;
};

inline TokenAnswer ask_for_tokens(ProviderAccess& access, ProviderRequest request) {
    request.method = "POST";
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    TokenAnswer result{access.send(request), {}};
    const bool failed = result.answer.status < 200 || result.answer.status > 299;
    try {
        result.json = provider_json(result.answer.body);
    } catch (const ProviderFailure&) {
        if (failed)  // the status says more
            throw ProviderFailure("the provider answered with status " +
                                  std::to_string(result.answer.status));
        throw;
    }
    return result;
}

/// The same at the OpenID provider, where the client proves itself with its secret.
inline TokenAnswer ask_oidc_for_tokens(const OidcOptions& options, OidcProvider& provider,
                                       ProviderAccess& access, Form form) {
    const Discovery discovery = provider.discovery();
    ProviderRequest request;
    request.url = discovery.token_endpoint;
    if (discovery.secret_in_form) {
        form.emplace_back("client_id", options.client_id);
        form.emplace_back("client_secret", options.client_secret);
    } else {
        const std::string pair =
            percent_encode(options.client_id) + ':' + percent_encode(options.client_secret);
        request.headers.emplace_back("Authorization", "Basic " + rules::base64_encode(pair));
    }
    request.body = encode_parameters(form);
    return ask_for_tokens(access, std::move(request));
}

inline ApiError untrusted_id_token(std::string reason) {
    return {400, "Failed to verify OIDC token.", std::move(reason)};
}

/// Whether a key of the issuer made the signature. Throws ProviderFailure, ApiError.
inline void check_id_token_signature(const rules::Jwt& jwt, OidcProvider& provider, Time now) {
    const auto header = parse_id_token_header(jwt.header);
    if (!header) throw untrusted_id_token("its header cannot be used");
    if (!rules::signature_algorithm_named(header->algorithm))
        throw untrusted_id_token("its algorithm is not allowed");
    const OidcProvider::Keys keys = provider.keys(now);
    auto outcome = rules::check_signature(jwt, *header, *keys);
    // Also when the key is known: the provider may have published a wrong one.
    if (outcome != rules::SignatureCheck::good)
        outcome = rules::check_signature(jwt, *header, *provider.newer_keys(keys, now));
    if (outcome == rules::SignatureCheck::unknown_key)
        throw untrusted_id_token("its key is not among those of the issuer");
    if (outcome == rules::SignatureCheck::bad)
        throw untrusted_id_token("its signature does not fit");
}

/// The claims of a token that can be trusted: JSON, an object with a non-empty `sub`.
inline format::Json trusted_claims(const std::string& token, const OidcOptions& options,
                                   OidcProvider& provider, std::string_view nonce, Time now) {
    const auto jwt = rules::split_jwt(token);
    if (!jwt) throw untrusted_id_token("it is not three parts of base64url");
    try {
        check_id_token_signature(*jwt, provider, now);
    } catch (const ProviderFailure& failure) {
        throw untrusted_id_token(failure.what());
    }
    format::Json json;
    try {
        json = provider_json(jwt->claims);
    } catch (const ProviderFailure&) {
        throw ApiError(500, "Failed to extract OIDC claims.");
    }
    if (!format::is_object(json)) throw ApiError(500, "Failed to extract OIDC claims.");
    const auto claims = registered_claims(json);
    if (!claims) throw untrusted_id_token("a claim is missing or has a wrong type");
    if (const char* flaw =
            rules::id_token_flaw(*claims, {options.issuer_url, options.client_id, nonce, now}))
        throw untrusted_id_token(flaw);
    return json;
}

/// The claims of the userinfo endpoint laid over those of the id token.
inline format::Json with_userinfo(const format::Json& claims, const std::string& url,
                                  const std::string& access_token, ProviderAccess& access) {
    const auto failed = [](const std::string& reason) {
        return LoggedFailure(
            "Failed to obtain user information claims.", reason,
            "The attempt to fetch claims via the UserInfo endpoint failed: " + reason);
    };
    ProviderAnswer answer;
    try {
        answer = access.send(
            {"GET",
             url,
             {{"Accept", "application/json"}, {"Authorization", "Bearer " + access_token}}});
    } catch (const ProviderFailure& failure) {
        throw failed(failure.what());
    }
    if (answer.status != 200)
        throw failed("the provider answered with status " + std::to_string(answer.status));
    format::Json info;
    try {
        info = provider_json(answer.body);
    } catch (const ProviderFailure&) {
    }
    if (!format::is_object(info)) throw ApiError(500, "Failed to unmarshal user info claims.");
    if (format::text_member(info, "sub") != format::text_member(claims, "sub"))
        throw failed("it is about another subject");
    return format::laid_over(claims, info);
}

/// The e-mail address: docs/contract/external_login.md, "OpenID Connect", steps 5 and 6.
inline std::string email_claim(const format::Json& claims, const OidcOptions& options,
                               const std::string& username) {
    const format::Json* email = format::member(claims, options.email_field);
    if (email && !format::is_null(*email) && !format::is_text(*email))
        throw ApiError(400, std::string("Email in OIDC payload isn't a string. Got: ") +
                                format::type_name(*email));
    std::string text = format::text_member(claims, options.email_field).value_or("");
    if (!text.empty()) return text;
    if (!rules::valid_email(username)) throw ApiError(400, "No email found in OIDC payload!");
    return username;
}

inline ApiError email_not_verified(const std::string& email) {
    return {403,
            "Verify the \"" + email + "\" email address on your OIDC provider to authenticate!"};
}

/// docs/contract/external_login.md, "OpenID Connect", step 7.
inline bool email_is_verified(const format::Json& claims, const OidcOptions& options,
                              const std::string& email) {
    if (options.ignore_email_verified) return true;
    const format::Json* verified = format::member(claims, "email_verified");
    if (!verified) return false;
    if (!format::flag_member(claims, "email_verified") &&
        format::text_member(claims, "email_verified") != "true")
        throw email_not_verified(email);
    return true;
}

/// docs/contract/external_login.md, "OpenID Connect", step 8.
inline void refuse_foreign_domain(const OidcOptions& options, const std::string& email) {
    if (rules::email_in_domains(email, options.email_domains)) return;
    std::string list;
    for (const std::string& domain : options.email_domains)
        (list += list.empty() ? "\"" : " \"") += domain + '"';
    throw ApiError(403, "Your email \"" + email + "\" is not in domains [" + list + "]!");
}

/// Everything behind the provider's pages. Fills `user` as far as it gets; throws ApiError.
inline void find_oidc_user(const OidcOptions& options, OidcProvider& provider,
                           ProviderAccess& access, const ReturnedCode& returned, Time now,
                           ExternalUser& user) {
    std::optional<std::string> id_token;
    std::string userinfo;
    try {
        const TokenAnswer got = ask_oidc_for_tokens(options, provider, access,
                                                    {{"grant_type", "authorization_code"},
                                                     {"code", returned.code},
                                                     {"redirect_uri", returned.redirect_uri},
                                                     {"code_verifier", returned.pkce_verifier}});
        user.tokens = parse_tokens(got.answer, got.json, now);
        id_token = format::text_member(got.json, "id_token");
        userinfo = provider.discovery().userinfo_endpoint;
    } catch (const ProviderFailure& failure) {
        throw exchange_failed(failure);
    }
    if (!id_token)
        throw ApiError(400,
                       "id_token not found in response payload. Ensure your OIDC callback is "
                       "configured correctly!");
    format::Json claims = trusted_claims(*id_token, options, provider, returned.nonce, now);
    user.linked_id = options.issuer_url + "||" + format::text_member(claims, "sub").value_or("");
    if (!options.ignore_userinfo && !userinfo.empty())
        claims = with_userinfo(claims, userinfo, user.tokens.access_token, access);

    user.username = format::text_member(claims, options.username_field).value_or("");
    user.email = email_claim(claims, options, user.username);
    user.email_verified = email_is_verified(claims, options, user.email);
    refuse_foreign_domain(options, user.email);
    user.avatar_url = format::text_member(claims, "picture").value_or("");
}

}}}  // namespace coder_users::v0::routes
