// Internal: may change at any time.
// Handlers of the control API for logins: who logs in next at the login providers.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/control/bodies.hpp"
#include "coder_users/internal/control/call.hpp"
#include "coder_users/internal/wire/answers.hpp"
#include "coder_users/internal/wire/provider_answers.hpp"

namespace coder_users { inline namespace v0 { namespace control {

inline wire::RawMembers described(std::monostate) { return {}; }
inline wire::RawMembers described(const testing::LoginRefusal& refusal) {
    return {{"error", wire::json_of(refusal.error)},
            {"error_description", wire::json_of(refusal.description)}};
}
inline wire::RawMembers described(const testing::OidcLogin& who) {
    return wire::laid_over({{"subject", wire::json_of(who.subject)},
                            {"email", wire::json_of(who.email)},
                            {"email_verified", who.email_verified ? "true" : "false"},
                            {"preferred_username", wire::json_of(who.preferred_username)}},
                           who.claims);
}
inline wire::RawMembers described(const testing::GithubLogin& who) {
    const auto list = [](const std::vector<std::string>& texts) {
        JsonWriter json;
        return json.texts(texts).take();
    };
    return {{"id", std::to_string(who.id)},
            {"login", wire::json_of(who.login)},
            {"email", wire::json_of(who.email)},
            {"email_verified", who.email_verified ? "true" : "false"},
            {"name", wire::json_of(who.name)},
            {"avatar_url", wire::json_of(who.avatar_url)},
            {"orgs", list(who.orgs)},
            {"teams", list(who.teams)}};
}

/// null when nobody is named.
template <class Next>
std::string json_of_next(const Next& next) {
    if (std::holds_alternative<std::monostate>(next)) return "null";
    return std::visit([](const auto& who) { return wire::json_of(described(who)); }, next);
}

/// What the provider refuses with; nothing when somebody is named instead.
inline std::optional<testing::LoginRefusal> sent_refusal(const Call& call) {
    const auto error = call.body.sent_text("error");
    const auto description = call.body.sent_text("error_description");
    if (!error && description) throw bad_value("error_description: goes with error");
    if (!error) return std::nullopt;
    wire::refuse_unknown_fields(call.request.body, bodies::refusal);
    return testing::LoginRefusal{*error, description.value_or("")};
}

/// The members of the body that are no fields of the schema.
inline wire::RawMembers more_claims(const Call& call) {
    wire::RawMembers claims;
    for (auto& [name, value] : wire::read_members(call.request.body)) {
        const auto is_this = [&, &key = name](const wire::Field& field) {
            return field.name == key;
        };
        const auto& fields = bodies::oidc_login.fields;
        if (std::none_of(fields.begin(), fields.end(), is_this)) claims[name] = std::move(value);
    }
    return claims;
}

inline http::Reply get_logins(Call& call) {
    const testing::NextLogins next = call.server.logins().next();
    JsonWriter json;
    json.begin_object()
        .key("oidc")
        .raw(json_of_next(next.oidc))
        .key("github")
        .raw(json_of_next(next.github))
        .end_object();
    return {200, wire::document(json)};
}

inline http::Reply set_oidc_login(Call& call) {
    const wire::Body& body = call.body;
    if (auto refusal = sent_refusal(call)) {
        call.server.logins().refuse_oidc(std::move(*refusal));
        return get_logins(call);
    }
    testing::OidcLogin who;
    who.subject = body.text("subject");
    who.email = body.text("email");
    who.preferred_username = body.text("preferred_username");
    who.email_verified = body.sent_flag("email_verified").value_or(true);
    who.claims = more_claims(call);
    call.server.logins().oidc(std::move(who));
    return get_logins(call);
}

inline http::Reply set_github_login(Call& call) {
    const wire::Body& body = call.body;
    if (auto refusal = sent_refusal(call)) {
        call.server.logins().refuse_github(std::move(*refusal));
        return get_logins(call);
    }
    testing::GithubLogin who;
    who.id = body.integer("id").value_or(0);
    who.login = body.text("login");
    who.email = body.text("email");
    who.email_verified = body.sent_flag("email_verified").value_or(true);
    who.name = body.text("name");
    who.avatar_url = body.text("avatar_url");
    who.orgs = body.texts("orgs");
    who.teams = body.texts("teams");
    call.server.logins().github(std::move(who));
    return get_logins(call);
}

inline http::Reply forget_logins(Call& call) {
    call.server.logins().forget();
    return done();
}

}}}  // namespace coder_users::v0::control
