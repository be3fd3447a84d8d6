// GET and PUT /users/{user}/gitsshkey, and the pair that every new user gets.
#pragma once

#include <string>
#include <utility>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/format/wire_keys.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/rules/crypto.hpp"
#include "coder_users/rules/ssh_key.hpp"
#include "coder_users/store/git_ssh_keys.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline rules::SshKeyPair make_ssh_key_pair(SshKeyAlgorithm algorithm, const rules::Random& random) {
    switch (algorithm) {
        case SshKeyAlgorithm::ecdsa:
            return rules::make_ecdsa_key(random);
        case SshKeyAlgorithm::rsa4096:
            return rules::make_rsa4096_key();
        case SshKeyAlgorithm::ed25519:
            break;
    }
    return rules::make_ed25519_key(random);
}

/// A new pair of the configured algorithm, its private half sealed for this user. May take a
/// second: no transaction.
inline store::git_ssh_keys::SealedKey make_ssh_key(const Backend& backend,
                                                   const std::string& user_id, Time now) {
    const rules::SshKeyPair pair =
        make_ssh_key_pair(backend.options.ssh_key_algorithm, backend.random);
    return {{user_id, now, now, pair.public_key},
            rules::base64_encode(
                rules::seal(backend.secret_key, pair.private_key, user_id, backend.random))};
}

inline Reply get_git_ssh_key(Call& call) {
    const auto found = call.backend.store.read(
        [&](store::Connection& c) { return store::git_ssh_keys::find(c, call.target->id); });
    if (!found) throw not_found();
    return ok(format::wire::git_ssh_key(found->key));
}

inline Reply put_git_ssh_key(Call& call) {
    ask_host(call, EventKind::git_ssh_key_changed, *call.target, call.target.get());
    auto made = make_ssh_key(call.backend, call.target->id, call.now);
    change(call, [&](store::Tx& tx) {
        const auto before = store::git_ssh_keys::find(tx, call.target->id);
        if (!before) throw not_found();
        made.key.created_at = before->key.created_at;
        store::git_ssh_keys::replace(tx, made);
        record(tx, call,
               {call.actor->user.id, call.target->id, made.key.public_key, 200,
                format::AuditDiff()
                    .field("public_key", before->key.public_key, made.key.public_key)
                    .secret("private_key", true)
                    .take()});
        tell_host(call, EventKind::git_ssh_key_changed, *call.target, call.target.get());
    });
    return ok(format::wire::git_ssh_key(made.key));
}

/// A refused PUT is recorded about the key that stays.
inline std::string current_public_key(Call& call) {
    const auto found = call.backend.store.read(
        [&](store::Connection& c) { return store::git_ssh_keys::find(c, call.target->id); });
    return found ? found->key.public_key : std::string();
}

}}}  // namespace coder_users::v0::routes
