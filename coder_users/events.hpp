// What a host is asked and told: changes of users and keys, in advance (Options::before) and
// afterwards (Options::on_event), and passcodes to send (Options::send_passcode).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/model.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

enum class EventKind {
    created,
    renamed,  ///< the user name has changed, or the full name or the picture
    deleted,
    suspended,
    activated,
    roles_changed,
    password_changed,
    logged_in,
    logged_out,
    token_made,     ///< a session or a token was made; Event::key tells which
    token_revoked,  ///< a session or a token was ended
    appearance_changed,
    git_ssh_key_changed,
    organization_roles_changed,
    sessions_ended,  ///< all sessions of a user were ended, except Event::key if that has an id
    organizations_changed,  ///< a user joined or left an organization
    email_changed,          ///< a user was given another e-mail address, not by a login provider
};

inline constexpr std::array<std::string_view, 17> event_kind_names{"created",
                                                                   "renamed",
                                                                   "deleted",
                                                                   "suspended",
                                                                   "activated",
                                                                   "roles_changed",
                                                                   "password_changed",
                                                                   "logged_in",
                                                                   "logged_out",
                                                                   "token_made",
                                                                   "token_revoked",
                                                                   "appearance_changed",
                                                                   "git_ssh_key_changed",
                                                                   "organization_roles_changed",
                                                                   "sessions_ended",
                                                                   "organizations_changed",
                                                                   "email_changed"};

inline constexpr std::string_view to_string(EventKind v) {
    return event_kind_names[static_cast<std::size_t>(v)];
}

/// A change that is about to be made, or has been committed. It never holds a password or the
/// secret of a key.
struct Event {
    EventKind kind = EventKind::created;
    Time time = never;
    std::string request_id = {};  ///< the same id stands in the audit log
    std::string address = {};     ///< of the client; "" for calls in the process
    /// The user who makes the change. Empty for the host itself (Identity::system()).
    std::optional<User> actor = {};
    /// The user whom the change concerns, as the change leaves it, or as it was before deletion. A
    /// user that is about to be created has the id "".
    User user = {};
    /// The same user before the change. Empty when it is created, or when the change concerns only
    /// its keys.
    std::optional<User> before = {};
    /// The session or token that the change makes or ends. Its id is "" while it is about to be
    /// made. Of sessions_ended: the session that stays, if one does.
    ApiKey key = {};
    /// How many events were dropped between the last one told and this one, because
    /// Options::on_event was too slow.
    std::size_t missed = 0;
};

/// A one-time code by which a user may choose a new password, for Options::send_passcode. Whoever
/// has the code can take over the account: keep it out of logs.
struct Passcode {
    std::string user_id = {};
    std::string username = {};
    std::string email = {};  ///< where to send it: the address of the account
    std::string code = {};
    Time expires_at = never;  ///< the code is good before, and until it is used or replaced
};

/// The host's refusal of a change, with the message and the status that the client gets. A status
/// outside 400 to 499 becomes 403.
struct Veto {
    std::string reason;
    int status = 403;
};

}}  // namespace coder_users::v0
