// Internal: may change at any time.
// Logging in with a password.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/login/session.hpp"
#include "coder_users/internal/operations/account.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/api_keys.hpp"
#include "coder_users/internal/store/users.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace login {

namespace about {
inline constexpr Operation log_in = Operation("log-in-user")
                                        .for_anybody()
                                        .in(Lane::hash)
                                        .audited("api_key", "login")
                                        .tells_of(EventKind::logged_in)
                                        .is_login();
}  // namespace about

/// What somebody presents who wants to log in.
struct Credentials {
    std::string email;
    std::string password;
};

/// The user with an address, and the hash that its password is compared with.
struct Candidate {
    std::optional<User> user;
    std::string hashed_password;
    int dearest_cost = 0;  ///< of any stored hash; 0: not known
};

inline Candidate find_candidate(store::Connection& c, const std::string& email) {
    Candidate found{store::users::find_by_email(c, email),
                    {},
                    store::users::dearest_password_cost(c).value_or(0)};
    if (found.user) found.hashed_password = store::users::hashed_password(c, found.user->id);
    return found;
}

/// What is refused after a correct password, in this order.
inline void refuse_login(const Options& options, const User& user) {
    if (options.disable_password_auth) throw ApiError(403, "Password authentication is disabled.");
    if (user.login_type != LoginType::password)
        throw ApiError(403,
                       "Incorrect login type, attempting to use \"password\" but user is of login "
                       "type \"" +
                           std::string(to_string(user.login_type)) + "\"");
    if (user.status == UserStatus::suspended)
        throw ApiError(401,
                       "Your account is suspended. Contact an admin to reactivate your account.");
}

inline ApiError wrong_credentials() { return {401, "Incorrect email or password."}; }

inline void record_failed_login(const Acting& acting, const Candidate& who, int status) {
    operations::AuditNote note;
    if (who.user) note.resource_id = who.user->id;
    note.status = status;
    acting.backend.store.write([&](store::Tx& tx) {
        operations::record(tx, acting, who.user.value_or(User()), about::log_in.audit(), note);
    });
}

/// A new hash in the place of one that was cheaper than those made now; "" when it may stay.
inline std::string renewed_hash(const Backend& backend, const std::string& password,
                                const std::string& hash) {
    const int wanted = backend.options.password_hash_cost;
    if (hash_cost(hash).value_or(wanted) >= wanted) return "";
    return operations::hash_password(backend, password);
}

/// Makes the session of a user whose password was right. Throws Outdated.
inline LoggedIn open_password_session(Change& now, const Acting& acting, const Candidate& who,
                                      const rules::NewKey& made, const std::string& renewed) {
    now.tx.lock_found_user(who.user->id);
    const Candidate found = find_candidate(now.tx, who.user->email);
    if (!found.user || found.user->id != who.user->id ||
        found.hashed_password != who.hashed_password)
        throw Outdated();
    refuse_login(acting.backend.options, *found.user);
    User user = *found.user;
    const ApiKey key = insert_session(now, acting, user, LoginType::password, made);
    if (user.status == UserStatus::dormant) {
        operations::change_status(user, UserStatus::active, acting.now);
        operations::store_status(now.tx, user);
    }
    if (!renewed.empty()) store::users::set_hashed_password(now.tx, user.id, renewed);
    now.record_as(user, {user.id, "", 201, api_key_diff(nullptr, &key)});
    now.tell(EventKind::logged_in, user, &*found.user, &key);
    return {{user, key}, made.token()};
}

/// One comparison and the session that follows from it. Throws Outdated.
inline LoggedIn compare_and_log_in(const Acting& acting, const Credentials& presented,
                                   const Candidate& who, const rules::NewKey& made) {
    const Options& options = acting.backend.options;
    if (!operations::verify_password(acting, presented.password,
                                     {presented.email, who.hashed_password, who.dearest_cost}))
        throw wrong_credentials();
    refuse_login(options, *who.user);
    const Asked asked = ask_host(acting, EventKind::logged_in, *who.user, &*who.user);
    const std::string renewed =
        renewed_hash(acting.backend, presented.password, who.hashed_password);
    return operations::change(acting, about::log_in, asked, [&](Change& now) {
        return open_password_session(now, acting, who, made, renewed);
    });
}

/// A new session. Refused logins are recorded.
inline LoggedIn log_in(const Acting& acting, const Credentials& presented) {
    check_fields(
        {{rules::fields::email, presented.email}, {rules::fields::password, presented.password}});
    Candidate who;
    const auto attempt = [&](const rules::NewKey& made) {
        who = acting.backend.store.read(
            [&](store::Connection& c) { return find_candidate(c, presented.email); });
        return compare_and_log_in(acting, presented, who, made);
    };
    // Not recorded, since it would fill the audit log.
    acting.backend.failed_passwords.refuse(presented.email, acting.now);
    const rules::NewKey made = rules::make_key(acting.backend.random);
    try {
        try {
            return attempt(made);
        } catch (const Outdated&) {
            // Another login may have renewed the hash: the password is as good as before.
            return attempt(made);
        }
    } catch (const Outdated&) {
        record_failed_login(acting, who, 401);
        throw wrong_credentials();
    } catch (const ApiError& error) {
        record_failed_login(acting, who, error.status());
        throw;
    }
}

}}}  // namespace coder_users::v0::login
