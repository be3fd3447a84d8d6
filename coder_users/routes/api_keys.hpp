// Sessions and tokens of a user: make, list, read, delete.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/duration.hpp"
#include "coder_users/format/audit_diff.hpp"
#include "coder_users/format/wire_keys.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/routes/long_answer.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/rules/token_names.hpp"
#include "coder_users/store/api_keys.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

inline void insert_key(store::Tx& tx, Call& call, const ApiKey& key, const rules::NewKey& made) {
    store::api_keys::insert(tx, key, made.hashed_secret);
    record(tx, call,
           {call.actor->user.id, key.user_id, key.token_name, 201,
            format::api_key_diff(nullptr, &key)});
    tell_host(call, EventKind::token_made, *call.target, nullptr, &key);
}

inline MadeKey make_session_key(Call& call) {
    ApiKey key = rules::new_api_key("", call.target->id, LoginType::password,
                                    std::chrono::hours(7 * 24), call.now);
    ask_host(call, EventKind::token_made, *call.target, nullptr, &key);
    const rules::NewKey made = rules::make_key(call.backend.random);
    key.id = made.id;
    change(call, [&](store::Tx& tx) { insert_key(tx, call, key, made); });
    return {key, made.token()};
}

inline Reply post_keys(Call& call) {
    return ok(format::wire::generated_key(make_session_key(call).token), 201);
}

inline ApiError invalid_token(std::string detail, std::vector<Validation> validations = {}) {
    return {400, "Failed to validate create API key request.", std::move(detail),
            std::move(validations)};
}

/// The scope that `field` names, in its short form or Coder's long one.
inline KeyScope token_scope(const char* field, const std::string& name) {
    if (name == "all" || name == "coder:all") return KeyScope::all;
    if (name == "application_connect" || name == "coder:application_connect")
        return KeyScope::application_connect;
    throw invalid_token("", {{field, "invalid API key scope: \"" + name + "\""}});
}

/// `scopes` counts if it holds anything, else `scope`, else everything. A scope that keys cannot
/// have yet is refused: a token must never do more than was asked for.
inline KeyScope token_scope(const format::Body& body) {
    const std::string& single = body.text("scope");
    const std::vector<std::string> several = body.texts("scopes");
    const KeyScope one = single.empty() ? KeyScope::all : token_scope("scope", single);
    if (several.empty()) return one;
    KeyScope widest = KeyScope::application_connect;
    for (const std::string& name : several)
        if (token_scope("scopes", name) == KeyScope::all) widest = KeyScope::all;
    if (one != KeyScope::all && widest == KeyScope::all)
        throw invalid_token("", {{"scope", "scope and scopes contradict each other"}});
    return widest;
}

/// Keys cannot be limited to single objects yet.
inline void refuse_allow_list(const std::vector<std::string>& entries) {
    for (const std::string& entry : entries)
        if (entry != "*:*")
            throw invalid_token("", {{"allow_list", "must be \"*:*\", not \"" + entry + "\""}});
}

/// Asked for in nanoseconds, kept in microseconds.
inline Duration token_lifetime(std::int64_t nanoseconds, std::chrono::seconds longest) {
    if (nanoseconds == 0)
        return (std::min)(longest, std::chrono::seconds(std::chrono::hours(30 * 24)));
    if (nanoseconds < 0) throw invalid_token("lifetime must be positive number greater than 0");
    if (std::chrono::nanoseconds(nanoseconds) > std::chrono::nanoseconds(longest))
        throw invalid_token("lifetime must be less than " + to_text(longest));
    return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(nanoseconds));
}

inline void check_token_name(const std::string& name) {
    if (name.empty()) return;  // one is made
    if (!rules::valid_token_name(name))
        throw invalid_token("",
                            {{"token_name", "must be 1 to 64 bytes without control characters"}});
    if (rules::reserved_token_name(name))
        throw invalid_token("", {{"token_name", "\"tokenconfig\" is a reserved name"}});
}

/// The asked-for name, freed of an expired token, or a new one that the user has not.
inline std::string free_token_name(store::Tx& tx, const Call& call, const std::string& wanted) {
    if (wanted.empty()) {
        std::string name;
        do {
            name = rules::random_name(call.backend.random);
        } while (store::api_keys::find_token(tx, call.target->id, name));
        return name;
    }
    const auto existing = store::api_keys::find_token(tx, call.target->id, wanted);
    if (existing && !rules::is_expired(*existing, call.now))
        throw ApiError(409, "A token with name \"" + wanted + "\" already exists.", {},
                       {{"name", "This value is already in use and should be unique."}});
    if (existing) store::api_keys::remove(tx, existing->id);
    return wanted;
}

inline MadeKey make_token(Call& call) {
    const KeyScope scope = token_scope(call.body);
    refuse_allow_list(call.body.texts("allow_list"));
    const Duration lifetime = token_lifetime(call.body.integer("lifetime").value_or(0),
                                             call.backend.options.max_token_lifetime);
    const std::string& name = call.body.text("token_name");
    check_token_name(name);

    ApiKey key = rules::new_api_key("", call.target->id, LoginType::token, lifetime, call.now);
    key.scope = scope;
    key.token_name = name;
    ask_host(call, EventKind::token_made, *call.target, nullptr, &key);
    const rules::NewKey made = rules::make_key(call.backend.random);
    key.id = made.id;
    change(call, [&](store::Tx& tx) {
        key.token_name = free_token_name(tx, call, name);
        insert_key(tx, call, key, made);
    });
    return {key, made.token()};
}

inline Reply post_tokens(Call& call) {
    return ok(format::wire::generated_key(make_token(call).token), 201);
}

/// Whose tokens the caller sees: those of the target, or with `all` everybody's ("") as far as the
/// caller may see them. Nothing: nobody's.
inline std::optional<std::string> owner_of_tokens(const Call& call, bool all) {
    const User& actor = call.actor->user;
    if (!all && !rules::may(actor, rules::Action::use_keys, *call.target)) return std::nullopt;
    const bool everybody = all && rules::may(actor, rules::Action::read_all_keys);
    return everybody ? "" : all ? actor.id : call.target->id;
}

/// `most`: negative for no limit.
inline std::vector<store::api_keys::Token> find_tokens(const Call& call,
                                                       const std::optional<std::string>& owner,
                                                       std::int64_t most = -1) {
    if (!owner) return {};
    return call.backend.store.read(
        [&](store::Connection& c) { return store::api_keys::tokens(c, *owner, most); });
}

class LongTokenList final : public LongList {
 public:
    LongTokenList(store::Store& store, std::string owner)
        : LongList(store), owner_(std::move(owner)) {}

 private:
    bool write(format::JsonWriter& json, store::Connection& c,
               std::optional<store::Query>& rows) override {
        if (!rows) {
            rows.emplace(store::api_keys::token_rows(c, owner_, -1));
            json.begin_array();
        }
        const auto tokens = store::api_keys::next_tokens(c, *rows, items_in_piece);
        for (const auto& token : tokens) format::wire::write_token(json, token.key, token.username);
        if (tokens.size() == items_in_piece) return true;
        json.end_array();
        return false;
    }

    const std::string owner_;
};

inline Reply get_tokens(Call& call) {
    constexpr std::string_view yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    const std::string include_all = call.url.parameter("include_all").value_or("");
    const bool all = std::find(std::begin(yes), std::end(yes), include_all) != std::end(yes);
    auto owner = owner_of_tokens(call, all);
    const bool may_be_long = owner && routes::may_be_long(call, 0);
    const auto found = find_tokens(call, owner, may_be_long ? short_list : -1);
    if (!may_be_long || found.size() < short_list) return ok(format::wire::tokens(found));
    return in_pieces(std::make_unique<LongTokenList>(call.backend.store, std::move(*owner)));
}

/// The key that `find(Connection&)` yields, if the caller may see it.
template <class Find>
ApiKey visible_key(Call& call, Find&& find) {
    auto key = call.backend.store.read(find);
    if (!key || !rules::may(call.actor->user, rules::Action::use_keys, *call.target))
        throw not_found();
    return std::move(*key);
}

inline Reply get_token(Call& call) {
    return ok(format::wire::api_key(visible_key(call, [&](store::Connection& c) {
        return store::api_keys::find_token(c, call.target->id, call.parameter("keyname"));
    })));
}

inline Reply get_key(Call& call) {
    return ok(format::wire::api_key(visible_key(call, [&](store::Connection& c) {
        return store::api_keys::find(c, call.target->id, call.parameter("keyid"));
    })));
}

inline void revoke_key(Call& call) {
    const auto find = [&](store::Connection& c) {
        return store::api_keys::find(c, call.target->id, call.parameter("keyid"));
    };
    const ApiKey known = visible_key(call, find);
    ask_host(call, EventKind::token_revoked, *call.target, nullptr, &known);
    change(call, [&](store::Tx& tx) {
        const auto key = find(tx);
        if (!key || !rules::may(call.actor->user, rules::Action::use_keys, *call.target))
            throw not_found();
        store::api_keys::remove(tx, key->id);
        record(tx, call,
               {call.actor->user.id, key->user_id, key->token_name, 204,
                format::api_key_diff(&*key, nullptr)});
        tell_host(call, EventKind::token_revoked, *call.target, nullptr, &*key);
    });
}

inline Reply delete_key(Call& call) {
    revoke_key(call);
    return {204, ""};
}

inline Reply get_token_config(Call& call) {
    return ok(format::wire::token_config(
        std::chrono::nanoseconds(call.backend.options.max_token_lifetime).count()));
}

}}}  // namespace coder_users::v0::routes
