// Seeds: users with chosen ids, roles, hashes and tokens, made in one transaction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/base/line_error.hpp"
#include "coder_users/data/own_change.hpp"
#include "coder_users/format/documents.hpp"
#include "coder_users/routes/bodies.hpp"
#include "coder_users/routes/new_user.hpp"
#include "coder_users/rules/password.hpp"
#include "coder_users/rules/roles.hpp"
#include "coder_users/rules/token.hpp"
#include "coder_users/rules/token_names.hpp"
#include "coder_users/store/user_records.hpp"

namespace coder_users { inline namespace v0 { namespace data {

inline bool is_time(std::string_view text) { return parse_rfc3339(text).has_value(); }
inline bool is_status(std::string_view text) { return user_status_named(text).has_value(); }
inline bool is_account_type(std::string_view text) {
    const auto type = login_type_named(text);
    return type && *type != LoginType::token;
}

inline const format::BodySchema seed_schema{
    "SeedUser",
    {{"id", format::FieldType::uuid},
     {"username", format::FieldType::text, true, routes::bodies::username_rule},
     {"email", format::FieldType::text, true, routes::bodies::email_rule},
     {"password", format::FieldType::text},
     {"hashed_password", format::FieldType::text},
     {"login_type", format::FieldType::text, false, {"login_type", is_account_type}},
     {"status", format::FieldType::text, false, {"status", is_status}},
     {"created_at", format::FieldType::text, false, {"datetime", is_time}},
     {"avatar_url", format::FieldType::text},
     {"theme_preference", format::FieldType::text},
     {"roles", format::FieldType::texts},
     {"organization", format::FieldType::text, false, routes::bodies::username_rule},
     {"organization_roles", format::FieldType::texts},
     {"tokens", format::FieldType::object},
     {"sessions", format::FieldType::texts}},
    R"({"username":"ada","email":"ada@example.com","password":"correct-Horse-9","roles":["owner"]})"};

/// One user of a seed, complete but for what depends on the database.
struct SeedUser {
    std::size_t line = 1;
    UserRecord record;
    std::string organization;  ///< its name; "": the oldest one
    std::vector<std::string> organization_roles;
};

/// A key that was chosen outside. Throws ApiError that does not quote it.
inline StoredKey chosen_key(const std::string& token, const std::string& user_id, LoginType type,
                            Duration lifetime, Time now) {
    const rules::TokenParts parts = rules::split_token(token);
    const auto plain = [](char c) { return is_letter(c) || is_digit(c); };
    if (!std::all_of(parts.id.begin(), parts.id.end(), plain) ||
        !std::all_of(parts.secret.begin(), parts.secret.end(), plain))
        throw ApiError(400, "a token consists of letters and digits around its dash");
    return {rules::new_api_key(std::string(parts.id), user_id, type, lifetime, now),
            rules::sha256_hex(parts.secret)};
}

inline std::vector<StoredKey> seed_keys(const Options& options, const format::Body& body,
                                        const std::string& user_id, Time now) {
    std::vector<StoredKey> keys;
    for (const auto& [name, token] : body.members("tokens")) {
        if (!rules::valid_token_name(name) || !format::has_type(token, format::FieldType::text))
            throw ApiError(400, "\"tokens\" holds names, each with its token");
        if (rules::reserved_token_name(name))
            throw ApiError(400, '"' + name + "\" is a reserved name");
        keys.push_back(chosen_key(token.get<std::string>(), user_id, LoginType::token,
                                  options.max_token_lifetime, now));
        keys.back().key.token_name = name;
    }
    for (const std::string& token : body.texts("sessions"))
        keys.push_back(
            chosen_key(token, user_id, LoginType::password, options.session_duration, now));
    return keys;
}

inline std::string seed_hash(const routes::Backend& backend, const format::Body& body) {
    const std::string& password = body.text("password");
    const std::string& hash = body.text("hashed_password");
    if (!hash.empty() && !rules::hash_cost(hash))
        throw ApiError(400, "\"hashed_password\" must be a bcrypt hash: $2a$, $2b$ or $2y$");
    if (password.empty()) return hash;
    if (!hash.empty()) throw ApiError(400, "either \"password\" or \"hashed_password\"");
    routes::refuse_weak_password(password, "Password not strong enough!");
    return rules::hash_password(password, backend.options.password_hash_cost, backend.random);
}

inline UserRecord seed_record(const OwnChange& change, const format::Body& body) {
    const routes::Backend& backend = change.backend;
    UserRecord record;
    User& user = record.user;
    const auto id = body.uuid("id");
    user.id = id ? *id : routes::new_uuid(backend.random);
    user.username = body.text("username");
    user.email = body.text("email");
    user.created_at = parse_rfc3339(body.text("created_at")).value_or(change.now);
    user.status = user_status_named(body.text("status")).value_or(UserStatus::dormant);
    user.avatar_url = body.text("avatar_url");
    user.theme_preference = body.text("theme_preference");
    user.roles = rules::site_role_set(body.texts("roles"));
    record.hashed_password = seed_hash(backend, body);
    const LoginType implied =
        record.hashed_password.empty() ? LoginType::none : LoginType::password;
    user.login_type = login_type_named(body.text("login_type")).value_or(implied);
    if (user.login_type != LoginType::password && !record.hashed_password.empty())
        throw ApiError(400, "a password needs \"login_type\" password");
    record.ssh_key = routes::make_ssh_key(backend, user.id, change.now);
    record.keys = seed_keys(backend.options, body, user.id, change.now);
    return record;
}

/// Throws LineError. Slow where there are passwords: no transaction.
inline std::vector<SeedUser> read_seed(const OwnChange& change, std::string_view json,
                                       const Progress& progress) {
    std::vector<SeedUser> users;
    const std::vector<format::LocatedText> objects = format::objects_in(json);
    const auto total = static_cast<std::int64_t>(objects.size());
    for (const format::LocatedText& object : objects) {
        if (progress) progress(static_cast<std::int64_t>(users.size()), total);
        const format::Body body = format::decode_located(object, seed_schema);
        try {
            users.push_back({object.line, seed_record(change, body), body.text("organization"),
                             body.texts("organization_roles")});
        } catch (const ApiError& error) {
            throw LineError(object.line, format::reason_of(error));
        }
    }
    return users;
}

/// The organization a seed names, made when it is not there; else the oldest one, or a first one
/// that is named like the user.
inline std::string seed_organization(store::Tx& tx, const OwnChange& change, const SeedUser& seed) {
    if (seed.organization.empty()) {
        const auto all = store::organizations::oldest_first(tx);
        if (!all.empty()) return all.front().id;
    } else if (const auto found = store::organizations::find_by_name(tx, seed.organization)) {
        return found->id;
    }
    const std::string& name =
        seed.organization.empty() ? seed.record.user.username : seed.organization;
    const Organization made{routes::new_uuid(change.backend.random), name, change.now, change.now};
    store::organizations::insert(tx, made);
    return made.id;
}

/// Roles are named with or without ":" and the organization's id, which nobody may know yet.
inline std::vector<std::string> seed_organization_roles(std::vector<std::string> names,
                                                        const std::string& organization_id) {
    for (std::string& name : names)
        if (name.find(':') == std::string::npos) name += ':' + organization_id;
    return rules::organization_role_set(names, organization_id);
}

inline void insert_seed(store::Tx& tx, const OwnChange& change, SeedUser& seed) {
    UserRecord& record = seed.record;
    routes::refuse_taken(store::users::taken(tx, record.user.email, record.user.username));
    if (store::user_records::id_taken(tx, record.user.id))
        throw ApiError(409, "another user has the id");
    const std::string organization = seed_organization(tx, change, seed);
    record.memberships = {{record.user.id, organization, change.now, change.now,
                           seed_organization_roles(seed.organization_roles, organization)}};
    store::user_records::insert(tx, record);
    change.record_new(tx, record.user, !record.hashed_password.empty());
}

/// Creates every user of `json`, or none: a JSON array of objects, or objects one after the other,
/// with the fields of seed_schema. Throws LineError for what is wrong with it.
inline void seed(routes::Backend& backend, std::string_view json, const Progress& progress = {}) {
    const OwnChange change(backend);
    std::vector<SeedUser> users = read_seed(change, json, progress);
    backend.store.write([&](store::Tx& tx) {
        const store::LargeCache room(tx);
        for (SeedUser& each : users) try {
                insert_seed(tx, change, each);
            } catch (const ApiError& error) {
                throw LineError(each.line, format::reason_of(error));
            } catch (const store::Duplicate& error) {
                throw LineError(each.line, error.what());
            }
    });
}

}}}  // namespace coder_users::v0::data
