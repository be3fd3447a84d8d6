// Internal: may change at any time.
// Operations on users: find, list, create, delete.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/new_user.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/paging.hpp"
#include "coder_users/internal/rules/search_query.hpp"
#include "coder_users/internal/store/user_list.hpp"

namespace coder_users { inline namespace v0 { namespace operations {

namespace about {
inline constexpr Operation list_users =
    Operation("get-users")
        .needs("user:read")
        .decides_itself("callers who may not read all see their own row");
inline constexpr Operation get_user =
    Operation("get-user-by-name")
        .needs("user:read")
        .decides_itself("whoever may read the user, else it is not found")
        .open_to_limited_keys();
inline constexpr Operation create_user =
    Operation("create-new-user")
        .in(Lane::hash)
        .permits(Action::create_users, "You are not authorized to create users.")
        .audited("user", "create")
        .tells_of(EventKind::created);
inline constexpr Operation delete_user = Operation("delete-user")
                                             .needs("user:read", "user:delete")
                                             .in(Lane::write)
                                             .refuses_self(403, "You cannot delete yourself!")
                                             .permits(Action::manage_user)
                                             .audited_with_refusals("user", "delete")
                                             .tells_of(EventKind::deleted)
                                             .is_revocation();
}  // namespace about

inline Shared<User> get_user(const Acting& acting, UserRef who) {
    return find_target(acting, about::get_user, std::move(who)).user;
}

/// The query parameters, as the caller sent them.
struct UserListRequest {
    std::string q;
    std::optional<std::string> after_id, limit, offset;
};

/// The users that are wanted.
struct UserListPage {
    store::users::Filter filter;
    store::users::Page page;
};

/// Returns the ids of the only users that a list may show; nothing when it may show all.
inline std::optional<std::vector<std::string>> visible_ids(const Acting& acting) {
    const ApiKey& key = acting.actor->key;
    const bool any_user = rules::allows(key, "user", "*");
    if (rules::may(acting.user(), Action::read_all_users)) {
        if (any_user) return std::nullopt;
        return rules::allowed_ids(key, "user");
    }
    const std::string& own = acting.user().id;
    std::vector<std::string> ids;
    if (any_user || rules::allows(key, "user", own)) ids.push_back(own);
    return ids;
}

/// Reads the parameters. Callers who may not read all users get a filter for themselves.
inline UserListPage user_list_page(const Acting& acting, const UserListRequest& request) {
    const rules::UserSearch search = rules::parse_user_search(request.q);
    const rules::Paging paging =
        rules::parse_paging(request.after_id, request.limit, request.offset);
    UserListPage wanted;
    wanted.filter.only_ids = visible_ids(acting);
    wanted.filter.text = search.search;
    wanted.filter.statuses = search.statuses;
    wanted.filter.roles = search.roles;
    wanted.filter.seen_until = search.last_seen_before;
    wanted.filter.seen_from = search.last_seen_after;
    wanted.page = {paging.after_id.value_or(""), paging.limit, paging.offset};
    return wanted;
}

inline store::users::UserList list_users(const Acting& acting, const UserListPage& wanted) {
    store::Store& store = acting.backend.store;
    // The list reads stored rows, so more than a few visits that are not stored yet are stored
    // first.
    if (store::users::looks_at_activity(wanted.filter) &&
        store.seen_count() > store::users::most_seen_in_list)
        store.store_activity();
    return store.read(
        [&](store::Connection& c) { return store::users::list(c, wanted.filter, wanted.page); });
}

/// The values of a new user, as the caller sent them.
struct NewUser {
    std::string email, username, password;
    std::string login_type = {};  ///< "": password, or none with `disable_login`
    bool disable_login = false;
    std::string user_status = {};      ///< "": dormant
    std::string organization_id = {};  ///< "": the oldest that the caller may read
    bool service_account = false;
};

/// The values of a new user, read.
struct UserPlan {
    std::string type;  ///< as sent, or the default
    std::optional<std::string> organization_id;
    UserStatus status = UserStatus::dormant;
};

/// Throws the refusals that need no database.
inline UserPlan plan_user(const Options& options, const NewUser& wanted) {
    if (wanted.service_account)
        throw ApiError(400, "Validation failed.", {},
                       {{"service_account", "service accounts are not supported"}});
    UserPlan plan{wanted.login_type, parse_uuid(wanted.organization_id),
                  user_status_named(wanted.user_status).value_or(UserStatus::dormant)};
    if (plan.type.empty()) plan.type = wanted.disable_login ? "none" : "password";
    if (plan.organization_id == nil_uuid) plan.organization_id.reset();
    if (!wanted.password.empty() && plan.type != "password")
        throw ApiError(
            400, "Password cannot be set for non-password (\"" + plan.type + "\") authentication.");
    if (plan.type == "password" && options.disable_password_auth)
        throw ApiError(403,
                       "Password based authentication is disabled! Unable to provision new users "
                       "with password authentication.");
    return plan;
}

/// Returns the id of the organization that the new user joins. Throws 409 for taken values first,
/// then 404 when the actor cannot read such an organization.
inline std::string place_for(store::Connection& c, const User& actor, const NewUser& wanted,
                             const UserPlan& plan) {
    refuse_taken(store::users::taken(c, wanted.email, wanted.username));
    const std::vector<Organization> all = store::organizations::oldest_first(c);
    for (const Organization& organization : all)
        if ((!plan.organization_id || organization.id == *plan.organization_id) &&
            rules::may_read_organization(actor, organization.id))
            return organization.id;
    throw ApiError(
        404, "Organization does not exist with the provided id \"" +
                 (plan.organization_id ? wanted.organization_id : std::string(nil_uuid)) + "\".");
}

/// Makes the user without the values that prepare_user() adds.
inline User planned_user(const NewUser& wanted, const UserPlan& plan, const std::string& place) {
    User user;
    user.username = wanted.username;
    user.email = wanted.email;
    if (plan.type == "password") refuse_weak_password(wanted.password, user, weak_new_password);
    const auto type = login_type_named(plan.type);
    if (!type || *type == LoginType::token)
        throw ApiError(
            400, "Unsupported login type \"" + plan.type + "\" for manually creating new users.");
    user.login_type = *type;
    user.status = plan.status;
    user.organization_ids = {place};
    return user;
}

inline User create_user(const Acting& acting, const NewUser& wanted) {
    if (!wanted.organization_id.empty() && !parse_uuid(wanted.organization_id))
        throw ApiError(400, "Request body must be valid JSON.",
                       "field \"organization_id\" must be a uuid");
    check_fields({{rules::fields::email, wanted.email},
                  {rules::fields::username, wanted.username},
                  {rules::fields::user_status, wanted.user_status}});
    permit(about::create_user, acting.user());
    const UserPlan plan = plan_user(acting.backend.options, wanted);
    const std::string place = acting.backend.store.read(
        [&](store::Connection& c) { return place_for(c, acting.user(), wanted, plan); });
    const User planned = planned_user(wanted, plan, place);
    if (planned.login_type == LoginType::password)
        ask_about_password(acting.backend, wanted.password, planned, weak_new_password);
    const Asked asked = ask_host(acting, EventKind::created, planned);
    const PreparedUser made = prepare_user(acting, planned, wanted.password);
    return change(acting, about::create_user, asked, [&](Change& now) {
        User user = insert_user(now.tx, made, place_for(now.tx, now.actor(), wanted, plan), {});
        now.record({user.id, user.username, 201,
                    user_diff(nullptr, &user, !made.hashed_password.empty())});
        now.tell(EventKind::created, user);
        return user;
    });
}

/// Deletes the user and all that belongs to it. Returns the user as it was before deletion.
inline User delete_user(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::delete_user, who, [&](const Target& target) {
        const Asked asked = ask_host(acting, EventKind::deleted, *target, target.user.get());
        return change(acting, about::delete_user, asked, target, [&](Change& now) {
            const User& user = now.target();
            const bool had_password = !store::users::hashed_password(now.tx, user.id).empty();
            store::users::remove(now.tx, user.id);
            now.record({user.id, user.username, 200, user_diff(&user, nullptr, had_password)});
            now.tell(EventKind::deleted, user, &user);
            return user;
        });
    });
}

}}}  // namespace coder_users::v0::operations
