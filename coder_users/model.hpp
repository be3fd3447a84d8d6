// The values that the server keeps: users, keys, organizations. Plain structs without rules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// The id that means no user or no organization. Identity::system() has it, too.
inline constexpr std::string_view nil_uuid = "00000000-0000-0000-0000-000000000000";

enum class UserStatus { active, dormant, suspended };
enum class LoginType { password, github, oidc, token, none };
/// What the scopes of a key amount to: everything, the one for applications (perhaps beside
/// others), or only less than everything.
enum class KeyScope { all, application_connect, narrow };

inline constexpr std::array<std::string_view, 3> user_status_names{"active", "dormant",
                                                                   "suspended"};
inline constexpr std::array<std::string_view, 5> login_type_names{"password", "github", "oidc",
                                                                  "token", "none"};
inline constexpr std::array<std::string_view, 3> session_login_type_names{"password", "github",
                                                                          "oidc"};
inline constexpr std::array<std::string_view, 3> key_scope_names{"all", "application_connect", ""};

inline constexpr std::string_view to_string(UserStatus v) {
    return user_status_names[static_cast<std::size_t>(v)];
}
inline constexpr std::string_view to_string(LoginType v) {
    return login_type_names[static_cast<std::size_t>(v)];
}
inline constexpr std::string_view to_string(KeyScope v) {
    return key_scope_names[static_cast<std::size_t>(v)];
}

/// All names of an enumeration, chosen by the type of the argument. Its value does not matter.
inline constexpr const auto& names_of(UserStatus) { return user_status_names; }
inline constexpr const auto& names_of(LoginType) { return login_type_names; }
inline constexpr const auto& names_of(KeyScope) { return key_scope_names; }

/// The enumerator with exactly this name; nothing when there is none.
template <class Enum, std::size_t N>
constexpr std::optional<Enum> find_name(const std::array<std::string_view, N>& names,
                                        std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<Enum>(i);
    return std::nullopt;
}
inline constexpr std::optional<UserStatus> user_status_named(std::string_view name) {
    return find_name<UserStatus>(user_status_names, name);
}
inline constexpr std::optional<LoginType> login_type_named(std::string_view name) {
    return find_name<LoginType>(login_type_names, name);
}

/// A built-in site role: its name in requests and answers, and the name that people read.
struct SiteRole {
    std::string_view name;
    std::string_view display_name;
};

/// All site roles, sorted by name.
inline constexpr std::array<SiteRole, 5> site_roles{{{"auditor", "Auditor"},
                                                     {"member", "Member"},
                                                     {"owner", "Owner"},
                                                     {"template-admin", "Template Admin"},
                                                     {"user-admin", "User Admin"}}};

inline constexpr std::string_view display_name_of_role(std::string_view name) {
    for (const SiteRole& role : site_roles)
        if (role.name == name) return role.display_name;
    return "";
}

/// A site role that the host declares for rights of its own (Options::roles). It grants nothing of
/// this API.
struct HostRole {
    /// 1 to 32 lower-case letters, digits and single dashes, and not the name of a built-in role.
    std::string name;
    std::string display_name = {};         ///< for people to read, at most 64 bytes; "": the name
    std::vector<std::string> rights = {};  ///< such as "notes:write", each of 1 to 64 bytes
};

/// An account.
struct User {
    std::string id;  ///< UUID, in lower case
    std::string username;
    std::string email;
    Time created_at = never;
    Time last_seen_at = never;
    UserStatus status = UserStatus::dormant;
    LoginType login_type = LoginType::password;
    std::string avatar_url;
    std::string theme_preference;
    std::vector<std::string> roles;  ///< site roles that were assigned, sorted, no duplicates
    std::vector<std::string> organization_ids;  ///< the organizations it belongs to, oldest first
    std::string name = {};                      ///< the full name, for people to read
    Time updated_at = never;
    bool is_service_account = false;  ///< has no address, and nobody can log in to it
};

/// A session or a token; login_type tells which (LoginType::token). The server stores the SHA-256
/// of the secret and never the secret, which is not here either.
struct ApiKey {
    std::string id;
    std::string user_id;
    Time created_at = never;
    Time updated_at = never;
    Time expires_at = never;
    Time last_used = never;
    LoginType login_type = LoginType::password;
    KeyScope scope = KeyScope::all;                ///< what `scopes` amount to
    std::vector<std::string> scopes{"coder:all"};  ///< what the key may do, by names of scopes
    std::vector<std::string> allow_list{"*:*"};    ///< what the key may touch, as `<type>:<id>`
    std::string token_name;
    std::int64_t lifetime_seconds = 0;
    std::string ip = {};          ///< the address of whoever made the key, "" when unknown
    std::string user_agent = {};  ///< as that client called itself, at most 512 bytes
};

/// A session in a list: somebody is logged in with it. What it does not hold is its key text.
struct Session {
    std::string id;  ///< ApiKey::id
    Time created_at = never;
    Time last_used = never;
    Time expires_at = never;  ///< when it ends if it is not used until then
    LoginType login_type = LoginType::password;
    std::string ip;          ///< the client's address at the login, "" when unknown
    std::string user_agent;  ///< as that client called itself
    bool current = false;    ///< whether the caller acts with it
};

/// The public half of a user's key pair for Git over SSH.
struct GitSshKey {
    std::string user_id;
    Time created_at = never;
    Time updated_at = never;
    std::string public_key;  ///< one line of an authorized_keys file, line end included
};

/// A group of users. The first one is created together with the first user.
struct Organization {
    std::string id;
    std::string name;
    Time created_at = never;
    Time updated_at = never;
    std::string display_name = {};
    std::string description = {};
    std::string icon = {};
    bool is_default = false;  ///< true for exactly one, the first one made
};

/// A user's membership of an organization, with the full names of the roles that were assigned
/// there, sorted.
struct OrganizationMember {
    std::string user_id;
    std::string organization_id;
    Time created_at = never;
    Time updated_at = never;
    std::vector<std::string> roles;
};

/// A user with one of its memberships.
struct Member {
    User user;
    OrganizationMember membership;
};

/// A user with all of its memberships, which hold its roles in organizations.
struct UserWithMemberships {
    User user;
    std::vector<OrganizationMember> memberships;
};

/// A role in a list of those that can be given, at the site or in an organization.
struct AssignableRole {
    std::string name;  ///< as it is stored: in an organization "<role>:<organization's id>"
    std::string display_name;
    bool assignable = false;               ///< whether the caller may give and take it
    bool built_in = true;                  ///< false: the host declares it (Options::roles)
    std::vector<std::string> rights = {};  ///< HostRole::rights
};

/// Which ways to log in the server offers.
struct AuthMethods {
    bool password = true;
    bool github = false;
    bool oidc = false;
    std::string oidc_sign_in_text = {};  ///< what the way to the OpenID provider is called
    std::string oidc_icon_url = {};
};

/// Whether the key carries all rights of its user. A key may have fewer (ApiKey::scopes,
/// ApiKey::allow_list): a host that has rights of its own must ask before it treats such a key as
/// its user.
inline bool has_full_power(const ApiKey& key) {
    const auto holds = [](const std::vector<std::string>& words, std::string_view word) {
        for (const std::string& each : words)
            if (each == word) return true;
        return false;
    };
    return holds(key.scopes, "coder:all") && holds(key.allow_list, "*:*");
}

/// The caller of an operation: a user, and the key by which it was recognized and whose scope
/// limits it.
struct Identity {
    User user;
    ApiKey key;

    /// The host program itself, which may do everything. It is not a user, and the audit log does
    /// not name it. No request over HTTP can act as it.
    static Identity system() {
        Identity host;
        host.user.id = nil_uuid;
        host.user.roles = {"owner"};
        return host;
    }
    /// Whether this is the host program itself.
    bool is_system() const { return user.id == nil_uuid; }
    /// Whether its key carries all rights of its user.
    bool has_full_power() const { return v0::has_full_power(key); }
};

/// A login: who it is, with the new session as its key, and the key text of that session, which the
/// server does not keep.
struct LoggedIn {
    Identity identity;
    std::string token;
};

/// Where a login comes from, as far as the host knows. Shown in the list of sessions and in the
/// audit log.
struct LoginOrigin {
    std::string address = {};     ///< the client's address as a number, such as "192.0.2.1"
    std::string user_agent = {};  ///< as that client calls itself; cut to 512 bytes
};

}}  // namespace coder_users::v0
