// Internal: may change at any time.
// The link of a user to an account at a login provider, whose tokens are stored sealed.
#pragma once

#include <optional>
#include <string>

#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/sealing.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/links.hpp"

namespace coder_users { inline namespace v0 { namespace login {

/// What is stored of a token, or of claims; "" for none.
inline std::string sealed_token(const operations::Backend& backend, const std::string& token,
                                const std::string& user_id) {
    if (token.empty()) return {};
    return rules::base64_encode(rules::seal(backend.secret_key, token, user_id, backend.random));
}

/// What was sealed for this user; nothing when it cannot be opened.
inline std::optional<std::string> opened_token(const operations::Backend& backend,
                                               const std::string& sealed,
                                               const std::string& user_id) {
    const auto bytes = rules::base64_decode(sealed);
    return bytes ? rules::open(backend.secret_key, *bytes, user_id) : std::nullopt;
}

/// Puts this link in the place of an older one.
inline void store_link(store::Tx& tx, const operations::Backend& backend,
                       const std::string& user_id, LoginType type, const ExternalUser& who) {
    operations::keep_sealing_key(tx, backend);
    store::links::put(
        tx, {user_id, type, who.linked_id, sealed_token(backend, who.tokens.access_token, user_id),
             sealed_token(backend, who.tokens.refresh_token, user_id), who.tokens.expires_at,
             sealed_token(backend, who.claims, user_id)});
}

}}}  // namespace coder_users::v0::login
