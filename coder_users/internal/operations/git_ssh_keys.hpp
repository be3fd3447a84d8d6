// Internal: may change at any time.
// Operations on the key pair for Git over SSH that every user has.
#pragma once

#include <string>
#include <utility>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/sealing.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/ssh_key.hpp"
#include "coder_users/internal/store/git_ssh_keys.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation get_git_ssh_key = Operation("get-user-git-ssh-key")
                                                 .needs("user:read", "user:read_personal")
                                                 .permits(Action::edit_user);
inline constexpr Operation renew_git_ssh_key =
    Operation("regenerate-user-ssh-key")
        .needs("user:read", "user:read_personal", "user:update_personal")
        .in(Lane::hash)
        .permits(Action::edit_user)
        .audited_with_refusals("git_ssh_key", "write")
        .tells_of(EventKind::git_ssh_key_changed);
}  // namespace about

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

/// Makes a key pair, its private half sealed for this user. An RSA key may take a second, so call
/// it before the transaction.
inline store::git_ssh_keys::SealedKey make_ssh_key(const Backend& backend,
                                                   const std::string& user_id, Time now) {
    const rules::SshKeyPair pair =
        make_ssh_key_pair(backend.options.ssh_key_algorithm, backend.random);
    return {{user_id, now, now, pair.public_key},
            rules::base64_encode(
                rules::seal(backend.secret_key, pair.private_key, user_id, backend.random))};
}

/// Returns the public half.
inline GitSshKey get_git_ssh_key(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::get_git_ssh_key, who, [&](const Target& target) {
        auto found = acting.backend.store.read(
            [&](store::Connection& c) { return store::git_ssh_keys::find(c, target->id); });
        if (!found) throw not_found();
        return std::move(found->key);
    });
}

/// Replaces the key pair and returns the new public half.
inline GitSshKey renew_git_ssh_key(const Acting& acting, const UserRef& who) {
    // The entry of a refusal names the key that stays.
    const auto current = [&](const User& target) {
        const auto found = acting.backend.store.read(
            [&](store::Connection& c) { return store::git_ssh_keys::find(c, target.id); });
        return found ? found->key.public_key : std::string();
    };
    const auto renew = [&](const Target& target) {
        const Asked asked =
            ask_host(acting, EventKind::git_ssh_key_changed, *target, target.user.get());
        const auto pair = make_ssh_key(acting.backend, target->id, acting.now);
        return change(acting, about::renew_git_ssh_key, asked, target, [&](Change& now) {
            const auto before = store::git_ssh_keys::find(now.tx, now.target().id);
            if (!before) throw not_found();
            keep_sealing_key(now.tx, acting.backend);
            auto made = pair;
            made.key.created_at = before->key.created_at;
            store::git_ssh_keys::replace(now.tx, made);
            now.record({now.target().id, made.key.public_key, 200,
                        AuditDiff()
                            .field("public_key", before->key.public_key, made.key.public_key)
                            .secret("private_key", true)
                            .take()});
            now.tell(EventKind::git_ssh_key_changed, now.target(), &now.target());
            return made.key;
        });
    };
    return on_user(
        acting, about::renew_git_ssh_key, who, [] {}, current, renew);
}

}}}  // namespace coder_users::v0::operations
