// Keys as the JSON documents of the wire: sessions, tokens, Git SSH keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/base/model.hpp"
#include "coder_users/format/wire.hpp"

namespace coder_users { inline namespace v0 { namespace format { namespace wire {

// The members of an APIKey, without the braces.
inline void write_api_key_members(JsonWriter& json, const ApiKey& key) {
    json.member("id", key.id)
        .member("user_id", key.user_id)
        .member("created_at", key.created_at)
        .member("updated_at", key.updated_at)
        .member("expires_at", key.expires_at)
        .member("last_used", key.last_used)
        .member("login_type", to_string(key.login_type))
        .member("scope", to_string(key.scope))
        .member("token_name", key.token_name)
        .member("lifetime_seconds", key.lifetime_seconds);
}

inline std::string api_key(const ApiKey& key) {
    JsonWriter json;
    json.begin_object();
    write_api_key_members(json, key);
    json.end_object();
    return document(json);
}

inline void write_token(JsonWriter& json, const ApiKey& key, std::string_view username) {
    json.begin_object();
    write_api_key_members(json, key);
    json.member("username", username).end_object();
}

/// Tokens with `key` and `username`.
template <class Tokens>
std::string tokens(const Tokens& list) {
    JsonWriter json;
    json.begin_array();
    for (const auto& token : list) write_token(json, token.key, token.username);
    json.end_array();
    return document(json);
}

/// `token` is the whole key, shown this once.
inline std::string generated_key(std::string_view token) {
    JsonWriter json;
    json.begin_object().member("key", token).end_object();
    return document(json);
}

inline std::string token_config(std::int64_t max_lifetime_nanoseconds) {
    JsonWriter json;
    json.begin_object().member("max_token_lifetime", max_lifetime_nanoseconds).end_object();
    return document(json);
}

inline std::string git_ssh_key(const GitSshKey& key) {
    JsonWriter json;
    json.begin_object()
        .member("user_id", key.user_id)
        .member("created_at", key.created_at)
        .member("updated_at", key.updated_at)
        .member("public_key", key.public_key)
        .end_object();
    return document(json);
}

inline std::string user_login_type(LoginType type) {
    JsonWriter json;
    json.begin_object().member("login_type", to_string(type)).end_object();
    return document(json);
}

inline std::string login_conversion(std::string_view state, Time expires_at, LoginType to_type,
                                    std::string_view user_id) {
    JsonWriter json;
    json.begin_object()
        .member("state_string", state)
        .member("expires_at", expires_at)
        .member("to_type", to_string(to_type))
        .member("user_id", user_id)
        .end_object();
    return document(json);
}

}}}}  // namespace coder_users::v0::format::wire
