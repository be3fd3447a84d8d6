// Internal: may change at any time.
// What OpenID providers and GitHub have in common: how they are reached, how a code becomes tokens,
// and what is known in the end of who has logged in.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/base/provider.hpp"
#include "coder_users/internal/rules/provider_user.hpp"
#include "coder_users/internal/wire/provider_documents.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// A call to a provider. Its fields and body may hold secrets.
struct ProviderRequest {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};  ///< a form, when there is one
};

/// The moment at which a request has no more time for login providers.
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline after(Deadline begin, std::chrono::milliseconds time) {
    const std::chrono::milliseconds longest = std::chrono::hours(24 * 365);  // no overflow
    return begin + (std::min)(time, longest);
}

/// The way to the providers. Called from any thread at once; may take as long as a call is given.
class ProviderAccess {
 public:
    virtual ~ProviderAccess() = default;
    /// Throws ProviderFailure when no complete answer of acceptable size came in time: before the
    /// deadline, and before a single call takes too long.
    virtual ProviderAnswer send(const ProviderRequest& request, Deadline deadline) = 0;
};

/// The calls of one request, which have one deadline.
class ProviderCalls {
 public:
    ProviderCalls(ProviderAccess& access, Deadline ends) : deadline(ends), access_(access) {}

    ProviderAnswer send(const ProviderRequest& request) const {
        return access_.send(request, deadline);
    }

    const Deadline deadline;

 private:
    ProviderAccess& access_;
};

using Form = std::vector<std::pair<std::string, std::string>>;

/// Sends a request for tokens. Throws ProviderFailure when the answer holds none.
inline TokenAnswer ask_for_tokens(const ProviderCalls& calls, ProviderRequest request, Time now) {
    request.method = "POST";
    request.headers.emplace_back("Accept", "application/json");
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return wire::read_token_answer(calls.send(request), now);
}

/// What came back from the provider's pages, and what the browser had kept for it.
struct ReturnedCode {
    std::string code;
    std::string redirect_uri;
    std::string pkce_verifier;
    std::string nonce;  ///< of OpenID Connect only
};

/// What a token endpoint wants for a code.
inline Form exchange_form(const ReturnedCode& returned) {
    return {{"grant_type", "authorization_code"},
            {"code", returned.code},
            {"redirect_uri", returned.redirect_uri},
            {"code_verifier", returned.pkce_verifier}};
}

/// What a token endpoint wants for a refresh token.
inline Form renewal_form(const std::string& refresh_token) {
    return {{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}};
}

inline LoggedFailure exchange_failed(const ProviderFailure& failure) {
    return {"Internal error exchanging Oauth code.", failure.what(), failure.what()};
}

/// The address of a user, as the provider sent it. Throws the 400 of one that is not taken over.
inline std::string taken_email(std::string email) {
    if (!rules::acceptable_email(email)) throw ApiError(400, "No email found in OIDC payload!");
    return email;
}

/// Who has logged in, as a provider says.
struct ExternalUser {
    std::string linked_id;
    std::string username = {};
    std::string email = {};
    bool email_verified = false;
    std::string name = {};  ///< the full name, "" when the provider sends none
    std::string avatar_url = {};
    ProviderTokens tokens = {};
    std::string claims = {};  ///< a JSON object; "" of a provider that claims nothing
};

}}}  // namespace coder_users::v0::login
