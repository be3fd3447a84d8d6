// Internal: may change at any time.
// Handlers for sessions and tokens.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/http/call.hpp"
#include "coder_users/internal/http/long_list.hpp"
#include "coder_users/internal/operations/api_keys.hpp"
#include "coder_users/internal/operations/sessions.hpp"
#include "coder_users/internal/wire/keys.hpp"

namespace coder_users { inline namespace v0 { namespace http {

inline Reply post_keys(Call& call) {
    const MadeKey made = operations::make_session(call.acting, call.user());
    return ok(wire::generated_key(made.token), 201);
}

inline Reply post_tokens(Call& call) {
    const wire::Body& body = call.body;
    const MadeKey made = operations::make_token(
        call.acting, call.user(),
        {body.text("token_name"), std::chrono::nanoseconds(body.integer("lifetime").value_or(0)),
         body.text("scope"), body.texts("scopes"), body.texts("allow_list")});
    return ok(wire::generated_key(made.token), 201);
}

class LongTokenList final : public LongList {
 public:
    LongTokenList(store::Store& store, store::api_keys::TokenFilter which, Release release)
        : LongList(store), which_(std::move(which)), release_(release) {}

 private:
    bool write(JsonWriter& json, store::Connection& c, std::optional<store::Query>& rows) override {
        if (!rows) {
            rows.emplace(store::api_keys::token_rows(c, which_, store::api_keys::no_limit));
            json.begin_array();
        }
        const auto tokens = store::api_keys::next_tokens(c, *rows, items_in_piece);
        for (const auto& token : tokens)
            wire::write_token(json, token.key, token.username, release_);
        if (tokens.size() == items_in_piece) return true;
        json.end_array();
        return false;
    }

    const store::api_keys::TokenFilter which_;
    const Release release_;
};

/// Whether a query parameter means yes.
inline bool is_true(std::string_view text) {
    constexpr std::string_view yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    return std::find(std::begin(yes), std::end(yes), text) != std::end(yes);
}

inline Reply get_tokens(Call& call) {
    const std::string expired = call.query("include_expired");
    const bool with_expired =
        expired.empty() ? call.release() < contradictions::expired_left_out : is_true(expired);
    auto which = operations::listed_tokens(call.acting, call.user(),
                                           is_true(call.query("include_all")), with_expired);
    const bool may_be_long = which && http::may_be_long(call, 0);
    const auto found = operations::list_tokens(
        call.acting, which, may_be_long ? short_list : store::api_keys::no_limit);
    if (!may_be_long || found.size() < short_list) return ok(wire::tokens(found, call.release()));
    return in_pieces(std::make_unique<LongTokenList>(call.acting.backend.store, std::move(*which),
                                                     call.release()));
}

inline Reply get_token(Call& call) {
    return ok(
        wire::api_key(operations::find_token(call.acting, call.user(), call.parameter("keyname")),
                      call.release()));
}

inline Reply get_key(Call& call) {
    return ok(wire::api_key(operations::find_key(call.acting, call.user(), call.parameter("keyid")),
                            call.release()));
}

inline Reply delete_key(Call& call) {
    operations::revoke_key(call.acting, call.user(), call.parameter("keyid"));
    return {204, ""};
}

inline Reply put_expire_key(Call& call) {
    operations::expire_key(call.acting, call.user(), call.parameter("keyid"));
    return {204, ""};
}

class LongSessionList final : public LongList {
 public:
    LongSessionList(const operations::Acting& acting, std::string user_id)
        : LongList(acting.backend.store),
          acting_{acting.backend, acting.now, {}, {}, {}, acting.actor},
          user_id_(std::move(user_id)) {}

 private:
    bool write(JsonWriter& json, store::Connection& c, std::optional<store::Query>& rows) override {
        if (!rows) {
            rows.emplace(store::api_keys::session_rows(c, user_id_, store::api_keys::no_limit));
            json.begin_array();
        }
        const auto keys = store::api_keys::next_sessions(c, *rows, items_in_piece);
        for (const ApiKey& key : keys)
            if (const auto session = operations::live_session(acting_, key))
                wire::write_object(json, *session);
        if (keys.size() == items_in_piece) return true;
        json.end_array();
        return false;
    }

    const operations::Acting acting_;  // without the texts of the request, which ends earlier
    const std::string user_id_;
};

inline Reply get_sessions(Call& call) {
    const operations::Target owner = operations::owner_of_sessions(call.acting, call.user());
    const bool may_be_long = http::may_be_long(call, 0);
    const auto list = operations::list_sessions(
        call.acting, owner, may_be_long ? short_list : store::api_keys::no_limit);
    if (list.complete) return ok(wire::sessions(list.sessions));
    return in_pieces(std::make_unique<LongSessionList>(call.acting, owner->id));
}

inline Reply delete_sessions(Call& call) {
    operations::end_sessions(call.acting, call.user());
    return {204, ""};
}

inline Reply get_scopes(Call&) { return ok(wire::scope_names(rules::scope_names)); }

inline Reply get_token_config(Call& call) {
    const std::chrono::nanoseconds longest =
        operations::longest_token_lifetime(call.acting, call.user());
    return ok(wire::token_config(longest.count()));
}

}}}  // namespace coder_users::v0::http
