// Internal: may change at any time.
// Operations on users: find, list, delete. Making one is in operations/create_user.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/audit_diff.hpp"
#include "coder_users/internal/operations/change.hpp"
#include "coder_users/internal/operations/last_owner.hpp"
#include "coder_users/internal/operations/target.hpp"
#include "coder_users/internal/rules/paging.hpp"
#include "coder_users/internal/rules/search_query.hpp"
#include "coder_users/internal/store/passcodes.hpp"
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
inline constexpr Operation delete_user = Operation("delete-user")
                                             .needs("user:read", "user:delete")
                                             .in(Lane::write)
                                             .refuses_self(403, "You cannot delete yourself!")
                                             .permits(Action::manage_user)
                                             .audited_with_refusals("user", "delete")
                                             .tells_of(EventKind::deleted)
                                             .is_revocation()
                                             .may_decide_owners();
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

/// Reads the parameters. `message` is that of the refusal of a search text.
inline UserListPage read_list_request(const Acting& acting, const UserListRequest& request,
                                      const char* message) {
    const rules::UserSearch search =
        rules::parse_user_search(request.q, message, acting.backend.options.roles);
    const rules::Paging paging =
        rules::parse_paging(request.after_id, request.limit, request.offset);
    UserListPage wanted;
    wanted.filter.text = search.search;
    wanted.filter.statuses = search.statuses;
    wanted.filter.roles = search.roles;
    wanted.filter.seen_until = search.last_seen_before;
    wanted.filter.seen_from = search.last_seen_after;
    wanted.filter.created_until = search.created_before;
    wanted.filter.created_from = search.created_after;
    wanted.filter.name = search.name;
    wanted.filter.email = search.email;
    wanted.filter.login_types = search.login_types;
    wanted.filter.github_id = search.github_id;
    wanted.filter.service_account = search.service_account;
    wanted.page = {paging.after_id.value_or(""), paging.limit, paging.offset};
    return wanted;
}

/// Reads the parameters. Callers who may not read all users get a filter for themselves.
inline UserListPage user_list_page(const Acting& acting, const UserListRequest& request) {
    UserListPage wanted = read_list_request(acting, request, "Invalid user search query.");
    wanted.filter.only_ids = visible_ids(acting);
    return wanted;
}

/// Returns `finish(connection, list)`, which sees the same state of the database as the list.
template <class Finish>
auto read_user_list(const Acting& acting, const UserListPage& wanted, Finish&& finish) {
    store::Store& store = acting.backend.store;
    // The list reads stored rows, so more than a few visits that are not stored yet are stored
    // first.
    if (store::users::looks_at_activity(wanted.filter) &&
        store.seen_count() > store::users::most_seen_in_list)
        store.store_activity();
    return store.read([&](store::Connection& c) {
        return finish(c, store::users::list(c, wanted.filter, wanted.page));
    });
}

inline store::users::UserList list_users(const Acting& acting, const UserListPage& wanted) {
    return read_user_list(acting, wanted,
                          [](store::Connection&, store::users::UserList found) { return found; });
}

/// Throws 404 when nobody has the address whom the caller may read.
inline User find_user_by_email(const Acting& acting, std::string_view email) {
    UserListPage wanted;
    wanted.filter.email = fold_ascii(email);
    wanted.filter.only_ids = visible_ids(acting);
    store::users::UserList found;
    if (!email.empty()) found = list_users(acting, wanted);
    if (found.users.empty()) throw user_not_found(email);
    return *found.users.front();
}

/// Deletes the user and all that belongs to it. Returns the user as it was before deletion.
inline User delete_user(const Acting& acting, const UserRef& who) {
    return on_user(acting, about::delete_user, who, [&](const Target& target) {
        const Asked asked = ask_host(acting, EventKind::deleted, *target, target.user.get());
        return change(acting, about::delete_user, asked, target, [&](Change& now) {
            const User& user = now.target();
            refuse_for_last_owner(now.tx, user.id);
            const bool had_password = !store::users::hashed_password(now.tx, user.id).empty();
            const Time passcode = store::passcodes::remove(now.tx, user.id);
            store::users::remove(now.tx, user.id);
            now.record({user.id, user.username, 200,
                        user_diff(&user, nullptr, had_password, {passcode, never})});
            now.tell(EventKind::deleted, user, &user);
            return user;
        });
    });
}

}}}  // namespace coder_users::v0::operations
