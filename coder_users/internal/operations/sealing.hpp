// Internal: may change at any time.
// The key with which secrets in the database are sealed, and that several servers on one database
// have the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/operations/acting.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/store/connection.hpp"
#include "coder_users/internal/store/deployment.hpp"
#include "coder_users/internal/store/errors.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

inline constexpr const char* secret_key_check_name = "secret_key_check";
inline constexpr std::string_view secret_key_purpose = "coder_users secret key check";

inline std::optional<std::string> find_key_check(store::Connection& c) {
    return store::deployment::find(c, secret_key_check_name);
}

/// Whether `key` is the key of the database, of which `check` is the stored check value.
inline bool opens_check(const std::string& key, const std::string& check) {
    const auto sealed = rules::base64_decode(check);
    return sealed && rules::open(key, *sealed, secret_key_purpose).has_value();
}

/// Call it before something that was sealed is opened where several servers may use the database.
/// Throws store::Unavailable when another server has changed the key of the database.
inline void require_sealing_key(store::Connection& c, const Backend& backend) {
    if (!backend.store.shared()) return;
    const auto check = find_key_check(c);
    if (check && !opens_check(backend.secret_key, *check))
        throw store::Unavailable(
            "another server has changed the sealing key: start this one with the new key");
}

/// The same in a change that stores what it has sealed: the key of the database stays until its
/// end.
inline void keep_sealing_key(store::Tx& tx, const Backend& backend) {
    tx.lock_sealing_key(false);
    require_sealing_key(tx, backend);
}

}}}  // namespace coder_users::v0::operations
