// Internal: may change at any time.
// The operation that makes the first user, who gets the role owner.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/contradictions.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/rules/crypto.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation has_first_user = Operation("check-initial-user-created").for_anybody();
inline constexpr Operation create_first_user = Operation("create-initial-user")
                                                   .for_anybody()
                                                   .in(Lane::hash)
                                                   .audited("user", "create")
                                                   .tells_of(EventKind::created)
                                                   .may_decide_owners();
}  // namespace about

inline bool has_first_user(Backend& backend) { return backend.store.read(store::users::any_exist); }

inline void refuse_second_first_user(store::Connection& c) {
    if (store::users::any_exist(c))
        throw ApiError(409, "The initial user has already been created.");
}

inline ApiError setup_code_required() {
    return {
        403,
        "Set-up code required.",
        {},
        {{"setup_code",
          "Send it as header X-Setup-Code. The demo server prints the code to standard error at "
          "its start, other programs get it from Service::setup_code(). "
          "--require-setup-code=false (Options::require_setup_code) switches it off."}}};
}

/// A code for this run of the server. Servers on one database have the same, since whoever reads it
/// from one of them may reach another.
inline std::string new_setup_code(const Backend& backend) {
    constexpr std::size_t size = 16;
    if (!backend.store.shared()) return rules::random_base62(size, backend.random);
    const std::string derived =
        rules::hmac_sha512(backend.secret_key, "set-up code " + backend.deployment_id);
    std::size_t next = 0;
    return rules::random_base62(size, [&](unsigned char* bytes, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            bytes[i] = static_cast<unsigned char>(derived[next++ % derived.size()]);
    });
}

/// The code that is needed now: none once there is a user.
inline std::string setup_code(Backend& backend) {
    const bool needed = !backend.setup_code.empty() && !has_first_user(backend);
    return needed ? backend.setup_code : std::string();
}

inline void check_setup_code(Backend& backend, std::string_view presented) {
    const std::string code = setup_code(backend);
    if (!code.empty() && !rules::equal_constant_time(presented, code)) throw setup_code_required();
}

/// The organization of the first user, `username`.
inline Organization first_organization(const Acting& acting, const std::string& username) {
    const Release release = acting.backend.release;
    Organization made;
    made.id = new_uuid(acting.backend.random);
    made.created_at = made.updated_at = acting.now;
    made.is_default = true;
    made.name = made.display_name = username;
    if (release < contradictions::first_organization) return made;
    made.description = "Builtin default organization.";
    made.name = made.display_name = "first-organization";
    if (release < contradictions::coder_organization) return made;
    made.name = "coder";
    made.display_name = "Coder";
    return made;
}

/// The id of the organization that the first user joins: the default one where organizations are
/// left, as after an import without users, else `made`, which is inserted.
inline std::string first_organization_id(store::Tx& tx, const Organization& made) {
    if (const auto there = store::organizations::find_default(tx)) return there->id;
    return store::organizations::add(tx, made).id;
}

/// Makes the user, who joins the first organization. `presented_code` is the set-up code of a
/// request; the host itself needs none.
inline User create_first_user(const Acting& acting, const CreateUser& wanted,
                              const std::optional<std::string_view>& presented_code = {}) {
    const Backend& backend = acting.backend;
    check_fields({{rules::fields::email, wanted.email},
                  {rules::fields::username, wanted.username},
                  {rules::fields::name, wanted.name},
                  {rules::fields::password, wanted.password}});
    if (presented_code) check_setup_code(acting.backend, *presented_code);
    backend.store.read(refuse_second_first_user);

    User planned;
    planned.username = wanted.username;
    planned.email = wanted.email;
    planned.name = wanted.name;
    planned.roles = {std::string(rules::role_owner)};
    if (backend.release >= contradictions::active_first_user) planned.status = UserStatus::active;
    refuse_weak_password(wanted.password, planned, weak_new_password);
    ask_about_password(backend, wanted.password, planned, weak_new_password);
    const Asked asked = ask_host(acting, EventKind::created, planned);
    const PreparedUser made = prepare_user(acting, std::move(planned), wanted.password);
    const Organization organization = first_organization(acting, wanted.username);
    return change(acting, about::create_first_user, asked, [&](Change& now) {
        refuse_second_first_user(now.tx);
        const std::string id = first_organization_id(now.tx, organization);
        std::vector<std::string> roles;
        if (backend.release < contradictions::first_organization)
            roles = {rules::organization_member_role(id)};
        User user = insert_user(now.tx, acting.backend, made, {id}, roles);
        now.record_as(user, {user.id, user.username, 201, user_diff(nullptr, &user, true)});
        now.tell(EventKind::created, user);
        return user;
    });
}

}}}  // namespace coder_users::v0::operations
