// Calls of the host in the process: values in and out, through the operations of the routes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/server/service.hpp"

namespace coder_users { inline namespace v0 {

namespace server {

/// Where a user is named by the path of the route.
inline Errand errand_on(const char* operation_id, std::string_view user) {
    return {*routes::find_route(operation_id), {{"user", std::string(user)}}};
}

inline void set_text(Errand& errand, const char* field, std::string_view text) {
    errand.body.set(field, format::Json(std::string(text)));
}

inline Errand errand_to_create(const char* operation_id, const CreateUser& wanted) {
    Errand errand{*routes::find_route(operation_id)};
    set_text(errand, "email", wanted.email);
    set_text(errand, "username", wanted.username);
    set_text(errand, "password", wanted.password);
    return errand;
}

/// Saturates: what does not fit is longer than any token may live.
inline std::int64_t as_nanoseconds(std::chrono::seconds duration) {
    constexpr std::int64_t largest = (std::numeric_limits<std::int64_t>::max)() / 1'000'000'000;
    return (std::clamp)(std::int64_t{duration.count()}, -largest, largest) * 1'000'000'000;
}

}  // namespace server

CODER_USERS_INLINE bool Service::may(const Identity& identity, Action action,
                                     std::string_view user) {
    return running().may(identity, action, user);
}

CODER_USERS_INLINE Identity Service::authenticate(const Request& request) {
    return running().authenticate(server::Pipeline::token_of(request));
}

CODER_USERS_INLINE Caller Service::as(Identity identity) {
    return Caller(running(), std::move(identity));
}

CODER_USERS_INLINE User Service::create_first_user(const CreateUser& wanted) {
    return running().call(server::errand_to_create("create-initial-user", wanted), {},
                          routes::create_first_user);
}

CODER_USERS_INLINE User Caller::create_user(const CreateUser& wanted) const {
    server::Errand errand = server::errand_to_create("create-new-user", wanted);
    server::set_text(errand, "login_type", to_string(wanted.login_type));
    if (!wanted.organization_id.empty()) {
        if (!parse_uuid(wanted.organization_id))
            throw format::invalid_body("field \"organization_id\" must be a uuid");
        server::set_text(errand, "organization_id", wanted.organization_id);
    }
    return running_->call(errand, identity_, routes::create_user);
}

CODER_USERS_INLINE User Caller::find_user(std::string_view user) const {
    return running_->call(server::errand_on("get-user-by-name", user), identity_,
                          [](routes::Call& call) { return *call.target; });
}

CODER_USERS_INLINE UserPage Caller::list_users(const FindUsers& which) const {
    return running_->call({*routes::find_route("get-users")}, identity_, [&](routes::Call& call) {
        const rules::UserSearch search = rules::parse_user_search(which.query);
        const rules::Paging paging = rules::parse_paging(
            which.after_id, std::to_string(which.limit), std::to_string(which.offset));
        store::users::UserList found =
            routes::find_users(call, routes::filter_of(call, search),
                               {paging.after_id.value_or(""), paging.limit, paging.offset});
        return UserPage{std::move(found.users), found.count};
    });
}

CODER_USERS_INLINE User Caller::rename_user(std::string_view user,
                                            std::string_view username) const {
    server::Errand errand = server::errand_on("update-user-profile", user);
    server::set_text(errand, "username", username);
    return running_->call(errand, identity_, routes::rename_user);
}

CODER_USERS_INLINE User Caller::suspend_user(std::string_view user) const {
    return running_->call(server::errand_on("suspend-user-account", user), identity_,
                          routes::suspend_user);
}

CODER_USERS_INLINE User Caller::activate_user(std::string_view user) const {
    return running_->call(server::errand_on("activate-user-account", user), identity_,
                          routes::activate_user);
}

CODER_USERS_INLINE User Caller::delete_user(std::string_view user) const {
    return running_->call(server::errand_on("delete-user", user), identity_, routes::remove_user);
}

CODER_USERS_INLINE User Caller::set_roles(std::string_view user,
                                          const std::vector<std::string>& roles) const {
    server::Errand errand = server::errand_on("assign-role-to-user", user);
    errand.body.set("roles", roles);
    return running_->call(errand, identity_, routes::set_site_roles);
}

CODER_USERS_INLINE void Caller::set_password(std::string_view user, std::string_view password,
                                             std::string_view old_password) const {
    server::Errand errand = server::errand_on("update-user-password", user);
    server::set_text(errand, "password", password);
    server::set_text(errand, "old_password", old_password);
    running_->call(errand, identity_, routes::set_password);
}

CODER_USERS_INLINE MadeKey Caller::make_session(std::string_view user) const {
    return running_->call(server::errand_on("create-new-session-key", user), identity_,
                          routes::make_session_key);
}

CODER_USERS_INLINE MadeKey Caller::make_token(std::string_view user,
                                              const CreateToken& wanted) const {
    server::Errand errand = server::errand_on("create-token-api-key", user);
    errand.body.set("lifetime", format::Json(server::as_nanoseconds(wanted.lifetime)));
    server::set_text(errand, "scope", to_string(wanted.scope));
    server::set_text(errand, "token_name", wanted.name);
    return running_->call(errand, identity_, routes::make_token);
}

CODER_USERS_INLINE std::vector<ApiKey> Caller::list_tokens(std::string_view user) const {
    return running_->call(
        server::errand_on("get-user-tokens", user), identity_, [](routes::Call& call) {
            std::vector<ApiKey> keys;
            auto found = routes::find_tokens(call, routes::owner_of_tokens(call, false));
            keys.reserve(found.size());
            for (auto& each : found) keys.push_back(std::move(each.key));
            return keys;
        });
}

CODER_USERS_INLINE void Caller::revoke_key(std::string_view user, std::string_view key_id) const {
    server::Errand errand = server::errand_on("delete-api-key", user);
    errand.parameters.emplace_back("keyid", std::string(key_id));
    running_->call(errand, identity_, routes::revoke_key);
}

CODER_USERS_INLINE std::vector<Organization> Caller::list_organizations() const {
    return running_->call({*routes::find_route("get-organizations")}, identity_,
                          [](routes::Call& call) {
                              return call.backend.store.read([&](store::Connection& c) {
                                  return routes::readable_organizations(c, call.actor->user);
                              });
                          });
}

}}  // namespace coder_users::v0
