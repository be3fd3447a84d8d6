// The account behind an external login: found, or made, and brought up to date
// (docs/contract/external_login.md, "Account of a login").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/errors.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/format/audit_diff.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/events.hpp"
#include "coder_users/routes/external_pages.hpp"
#include "coder_users/routes/new_user.hpp"
#include "coder_users/routes/oidc.hpp"
#include "coder_users/routes/provider.hpp"
#include "coder_users/rules/provider_user.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/store/api_keys.hpp"
#include "coder_users/store/links.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// The account of an external user.
struct FoundAccount {
    std::optional<User> user;
    bool by_link = false;  ///< else by the e-mail address
};

inline FoundAccount find_account(store::Connection& c, LoginType type, const ExternalUser& who) {
    if (const auto link = store::links::find_by_linked_id(c, type, who.linked_id))
        return {store::users::find(c, link->user_id), true};
    return {store::users::find_by_email(c, who.email), false};
}

inline std::string sealed_token(const Backend& backend, const std::string& token,
                                const std::string& user_id) {
    if (token.empty()) return {};
    return rules::base64_encode(rules::seal(backend.secret_key, token, user_id, backend.random));
}

/// What was sealed for this user; nothing when it cannot be opened.
inline std::optional<std::string> opened_token(const Backend& backend, const std::string& sealed,
                                               const std::string& user_id) {
    const auto bytes = rules::base64_decode(sealed);
    return bytes ? rules::open(backend.secret_key, *bytes, user_id) : std::nullopt;
}

inline void store_link(store::Tx& tx, const Backend& backend, const std::string& user_id,
                       LoginType type, const ExternalUser& who) {
    store::links::put(
        tx, {user_id, type, who.linked_id, sealed_token(backend, who.tokens.access_token, user_id),
             sealed_token(backend, who.tokens.refresh_token, user_id), who.tokens.expires_at});
}

inline PageRefusal wrong_login_type(LoginType attempted, LoginType actual) {
    std::string text = "Attempting to use login type \"" + std::string(to_string(attempted)) +
                       "\", but the user has the login type \"" + std::string(to_string(actual)) +
                       "\".";
    if (actual == LoginType::password)
        text +=
            " You can convert your account to use this login type by visiting your account "
            "settings.";
    return {"Incorrect login type", std::move(text)};
}

/// Whether an account that was found by its address may be taken over by this identity: it has no
/// link, or one that nobody can come through any more.
inline bool may_link(const std::optional<store::links::Link>& link, LoginType type,
                     const OidcOptions& oidc) {
    if (!link || link->login_type != type) return true;
    return type == LoginType::oidc && !starts_with(link->linked_id, oidc.issuer_url + "||");
}

/// docs/contract/external_login.md, "Account of a login", steps 2 to 4: whether this account is
/// the user's.
inline void refuse_account(store::Connection& c, const Options& options, LoginType type,
                           const ExternalUser& who, const FoundAccount& found) {
    if (found.user->login_type != type) throw wrong_login_type(type, found.user->login_type);
    if (found.by_link) return;
    if (!who.email_verified) throw email_not_verified(who.email);
    if (!may_link(store::links::find(c, found.user->id), type, options.oidc))
        throw PageRefusal("Account already linked",
                          "This account is linked to another identity of the login provider.");
}

/// docs/contract/external_login.md, "Account of a login", step 5.
inline void refuse_signup(const Options& options, LoginType type) {
    const bool oidc = type == LoginType::oidc;
    if (oidc ? options.oidc.allow_signups : options.github.allow_signups) return;
    const std::string& text = options.oidc.signups_disabled_text;
    throw PageRefusal("Signups are disabled",
                      oidc && !text.empty()
                          ? text
                          : "Please contact your Coder administrator to request access.");
}

/// A name that nobody has. Throws 409 when ten others are taken, too.
inline std::string free_username(store::Tx& tx, const std::string& wanted,
                                 const rules::Random& random) {
    const auto taken = [&](const std::string& name) {
        return store::users::find_by_username(tx, name).has_value();
    };
    if (!taken(wanted)) return wanted;
    for (int attempt = 0; attempt < 10; ++attempt) {
        std::string name = rules::alternative_username(wanted, random);
        if (!taken(name)) return name;
    }
    throw ApiError(409, "exhausted alternatives for taken username \"" + wanted + "\"");
}

/// docs/contract/external_login.md, "Account of a login", step 6.
inline User create_account(store::Tx& tx, NewUser made, const Backend& backend) {
    made.user.username = free_username(tx, made.user.username, backend.random);
    const auto organizations = store::organizations::oldest_first(tx);
    insert_user(tx, made, organizations.at(0).id, {});  // there is one once there is a first user
    return made.user;
}

/// docs/contract/external_login.md, "Account of a login", step 8, as far as it concerns the
/// account itself.
inline void take_profile_over(store::Tx& tx, const User& user, const ExternalUser& who) {
    if (user.status == UserStatus::dormant)
        store::users::set_status(tx, user.id, UserStatus::active);
    store::users::set_avatar_url(tx, user.id, who.avatar_url);
    if (who.email_verified && who.email != user.email &&
        !store::users::taken(tx, who.email, "", user.id).email)
        store::users::set_email(tx, user.id, who.email);
}

/// Makes the session of a user who may have it.
inline void open_session(store::Tx& tx, Call& call, LoginType type, const User& user, bool is_new,
                         const rules::NewKey& made) {
    const ApiKey key =
        rules::new_api_key(made.id, user.id, type, call.backend.options.session_duration, call.now);
    store::api_keys::insert(tx, key, made.hashed_secret);
    store::api_keys::remove_long_expired_sessions(tx, user.id, call.now);
    AuditNote note{user.id, user.id, "", 307, format::api_key_diff(nullptr, &key)};
    note.kind = {"api_key", is_new ? "register" : "login"};
    record(tx, call, std::move(note));
    const User seen = store::users::find(tx, user.id).value_or(user);
    if (is_new) tell_host(call, EventKind::created, seen);
    tell_host(call, EventKind::logged_in, seen, is_new ? nullptr : &user, &key);
}

/// All steps in the transaction. False when a user has to be prepared first: nothing was done.
inline bool log_in_external(store::Tx& tx, Call& call, LoginType type, const ExternalUser& who,
                            const std::optional<NewUser>& prepared, const rules::NewKey& made) {
    const Options& options = call.backend.options;
    const FoundAccount found = find_account(tx, type, who);
    User user;
    if (found.user) {
        refuse_account(tx, options, type, who, found);
        user = *found.user;
    } else {
        refuse_signup(options, type);
        if (!prepared) return false;
        user = create_account(tx, *prepared, call.backend);
    }
    if (user.status == UserStatus::suspended) throw account_suspended();
    store_link(tx, call.backend, user.id, type, who);
    take_profile_over(tx, user, who);
    open_session(tx, call, type, user, !found.user, made);
    return true;
}

/// The user to be made of somebody unknown. Slow: no transaction.
inline NewUser prepare_external_user(const Call& call, LoginType type, const ExternalUser& who) {
    NewUser made =
        prepare_user(call, who.email,
                     rules::username_from(who.username, who.email, call.backend.random), type, "");
    made.user.status = UserStatus::active;
    return made;
}

/// Outside the transaction: whether this login may go on at all, and whether the host minds.
/// Somebody unknown is prepared to be a user.
inline void ask_host_about(Call& call, LoginType type, const ExternalUser& who,
                           std::optional<NewUser>& prepared) {
    const Options& options = call.backend.options;
    const FoundAccount found = call.backend.store.read([&](store::Connection& c) {
        FoundAccount account = find_account(c, type, who);
        if (account.user) refuse_account(c, options, type, who, account);
        return account;
    });
    if (found.user) {
        if (found.user->status == UserStatus::suspended) throw account_suspended();
        return ask_host(call, EventKind::logged_in, *found.user, &*found.user);
    }
    refuse_signup(options, type);
    prepared = prepare_external_user(call, type, who);
    ask_host(call, EventKind::created, prepared->user);
    ask_host(call, EventKind::logged_in, prepared->user);
}

/// Finds or makes the account and opens a session: its token. Throws ApiError, PageRefusal.
inline std::string external_session(Call& call, LoginType type, const ExternalUser& who) {
    const rules::NewKey made = rules::make_key(call.backend.random);
    std::optional<NewUser> prepared;
    const auto attempt = [&] {
        ask_host_about(call, type, who, prepared);
        return write(call, [&](store::Tx& tx) {
            return log_in_external(tx, call, type, who, prepared, made);
        });
    };
    while (!attempt()) continue;  // the account has gone meanwhile
    return made.token();
}

}}}  // namespace coder_users::v0::routes
