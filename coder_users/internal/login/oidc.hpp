// Internal: may change at any time.
// Logging in at an OpenID provider: finds out which user a code stands for
// (docs/contract/external_login.md, "OpenID Connect").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/base/url.hpp"
#include "coder_users/internal/login/oidc_provider.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/refusal.hpp"
#include "coder_users/internal/rules/id_token.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/internal/rules/provider_user.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// Asks the token endpoint, to which the client proves itself with its secret. Throws
/// ProviderFailure.
inline TokenAnswer ask_oidc_for_tokens(const OidcOptions& options, OidcProvider& provider,
                                       const ProviderCalls& calls, Form form, Time now) {
    const Discovery discovery = provider.discovery(calls);
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
    return ask_for_tokens(calls, std::move(request), now);
}

inline ApiError untrusted_id_token(std::string reason) {
    return {400, "Failed to verify OIDC token.", std::move(reason)};
}

/// Whether a key of the issuer made the signature. Throws ProviderFailure, ApiError.
inline void check_id_token_signature(const rules::Jwt& jwt, OidcProvider& provider,
                                     const ProviderCalls& calls, Time now) {
    const auto header = wire::read_id_token_header(jwt.header);
    if (!header) throw untrusted_id_token("its header cannot be used");
    if (!rules::signature_algorithm_named(header->algorithm))
        throw untrusted_id_token("its algorithm is not allowed");
    const OidcProvider::Keys keys = provider.keys(calls, now);
    auto outcome = rules::check_signature(jwt, *header, *keys);
    // Also when the key is known: the provider may have published a wrong one.
    if (outcome != rules::SignatureCheck::good)
        outcome = rules::check_signature(jwt, *header, *provider.newer_keys(calls, keys, now));
    if (outcome == rules::SignatureCheck::unknown_key)
        throw untrusted_id_token("its key is not among those of the issuer");
    if (outcome == rules::SignatureCheck::bad)
        throw untrusted_id_token("its signature does not fit");
}

/// The claims of a token that can be trusted. They have a non-empty `sub`. Throws ApiError.
inline wire::Claims trusted_claims(const std::string& token, const OidcOptions& options,
                                   OidcProvider& provider, const ProviderCalls& calls,
                                   std::string_view nonce, Time now) {
    const auto jwt = rules::split_jwt(token);
    if (!jwt) throw untrusted_id_token("it is not three parts of base64url");
    try {
        check_id_token_signature(*jwt, provider, calls, now);
    } catch (const ProviderFailure& failure) {
        throw untrusted_id_token(failure.what());
    }
    auto claims = wire::Claims::read(jwt->claims);
    if (!claims) throw ApiError(500, "Failed to extract OIDC claims.");
    const auto registered = claims->registered();
    if (!registered) throw untrusted_id_token("a claim is missing or has a wrong type");
    if (const char* flaw =
            rules::id_token_flaw(*registered, {options.issuer_url, options.client_id, nonce, now}))
        throw untrusted_id_token(flaw);
    return *std::move(claims);
}

/// Lays the claims of the userinfo endpoint over those of the id token. Throws ApiError.
inline void add_userinfo(wire::Claims& claims, const std::string& url,
                         const std::string& access_token, const ProviderCalls& calls) {
    const auto failed = [](const std::string& reason) {
        return LoggedFailure(
            "Failed to obtain user information claims.", reason,
            "The attempt to fetch claims via the UserInfo endpoint failed: " + reason);
    };
    ProviderAnswer answer;
    try {
        answer = calls.send(
            {"GET",
             url,
             {{"Accept", "application/json"}, {"Authorization", "Bearer " + access_token}}});
        if (answer.status != 200) throw unexpected_status(answer.status);
    } catch (const ProviderFailure& failure) {
        throw failed(failure.what());
    }
    const auto info = wire::Claims::read(answer.body);
    if (!info) throw ApiError(500, "Failed to unmarshal user info claims.");
    if (info->text("sub") != claims.text("sub")) throw failed("it is about another subject");
    claims.lay_over(*info);
}

/// The e-mail address: docs/contract/external_login.md, "OpenID Connect", steps 5 and 6.
inline std::string email_claim(const wire::Claims& claims, const OidcOptions& options,
                               const std::string& username) {
    const std::string kind = claims.kind(options.email_field);
    if (kind != "" && kind != "null" && kind != "string")
        throw ApiError(400, "Email in OIDC payload isn't a string. Got: " + kind);
    std::string text = claims.text(options.email_field).value_or("");
    if (text.empty() && rules::valid_email(username)) text = username;
    return taken_email(std::move(text));
}

/// docs/contract/external_login.md, "OpenID Connect", step 7.
inline bool email_is_verified(const wire::Claims& claims, const OidcOptions& options,
                              const std::string& email) {
    if (options.ignore_email_verified) return true;
    if (!claims.has("email_verified")) return false;
    if (!claims.flag("email_verified") && claims.text("email_verified") != "true")
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

/// The longest text of claims that is kept, in bytes.
inline constexpr std::size_t most_claims = 64 << 10;

/// What is kept of the claims of a login: all of them, or none.
inline std::string kept_claims(const wire::Claims& claims) {
    std::string text = claims.json();
    return text.size() <= most_claims ? text : "{}";
}

/// Fills `user` as far as it gets, since refusals are recorded about it. Throws ApiError.
inline void find_oidc_user(const OidcOptions& options, OidcProvider& provider,
                           const ProviderCalls& calls, const ReturnedCode& returned, Time now,
                           ExternalUser& user) {
    std::optional<std::string> id_token;
    std::string userinfo;
    try {
        TokenAnswer got =
            ask_oidc_for_tokens(options, provider, calls, exchange_form(returned), now);
        user.tokens = std::move(got.tokens);
        id_token = std::move(got.id_token);
        userinfo = provider.discovery(calls).userinfo_endpoint;
    } catch (const ProviderFailure& failure) {
        throw exchange_failed(failure);
    }
    if (!id_token)
        throw ApiError(400,
                       "id_token not found in response payload. Ensure your OIDC callback is "
                       "configured correctly!");
    wire::Claims claims = trusted_claims(*id_token, options, provider, calls, returned.nonce, now);
    user.linked_id = options.issuer_url + "||" + claims.text("sub").value_or("");
    if (!options.ignore_userinfo && !userinfo.empty())
        add_userinfo(claims, userinfo, user.tokens.access_token, calls);
    user.claims = kept_claims(claims);

    user.username = claims.text(options.username_field).value_or("");
    user.email = email_claim(claims, options, user.username);
    user.email_verified = email_is_verified(claims, options, user.email);
    refuse_foreign_domain(options, user.email);
    user.name = rules::acceptable_name(claims.text("name").value_or(""));
    user.avatar_url = rules::acceptable_avatar(claims.text("picture").value_or(""));
}

}}}  // namespace coder_users::v0::login
