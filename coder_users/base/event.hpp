// What happens to users and their keys, as the host is asked beforehand and told afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/base/model.hpp"
#include "coder_users/base/time.hpp"

namespace coder_users { inline namespace v0 {

enum class EventKind {
    created,
    renamed,
    deleted,
    suspended,
    activated,
    roles_changed,
    password_changed,
    logged_in,
    logged_out,
    token_made,     ///< or a session key: `key` tells
    token_revoked,  ///< the same
    appearance_changed,
    git_ssh_key_changed,
    organization_roles_changed,
};

inline constexpr std::array<std::string_view, 14> event_kind_names{"created",
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
                                                                   "organization_roles_changed"};

inline constexpr std::string_view to_string(EventKind v) {
    return event_kind_names[static_cast<std::size_t>(v)];
}

/// A change that is about to be made, or was made. It never holds a password or the secret of a
/// key.
struct Event {
    EventKind kind = EventKind::created;
    Time time = never;
    std::string request_id = {};  ///< stands in the audit log, too
    std::string address = {};     ///< of the client; "" for calls in the process
    /// Who does it; nothing when it is the host itself (Identity::system()).
    std::optional<User> actor = {};
    /// Whom it concerns, as the change leaves that user; a deleted one as it was. The id of a user
    /// that is about to be created is "".
    User user = {};
    /// The same user before the change; nothing when it is created or only its keys are concerned.
    std::optional<User> before = {};
    /// The key of a login, a logout, a made or revoked token. Its id is "" while it is about to be
    /// made.
    ApiKey key = {};
    /// How many events were dropped since the one told last, because the host was too slow.
    std::size_t missed = 0;
};

/// Why the host refuses a change: the message and status that the client gets. A status that is
/// not 400 to 499 counts as 403.
struct Veto {
    std::string reason;
    int status = 403;
};

}}  // namespace coder_users::v0
