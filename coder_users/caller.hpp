// Calls in the process: what a host does itself, under the rules that requests over HTTP have.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/config.hpp"
#include "coder_users/base/model.hpp"

namespace coder_users { inline namespace v0 {

namespace server {
struct Running;
}

/// A user to be made. Without an organization it joins the oldest one that the caller may read.
struct CreateUser {
    std::string email = {};
    std::string username = {};
    std::string password = {};  ///< only for LoginType::password
    LoginType login_type = LoginType::password;
    std::string organization_id = {};
};

/// Which users, and which part of the list of all that match.
struct FindUsers {
    /// The search text of GET /users: "bob", "status:active role:owner".
    std::string query = {};
    std::string after_id = {};  ///< only names that sort after this user's
    std::int32_t limit = 0;     ///< 0: no limit
    std::int32_t offset = 0;
};

/// One part of a list.
struct UserPage {
    std::vector<User> users = {};  ///< sorted by name
    std::int64_t count = 0;        ///< of all that match, whatever the page is
};

/// A token to be made.
struct CreateToken {
    std::string name = {};             ///< "": one is made
    std::chrono::seconds lifetime{0};  ///< 0: 30 days, or the longest allowed if that is less
    KeyScope scope = KeyScope::all;
};

/// A key and, this once, the text that its owner presents.
struct MadeKey {
    ApiKey key = {};
    std::string token = {};
};

/// Acts on behalf of one identity: a user whose token was checked, or the host itself. Made by
/// Service::as(); must not outlive that service, which may be moved meanwhile. Copying is cheap,
/// any thread may use it.
///
/// Users are named by id, by name, or by "me". Every call takes its place behind the same gates
/// as the request it stands for: the session of the identity is checked anew (it may have ended,
/// its user may have lost a role), then target, field rules, permission and Options::before. It
/// waits until its change is committed, writes the same audit entry (without an address, with a
/// request id of its own; without an actor for Identity::system()) and tells Options::on_event. A
/// refusal is ApiError with the status and the texts of HTTP; 503 when the service is stopped, the
/// store fails or too many callers wait.
class CODER_USERS_API Caller {
 public:
    /// 409 when name or address is taken.
    User create_user(const CreateUser& wanted) const;
    /// 404 when there is none that the caller may read.
    User find_user(std::string_view user) const;
    /// Everybody, or the caller alone when it may not read others.
    UserPage list_users(const FindUsers& which = {}) const;
    /// 409 when the name is taken, 400 when it is none.
    User rename_user(std::string_view user, std::string_view username) const;
    /// Its sessions and tokens are refused until it is activated.
    User suspend_user(std::string_view user) const;
    /// Ends a suspension; a dormant user becomes active, too.
    User activate_user(std::string_view user) const;
    /// With all that belongs to it; name and address are free again. As it was.
    User delete_user(std::string_view user) const;
    /// Replaces all site roles, such as {"auditor", "user-admin"}.
    User set_roles(std::string_view user, const std::vector<std::string>& roles) const;
    /// Ends every session and token of the user. The old password is needed for one's own.
    void set_password(std::string_view user, std::string_view password,
                      std::string_view old_password = {}) const;

    /// A session of seven days, longer while it is used.
    MadeKey make_session(std::string_view user) const;
    /// 409 when the user has a token of this name that has not expired.
    MadeKey make_token(std::string_view user, const CreateToken& wanted = {}) const;
    /// Without those that the caller may not see, expired ones too, oldest first.
    std::vector<ApiKey> list_tokens(std::string_view user) const;
    /// A session or a token, by ApiKey::id; 404 when the user has no such key.
    void revoke_key(std::string_view user, std::string_view key_id) const;

    /// Those that the caller may read, oldest first.
    std::vector<Organization> list_organizations() const;

 private:
    friend class Service;
    Caller(server::Running& running, Identity identity)
        : running_(&running), identity_(std::move(identity)) {}

    server::Running* running_;
    Identity identity_;
};

}}  // namespace coder_users::v0
