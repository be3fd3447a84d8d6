// POST /users/login and POST /users/logout.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/cookies.hpp"
#include "coder_users/routes/events.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/rules/password.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/store/api_keys.hpp"
#include "coder_users/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// The user with this address and the hash its password was compared with.
struct Candidate {
    std::optional<User> user;
    std::string hashed_password;
};

inline Candidate find_candidate(store::Connection& c, const std::string& email) {
    Candidate found{store::users::find_by_email(c, email), {}};
    if (found.user) found.hashed_password = store::users::hashed_password(c, found.user->id);
    return found;
}

/// The refusals behind a correct password, in their order.
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

inline void record_failed_login(Call& call, const Candidate& who, int status) {
    AuditNote note;
    if (who.user) {
        note.actor_id = who.user->id;
        note.resource_id = who.user->id;
    }
    note.status = status;
    call.backend.store.write([&](store::Tx& tx) { record(tx, call, note); });
}

/// A new hash in the place of one that was cheaper than those made now; "" when it may stay.
inline std::string renewed_hash(const Call& call, const std::string& hash) {
    const Backend& backend = call.backend;
    const int wanted = backend.options.password_hash_cost;
    if (rules::hash_cost(hash).value_or(wanted) >= wanted) return "";
    return rules::hash_password(call.body.text("password"), wanted, backend.random);
}

/// Makes the session. False: what was compared is not what is stored any more.
inline bool log_in(store::Tx& tx, Call& call, const Candidate& who, const rules::NewKey& made,
                   const std::string& renewed) {
    const Candidate now = find_candidate(tx, call.body.text("email"));
    if (!now.user || now.user->id != who.user->id || now.hashed_password != who.hashed_password)
        return false;
    refuse_login(call.backend.options, *now.user);
    const ApiKey key = rules::new_api_key(made.id, now.user->id, LoginType::password,
                                          call.backend.options.session_duration, call.now);
    store::api_keys::insert(tx, key, made.hashed_secret);
    store::api_keys::remove_long_expired_sessions(tx, now.user->id, call.now);
    if (now.user->status == UserStatus::dormant)
        store::users::set_status(tx, now.user->id, UserStatus::active);
    if (!renewed.empty()) store::users::set_hashed_password(tx, now.user->id, renewed);
    record(tx, call, {now.user->id, now.user->id, "", 201, format::api_key_diff(nullptr, &key)});
    User seen = *now.user;
    if (seen.status == UserStatus::dormant) seen.status = UserStatus::active;
    tell_host(call, EventKind::logged_in, seen, &*now.user, &key);
    return true;
}

/// One comparison and the session that follows from it. False as log_in().
inline bool compare_and_log_in(Call& call, const Candidate& who, const rules::NewKey& made) {
    const Options& options = call.backend.options;
    const bool comparable = !who.hashed_password.empty();
    const std::string hash =
        comparable ? who.hashed_password : rules::dummy_hash(options.password_hash_cost);
    const bool matches =
        rules::password_matches(call.body.text("password"), hash, options.password_hash_cost);
    if (!matches || !comparable) throw wrong_credentials();
    refuse_login(options, *who.user);
    ask_host(call, EventKind::logged_in, *who.user, &*who.user);
    const std::string renewed = renewed_hash(call, hash);
    bool done = false;
    write(call, [&](store::Tx& tx) { done = log_in(tx, call, who, made, renewed); });
    return done;
}

inline Reply post_login(Call& call) {
    Candidate who;
    const auto find = [&](store::Connection& c) {
        return find_candidate(c, call.body.text("email"));
    };
    const rules::NewKey made = rules::make_key(call.backend.random);
    try {
        who = call.backend.store.read(find);
        if (!compare_and_log_in(call, who, made)) {
            // Another login may have renewed the hash: the password is as good as before.
            who = call.backend.store.read(find);
            if (!compare_and_log_in(call, who, made)) throw wrong_credentials();
        }
    } catch (const ApiError& error) {
        record_failed_login(call, who, error.status());
        throw;
    }
    Reply reply = ok(format::wire::login(made.token()), 201);
    reply.headers.push_back(set_session_cookie(call.backend.options, made.token()));
    return reply;
}

/// The presented key goes, a token, too, and with it every key that applications were given.
inline Reply post_logout(Call& call) {
    ask_host(call, EventKind::logged_out, call.actor->user, nullptr, &call.actor->key);
    change(call, [&](store::Tx& tx) {
        const ApiKey& key = call.actor->key;
        const std::string& user_id = call.actor->user.id;
        store::api_keys::remove(tx, key.id);
        store::api_keys::remove_of_user(tx, user_id, KeyScope::application_connect);
        record(tx, call,
               {user_id, user_id, key.token_name, 200, format::api_key_diff(&key, nullptr)});
        tell_host(call, EventKind::logged_out, call.actor->user, nullptr, &key);
    });
    Reply reply = notice("Logged out!");
    reply.headers.push_back(set_session_cookie(call.backend.options, ""));
    return reply;
}

}}}  // namespace coder_users::v0::routes
