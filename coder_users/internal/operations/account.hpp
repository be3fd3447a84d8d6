// Internal: may change at any time.
// Operations on one account: profile, status, login type, password.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/store/passcodes.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation set_profile = Operation("update-user-profile")
                                             .needs("user:read", "user:update_personal")
                                             .in(Lane::write)
                                             .permits(Action::edit_user)
                                             .audited_with_refusals("user", "write")
                                             .tells_of(EventKind::renamed);
/// A key of less than full power is not enough: whoever has the address can take over the account.
inline constexpr Operation set_email = Operation("update-user-email")
                                           .in(Lane::write)
                                           .permits(Action::manage_user)
                                           .audited_with_refusals("user", "write")
                                           .tells_of(EventKind::email_changed);
inline constexpr Operation suspend_user = Operation("suspend-user-account")
                                              .needs("user:read", "user:update")
                                              .in(Lane::write)
                                              .refuses_self(400, "You cannot suspend yourself.")
                                              .permits(Action::manage_user)
                                              .audited_with_refusals("user", "write")
                                              .tells_of(EventKind::suspended)
                                              .is_revocation()
                                              .may_decide_owners();
inline constexpr Operation activate_user = Operation("activate-user-account")
                                               .needs("user:read", "user:update")
                                               .in(Lane::write)
                                               .permits(Action::manage_user)
                                               .audited_with_refusals("user", "write")
                                               .tells_of(EventKind::activated);
inline constexpr Operation get_login_type =
    Operation("get-user-login-type")
        .needs("user:read")
        .permits(Action::act_as_user, "You are not authorized to view this user's login type.");
inline constexpr Operation set_password = Operation("update-user-password")
                                              .needs("user:read", "user:update_personal")
                                              .in(Lane::hash)
                                              .permits(Action::edit_user)
                                              .audited_with_refusals("user", "write")
                                              .tells_of(EventKind::password_changed)
                                              .is_revocation();
inline constexpr Operation check_password =
    Operation("validate-user-password").for_anybody().since_release(2, 18);
}  // namespace about

/// Changes the target. `edit(const User& actor, User&)` makes the new user of the old one, or
/// throws a refusal. It runs before the transaction, for the host to be asked about, and again
/// inside, where actor and target may be newer. `store_it(Tx&, const User&)` stores the new user.
template <class Edit, class StoreIt>
User change_user(const Acting& acting, const Operation& about, EventKind kind, const Target& target,
                 Edit&& edit, StoreIt&& store_it) {
    User planned = *target;
    edit(acting.user(), planned);
    const Asked asked = ask_host(acting, kind, planned, target.user.get());
    return change(acting, about, asked, target, [&](Change& now) {
        User user = now.target();
        edit(now.actor(), user);
        store_it(now.tx, user);
        now.record({user.id, user.username, 200, user_diff(&now.target(), &user, false)});
        now.tell(kind, user, &now.target());
        return user;
    });
}

/// A profile as the caller wants it. What is not given stays.
struct Profile {
    std::optional<std::string> username = {}, name = {}, avatar_url = {};
};

/// Whether a user's picture is its own choice. Others have the one that their login provider sends.
inline bool chooses_avatar(const User& user) {
    return user.login_type == LoginType::password || user.login_type == LoginType::none;
}

inline void check_profile_fields(const Profile& wanted) {
    namespace fields = rules::fields;
    const std::string none;
    TextField username = fields::username;
    username.required = wanted.username.has_value();
    check_fields({{username, wanted.username.value_or(none)},
                  {fields::name, wanted.name.value_or(none)},
                  {fields::avatar_url, wanted.avatar_url.value_or(none)}});
}

/// Lays the wanted profile over the user. Throws 403 for a new user name when the key is too narrow
/// for it.
inline void lay_over(User& user, const Profile& wanted, const Acting& acting) {
    const std::string username = wanted.username.value_or(user.username);
    if (user.username != username && !rules::covers(acting.actor->key, "user:update", false))
        throw forbidden();
    user.username = username;
    user.name = wanted.name.value_or(user.name);
    if (chooses_avatar(user)) user.avatar_url = wanted.avatar_url.value_or(user.avatar_url);
    user.updated_at = acting.now;
}

inline void store_profile(store::Tx& tx, const User& user) {
    const auto taken = store::users::taken(tx, "", user.username, user.id);
    refuse_taken({false, taken.username});
    store::users::set_username(tx, user.id, user.username);
    store::users::set_profile(tx, user.id, user.name, user.avatar_url, user.updated_at);
}

inline User set_profile(const Acting& acting, const UserRef& who, const Profile& wanted) {
    const auto check = [&] { check_profile_fields(wanted); };
    return on_user(acting, about::set_profile, who, check, [&](const Target& target) {
        return change_user(
            acting, about::set_profile, EventKind::renamed, target,
            [&](const User&, User& user) { lay_over(user, wanted, acting); }, store_profile);
    });
}

/// Whether a login provider says what the user's address is.
inline bool has_email_of_provider(const User& user) {
    return user.login_type == LoginType::github || user.login_type == LoginType::oidc;
}

/// Throws the refusals that do not depend on other users.
inline void refuse_new_email(const User& user) {
    if (user.is_service_account) throw ApiError(400, "Email cannot be set for service accounts.");
    if (has_email_of_provider(user))
        throw ApiError(400, "Email is set by the login provider for users of login type \"" +
                                std::string(to_string(user.login_type)) + "\".");
}

inline void store_email(store::Tx& tx, const User& user) {
    const auto taken = store::users::taken(tx, user.email, "", user.id);
    refuse_taken({taken.email, false});
    store::users::set_email(tx, user.id, user.email);
    store::users::set_profile(tx, user.id, user.name, user.avatar_url, user.updated_at);
}

/// Changes the address. Also ends the user's one-time passcode, which went to the earlier one.
inline User set_email(const Acting& acting, const UserRef& who, const std::string& email) {
    const auto check = [&] { check_fields({{rules::fields::email, email}}); };
    const auto with_email = [&](User user) {
        refuse_new_email(user);
        user.email = email;
        user.updated_at = acting.now;
        return user;
    };
    return on_user(acting, about::set_email, who, check, [&](const Target& target) {
        const Asked asked =
            ask_host(acting, EventKind::email_changed, with_email(*target), target.user.get());
        return change(acting, about::set_email, asked, target, [&](Change& now) {
            User user = with_email(now.target());
            store_email(now.tx, user);
            const Time passcode = store::passcodes::remove(now.tx, user.id);
            now.record({user.id, user.username, 200,
                        user_diff(&now.target(), &user, false, {passcode, never})});
            now.tell(EventKind::email_changed, user, &now.target());
            return user;
        });
    });
}

/// Asking for the status that it has already is no update.
inline void change_status(User& user, UserStatus status, Time now) {
    if (user.status != status) user.updated_at = now;
    user.status = status;
}

inline void store_status(store::Tx& tx, const User& user) {
    store::users::set_status(tx, user.id, user.status, user.updated_at);
}

inline User suspend_user(const Acting& acting, const UserRef& who) {
    const auto suspend = [&](const User&, User& user) {
        if (rules::is_owner(user))
            throw ApiError(400,
                           "You cannot suspend a user with the \"owner\" role. You must remove the "
                           "role first.");
        change_status(user, UserStatus::suspended, acting.now);
    };
    return on_user(acting, about::suspend_user, who, [&](const Target& target) {
        return change_user(acting, about::suspend_user, EventKind::suspended, target, suspend,
                           store_status);
    });
}

inline User activate_user(const Acting& acting, const UserRef& who) {
    const auto activate = [&](const User&, User& user) {
        change_status(user, UserStatus::active, acting.now);
    };
    return on_user(acting, about::activate_user, who, [&](const Target& target) {
        return change_user(acting, about::activate_user, EventKind::activated, target, activate,
                           store_status);
    });
}

inline LoginType get_login_type(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_login_type, who,
                   [](const Target& target) { return target->login_type; });
}

/// A new password. `old_password` is needed by users who change their own.
struct NewPassword {
    std::string password;
    std::string old_password = {};
};

inline constexpr const char* weak_changed_password = "Invalid password.";

/// Says why nobody may have this password; "" when somebody may. A name or an address in it counts
/// only for their owner.
inline std::string password_weakness(const std::string& password) {
    check_fields({{rules::fields::password, password}});
    return rules::password_weakness(password).value_or("");
}

/// Throws the refusals that need no look at the stored hash.
inline void refuse_new_password(const Acting& acting, const User& target,
                                const NewPassword& wanted) {
    if (target.login_type != LoginType::password)
        throw ApiError(400, "Users without password login type cannot change their password.");
    if (acting.user().id == target.id && wanted.old_password.empty())
        throw ApiError(400, "Old password is required.", {},
                       {{"old_password", "Old password is required."}});
    refuse_weak_password(wanted.password, target, weak_changed_password);
}

/// By how many steps of the cost, each of which doubles the work, a failed check may be dearer than
/// a new hash.
inline constexpr int most_dearer = 4;

/// What the password of an account is checked against.
struct StoredPassword {
    std::string email;   ///< of the account
    std::string hash;    ///< "": there is no account, or none with a password
    int least_cost = 0;  ///< a mismatch takes as long as one with a hash of this cost, at least
};

/// Whether this is the password of the account. Slow. Failures are counted; throws 429 when there
/// are too many.
inline bool verify_password(const Acting& acting, const std::string& password,
                            const StoredPassword& stored) {
    PasswordFailures& failures = acting.backend.failed_passwords;
    failures.refuse(stored.email, acting.now);
    const int usual = acting.backend.options.password_hash_cost;
    // One dear hash must not make every failed check dear without bounds.
    const int least =
        stored.least_cost == 0 ? usual : (std::min)(stored.least_cost, usual + most_dearer);
    if (rules::password_matches(password, stored.hash, least)) {
        failures.refuse(stored.email, acting.now);  // others may have failed meanwhile
        return true;
    }
    failures.count(stored.email, acting.now);
    return false;
}

/// Throws the refusals that need the stored hash. Slow, because hashing is.
inline void compare_with_stored(const Acting& acting, const User& target, const NewPassword& wanted,
                                const std::string& stored_hash) {
    const int cost = acting.backend.options.password_hash_cost;
    const bool told = acting.user().id == target.id || !wanted.old_password.empty();
    if (told && !verify_password(acting, wanted.old_password, {target.email, stored_hash}))
        throw ApiError(400, "Old password is incorrect.", {},
                       {{"old_password", "Old password is incorrect."}});
    if (rules::password_matches(wanted.password, stored_hash, cost))
        throw ApiError(400, "New password cannot match old password.");
}

/// Also ends every session and token of the user, and its one-time passcode.
inline void set_password(const Acting& acting, const UserRef& who, const NewPassword& wanted) {
    const auto check = [&] { check_fields({{rules::fields::password, wanted.password}}); };
    on_user(acting, about::set_password, who, check, [&](const Target& target) {
        if (target->id != acting.user().id && !acting.actor->has_full_power()) throw forbidden();
        refuse_new_password(acting, *target, wanted);
        const std::string compared = acting.backend.store.read(
            [&](store::Connection& c) { return store::users::hashed_password(c, target->id); });
        compare_with_stored(acting, *target, wanted, compared);
        ask_about_password(acting.backend, wanted.password, *target, weak_changed_password);
        const Asked asked =
            ask_host(acting, EventKind::password_changed, *target, target.user.get());
        const std::string hash = hash_password(acting.backend, wanted.password);
        change(acting, about::set_password, asked, target, [&](Change& now) {
            const User& user = now.target();
            // Another change of the password came first, so the comparisons above are void.
            if (store::users::hashed_password(now.tx, user.id) != compared) throw unavailable();
            store::users::set_hashed_password(now.tx, user.id, hash);
            store::api_keys::remove_of_user(now.tx, user.id);
            const Time passcode = store::passcodes::remove(now.tx, user.id);
            now.record(
                {user.id, user.username, 204, user_diff(&user, &user, true, {passcode, never})});
            now.tell(EventKind::password_changed, user, &user);
        });
    });
}

}}}  // namespace coder_users::v0::operations
