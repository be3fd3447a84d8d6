// Internal: may change at any time.
// Operations on sessions and tokens: make, list, find, revoke.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/caller.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/duration.hpp"
#include "coder_users/internal/base/key_scopes.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/rules/token_names.hpp"
#include "coder_users/internal/store/api_keys.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation make_session = Operation("create-new-session-key")
                                              .in(Lane::write)
                                              .permits(Action::use_keys)
                                              .audited("api_key", "create")
                                              .tells_of(EventKind::token_made);
inline constexpr Operation make_token = Operation("create-token-api-key")
                                            .in(Lane::write)
                                            .permits(Action::use_keys)
                                            .audited("api_key", "create")
                                            .tells_of(EventKind::token_made);
inline constexpr Operation list_tokens =
    Operation("get-user-tokens").decides_itself("others' tokens are left out of the list");
inline constexpr Operation get_token_config =
    Operation("get-token-config").decides_itself("whoever may read the user");
inline constexpr Operation find_token =
    Operation("get-api-key-by-token-name").decides_itself("others' keys are not found");
inline constexpr Operation find_key =
    Operation("get-api-key-by-id").decides_itself("others' keys are not found");
inline constexpr Operation revoke_key = Operation("delete-api-key")
                                            .in(Lane::write)
                                            .decides_itself("others' keys are not found")
                                            .audited("api_key", "delete")
                                            .tells_of(EventKind::token_revoked)
                                            .is_revocation();
}  // namespace about

/// Stores the key, records it and tells the host.
inline MadeKey insert_key(Change& now, const ApiKey& key, const rules::NewKey& made) {
    store::api_keys::insert(now.tx, key, made.hashed_secret);
    now.record({key.user_id, key.token_name, 201, api_key_diff(nullptr, &key)});
    now.tell(EventKind::token_made, now.target(), nullptr, &key);
    return {key, made.token()};
}

inline MadeKey make_session(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::make_session, who, [&](const Target& target) {
        ApiKey key = rules::new_api_key("", target->id, LoginType::password,
                                        std::chrono::hours(7 * 24), acting.now);
        note_client(key, acting);
        const Asked asked = ask_host(acting, EventKind::token_made, *target, nullptr, &key);
        const rules::NewKey made = rules::make_key(acting.backend.random);
        key.id = made.id;
        return change(acting, about::make_session, asked, target,
                      [&](Change& now) { return insert_key(now, key, made); });
    });
}

inline ApiError invalid_token(std::string detail, std::vector<Validation> validations = {}) {
    return {400, "Failed to validate create API key request.", std::move(detail),
            std::move(validations)};
}

/// The values of a new token, as the caller sent them.
struct NewToken {
    std::string name = {};                 ///< "": one is made
    std::chrono::nanoseconds lifetime{0};  ///< 0: 30 days, or less where less is allowed
    std::string scope = {};                ///< "": all
    std::vector<std::string> scopes = {};  ///< used instead of `scope` unless empty
    std::vector<std::string> allow_list = {};
};

/// Reads a scope, in its short form or in Coder's long one. A refusal names `field`.
inline KeyScope token_scope(const char* field, const std::string& name) {
    if (name == "all" || name == "coder:all") return KeyScope::all;
    if (name == "application_connect" || name == "coder:application_connect")
        return KeyScope::application_connect;
    throw invalid_token("", {{field, "invalid API key scope: \"" + name + "\""}});
}

/// Throws 400 for scopes that keys cannot have: a token must never be able to do more than was
/// asked for.
inline KeyScope token_scope(const NewToken& wanted) {
    const KeyScope one = wanted.scope.empty() ? KeyScope::all : token_scope("scope", wanted.scope);
    if (wanted.scopes.empty()) return one;
    KeyScope widest = KeyScope::application_connect;
    for (const std::string& name : wanted.scopes)
        if (token_scope("scopes", name) == KeyScope::all) widest = KeyScope::all;
    if (one != KeyScope::all && widest == KeyScope::all)
        throw invalid_token("", {{"scope", "scope and scopes contradict each other"}});
    return widest;
}

/// Throws 400 for a list that names single objects, because keys cannot be limited to those.
inline void refuse_allow_list(const std::vector<std::string>& entries) {
    for (const std::string& entry : entries)
        if (entry != "*:*")
            throw invalid_token("", {{"allow_list", "must be \"*:*\", not \"" + entry + "\""}});
}

/// Returns the lifetime in microseconds, the precision that is stored. Throws 400.
inline Duration token_lifetime(std::chrono::nanoseconds wanted, std::chrono::seconds longest) {
    if (wanted.count() == 0)
        return (std::min)(longest, std::chrono::seconds(std::chrono::hours(30 * 24)));
    if (wanted.count() < 0) throw invalid_token("lifetime must be positive number greater than 0");
    if (wanted > std::chrono::nanoseconds(longest))
        throw invalid_token("lifetime must be less than " + to_text(longest));
    return std::chrono::duration_cast<Duration>(wanted);
}

inline void check_token_name(const std::string& name) {
    if (name.empty()) return;  // free_token_name() makes one up
    if (!rules::valid_token_name(name))
        throw invalid_token("",
                            {{"token_name", "must be 1 to 64 bytes without control characters"}});
    if (rules::reserved_token_name(name))
        throw invalid_token("", {{"token_name", "\"tokenconfig\" is a reserved name"}});
}

/// Returns `wanted`, after deleting an expired token of that name; or a random name when none is
/// wanted. Throws 409 when the name is in use.
inline std::string free_token_name(store::Tx& tx, const Acting& acting, const User& user,
                                   const std::string& wanted) {
    if (wanted.empty()) {
        std::string name;
        do {
            name = rules::random_name(acting.backend.random);
        } while (store::api_keys::find_token(tx, user.id, name));
        return name;
    }
    const auto existing = store::api_keys::find_token(tx, user.id, wanted);
    if (existing && !rules::is_expired(*existing, acting.now))
        throw ApiError(409, "A token with name \"" + wanted + "\" already exists.", {},
                       {{"name", "This value is already in use and should be unique."}});
    if (existing) store::api_keys::remove(tx, existing->id);
    return wanted;
}

inline MadeKey make_token(const Acting& acting, const UserRef& who, const NewToken& wanted) {
    return on_user(acting, about::make_token, who, [&](const Target& target) {
        const KeyScope scope = token_scope(wanted);
        refuse_allow_list(wanted.allow_list);
        const Duration lifetime =
            token_lifetime(wanted.lifetime, acting.backend.options.max_token_lifetime);
        check_token_name(wanted.name);

        ApiKey planned = rules::new_api_key("", target->id, LoginType::token, lifetime, acting.now);
        planned.scope = scope;
        planned.scopes = scopes_of(scope);
        note_client(planned, acting);
        planned.token_name = wanted.name;
        const Asked asked = ask_host(acting, EventKind::token_made, *target, nullptr, &planned);
        const rules::NewKey made = rules::make_key(acting.backend.random);
        planned.id = made.id;
        return change(acting, about::make_token, asked, target, [&](Change& now) {
            ApiKey key = planned;
            key.token_name = free_token_name(now.tx, acting, now.target(), wanted.name);
            return insert_key(now, key, made);
        });
    });
}

/// Decides whose tokens a list holds: the target's; with `everybodys` those of all users, or only
/// the caller's own when it may not see others. Returns a user's id, "" for all users, or nothing
/// when the caller may not see the target's.
inline std::optional<std::string> owner_of_tokens(const Acting& acting, const UserRef& who,
                                                  bool everybodys) {
    const Target target = find_target(acting, who);
    const User& actor = acting.user();
    if (!everybodys && !rules::may(actor, Action::use_keys, *target)) return std::nullopt;
    const bool all = everybodys && rules::may(actor, Action::read_all_keys);
    return all ? "" : everybodys ? actor.id : target->id;
}

/// Lists the tokens of owner_of_tokens(), oldest first, expired ones included. A negative `most`
/// means no limit.
inline std::vector<store::api_keys::Token> list_tokens(const Acting& acting,
                                                       const std::optional<std::string>& owner,
                                                       std::int64_t most = -1) {
    if (!owner) return {};
    return acting.backend.store.read(
        [&](store::Connection& c) { return store::api_keys::tokens(c, *owner, most); });
}

/// Returns the key that `find(Connection&)` finds. Throws 404 when there is none or the caller may
/// not see the target's keys.
template <class Find>
ApiKey visible_key(const Acting& acting, const Target& target, Find&& find) {
    auto key = acting.backend.store.read(find);
    if (!key || !rules::may(acting.user(), Action::use_keys, *target)) throw not_found();
    return std::move(*key);
}

/// Finds a token by its name, whether it has expired or not.
inline ApiKey find_token(const Acting& acting, const UserRef& who, std::string_view name) {
    const Target target = find_target(acting, who);
    return visible_key(acting, target, [&](store::Connection& c) {
        return store::api_keys::find_token(c, target->id, name);
    });
}

inline ApiKey visible_key_by_id(const Acting& acting, const Target& target, std::string_view id) {
    return visible_key(acting, target, [&](store::Connection& c) {
        return store::api_keys::find(c, target->id, id);
    });
}

/// Finds a session or a token by its id.
inline ApiKey find_key(const Acting& acting, const UserRef& who, std::string_view id) {
    return visible_key_by_id(acting, find_target(acting, who), id);
}

inline void revoke_key(const Acting& acting, const UserRef& who, std::string_view id) {
    const Target target = find_target(acting, who);
    const ApiKey known = visible_key_by_id(acting, target, id);
    const Asked asked = ask_host(acting, EventKind::token_revoked, *target, nullptr, &known);
    change(acting, about::revoke_key, asked, target, [&](Change& now) {
        const auto key = store::api_keys::find(now.tx, now.target().id, id);
        if (!key || !rules::may(now.actor(), Action::use_keys, now.target())) throw not_found();
        store::api_keys::remove(now.tx, key->id);
        now.record({key->user_id, key->token_name, 204, api_key_diff(&*key, nullptr)});
        now.tell(EventKind::token_revoked, now.target(), nullptr, &*key);
    });
}

/// Returns the longest lifetime that a new token may have.
inline std::chrono::seconds longest_token_lifetime(const Acting& acting, const UserRef& who) {
    find_target(acting, who);
    return acting.backend.options.max_token_lifetime;
}

}}}  // namespace coder_users::v0::operations
