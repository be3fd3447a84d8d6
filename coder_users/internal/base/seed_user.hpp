// Internal: may change at any time.
// A user as a seed file describes it.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace coder_users { inline namespace v0 {

/// "" or empty: the file does not give it.
struct SeedUser {
    std::size_t line = 1;  ///< of the file, where this user begins
    std::string id, username, email;
    std::string password, hashed_password;
    std::string login_type, status, created_at;
    std::string name, avatar_url, theme_preference;
    bool service_account = false;
    std::vector<std::string> roles;
    std::string organization;                ///< its name
    std::vector<std::string> organizations;  ///< more names. Without any: the oldest organization
    std::vector<std::string> organization_roles;              ///< in the first of them
    std::vector<std::pair<std::string, std::string>> tokens;  ///< name and key text
    std::vector<std::string> sessions;
};

}}  // namespace coder_users::v0
