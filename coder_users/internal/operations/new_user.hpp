// Internal: may change at any time.
// The steps of making a user: slow ones before the transaction, the rest inside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/logged_failure.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/operations/git_ssh_keys.hpp"
#include "coder_users/internal/operations/release_texts.hpp"
#include "coder_users/internal/operations/sealing.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/rules/strength.hpp"
#include "coder_users/internal/store/organizations.hpp"
#include "coder_users/internal/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

struct PreparedUser {
    User user;
    std::string hashed_password;  ///< "" for users without one
    store::git_ssh_keys::SealedKey ssh_key;
};

inline std::string hash_password(const Backend& backend, const std::string& password) {
    return rules::hash_password(password, backend.options.password_hash_cost, backend.random);
}

/// Makes id, Git SSH key and, if there is a password, its hash. Slow, so call it before the
/// transaction.
inline PreparedUser prepare_user(const Acting& acting, User planned, const std::string& password) {
    const Backend& backend = acting.backend;
    PreparedUser made;
    made.user = std::move(planned);
    made.user.id = new_uuid(backend.random);
    made.user.created_at = made.user.updated_at = acting.now;
    if (!password.empty()) made.hashed_password = hash_password(backend, password);
    made.ssh_key = make_ssh_key(backend, made.user.id, acting.now);
    return made;
}

/// Nobody logs in to a service account, so it has nothing to log in with.
inline void refuse_ways_to_log_in(std::string_view login_type, std::string_view password,
                                  std::string_view email) {
    if (!login_type.empty() && login_type != to_string(LoginType::none))
        throw ApiError(400, "Service accounts must use login type 'none'.");
    if (!password.empty()) throw ApiError(400, "Password cannot be set for service accounts.");
    if (!email.empty()) throw ApiError(400, "Email cannot be set for service accounts.");
}

/// Stores the user, its Git SSH key and its memberships, each with these roles. The ids are sorted,
/// no duplicates. Returns the stored user.
inline User insert_user(store::Tx& tx, const Backend& backend, const PreparedUser& made,
                        std::vector<std::string> organization_ids,
                        const std::vector<std::string>& organization_roles = {}) {
    keep_sealing_key(tx, backend);
    User user = made.user;
    user.organization_ids = std::move(organization_ids);
    store::users::insert(tx, user, made.hashed_password);
    store::git_ssh_keys::insert(tx, made.ssh_key);
    for (const std::string& id : user.organization_ids)
        store::organizations::insert_member(
            tx, {user.id, id, user.created_at, user.created_at, organization_roles});
    return user;
}

/// Throws 400 with `message`, which depends on the operation, and with a validation that says what
/// is weak. `user` is who gets the password.
inline void refuse_weak_password(const std::string& password, const User& user,
                                 const char* message) {
    if (auto weakness = rules::password_weakness(password, {user.username, user.email}))
        throw ApiError(400, message, {}, {{"password", std::move(*weakness)}});
}

/// Asks Options::check_password. Call it after every other check of the password and before the
/// transaction, because a host may take its time. Throws its refusal in the same way.
inline void ask_about_password(const Backend& backend, const std::string& password,
                               const User& user, const char* message) {
    const auto& check = backend.options.check_password;
    if (!check) return;
    std::optional<std::string> refusal;
    try {
        refusal = check(password, user);
    } catch (...) {  // its text may quote the password
        throw LoggedFailure("An internal server error occurred.",
                            "Options::check_password has thrown");
    }
    if (refusal) throw ApiError(400, message, {}, {{"password", std::move(*refusal)}});
}

/// 409 with one validation for each value that is taken.
inline ApiError user_exists(store::users::Taken taken) {
    constexpr const char* text = "this value is already in use and should be unique";
    std::vector<Validation> clashes;
    if (taken.email) clashes.push_back({"email", text});
    if (taken.username) clashes.push_back({"username", text});
    return {409, name_or_address_taken, {}, std::move(clashes)};
}

inline void refuse_taken(store::users::Taken taken) {
    if (taken.email || taken.username) throw user_exists(taken);
}

}}}  // namespace coder_users::v0::operations
