// Everything that is stored of one user: what exports, imports and seeds carry.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coder_users/base/model.hpp"

namespace coder_users { inline namespace v0 {

/// With its private half, sealed.
struct SealedGitSshKey {
    GitSshKey key;
    std::string sealed_private_key;
};

struct StoredKey {
    ApiKey key;
    std::string hashed_secret;  ///< SHA-256 of the secret, 64 lower-case hex digits
};

/// The account at a login provider. The tokens are sealed, or "".
struct ProviderLink {
    LoginType login_type = LoginType::oidc;
    std::string linked_id;
    std::string sealed_access_token;
    std::string sealed_refresh_token;
    Time token_expires_at = never;
};

struct UserRecord {
    User user;  ///< its `organization_ids` say nothing: `memberships` do
    std::string hashed_password;
    std::vector<OrganizationMember> memberships;
    std::vector<StoredKey> keys;
    std::optional<SealedGitSshKey> ssh_key;
    std::optional<ProviderLink> link;
};

}}  // namespace coder_users::v0
