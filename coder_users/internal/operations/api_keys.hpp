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
#include "coder_users/internal/operations/release_texts.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/scopes.hpp"
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
                                            .needs("api_key:create")
                                            .is_about_keys()
                                            .touches(KeyTouches::new_key)
                                            .in(Lane::write)
                                            .permits(Action::use_keys)
                                            .audited("api_key", "create")
                                            .tells_of(EventKind::token_made);
inline constexpr Operation list_tokens =
    Operation("get-user-tokens")
        .needs("api_key:read")
        .is_about_keys()
        .decides_itself("others' tokens are left out of the list");
inline constexpr Operation get_token_config = Operation("get-token-config")
                                                  .needs("user:read")
                                                  .is_about_keys()
                                                  .or_any_key_right()
                                                  .decides_itself("whoever may read the user");
inline constexpr Operation find_token = Operation("get-api-key-by-token-name")
                                            .needs("api_key:read")
                                            .is_about_keys()
                                            .decides_itself("others' keys are not found");
inline constexpr Operation find_key = Operation("get-api-key-by-id")
                                          .needs("api_key:read")
                                          .is_about_keys()
                                          .decides_itself("others' keys are not found");
inline constexpr Operation revoke_key = Operation("delete-api-key")
                                            .needs("api_key:delete")
                                            .is_about_keys()
                                            .in(Lane::write)
                                            .decides_itself("others' keys are not found")
                                            .audited("api_key", "delete")
                                            .tells_of(EventKind::token_revoked)
                                            .is_revocation();
inline constexpr Operation expire_key = Operation("expire-api-key")
                                            .since_release(2, 32)
                                            .needs("api_key:read", "api_key:update")
                                            .is_about_keys()
                                            .in(Lane::write)
                                            .decides_itself("others' keys are not found")
                                            .audited_with_refusals("api_key", "write")
                                            .tells_of(EventKind::token_revoked)
                                            .is_revocation();
inline constexpr Operation list_scopes =
    Operation("list-api-key-scopes").for_anybody().since_release(2, 27);
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
        key.expires_at = rules::end_of(key, acting.backend.options.session_max_life);
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

inline ApiError refused_token(std::string detail) {
    return {400, "Failed to create API key.", std::move(detail)};
}

/// Returns the scopes as they are stored, without duplicates. Throws 400 for one that is unknown: a
/// token must never be able to do more than was asked for.
inline std::vector<std::string> token_scopes(const NewToken& wanted) {
    std::vector<std::string> names = wanted.scopes;
    if (names.empty()) names = {wanted.scope.empty() ? std::string(scope_of_all) : wanted.scope};
    std::vector<std::string> scopes;
    for (const std::string& name : names) {
        std::string scope = rules::stored_scope(name);
        if (!rules::is_scope(scope))
            throw invalid_token("", {{wanted.scopes.empty() ? "scope" : "scopes",
                                      std::string(unknown_scope) + '"' + name + '"'}});
        if (!has_word(scopes, scope)) scopes.push_back(std::move(scope));
    }
    const std::string one = rules::stored_scope(wanted.scope);
    const bool agree =
        one.empty() || one == scope_of_all || scopes == std::vector<std::string>{one};
    if (!wanted.scopes.empty() && !agree)
        throw refused_token("scope and scopes contradict each other");
    return scopes;
}

inline void refuse_long_list(const std::vector<std::string>& allow_list) {
    if (allow_list.size() > rules::most_allowed_objects)
        throw refused_token("allow_list has " + std::to_string(allow_list.size()) +
                            " entries; max allowed is " +
                            std::to_string(rules::most_allowed_objects));
}

/// Throws 403 for a new token that could do more than the caller's own key.
inline void refuse_stronger_key(const Acting& acting, const User& target,
                                const std::vector<std::string>& scopes,
                                const std::vector<std::string>& allow_list) {
    const SharedIdentity& actor = *acting.actor;
    if (actor.has_full_power()) return;
    if (target.id != actor.user->id || !rules::may_make(actor.key, scopes, allow_list))
        throw forbidden();
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
    std::vector<std::string> allow_list;
    const auto read_list = [&] { allow_list = rules::normal_allow_list(wanted.allow_list); };
    return on_user(acting, about::make_token, who, read_list, [&](const Target& target) {
        const std::vector<std::string> scopes = token_scopes(wanted);
        refuse_long_list(wanted.allow_list);
        refuse_stronger_key(acting, *target, scopes, allow_list);
        const Duration lifetime =
            token_lifetime(wanted.lifetime, acting.backend.options.max_token_lifetime);
        check_token_name(wanted.name);

        ApiKey planned = rules::new_api_key("", target->id, LoginType::token, lifetime, acting.now);
        planned.scopes = scopes;
        planned.allow_list = allow_list;
        derive_scope(planned);
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

/// Decides which tokens a list holds: the target's; with `everybodys` those of all users, or only
/// the caller's own when it may not see others. Returns nothing when the caller may not see the
/// target's.
inline std::optional<store::api_keys::TokenFilter> listed_tokens(const Acting& acting,
                                                                 const UserRef& who,
                                                                 bool everybodys, bool expired) {
    const Target target = find_target(acting, about::list_tokens, who);
    const User& actor = acting.user();
    const ApiKey& presented = acting.actor->key;
    // Ids of keys are no UUIDs, so an allow list has all keys or none.
    if (!rules::allows(presented, "api_key", "*")) return std::nullopt;
    if (!everybodys && !rules::may(actor, Action::use_keys, *target)) return std::nullopt;
    // The names of others stand beside their tokens.
    const bool all = everybodys && rules::may(actor, Action::read_all_keys) &&
                     rules::covers(presented, "api_key:read", false) &&
                     rules::covers(presented, "user:read", false) &&
                     rules::allows(presented, "user", "*");
    return store::api_keys::TokenFilter{all          ? ""
                                        : everybodys ? actor.id
                                                     : target->id,
                                        expired ? never : acting.now};
}

/// Lists the tokens of listed_tokens(), oldest first.
inline std::vector<store::api_keys::Token> list_tokens(
    const Acting& acting, const std::optional<store::api_keys::TokenFilter>& which,
    std::int64_t most = store::api_keys::no_limit) {
    if (!which) return {};
    return acting.backend.store.read(
        [&](store::Connection& c) { return store::api_keys::tokens(c, *which, most); });
}

/// Returns the key that `find(Connection&)` finds. Throws 404 when there is none or the caller may
/// not see the target's keys.
template <class Find>
ApiKey visible_key(const Acting& acting, const Target& target, Find&& find) {
    auto key = acting.backend.store.read(find);
    if (!key || !rules::may(acting.user(), Action::use_keys, *target) ||
        !rules::allows(acting.actor->key, "api_key", key->id))
        throw not_found();
    key->expires_at = rules::end_of(*key, acting.backend.options.session_max_life);
    return std::move(*key);
}

/// Finds a token by its name, whether it has expired or not.
inline ApiKey find_token(const Acting& acting, const UserRef& who, std::string_view name) {
    const Target target = find_target(acting, about::find_token, who);
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
    return visible_key_by_id(acting, find_target(acting, about::find_key, who), id);
}

inline void revoke_key(const Acting& acting, const UserRef& who, std::string_view id) {
    const Target target = find_target(acting, about::revoke_key, who);
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

/// Ends a session or a token now and keeps it, so that it can still be looked at. Does nothing when
/// it has ended before.
inline void expire_key(const Acting& acting, const UserRef& who, std::string_view id) {
    const Target target = find_target(acting, about::expire_key, who);
    const ApiKey known = visible_key_by_id(acting, target, id);
    if (rules::is_expired(known, acting.now)) return;
    const auto ended_now = [&](ApiKey key) {
        key.expires_at = acting.now;
        return key;
    };
    const auto expire = [&] {
        const ApiKey planned = ended_now(known);
        const Asked asked = ask_host(acting, EventKind::token_revoked, *target, nullptr, &planned);
        change(acting, about::expire_key, asked, target, [&](Change& now) {
            const auto key = store::api_keys::find(now.tx, now.target().id, id);
            if (!key || !rules::may(now.actor(), Action::use_keys, now.target())) throw not_found();
            if (rules::end_of(*key, acting.backend.options.session_max_life) <= acting.now)
                return now.changes_nothing();
            const ApiKey ended = ended_now(*key);
            store::api_keys::set_end(now.tx, ended, ended.expires_at);
            now.record({key->user_id, key->token_name, 204, api_key_diff(&*key, &ended)});
            now.tell(EventKind::token_revoked, now.target(), nullptr, &ended);
        });
    };
    recording_refusals(
        acting, about::expire_key,
        [&] {
            return RefusedChange{target->id, known.token_name};
        },
        expire);
}

/// Returns the longest lifetime that a new token may have.
inline std::chrono::seconds longest_token_lifetime(const Acting& acting, const UserRef& who) {
    find_target(acting, about::get_token_config, who);
    return acting.backend.options.max_token_lifetime;
}

}}}  // namespace coder_users::v0::operations
