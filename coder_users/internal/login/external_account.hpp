// Internal: may change at any time.
// The account of somebody who logs in through a provider: found, or made, and brought up to
// date (docs/contract/external_login.md, "Account of a login").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/caller.hpp"
#include "coder_users/errors.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/login/provider.hpp"
#include "coder_users/internal/login/provider_link.hpp"
#include "coder_users/internal/login/refusal.hpp"
#include "coder_users/internal/login/session.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/rules/provider_user.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/links.hpp"

namespace coder_users { inline namespace v0 { namespace login {

namespace about {
inline constexpr Operation log_in_github = Operation("oauth-20-github-callback")
                                               .for_anybody()
                                               .in(Lane::provider)
                                               .audited("api_key", "login")
                                               .tells_of(EventKind::created)
                                               .tells_of(EventKind::logged_in);
inline constexpr Operation log_in_oidc = Operation("openid-connect-callback")
                                             .for_anybody()
                                             .in(Lane::provider)
                                             .audited("api_key", "login")
                                             .tells_of(EventKind::created)
                                             .tells_of(EventKind::logged_in);
}  // namespace about

inline const Operation& about_login(LoginType type) {
    return type == LoginType::github ? about::log_in_github : about::log_in_oidc;
}

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

/// The same for a change of the account.
inline FoundAccount find_locked_account(store::Tx& tx, LoginType type, const ExternalUser& who) {
    FoundAccount found = find_account(tx, type, who);
    while (found.user && tx.lock_found_user(found.user->id)) found = find_account(tx, type, who);
    return found;
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
inline User create_account(store::Tx& tx, operations::PreparedUser made, const Backend& backend) {
    made.user.username = free_username(tx, made.user.username, backend.random);
    const auto organizations = store::organizations::oldest_first(tx);
    // There is one once there is a first user.
    return operations::insert_user(tx, backend, made, {organizations.at(0).id});
}

/// docs/contract/external_login.md, "Account of a login", step 8, as far as it concerns the
/// account itself.
inline void take_profile_over(store::Tx& tx, const User& user, const ExternalUser& who, Time now) {
    if (user.status == UserStatus::dormant)
        store::users::set_status(tx, user.id, UserStatus::active, now);
    const std::string& name = who.name.empty() ? user.name : who.name;
    if (name != user.name || who.avatar_url != user.avatar_url)
        store::users::set_profile(tx, user.id, name, who.avatar_url, now);
    if (who.email_verified && who.email != user.email &&
        !store::users::taken(tx, who.email, "", user.id).email)
        store::users::set_email(tx, user.id, who.email);
}

/// Makes the session of a user who may have it.
inline MadeKey open_external_session(Change& now, const Acting& acting, LoginType type,
                                     const User& user, bool is_new, const rules::NewKey& made) {
    const ApiKey key = insert_session(now, acting, user, type, made);
    operations::AuditNote note{user.id, "", 307, api_key_diff(nullptr, &key)};
    note.kind = {"api_key", is_new ? "register" : "login"};
    now.record_as(user, std::move(note));
    const User seen = store::users::find(now.tx, user.id).value_or(user);
    if (is_new) now.tell(EventKind::created, seen);
    now.tell(EventKind::logged_in, seen, is_new ? nullptr : &user, &key);
    return {key, made.token()};
}

/// All steps in the transaction. Throws Outdated when a user has to be prepared first.
inline MadeKey enter_account(Change& now, const Acting& acting, LoginType type,
                             const ExternalUser& who,
                             const std::optional<operations::PreparedUser>& prepared,
                             const rules::NewKey& made) {
    const Options& options = acting.backend.options;
    const FoundAccount found = find_locked_account(now.tx, type, who);
    User user;
    if (found.user) {
        refuse_account(now.tx, options, type, who, found);
        user = *found.user;
    } else {
        refuse_signup(options, type);
        if (!prepared) throw Outdated();
        user = create_account(now.tx, *prepared, acting.backend);
    }
    if (user.status == UserStatus::suspended) throw account_suspended();
    store_link(now.tx, acting.backend, user.id, type, who);
    take_profile_over(now.tx, user, who, acting.now);
    return open_external_session(now, acting, type, user, !found.user, made);
}

/// The user to be made of somebody unknown. Slow: not inside a transaction.
inline operations::PreparedUser prepare_external_user(const Acting& acting, LoginType type,
                                                      const ExternalUser& who) {
    User planned;
    planned.email = who.email;
    planned.name = who.name;
    planned.username = rules::username_from(who.username, who.email, acting.backend.random);
    planned.login_type = type;
    planned.status = UserStatus::active;
    return operations::prepare_user(acting, std::move(planned), "");
}

/// What is known of a login before its transaction.
struct PlannedLogin {
    Asked asked;
    std::optional<operations::PreparedUser> prepared;  ///< of somebody unknown
};

/// Whether this login may go on at all, and whether the host minds.
inline PlannedLogin plan_login(const Acting& acting, LoginType type, const ExternalUser& who) {
    const Options& options = acting.backend.options;
    const FoundAccount found = acting.backend.store.read([&](store::Connection& c) {
        FoundAccount account = find_account(c, type, who);
        if (account.user) refuse_account(c, options, type, who, account);
        return account;
    });
    if (found.user) {
        if (found.user->status == UserStatus::suspended) throw account_suspended();
        return {ask_host(acting, EventKind::logged_in, *found.user, &*found.user), std::nullopt};
    }
    refuse_signup(options, type);
    auto prepared = prepare_external_user(acting, type, who);
    const Asked created = ask_host(acting, EventKind::created, prepared.user);
    const Asked asked = created.and_also(ask_host(acting, EventKind::logged_in, prepared.user));
    return {asked, std::move(prepared)};
}

/// Finds or makes the account and opens a session. Throws ApiError, PageRefusal.
inline MadeKey log_in_external(const Acting& acting, LoginType type, const ExternalUser& who) {
    const rules::NewKey made = rules::make_key(acting.backend.random);
    for (;;) {
        const PlannedLogin plan = plan_login(acting, type, who);
        try {
            return operations::change(acting, about_login(type), plan.asked, [&](Change& now) {
                return enter_account(now, acting, type, who, plan.prepared, made);
            });
        } catch (const Outdated&) {
            // The account has gone meanwhile: once more, as somebody unknown.
        }
    }
}

/// Records a refusal that came after the exchange, about the account if there is one.
inline void record_external_refusal(const Acting& acting, LoginType type, const ExternalUser& who,
                                    int status) {
    if (status != 400 && status != 401 && status != 403 && status != 409) return;
    acting.backend.store.write([&](store::Tx& tx) {
        const FoundAccount found = find_account(tx, type, who);
        operations::AuditNote note;
        if (found.user) note.resource_id = found.user->id;
        note.status = status;
        operations::record(tx, acting, found.user.value_or(User()), about_login(type).audit(),
                           std::move(note));
    });
}

}}}  // namespace coder_users::v0::login
