// Internal: may change at any time.
// The operation that makes seeded users: with given ids, roles, hashes and tokens, all in one
// transaction.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/errors.hpp"
#include "coder_users/internal/base/ahead.hpp"
#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/function_ref.hpp"
#include "coder_users/internal/base/reason.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/seed_user.hpp"
#include "coder_users/internal/base/user_record.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/operations/sealing.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/password.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/rules/token_names.hpp"
#include "coder_users/internal/store/user_records.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation seed = Operation("").in(Lane::hash).audited("user", "create");
}  // namespace about

inline bool is_time(std::string_view text) { return parse_rfc3339(text).has_value(); }
inline bool is_account_type(std::string_view text) {
    const auto type = login_type_named(text);
    return type && *type != LoginType::token;
}

inline void check_seed_fields(const SeedUser& seed) {
    namespace fields = rules::fields;
    check_fields({{fields::username, seed.username},
                  {seed.service_account ? fields::optional_email : fields::email, seed.email},
                  {fields::name, seed.name},
                  {{"login_type", false, {"login_type", is_account_type}}, seed.login_type},
                  {{"status", false, {"status", rules::names_user_status}}, seed.status},
                  {{"created_at", false, {"datetime", is_time}}, seed.created_at},
                  {{"organization", false, fields::organization_name_rule}, seed.organization}});
    for (const std::string& each : seed.organizations)
        check_fields({{{"organizations", true, fields::organization_name_rule}, each}});
    if (!seed.service_account) return;
    refuse_ways_to_log_in(seed.login_type, seed.password + seed.hashed_password, seed.email);
    if (!seed.sessions.empty()) throw ApiError(400, "nobody logs in to a service account");
}

/// Makes a stored key of a token that the seed gives. Throws an ApiError that does not quote the
/// token.
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

inline std::vector<StoredKey> seed_keys(const Options& options, const SeedUser& seed,
                                        const std::string& user_id, Time now) {
    std::vector<StoredKey> keys;
    for (const auto& [name, token] : seed.tokens) {
        if (!rules::valid_token_name(name))
            throw ApiError(400, "\"tokens\" holds names, each with its token");
        if (rules::reserved_token_name(name))
            throw ApiError(400, '"' + name + "\" is a reserved name");
        keys.push_back(
            chosen_key(token, user_id, LoginType::token, options.max_token_lifetime, now));
        keys.back().key.token_name = name;
    }
    for (const std::string& token : seed.sessions)
        keys.push_back(
            chosen_key(token, user_id, LoginType::password, options.session_duration, now));
    return keys;
}

inline std::string seed_hash(const Backend& backend, const SeedUser& seed, const User& user) {
    const std::string& hash = seed.hashed_password;
    if (!hash.empty() && !is_foreign_hash(hash))
        throw ApiError(
            400,
            "\"hashed_password\" must be a bcrypt hash: $2a$, $2b$ or $2y$, of cost 18 at most");
    if (seed.password.empty()) return hash;
    if (!hash.empty()) throw ApiError(400, "either \"password\" or \"hashed_password\"");
    refuse_weak_password(seed.password, user, weak_new_password);
    ask_about_password(backend, seed.password, user, weak_new_password);
    return hash_password(backend, seed.password);
}

/// Makes all of the record that does not depend on the database. Slow when there is a password to
/// hash.
inline UserRecord seed_record(const Acting& acting, const SeedUser& seed) {
    check_seed_fields(seed);
    const Backend& backend = acting.backend;
    UserRecord record;
    User& user = record.user;
    user.id = seed.id.empty() ? new_uuid(backend.random) : seed.id;
    user.username = seed.username;
    user.email = seed.email;
    user.created_at = parse_rfc3339(seed.created_at).value_or(acting.now);
    user.updated_at = user.created_at;
    user.status = user_status_named(seed.status).value_or(UserStatus::dormant);
    user.name = seed.name;
    user.is_service_account = seed.service_account;
    user.avatar_url = seed.avatar_url;
    user.theme_preference = seed.theme_preference;
    user.roles = rules::site_role_set(seed.roles, backend.options.roles);
    record.hashed_password = seed_hash(backend, seed, user);
    const LoginType implied =
        record.hashed_password.empty() ? LoginType::none : LoginType::password;
    user.login_type = login_type_named(seed.login_type).value_or(implied);
    if (user.login_type != LoginType::password && !record.hashed_password.empty())
        throw ApiError(400, "a password needs \"login_type\" password");
    record.ssh_key = make_ssh_key(backend, user.id, acting.now);
    record.keys = seed_keys(backend.options, seed, user.id, acting.now);
    return record;
}

/// Returns the id of the organization of this name, making it when it does not exist.
inline std::string organization_called(store::Tx& tx, const Acting& acting,
                                       const std::string& name) {
    if (const auto found = store::organizations::find_by_name(tx, name)) return found->id;
    const Organization made{new_uuid(acting.backend.random), name, acting.now, acting.now};
    store::organizations::add(tx, made);
    return made.id;
}

/// Returns the ids of the organizations that the seed names, each once. Without a name it is the
/// oldest organization, or a new one with the name of the user.
inline std::vector<std::string> seed_organizations(store::Tx& tx, const Acting& acting,
                                                   const SeedUser& seed) {
    std::vector<std::string> names = seed.organizations;
    if (!seed.organization.empty()) names.insert(names.begin(), seed.organization);
    if (names.empty()) {
        const auto all = store::organizations::oldest_first(tx);
        if (!all.empty()) return {all.front().id};
        names.push_back(seed.username);
    }
    std::vector<std::string> ids;
    for (const std::string& name : names) {
        std::string id = organization_called(tx, acting, name);
        if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
    }
    return ids;
}

/// Completes role names by ":" and the organization's id, which the author of a seed often cannot
/// know.
inline std::vector<std::string> seed_organization_roles(std::vector<std::string> names,
                                                        const std::string& organization_id,
                                                        const HostRoles& declared) {
    for (std::string& name : names)
        if (name.find(':') == std::string::npos) name += ':' + organization_id;
    return rules::organization_role_set(names, organization_id, declared);
}

/// The audit entry of a user that the host made.
inline AuditNote made_user(const UserRecord& record) {
    AuditNote note{record.user.id, record.user.username, 201,
                   user_diff(nullptr, &record.user, !record.hashed_password.empty())};
    note.kind = about::seed.audit();
    return note;
}

inline void insert_seed(Change& now, const Acting& acting, const SeedUser& seed,
                        UserRecord record) {
    refuse_taken(store::users::taken(now.tx, record.user.email, record.user.username));
    if (store::user_records::id_taken(now.tx, record.user.id))
        throw ApiError(409, "another user has the id");
    for (const std::string& id : seed_organizations(now.tx, acting, seed))
        record.memberships.push_back({record.user.id, id, acting.now, acting.now, {}});
    OrganizationMember& first = record.memberships.front();
    first.roles = seed_organization_roles(seed.organization_roles, first.organization_id,
                                          acting.backend.options.roles);
    store::user_records::insert(now.tx, record);
    now.record(made_user(record));
}

/// Runs `step()`. Throws LineError with the line of the seed for what the seed is to blame for.
template <class Step>
auto located(const SeedUser& seed, Step&& step) {
    try {
        return step();
    } catch (const ApiError& error) {
        throw LineError(seed.line, reason_of(error));
    } catch (const store::Duplicate& error) {
        throw LineError(seed.line, error.what());
    }
}

inline UserRecord located_record(const Acting& acting, const SeedUser& seed) {
    return located(seed, [&] { return seed_record(acting, seed); });
}

/// Makes one record after the other, for Ahead.
inline Ahead<UserRecord>::Make seed_records(const Acting& acting,
                                            const std::vector<SeedUser>& users) {
    return [&acting, &users, at = std::size_t{0}]() mutable {
        using Made = Ahead<UserRecord>::Made;
        if (at == users.size()) return std::optional<Made>();
        return std::optional(Made{located_record(acting, users[at++]), sizeof(UserRecord)});
    };
}

/// `record_of(i)` is called once for each user, in order.
inline void insert_seeds(Change& now, const Acting& acting, const std::vector<SeedUser>& users,
                         FunctionRef<UserRecord(std::size_t)> record_of) {
    // Owners who are added take nothing from others, so suspensions need not wait for a seed.
    if (!store::user_records::any(now.tx)) now.tx.lock_owners();
    keep_sealing_key(now.tx, acting.backend);
    const store::LargeCache room(now.tx);
    store::users::deriving(now.tx, [&] {
        for (std::size_t i = 0; i < users.size(); ++i) {
            UserRecord record = record_of(i);
            located(users[i], [&] { insert_seed(now, acting, users[i], std::move(record)); });
        }
        return static_cast<std::int64_t>(users.size());
    });
}

/// When passwords are hashed and keys are made: before the transaction, or on another thread while
/// it is open. The latter draws randomness in no order, and is for a database that nobody else
/// uses.
enum class SeedRecords { before, beside };

/// Makes all users or none. Throws LineError with the line of the user that cannot be made: beside
/// the transaction the first, else the first that breaks a rule before one that is taken.
inline void seed(const Acting& acting, const std::vector<SeedUser>& users,
                 SeedRecords when = SeedRecords::before, const Progress& progress = {}) {
    if (users.empty()) return;
    const auto tell = [&](std::size_t done) {
        if (progress)
            progress(static_cast<std::int64_t>(done), static_cast<std::int64_t>(users.size()));
    };
    std::vector<UserRecord> made;
    if (when == SeedRecords::before)
        for (const SeedUser& each : users) {
            tell(made.size());
            made.push_back(located_record(acting, each));
        }
    change(acting, about::seed, Asked::not_needed(), [&](Change& now) {
        if (when == SeedRecords::before)
            return insert_seeds(now, acting, users, [&](std::size_t i) { return made[i]; });
        Ahead<UserRecord> ahead(seed_records(acting, users));
        insert_seeds(now, acting, users, [&](std::size_t i) {
            tell(i);
            return ahead.next().value();
        });
    });
}

}}}  // namespace coder_users::v0::operations
