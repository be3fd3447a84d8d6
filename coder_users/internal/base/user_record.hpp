// Internal: may change at any time.
// Everything that is stored about one user, for exports, imports and seeds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coder_users/model.hpp"
#include "coder_users/settings.hpp"

namespace coder_users { inline namespace v0 {

/// A Git SSH key with its sealed private half.
struct SealedGitSshKey {
    GitSshKey key;
    std::string sealed_private_key;
};

struct StoredKey {
    ApiKey key;
    std::string hashed_secret;  ///< SHA-256 of the secret, 64 lower-case hex digits
};

/// The account at a login provider that a user is linked to. The tokens are sealed, or "".
struct ProviderLink {
    LoginType login_type = LoginType::oidc;
    std::string linked_id;
    std::string sealed_access_token;
    std::string sealed_refresh_token;
    Time token_expires_at = never;
    std::string sealed_claims = {};  ///< a JSON object, sealed like the tokens
};

/// What a user chose for itself.
struct UserSetting {
    std::string name;
    std::string value;
};

/// By which a user may choose a new password once.
struct OneTimePasscode {
    std::string hashed_passcode;  ///< SHA-256 of the code, 64 lower-case hex digits
    Time expires_at = never;
};

struct UserRecord {
    User user;  ///< `organization_ids` is not used here: `memberships` replaces it
    std::string hashed_password;
    std::vector<OrganizationMember> memberships;
    std::vector<StoredKey> keys;
    std::optional<SealedGitSshKey> ssh_key;
    std::optional<ProviderLink> link;
    std::vector<UserSetting> settings;  ///< sorted by name
    std::vector<NotificationPreference> notification_preferences;
    std::optional<OneTimePasscode> passcode;
    std::optional<std::string> data;  ///< a text of the host
};

}}  // namespace coder_users::v0
