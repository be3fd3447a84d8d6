// Making a user: what is costly before the transaction, what must hold together inside it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/errors.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/git_ssh_keys.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/rules/password.hpp"
#include "coder_users/rules/strength.hpp"
#include "coder_users/store/organizations.hpp"
#include "coder_users/store/users.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

struct NewUser {
    User user;
    std::string hashed_password;  ///< "" for users without one
    store::git_ssh_keys::SealedKey ssh_key;
};

/// Hashes the password, if there is one, and makes the Git SSH key, sealed. Slow: no transaction.
inline NewUser prepare_user(const Call& call, std::string email, std::string username,
                            LoginType login_type, const std::string& password) {
    const Backend& backend = call.backend;
    NewUser made;
    made.user.id = new_uuid(backend.random);
    made.user.username = std::move(username);
    made.user.email = std::move(email);
    made.user.created_at = call.now;
    made.user.login_type = login_type;
    if (!password.empty())
        made.hashed_password =
            rules::hash_password(password, backend.options.password_hash_cost, backend.random);
    made.ssh_key = make_ssh_key(backend, made.user.id, call.now);
    return made;
}

/// Stores user, Git SSH key and membership with its explicit roles.
inline void insert_user(store::Tx& tx, NewUser& made, std::string_view organization_id,
                        const std::vector<std::string>& organization_roles) {
    store::users::insert(tx, made.user, made.hashed_password);
    store::git_ssh_keys::insert(tx, made.ssh_key);
    store::organizations::add_member(tx, organization_id, made.user.id, organization_roles,
                                     made.user.created_at);
    made.user.organization_ids = {std::string(organization_id)};
}

/// `message` belongs to the endpoint; the validation says what is weak.
inline void refuse_weak_password(const std::string& password, const char* message) {
    if (auto weakness = rules::password_weakness(password))
        throw ApiError(400, message, {}, {{"password", std::move(*weakness)}});
}

/// 409 with one validation for each clashing field.
inline ApiError user_exists(store::users::Taken taken) {
    constexpr const char* text = "this value is already in use and should be unique";
    std::vector<Validation> clashes;
    if (taken.email) clashes.push_back({"email", text});
    if (taken.username) clashes.push_back({"username", text});
    return {409, "User already exists.", {}, std::move(clashes)};
}

inline void refuse_taken(store::users::Taken taken) {
    if (taken.email || taken.username) throw user_exists(taken);
}

}}}  // namespace coder_users::v0::routes
