// Internal: may change at any time.
// One-time passcodes: a user who has forgotten the password asks for a code, which the host sends,
// and chooses a new password with it (docs/contract/passcodes.md, "POST /users/otp/request" and
// "POST /users/otp/change-password").
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/operations/account.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/store/passcodes.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation request_passcode = Operation("request-one-time-passcode")
                                                  .since_release(2, 17)
                                                  .for_anybody()
                                                  .in(Lane::write)
                                                  .audited("user", "request_password_reset");
inline constexpr Operation redeem_passcode = Operation("change-password-with-a-one-time-passcode")
                                                 .since_release(2, 17)
                                                 .for_anybody()
                                                 .in(Lane::hash)
                                                 .audited("user", "write")
                                                 .tells_of(EventKind::password_changed)
                                                 .is_revocation();
/// What is done instead of either for an address that no account can use.
inline constexpr Operation count_unclaimed_passcode = Operation("").in(Lane::write);
}  // namespace about

inline constexpr std::chrono::minutes passcode_lifetime{20};

inline void refuse_without_passwords(const Options& options) {
    if (options.disable_password_auth) throw ApiError(403, "Password authentication is disabled.");
}

/// Stores the code of a user. Returns what the audit log tells of it.
inline AuditNote store_passcode(store::Tx& tx, const User& user, const OneTimePasscode& passcode) {
    const Time earlier = store::passcodes::replace(tx, user.id, passcode);
    return {user.id, user.username, 204,
            user_diff(&user, &user, false, {earlier, passcode.expires_at})};
}

/// `pretend(store::Tx&, const User&)` does for anybody what is done for users who can use a code.
template <class Pretend>
void count_unclaimed_passcode(const Acting& acting, Pretend&& pretend) {
    change(acting, about::count_unclaimed_passcode, Asked::not_needed(), [&](Change& now) {
        store::passcodes::count_unclaimed(now.tx, [&] {
            if (const auto anybody = store::users::find_any(now.tx)) pretend(now.tx, *anybody);
        });
    });
}

/// The account with this address, if it has a password that can be forgotten.
inline std::optional<User> password_account(store::Connection& c, const std::string& email) {
    auto user = store::users::find_by_email(c, email);
    if (user && user->login_type != LoginType::password) user.reset();
    return user;
}

/// Stores a code for the account with this address and hands it to `sink`. Returns false when there
/// is no such account any more.
inline bool send_passcode(const Acting& acting, PasscodeSink& sink, const std::string& email,
                          const std::string& code, const OneTimePasscode& stored) {
    struct Gone {};
    std::optional<Announcement<Passcode>> announced;
    try {
        change(acting, about::request_passcode, Asked::not_needed(), [&](Change& now) {
            auto user = password_account(now.tx, email);
            while (user && now.tx.lock_found_user(user->id)) user = password_account(now.tx, email);
            if (!user) throw Gone();
            now.record_as(*user, store_passcode(now.tx, *user, stored));
            announced.reset();  // of a first run: its place comes first
            announced.emplace(
                sink, Passcode{user->id, user->username, user->email, code, stored.expires_at});
        });
    } catch (const Gone&) {
        return false;
    }
    announced->publish();
    return true;
}

/// Makes a code for the account with this address, which the host sends. Neither the result nor the
/// time tells whether there is such an account.
inline void request_passcode(const Acting& acting, const std::string& email) {
    Backend& backend = acting.backend;
    check_fields({{rules::fields::email, email}});
    refuse_without_passwords(backend.options);
    const std::string code = new_uuid(backend.random);
    const auto user =
        backend.store.read([&](store::Connection& c) { return password_account(c, email); });
    if (PasscodeSink* const sink = backend.passcodes) {
        const OneTimePasscode stored{rules::sha256_hex(code), add(acting.now, passcode_lifetime)};
        if (!user || !send_passcode(acting, *sink, email, code, stored))
            count_unclaimed_passcode(acting, [&](store::Tx& tx, const User& anybody) {
                record(tx, acting, anybody, about::request_passcode.audit(),
                       store_passcode(tx, anybody, stored));
            });
    }
    if (!backend.log) return;
    LogLine line{LogLevel::info, acting.now, "no password to reset", {}};
    if (user) line.message = "password reset requested", line.fields = {{"user", user->id}};
    line.fields.emplace_back("id", std::string(acting.request_id));
    backend.log->write(line);
}

/// What a user presents who has got a code.
struct PasscodeChange {
    std::string email, password, code;
};

/// What a code is compared with.
struct PasscodeHolder {
    std::optional<User> user;  ///< with the address, whatever its login type
    std::optional<OneTimePasscode> passcode;

    /// Whether this is the code of the user, and still good.
    bool takes(const std::string& code, Time now) const {
        const std::string none(64, '0');  // compared with where there is no code
        const bool equal = rules::equal_constant_time(rules::sha256_hex(code),
                                                      passcode ? passcode->hashed_passcode : none);
        return equal && passcode && now < passcode->expires_at && user &&
               user->login_type == LoginType::password;
    }
};

inline PasscodeHolder passcode_holder(store::Connection& c, const std::string& email) {
    PasscodeHolder found{store::users::find_by_email(c, email), {}};
    if (found.user) found.passcode = store::passcodes::find(c, found.user->id);
    return found;
}

inline ApiError wrong_passcode() { return {400, "Incorrect email or one-time passcode."}; }

/// Records the refusal of a change of the account, whose own doing it is. Where there is no account
/// something else is committed, so that the time does not tell them apart.
inline void record_refused_passcode(const Acting& acting, const std::optional<User>& user,
                                    const ApiError& refusal) {
    const auto write = [&](store::Tx& tx, const User& owner) {
        record(tx, acting, owner, about::redeem_passcode.audit(),
               {owner.id, owner.username, refusal.status()});
    };
    if (!user) return count_unclaimed_passcode(acting, write);
    acting.backend.store.write([&](store::Tx& tx) { write(tx, *user); });
}

/// Sets a new password for the user who has the code. Also ends every session and token of the
/// user. The code stays good when the new password is refused.
inline void redeem_passcode(const Acting& acting, const PasscodeChange& wanted) {
    const Backend& backend = acting.backend;
    check_fields({{rules::fields::email, wanted.email},
                  {rules::fields::password, wanted.password},
                  {rules::fields::one_time_passcode, wanted.code}});
    refuse_without_passwords(backend.options);
    refuse_weak_password(wanted.password, User(), weak_changed_password);  // of anybody
    PasscodeHolder holder;
    const auto refuse = [&](const ApiError& refusal) {
        record_refused_passcode(acting, holder.user, refusal);
        throw ApiError(refusal);
    };
    const auto look = [&](store::Connection& c) { return passcode_holder(c, wanted.email); };
    holder = backend.store.read(look);
    if (!holder.takes(wanted.code, acting.now)) refuse(wrong_passcode());
    const User& user = *holder.user;
    refuse_weak_password(wanted.password, user, weak_changed_password);
    const std::string compared = backend.store.read(
        [&](store::Connection& c) { return store::users::hashed_password(c, user.id); });
    if (rules::password_matches(wanted.password, compared, backend.options.password_hash_cost))
        refuse(ApiError(400, "New password cannot match old password."));
    ask_about_password(backend, wanted.password, user, weak_changed_password);
    const Asked asked = ask_host(acting, EventKind::password_changed, user, &user);
    const std::string hash = hash_password(backend, wanted.password);
    struct Gone {};
    try {
        change(acting, about::redeem_passcode, asked, [&](Change& now) {
            PasscodeHolder fresh = look(now.tx);
            while (fresh.user && now.tx.lock_found_user(fresh.user->id)) fresh = look(now.tx);
            if (!fresh.takes(wanted.code, acting.now)) throw Gone();
            const User& owner = *fresh.user;
            const Time expiry = store::passcodes::remove(now.tx, owner.id);
            store::users::set_hashed_password(now.tx, owner.id, hash);
            store::api_keys::remove_of_user(now.tx, owner.id);
            now.record_as(owner, {owner.id, owner.username, 204,
                                  user_diff(&owner, &owner, true, {expiry, never})});
            now.tell(EventKind::password_changed, owner, &owner);
        });
    } catch (const Gone&) {
        refuse(wrong_passcode());  // another request has used or replaced it
    }
}

}}}  // namespace coder_users::v0::operations
