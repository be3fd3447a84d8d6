// Internal: may change at any time.
// Writes what login providers answer, as the kit for tests does: the other side of
// provider_documents.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/wire/json.hpp"
#include "coder_users/testing_logins.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

/// A JSON object: name -> value as JSON text. An empty text leaves the member out.
using RawMembers = std::map<std::string, std::string>;

inline std::string json_of(std::string_view text) {
    JsonWriter json;
    json.value(text);
    return json.take();
}

inline std::string json_of(const RawMembers& members) {
    JsonWriter json;
    json.begin_object();
    for (const auto& [name, value] : members)
        if (!value.empty()) json.key(std::string_view(name)).raw(value);
    json.end_object();
    return json.take();
}

/// A string; left out when it is empty.
inline std::string json_unless_empty(std::string_view text) {
    return text.empty() ? std::string() : json_of(text);
}

/// `below` with the members of `above` in their place.
inline RawMembers laid_over(RawMembers below, const RawMembers& above) {
    for (const auto& [name, value] : above) below[name] = value;
    return below;
}

/// The members of a JSON object; none of any other value. Throws JsonError.
inline RawMembers read_members(std::string_view text) {
    RawMembers members;
    const Json json = parse_json(text);
    if (!is_object(json)) return members;
    for (const auto& [name, value] : json.get<picojson::object>()) {
        JsonWriter written;
        write_json(written, value);
        members[name] = written.take();
    }
    return members;
}

/// Whether `text` is one JSON value.
inline bool is_json(const std::string& text) {
    try {
        parse_json(text);
        return true;
    } catch (const JsonError&) {
        return false;
    }
}

/// The discovery document of an OpenID provider whose issuer is `issuer`.
inline RawMembers discovery_document(const std::string& issuer) {
    return {{"issuer", json_of(issuer)},
            {"authorization_endpoint", json_of(issuer + "/authorize")},
            {"token_endpoint", json_of(issuer + "/token")},
            {"userinfo_endpoint", json_of(issuer + "/userinfo")},
            {"jwks_uri", json_of(issuer + "/keys")},
            {"response_types_supported", R"(["code"])"},
            {"subject_types_supported", R"(["public"])"},
            {"id_token_signing_alg_values_supported", R"(["ES256"])"},
            {"token_endpoint_auth_methods_supported",
             R"(["client_secret_basic","client_secret_post"])"}};
}

/// A P-256 key as a JSON Web Key; the coordinates are in base64url.
inline std::string p256_web_key(const std::string& id, const std::string& x, const std::string& y) {
    return json_of(RawMembers{{"kty", json_of("EC")},
                              {"crv", json_of("P-256")},
                              {"use", json_of("sig")},
                              {"kid", json_of(id)},
                              {"x", json_of(x)},
                              {"y", json_of(y)}});
}

/// What the claims say about the user, without those about the token.
inline RawMembers claims_of(const testing::OidcLogin& who) {
    const RawMembers claims{{"sub", json_of(who.subject)},
                            {"email", json_unless_empty(who.email)},
                            {"email_verified", who.email.empty()    ? ""
                                               : who.email_verified ? "true"
                                                                    : "false"},
                            {"preferred_username", json_unless_empty(who.preferred_username)}};
    return laid_over(claims, who.claims);
}

/// GET /user of GitHub.
inline std::string github_user(const testing::GithubLogin& who) {
    return json_of(RawMembers{{"login", json_of(who.login)},
                              {"id", std::to_string(who.id)},
                              {"type", json_of("User")},
                              {"avatar_url", json_of(who.avatar_url)},
                              {"name", who.name.empty() ? "null" : json_of(who.name)},
                              {"email", "null"}});
}

/// GET /user/emails of GitHub.
inline std::string github_emails(const testing::GithubLogin& who) {
    JsonWriter json;
    json.begin_array();
    if (!who.email.empty())
        json.begin_object()
            .member("email", who.email)
            .member("primary", true)
            .member("verified", who.email_verified)
            .key("visibility")
            .raw("null")
            .end_object();
    json.end_array();
    return json.take();
}

/// GET /user/memberships/orgs of GitHub.
inline std::string github_memberships(const testing::GithubLogin& who) {
    JsonWriter json;
    json.begin_array();
    for (const std::string& organization : who.orgs)
        json.begin_object()
            .member("state", "active")
            .member("role", "member")
            .key("organization")
            .begin_object()
            .member("login", organization)
            .end_object()
            .end_object();
    json.end_array();
    return json.take();
}

/// A refusal of GitHub's API.
inline std::string github_error(std::string_view message) {
    return json_of(RawMembers{{"message", json_of(message)}});
}

}}}  // namespace coder_users::v0::wire
