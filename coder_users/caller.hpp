// Calls in the process: what a host can do on behalf of a user, or by itself, under the same rules
// as requests over HTTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/audit.hpp"
#include "coder_users/config.hpp"
#include "coder_users/model.hpp"
#include "coder_users/settings.hpp"

namespace coder_users { inline namespace v0 {

namespace service {
struct Running;
}

/// The values of a new user. Without any organization it joins the oldest one that the caller may
/// read.
struct CreateUser {
    std::string email = {};  ///< "" for service accounts
    std::string username = {};
    std::string password = {};  ///< only for LoginType::password
    /// Of service accounts it may stay as it is here: they get LoginType::none.
    LoginType login_type = LoginType::password;
    std::string organization_id = {};
    std::string name = {};  ///< the full name, for people to read; at most 128 bytes
    UserStatus status = UserStatus::dormant;
    std::vector<std::string> organization_ids = {};  ///< all that it joins
    /// Makes an account that has no address and that nobody can log in to. Owners make tokens for
    /// it.
    bool service_account = false;
    std::vector<std::string> roles = {};  ///< site roles, which the caller must be able to assign
};

/// What a user is called and looks like. What is not given stays, and "" clears it.
struct EditProfile {
    std::optional<std::string> username = {};    ///< cannot be cleared
    std::optional<std::string> name = {};        ///< the full name, at most 128 bytes
    std::optional<std::string> avatar_url = {};  ///< ignored where a login provider sets it
};

/// Selects users, and a part of the list of those that match.
struct FindUsers {
    /// A search text as for GET /users: "bob", "status:active role:owner".
    std::string query = {};
    std::string after_id = {};  ///< only users whose names sort after this user's
    std::int32_t limit = 0;     ///< 0: no limit
    std::int32_t offset = 0;
};

/// A part of a list of users.
struct UserPage {
    std::vector<User> users = {};  ///< sorted by name
    std::int64_t count = 0;        ///< how many users match, on this page or not
};

/// The values of a new organization. Its name is like a user name, of at most 32 letters, digits
/// and single dashes.
struct CreateOrganization {
    std::string name = {};
    std::string display_name = {};  ///< "": the name
    std::string description = {};
    std::string icon = {};
};

/// The values of an organization that are to change.
struct UpdateOrganization {
    std::string name = {};          ///< "": stays
    std::string display_name = {};  ///< "": stays
    std::optional<std::string> description = {};
    std::optional<std::string> icon = {};
};

/// A part of a list of members of an organization.
struct MemberPage {
    std::vector<Member> members = {};  ///< sorted by the names of the users
    std::int64_t count = 0;            ///< how many members match, on this page or not
};

/// The values of a new token.
struct CreateToken {
    std::string name = {};             ///< "": the server makes up a name
    std::chrono::seconds lifetime{0};  ///< 0: 30 days, or less where less is allowed
    KeyScope scope = KeyScope::all;
    /// Names of scopes, such as "user:read", which are used instead of `scope` unless there are
    /// none.
    std::vector<std::string> scopes = {};
    /// The objects that the token may touch, such as "user:<id>" or "user:*". Empty: all.
    std::vector<std::string> allow_list = {};
};

/// Selects tokens for a list.
struct FindTokens {
    /// Lists the tokens of all users that the caller may see, whoever is named.
    bool of_all_users = false;
    bool with_expired = true;
};

/// A new key with its key text, which the server does not keep.
struct MadeKey {
    ApiKey key = {};
    std::string token = {};
};

/// Acts on behalf of one identity: a user whose token was checked, or the host itself.
/// Service::as() makes it. It must not outlive that service, but the service may be moved. Copies
/// are cheap, and any thread may use them.
///
/// Users are named by id, by name, or by "me". Every call passes the same checks as the request
/// over HTTP that does the same, in the same order: the session of the identity, which may have
/// ended meanwhile; the user it is about; the rules of its values; permission; Options::before. It
/// returns when the change is committed. It writes the same audit entry, with a request id of its
/// own and without an address, and without an actor for Identity::system(). Options::on_event is
/// told.
///
/// Throws ApiError with the status and the texts that HTTP would give; 404 when the caller may not
/// read the user; 503 when the service has stopped, when the store fails, and when too many callers
/// wait already.
class CODER_USERS_API Caller {
 public:
    /// Throws 409 when the name or the address is taken, 404 when the caller cannot read an
    /// organization, 400 for a role that is not the caller's to assign.
    User create_user(const CreateUser& wanted) const;
    /// Throws 404 when there is no such user or the caller may not read it.
    User find_user(std::string_view user) const;
    /// Returns the user who has this e-mail address, in any letter case of ASCII. Throws 404 as
    /// find_user().
    User find_user_by_email(std::string_view email) const;

    /// Returns all users that match, or only the caller when it may not read others.
    UserPage list_users(const FindUsers& which = {}) const;
    /// Throws 409 when the name is taken, 400 when it is not a valid name.
    User rename_user(std::string_view user, std::string_view username) const;
    /// Changes the user name, the full name or the picture. Throws 409 when the name is taken, 400
    /// when a value breaks its rule.
    User edit_profile(std::string_view user, const EditProfile& wanted) const;
    /// Changes the e-mail address, and ends the one-time passcode that was sent to the earlier one.
    /// Whoever has the address can take over the account, so users cannot change their own: throws
    /// 403 unless the caller may manage the user. Throws 409 when the address is taken, 400 when it
    /// is none, for service accounts, and for users whose login provider sets it.
    User set_email(std::string_view user, std::string_view email) const;

    /// Refuses all sessions and tokens of the user until it is activated again.
    User suspend_user(std::string_view user) const;
    /// Ends a suspension. A dormant user becomes active, too.
    User activate_user(std::string_view user) const;
    /// Deletes the user and all that belongs to it; the name and the address may then be used
    /// again. Returns the user as it was before deletion.
    User delete_user(std::string_view user) const;
    /// Replaces all site roles of the user by these, such as {"auditor", "user-admin"}.
    User set_roles(std::string_view user, const std::vector<std::string>& roles) const;
    /// Returns the site roles that are not implied, by name, with whether the caller may give them.
    std::vector<AssignableRole> list_roles() const;
    /// Returns the user with all of its memberships, for its roles at the site and in
    /// organizations. Throws 403 when the caller may read the user but not its roles.
    UserWithMemberships find_roles(std::string_view user) const;
    /// Changes the password and ends all sessions and tokens of the user. Users who change their
    /// own must give the old one.
    void set_password(std::string_view user, std::string_view password,
                      std::string_view old_password = {}) const;

    /// Returns the text that the host keeps about the user (set_data()); "" when there is none.
    /// Throws 403 when the caller may read the user but is neither itself nor may manage it.
    std::string data(std::string_view user) const;

    /// Keeps a text of the host about the user, in the place of an earlier one; "" removes that.
    /// The server never looks into it: JSON is usual. Calls in the process alone reach it, exports
    /// and backups hold it, it ends with the user, and the audit log tells its size. Throws 400
    /// when it has more than 64 KiB, is not UTF-8 or holds NUL, 403 as data().
    void set_data(std::string_view user, std::string_view text) const;

    /// Returns how pages look for the user. Like what follows up to renew_git_ssh_key(), it throws
    /// 403 when the caller may read the user but is neither itself nor may manage it.
    Appearance find_appearance(std::string_view user) const;
    /// Chooses how pages look, and returns all of it. Of `wanted` the texts that are "" stay,
    /// except the theme preference, which is always replaced. Throws 400 for a theme, a mode or a
    /// font that there is not.
    Appearance set_appearance(std::string_view user, const Appearance& wanted) const;
    /// Returns how pages behave for the user.
    Preferences find_preferences(std::string_view user) const;
    /// Changes some preferences, and returns all preferences as they are then. Throws 400 for a
    /// value that there is not.
    Preferences set_preferences(std::string_view user, const EditPreferences& wanted) const;
    /// Returns when the quiet hours of the user begin next: at midnight in UTC for everybody.
    Time next_quiet_hours(std::string_view user) const;
    /// Returns the public half of the user's key pair for Git over SSH.
    GitSshKey find_git_ssh_key(std::string_view user) const;
    /// Makes a new key pair in the place of the user's, and returns its public half.
    GitSshKey renew_git_ssh_key(std::string_view user) const;
    /// Returns the choices of the user, sorted by kind. Throws 403 unless the caller is the user or
    /// an owner, and so does set_notifications().
    std::vector<NotificationPreference> list_notifications(std::string_view user) const;
    /// Adds choices to those of the user, or replaces them, and returns all. Throws 400 for an id
    /// that is no UUID, and beyond 256 choices.
    std::vector<NotificationPreference> set_notifications(
        std::string_view user, const std::vector<NotificationChoice>& choices) const;

    /// Makes a session of seven days, which is prolonged while it is used.
    MadeKey make_session(std::string_view user) const;
    /// Makes a token. Throws 409 when the user has a token of this name that has not expired.
    MadeKey make_token(std::string_view user, const CreateToken& wanted = {}) const;
    /// Returns the user's tokens that the caller may see, oldest first.
    std::vector<ApiKey> list_tokens(std::string_view user, const FindTokens& which = {}) const;
    /// Finds a session or a token by ApiKey::id. Throws 404 when the user has no such key.
    ApiKey find_key(std::string_view user, std::string_view key_id) const;
    /// Finds a token by its name, whether it has expired or not. Throws 404 when the user has none.
    ApiKey find_token(std::string_view user, std::string_view name) const;
    /// Returns how long a new token of the user may live.
    std::chrono::seconds longest_token_lifetime(std::string_view user) const;
    /// Ends a session or a token, named by ApiKey::id. Throws 404 when the user has no such key.
    void revoke_key(std::string_view user, std::string_view key_id) const;
    /// Ends a session or a token, named by ApiKey::id, like revoke_key(), but keeps it, with
    /// ApiKey::expires_at as it is then. Does nothing when it has expired before.
    void expire_key(std::string_view user, std::string_view key_id) const;

    /// Returns the user's sessions that have not expired, oldest first. Throws 403 when the caller
    /// may read the user but is neither itself nor may manage it.
    std::vector<Session> list_sessions(std::string_view user) const;
    /// Ends one session, named by Session::id. Throws 404 when the user has no such session, and
    /// for a token.
    void end_session(std::string_view user, std::string_view session_id) const;
    /// Ends all sessions of the user except the one with which the caller acts. Tokens stay.
    void end_sessions(std::string_view user) const;
    /// Ends the session or token with which the caller acts, and the user's keys of scope
    /// application_connect. Throws 401 for the host itself, which has none.
    void log_out() const;
    /// Returns what the OpenID provider claimed about the caller at its last login, as a JSON
    /// object. Throws 400 for a caller who does not log in there.
    std::string oidc_claims() const;

    /// Returns the organizations that the caller may read, oldest first.
    std::vector<Organization> list_organizations() const;
    /// Returns the organizations that the user belongs to and the caller may read, oldest first.
    std::vector<Organization> list_organizations_of(std::string_view user) const;
    /// Organizations are named by id, by name, or by "default". Throws 404 when there is none or
    /// the caller may not read it.
    Organization find_organization(std::string_view organization) const;
    /// Makes an organization, whose first member is the caller, unless that is the host itself.
    /// Throws 409 when the name is taken.
    Organization create_organization(const CreateOrganization& wanted) const;
    /// Throws 409 when the new name is taken.
    Organization update_organization(std::string_view organization,
                                     const UpdateOrganization& wanted) const;
    /// Throws 400 for the default organization, and for one with more than one member.
    void delete_organization(std::string_view organization) const;

    /// Returns the members whose memberships the caller may read.
    MemberPage list_members(std::string_view organization, const FindUsers& which = {}) const;
    /// Finds a member. Throws 404 when the user is none, or the caller may not read the membership.
    Member find_member(std::string_view organization, std::string_view user) const;
    /// Makes a user a member, without roles in the organization. Throws 400 for one who is a
    /// member.
    OrganizationMember add_member(std::string_view organization, std::string_view user) const;
    /// Ends a membership, with its roles. The user's sessions and tokens stay. Throws 400 when the
    /// caller names itself.
    void remove_member(std::string_view organization, std::string_view user) const;
    /// Returns the roles that members of the organization may get, by name, with whether the caller
    /// may give them.
    std::vector<AssignableRole> list_member_roles(std::string_view organization) const;
    /// Replaces all roles of the member in the organization by these, with or without
    /// ":<organization's id>". Throws 400 for a name that is no role there, and when the caller
    /// names itself.
    OrganizationMember set_member_roles(std::string_view organization, std::string_view user,
                                        const std::vector<std::string>& roles) const;

    /// Returns what the audit log holds of what matches, newest first. Throws 403 when the caller
    /// may not read it, 400 for a search text that is wrong.
    AuditPage list_audit(const FindAudit& which = {}) const;

 private:
    friend class Service;
    Caller(service::Running& running, Identity identity)
        : running_(&running), identity_(std::move(identity)) {}

    service::Running* running_;
    Identity identity_;
};

}}  // namespace coder_users::v0
