// Internal: may change at any time.
// The operation that makes a user: a person, or a service account.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/policy.hpp"
#include "coder_users/internal/rules/roles.hpp"
#include "coder_users/internal/store/organizations.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation create_user =
    Operation("create-new-user")
        .in(Lane::hash)
        .permits(Action::create_users, "You are not authorized to create users.")
        .audited("user", "create")
        .tells_of(EventKind::created);
}  // namespace about

/// The values of a new user, as the caller sent them.
struct NewUser {
    std::string email, username, password;
    std::string name = {};
    std::string login_type = {};  ///< "": password, or none with `disable_login`
    bool disable_login = false;
    std::string user_status = {};  ///< "": dormant
    bool service_account = false;
    std::vector<std::string> roles = {};  ///< of the site
    /// Ids of organizations; both are wanted. Nothing, and "" or the all-zero uuid: none is given.
    std::optional<std::vector<std::string>> organization_ids = {};
    std::string organization_id = {};
};

/// The values of a new user, read.
struct UserPlan {
    std::string type;  ///< as sent, or the default
    /// As sent. None: the oldest one that the caller may read.
    std::vector<std::string> organizations;
};

/// Throws 400 for ids that are none, as a request that holds them gets it.
inline void refuse_bad_ids(const NewUser& wanted) {
    const auto bad = [](const std::string& id) { return !parse_uuid(id); };
    const auto refuse = [](const char* what) {
        throw ApiError(400, "Request body must be valid JSON.", what);
    };
    if (!wanted.organization_id.empty() && bad(wanted.organization_id))
        refuse("field \"organization_id\" must be a uuid");
    const auto ids = wanted.organization_ids.value_or(std::vector<std::string>());
    if (std::any_of(ids.begin(), ids.end(), bad))
        refuse("field \"organization_ids\" must be an array of uuids");
}

inline std::string planned_type(const NewUser& wanted) {
    if (!wanted.login_type.empty()) return wanted.login_type;
    return wanted.service_account || wanted.disable_login ? "none" : "password";
}

/// Throws the refusals that need no database.
inline UserPlan plan_user(const Options& options, const NewUser& wanted) {
    if (wanted.service_account)
        refuse_ways_to_log_in(wanted.login_type, wanted.password, wanted.email);
    UserPlan plan{planned_type(wanted),
                  wanted.organization_ids.value_or(std::vector<std::string>())};
    if (!wanted.password.empty() && plan.type != "password")
        throw ApiError(
            400, "Password cannot be set for non-password (\"" + plan.type + "\") authentication.");
    if (plan.type == "password" && options.disable_password_auth)
        throw ApiError(403,
                       "Password based authentication is disabled! Unable to provision new users "
                       "with password authentication.");
    if (parse_uuid(wanted.organization_id).value_or(std::string(nil_uuid)) != nil_uuid)
        plan.organizations.push_back(wanted.organization_id);
    if (wanted.organization_ids && plan.organizations.empty())
        throw ApiError(
            400,
            "No organization specified to place the user as a member of. It is required to specify "
            "at least one organization id to place the user in.",
            "required at least 1 value for the array 'organization_ids'",
            {{"organization_ids", "Missing values, this cannot be empty"}});
    return plan;
}

inline ApiError unknown_place(std::string_view id) {
    return {404, "Organization does not exist with the provided id \"" + std::string(id) + "\"."};
}

/// Returns the ids of the organizations that the new user joins, sorted. Throws 409 for taken
/// values first, then 404 when the actor cannot read such an organization.
inline std::vector<std::string> places_for(store::Connection& c, const User& actor,
                                           const NewUser& wanted, const UserPlan& plan) {
    refuse_taken(store::users::taken(c, wanted.email, wanted.username));
    std::vector<Organization> readable = store::organizations::oldest_first(c);
    readable.erase(std::remove_if(readable.begin(), readable.end(),
                                  [&](const Organization& each) {
                                      return !rules::may_read_organization(actor, each.id);
                                  }),
                   readable.end());
    if (plan.organizations.empty()) {
        if (readable.empty()) throw unknown_place(nil_uuid);
        return {readable.front().id};
    }
    std::vector<std::string> ids;
    for (const std::string& text : plan.organizations) {
        const auto id = parse_uuid(text);
        const auto found = std::find_if(readable.begin(), readable.end(), [&](const auto& each) {
            return id == nil_uuid ? each.is_default : each.id == id;
        });
        if (found == readable.end()) throw unknown_place(text);
        ids.push_back(found->id);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

inline void refuse_roles(const User& actor, const std::vector<std::string>& roles) {
    rules::refuse_unassignable(actor, {}, roles, "");
}

/// Makes the user without the values that prepare_user() adds.
inline User planned_user(const Acting& acting, const NewUser& wanted, const UserPlan& plan,
                         std::vector<std::string> places) {
    User user;
    user.username = wanted.username;
    user.email = wanted.email;
    user.name = wanted.name;
    user.is_service_account = wanted.service_account;
    user.status = user_status_named(wanted.user_status).value_or(UserStatus::dormant);
    user.organization_ids = std::move(places);
    if (plan.type == "password") refuse_weak_password(wanted.password, user, weak_new_password);
    const auto type = login_type_named(plan.type);
    if (!type || *type == LoginType::token)
        throw ApiError(
            400, "Unsupported login type \"" + plan.type + "\" for manually creating new users.");
    user.login_type = *type;
    user.roles = rules::site_role_set(wanted.roles, acting.backend.options.roles);
    refuse_roles(acting.user(), user.roles);
    return user;
}

inline void check_new_user_fields(const NewUser& wanted) {
    namespace fields = rules::fields;
    check_fields({{wanted.service_account ? fields::optional_email : fields::email, wanted.email},
                  {fields::username, wanted.username},
                  {fields::name, wanted.name},
                  {fields::user_status, wanted.user_status}});
}

inline User create_user(const Acting& acting, const NewUser& wanted) {
    refuse_bad_ids(wanted);
    check_new_user_fields(wanted);
    permit(about::create_user, acting.user());
    const UserPlan plan = plan_user(acting.backend.options, wanted);
    std::vector<std::string> places = acting.backend.store.read(
        [&](store::Connection& c) { return places_for(c, acting.user(), wanted, plan); });
    const User planned = planned_user(acting, wanted, plan, std::move(places));
    if (planned.login_type == LoginType::password)
        ask_about_password(acting.backend, wanted.password, planned, weak_new_password);
    const Asked asked = ask_host(acting, EventKind::created, planned);
    const PreparedUser made = prepare_user(acting, planned, wanted.password);
    return change(acting, about::create_user, asked, [&](Change& now) {
        refuse_roles(now.actor(), made.user.roles);
        User user = insert_user(now.tx, acting.backend, made,
                                places_for(now.tx, now.actor(), wanted, plan));
        now.record({user.id, user.username, 201,
                    user_diff(nullptr, &user, !made.hashed_password.empty())});
        now.tell(EventKind::created, user);
        return user;
    });
}

}}}  // namespace coder_users::v0::operations
