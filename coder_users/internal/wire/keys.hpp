// Internal: may change at any time.
// Writes the JSON of sessions, tokens and Git SSH keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

inline std::string api_key(const ApiKey& key, Release release = {}) { return object(key, release); }

inline void write_token(JsonWriter& json, const ApiKey& key, std::string_view username,
                        Release release = {}) {
    json.begin_object();
    write_members(json, key, Form(release));
    json.member("username", username).end_object();
}

/// Each element of `list` has the members `key` and `username`.
template <class Tokens>
std::string tokens(const Tokens& list, Release release = {}) {
    JsonWriter json;
    json.begin_array();
    for (const auto& token : list) write_token(json, token.key, token.username, release);
    json.end_array();
    return document(json);
}

inline std::string sessions(const std::vector<Session>& list) {
    JsonWriter json;
    json.begin_array();
    for (const Session& each : list) write_object(json, each);
    json.end_array();
    return document(json);
}

/// `token` is the key text, which is shown only this once.
inline std::string generated_key(std::string_view token) {
    JsonWriter json;
    json.begin_object().member("key", token).end_object();
    return document(json);
}

/// The names of scopes that tokens may have.
template <class Names>
std::string scope_names(const Names& names) {
    JsonWriter json;
    json.begin_object().key("external").texts(names).end_object();
    return document(json);
}

inline std::string token_config(std::int64_t max_lifetime_nanoseconds) {
    JsonWriter json;
    json.begin_object().member("max_token_lifetime", max_lifetime_nanoseconds).end_object();
    return document(json);
}

inline std::string git_ssh_key(const GitSshKey& key, Release release = {}) {
    return object(key, release);
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

}}}  // namespace coder_users::v0::wire
