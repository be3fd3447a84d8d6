// The users themselves: list, create, read, rename, delete.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "coder_users/format/audit_diff.hpp"
#include "coder_users/routes/audit.hpp"
#include "coder_users/routes/call.hpp"
#include "coder_users/routes/gates.hpp"
#include "coder_users/routes/long_answer.hpp"
#include "coder_users/routes/new_user.hpp"
#include "coder_users/rules/paging.hpp"
#include "coder_users/rules/search_query.hpp"
#include "coder_users/store/user_list.hpp"

namespace coder_users { inline namespace v0 { namespace routes {

/// Everybody for those who may read all, the caller's own row for anyone else.
inline store::users::Filter filter_of(const Call& call, const rules::UserSearch& search) {
    store::users::Filter filter;
    if (!rules::may(call.actor->user, rules::Action::read_all_users))
        filter.only_id = call.actor->user.id;
    filter.text = search.search;
    filter.statuses = search.statuses;
    filter.roles = search.roles;
    filter.seen_until = search.last_seen_before;
    filter.seen_from = search.last_seen_after;
    return filter;
}

inline store::users::UserList find_users(const Call& call, const store::users::Filter& filter,
                                         const store::users::Page& page) {
    // A crowd that was seen within the last second is stored first; fewer are taken along.
    if (store::users::looks_at_activity(filter) &&
        call.backend.store.seen_count() > store::users::most_seen_in_list)
        call.backend.store.store_activity();
    return call.backend.store.read(
        [&](store::Connection& c) { return store::users::list(c, filter, page); });
}

class LongUserList final : public LongList {
 public:
    LongUserList(store::Store& store, store::users::Filter filter, store::users::Page page)
        : LongList(store), filter_(std::move(filter)), page_(std::move(page)) {}

 private:
    bool write(format::JsonWriter& json, store::Connection& c,
               std::optional<store::Query>&) override {
        if (!listing_) {
            listing_.emplace(c, std::move(filter_), page_);
            format::wire::begin_users(json);
        }
        const std::vector<User> users = listing_->next(c, items_in_piece);
        for (const User& each : users) format::wire::write_user(json, each);
        if (users.size() == items_in_piece) return true;
        format::wire::end_counted(json, listing_->count());
        return false;
    }

    store::users::Filter filter_;
    const store::users::Page page_;
    std::optional<store::users::Listing> listing_;
};

inline Reply get_users(Call& call) {
    const auto parameter = [&](const char* name) { return call.url.parameter(name); };
    const rules::UserSearch search = rules::parse_user_search(parameter("q").value_or(""));
    const rules::Paging paging =
        rules::parse_paging(parameter("after_id"), parameter("limit"), parameter("offset"));
    store::users::Filter filter = filter_of(call, search);
    store::users::Page page{paging.after_id.value_or(""), paging.limit, paging.offset};
    const bool may_be_long = routes::may_be_long(call, page.limit);
    if (may_be_long) page.limit = short_list;
    const store::users::UserList found = find_users(call, filter, page);
    if (!may_be_long || found.users.size() < short_list)
        return ok(format::wire::users(found.users, found.count));
    page.limit = paging.limit;
    return in_pieces(std::make_unique<LongUserList>(call.backend.store, std::move(filter), page));
}

/// What POST /users asks for, its meaning sorted out.
struct UserRequest {
    std::string type;  ///< as sent, or the default
    std::string email, username, password;
    std::optional<std::string> organization_id;
    std::string organization_text;  ///< the same as sent
    UserStatus status = UserStatus::dormant;
};

inline UserRequest user_request(const Call& call) {
    UserRequest wanted{
        call.body.text("login_type"),
        call.body.text("email"),
        call.body.text("username"),
        call.body.text("password"),
        call.body.uuid("organization_id"),
        call.body.text("organization_id"),
        user_status_named(call.body.text("user_status")).value_or(UserStatus::dormant)};
    if (call.body.flag("service_account"))
        throw ApiError(400, "Validation failed.", {},
                       {{"service_account", "service accounts are not supported"}});
    if (wanted.type.empty()) wanted.type = call.body.flag("disable_login") ? "none" : "password";
    if (wanted.organization_id == nil_uuid) wanted.organization_id.reset();
    if (!wanted.password.empty() && wanted.type != "password")
        throw ApiError(400, "Password cannot be set for non-password (\"" + wanted.type +
                                "\") authentication.");
    if (wanted.type == "password" && call.backend.options.disable_password_auth)
        throw ApiError(403,
                       "Password based authentication is disabled! Unable to provision new users "
                       "with password authentication.");
    return wanted;
}

/// The organization a new user joins. Throws the 409 of taken values and the 404 of an
/// organization that is not there for the actor, in this order.
inline std::string place_for(store::Connection& c, const User& actor, const UserRequest& wanted) {
    refuse_taken(store::users::taken(c, wanted.email, wanted.username));
    const std::vector<Organization> all = store::organizations::oldest_first(c);
    for (const Organization& organization : all)
        if ((!wanted.organization_id || organization.id == *wanted.organization_id) &&
            rules::may_read_organization(actor, organization.id))
            return organization.id;
    throw ApiError(404,
                   "Organization does not exist with the provided id \"" +
                       (wanted.organization_id ? wanted.organization_text : std::string(nil_uuid)) +
                       "\".");
}

/// What the host is asked about: there is no user yet.
inline User planned_user(const UserRequest& wanted, LoginType type, const std::string& place) {
    User user;
    user.username = wanted.username;
    user.email = wanted.email;
    user.login_type = type;
    user.status = wanted.status;
    user.organization_ids = {place};
    return user;
}

inline User create_user(Call& call) {
    const UserRequest wanted = user_request(call);
    const std::string place = call.backend.store.read(
        [&](store::Connection& c) { return place_for(c, call.actor->user, wanted); });
    if (wanted.type == "password")
        refuse_weak_password(wanted.password, "Password not strong enough!");
    const auto type = login_type_named(wanted.type);
    if (!type || *type == LoginType::token)
        throw ApiError(
            400, "Unsupported login type \"" + wanted.type + "\" for manually creating new users.");

    ask_host(call, EventKind::created, planned_user(wanted, *type, place));
    NewUser made = prepare_user(call, wanted.email, wanted.username, *type, wanted.password);
    made.user.status = wanted.status;
    change(call, [&](store::Tx& tx) {
        insert_user(tx, made, place_for(tx, call.actor->user, wanted), {});
        record(tx, call,
               {call.actor->user.id, made.user.id, made.user.username, 201,
                format::user_diff(nullptr, &made.user, !made.hashed_password.empty())});
        tell_host(call, EventKind::created, made.user);
    });
    return made.user;
}

inline Reply post_users(Call& call) { return ok(format::wire::user(create_user(call)), 201); }

inline Reply get_user(Call& call) { return ok(format::wire::user(*call.target)); }

inline User remove_user(Call& call) {
    ask_host(call, EventKind::deleted, *call.target, call.target.get());
    change(call, [&](store::Tx& tx) {
        const bool had_password = !store::users::hashed_password(tx, call.target->id).empty();
        store::users::remove(tx, call.target->id);
        record(tx, call,
               {call.actor->user.id, call.target->id, call.target->username, 200,
                format::user_diff(call.target.get(), nullptr, had_password)});
        tell_host(call, EventKind::deleted, *call.target, call.target.get());
    });
    return *call.target;
}

inline Reply delete_user(Call& call) { return ok(format::wire::user(remove_user(call))); }

inline User rename_user(Call& call) {
    const std::string& username = call.body.text("username");
    User renamed = *call.target;
    renamed.username = username;
    ask_host(call, EventKind::renamed, renamed, call.target.get());
    change(call, [&](store::Tx& tx) {
        renamed = *call.target;
        renamed.username = username;
        refuse_taken({false, store::users::taken(tx, "", username, renamed.id).username});
        store::users::set_username(tx, renamed.id, username);
        record(tx, call,
               {call.actor->user.id, renamed.id, username, 200,
                format::user_diff(call.target.get(), &renamed, false)});
        tell_host(call, EventKind::renamed, renamed, call.target.get());
    });
    return renamed;
}

inline Reply put_profile(Call& call) { return ok(format::wire::user(rename_user(call))); }

}}}  // namespace coder_users::v0::routes
