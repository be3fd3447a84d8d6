// Internal: may change at any time.
// Calls in the process: run the same operations as requests over HTTP, with values instead of JSON.
// Those about what users choose for themselves are in service/caller_settings.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/login/claims.hpp"
#include "coder_users/internal/login/session.hpp"
#include "coder_users/internal/operations/account.hpp"
#include "coder_users/internal/operations/api_keys.hpp"
#include "coder_users/internal/operations/audit_log.hpp"
#include "coder_users/internal/operations/auth_methods.hpp"
#include "coder_users/internal/operations/create_user.hpp"
#include "coder_users/internal/operations/first_user.hpp"
#include "coder_users/internal/operations/members.hpp"
#include "coder_users/internal/operations/organizations.hpp"
#include "coder_users/internal/operations/passcodes.hpp"
#include "coder_users/internal/operations/roles.hpp"
#include "coder_users/internal/operations/sessions.hpp"
#include "coder_users/internal/operations/user_data.hpp"
#include "coder_users/internal/operations/users.hpp"
#include "coder_users/internal/service/service.hpp"

namespace coder_users { inline namespace v0 {

CODER_USERS_INLINE bool Service::may(const Identity& identity, Action action,
                                     std::string_view user) {
    return running().is_allowed(identity, [&](const operations::Acting& acting) {
        return operations::may(acting, action, user);
    });
}

CODER_USERS_INLINE bool Service::may(const Identity& identity, std::string_view right) {
    return running().is_allowed(identity, [&](const operations::Acting& acting) {
        return operations::has_right(acting, right);
    });
}

CODER_USERS_INLINE Identity Service::authenticate(const Request& request) {
    const Options& options = running().options;
    std::string cookies;
    const rules::PresentedToken token = http::presented_token(request, options, cookies);
    http::refuse_cross_origin(request, token, options.access_url);
    return running().authenticate(token.token);
}

CODER_USERS_INLINE LoggedIn Service::log_in(std::string_view email, std::string_view password,
                                            const LoginOrigin& origin) {
    return running().log_in({std::string(email), std::string(password)}, origin);
}

CODER_USERS_INLINE Caller Service::as(Identity identity) {
    return Caller(running(), std::move(identity));
}

CODER_USERS_INLINE std::string Service::setup_code() {
    return running().call("cannot read whether there is a user",
                          [&] { return operations::setup_code(running().backend); });
}

CODER_USERS_INLINE bool Service::has_first_user() {
    return running().call(operations::about::has_first_user, {}, "",
                          [](const operations::Acting& acting) {
                              return operations::has_first_user(acting.backend);
                          });
}

CODER_USERS_INLINE AuthMethods Service::auth_methods() {
    return running().call(operations::about::get_auth_methods, {}, "",
                          [](const operations::Acting& acting) {
                              return operations::auth_methods(acting.backend.options);
                          });
}

CODER_USERS_INLINE std::string Service::password_weakness(std::string_view password) {
    return running().call(operations::about::check_password, {}, "",
                          [&](const operations::Acting&) {
                              return operations::password_weakness(std::string(password));
                          });
}

CODER_USERS_INLINE void Service::request_passcode(std::string_view email) {
    running().call(operations::about::request_passcode, {}, "",
                   [&](const operations::Acting& acting) {
                       operations::request_passcode(acting, std::string(email));
                   });
}

CODER_USERS_INLINE void Service::redeem_passcode(std::string_view email, std::string_view code,
                                                 std::string_view password) {
    const operations::PasscodeChange wanted{std::string(email), std::string(password),
                                            std::string(code)};
    running().call(
        operations::about::redeem_passcode, {}, "",
        [&](const operations::Acting& acting) { operations::redeem_passcode(acting, wanted); });
}

CODER_USERS_INLINE User Service::create_first_user(const CreateUser& wanted) {
    return running().call(operations::about::create_first_user, {}, "",
                          [&](const operations::Acting& acting) {
                              return operations::create_first_user(acting, wanted);
                          });
}

CODER_USERS_INLINE User Caller::create_user(const CreateUser& wanted) const {
    operations::NewUser values;
    values.email = wanted.email;
    values.username = wanted.username;
    values.password = wanted.password;
    values.name = wanted.name;
    if (!wanted.service_account || wanted.login_type != LoginType::password)
        values.login_type = to_string(wanted.login_type);
    values.user_status = to_string(wanted.status);
    values.service_account = wanted.service_account;
    values.roles = wanted.roles;
    if (!wanted.organization_ids.empty()) values.organization_ids = wanted.organization_ids;
    values.organization_id = wanted.organization_id;
    return running_->call(
        operations::about::create_user, identity_, "",
        [&](const operations::Acting& acting) { return operations::create_user(acting, values); });
}

CODER_USERS_INLINE User Caller::find_user(std::string_view user) const {
    return running_->call(
        operations::about::get_user, identity_, user,
        [&](const operations::Acting& acting) { return *operations::get_user(acting, user); });
}

CODER_USERS_INLINE User Caller::find_user_by_email(std::string_view email) const {
    return running_->call(operations::about::list_users, identity_, "",
                          [&](const operations::Acting& acting) {
                              return operations::find_user_by_email(acting, email);
                          });
}

namespace service {

inline operations::UserListRequest as_request(const FindUsers& which) {
    return {which.query, which.after_id, std::to_string(which.limit), std::to_string(which.offset)};
}

}  // namespace service

CODER_USERS_INLINE UserPage Caller::list_users(const FindUsers& which) const {
    return running_->call(
        operations::about::list_users, identity_, "", [&](const operations::Acting& acting) {
            const store::users::UserList found = operations::list_users(
                acting, operations::user_list_page(acting, service::as_request(which)));
            UserPage page{{}, found.count};
            page.users.reserve(found.users.size());
            for (const Shared<User>& each : found.users) page.users.push_back(*each);
            return page;
        });
}

CODER_USERS_INLINE User Caller::rename_user(std::string_view user,
                                            std::string_view username) const {
    EditProfile wanted;
    wanted.username = username;
    return edit_profile(user, wanted);
}

CODER_USERS_INLINE User Caller::edit_profile(std::string_view user,
                                             const EditProfile& wanted) const {
    return running_->call(operations::about::set_profile, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::set_profile(
                                  acting, user, {wanted.username, wanted.name, wanted.avatar_url});
                          });
}

CODER_USERS_INLINE User Caller::set_email(std::string_view user, std::string_view email) const {
    return running_->call(operations::about::set_email, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::set_email(acting, user, std::string(email));
                          });
}

CODER_USERS_INLINE User Caller::suspend_user(std::string_view user) const {
    return running_->call(
        operations::about::suspend_user, identity_, user,
        [&](const operations::Acting& acting) { return operations::suspend_user(acting, user); });
}

CODER_USERS_INLINE User Caller::activate_user(std::string_view user) const {
    return running_->call(
        operations::about::activate_user, identity_, user,
        [&](const operations::Acting& acting) { return operations::activate_user(acting, user); });
}

CODER_USERS_INLINE User Caller::delete_user(std::string_view user) const {
    return running_->call(
        operations::about::delete_user, identity_, user,
        [&](const operations::Acting& acting) { return operations::delete_user(acting, user); });
}

CODER_USERS_INLINE User Caller::set_roles(std::string_view user,
                                          const std::vector<std::string>& roles) const {
    return running_->call(operations::about::set_roles, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::set_roles(acting, user, roles);
                          });
}

CODER_USERS_INLINE std::vector<AssignableRole> Caller::list_roles() const {
    return running_->call(
        operations::about::list_site_roles, identity_, "",
        [](const operations::Acting& acting) { return operations::list_site_roles(acting); });
}

CODER_USERS_INLINE UserWithMemberships Caller::find_roles(std::string_view user) const {
    return running_->call(
        operations::about::get_roles, identity_, user,
        [&](const operations::Acting& acting) { return operations::get_roles(acting, user); });
}

CODER_USERS_INLINE void Caller::set_password(std::string_view user, std::string_view password,
                                             std::string_view old_password) const {
    running_->call(operations::about::set_password, identity_, user,
                   [&](const operations::Acting& acting) {
                       operations::set_password(acting, user,
                                                {std::string(password), std::string(old_password)});
                   });
}

CODER_USERS_INLINE std::string Caller::data(std::string_view user) const {
    return running_->call(
        operations::about::get_data, identity_, user,
        [&](const operations::Acting& acting) { return operations::get_data(acting, user); });
}

CODER_USERS_INLINE void Caller::set_data(std::string_view user, std::string_view text) const {
    running_->call(operations::about::set_data, identity_, user,
                   [&](const operations::Acting& acting) {
                       operations::set_data(acting, user, std::string(text));
                   });
}

CODER_USERS_INLINE MadeKey Caller::make_session(std::string_view user) const {
    return running_->call(
        operations::about::make_session, identity_, user,
        [&](const operations::Acting& acting) { return operations::make_session(acting, user); });
}

namespace service {

/// Returns the largest number when the duration does not fit: it is longer than any token may live
/// anyway.
inline std::chrono::nanoseconds as_nanoseconds(std::chrono::seconds duration) {
    constexpr std::int64_t largest = (std::numeric_limits<std::int64_t>::max)() / 1'000'000'000;
    return std::chrono::seconds((std::clamp)(std::int64_t{duration.count()}, -largest, largest));
}

}  // namespace service

CODER_USERS_INLINE MadeKey Caller::make_token(std::string_view user,
                                              const CreateToken& wanted) const {
    const operations::NewToken token{
        wanted.name, service::as_nanoseconds(wanted.lifetime),
        wanted.scopes.empty() ? std::string(to_string(wanted.scope)) : "", wanted.scopes,
        wanted.allow_list};
    return running_->call(operations::about::make_token, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::make_token(acting, user, token);
                          });
}

CODER_USERS_INLINE std::vector<ApiKey> Caller::list_tokens(std::string_view user,
                                                           const FindTokens& which) const {
    return running_->call(
        operations::about::list_tokens, identity_, user, [&](const operations::Acting& acting) {
            std::vector<ApiKey> keys;
            auto found = operations::list_tokens(
                acting,
                operations::listed_tokens(acting, user, which.of_all_users, which.with_expired));
            keys.reserve(found.size());
            for (auto& each : found) keys.push_back(std::move(each.key));
            return keys;
        });
}

CODER_USERS_INLINE ApiKey Caller::find_key(std::string_view user, std::string_view key_id) const {
    return running_->call(operations::about::find_key, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::find_key(acting, user, key_id);
                          });
}

CODER_USERS_INLINE ApiKey Caller::find_token(std::string_view user, std::string_view name) const {
    return running_->call(operations::about::find_token, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::find_token(acting, user, name);
                          });
}

CODER_USERS_INLINE std::chrono::seconds Caller::longest_token_lifetime(
    std::string_view user) const {
    return running_->call(operations::about::get_token_config, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::longest_token_lifetime(acting, user);
                          });
}

CODER_USERS_INLINE void Caller::revoke_key(std::string_view user, std::string_view key_id) const {
    running_->call(
        operations::about::revoke_key, identity_, user,
        [&](const operations::Acting& acting) { operations::revoke_key(acting, user, key_id); });
}

CODER_USERS_INLINE void Caller::expire_key(std::string_view user, std::string_view key_id) const {
    running_->call(
        operations::about::expire_key, identity_, user,
        [&](const operations::Acting& acting) { operations::expire_key(acting, user, key_id); });
}

CODER_USERS_INLINE std::vector<Session> Caller::list_sessions(std::string_view user) const {
    return running_->call(
        operations::about::list_sessions, identity_, user, [&](const operations::Acting& acting) {
            return operations::list_sessions(acting, operations::owner_of_sessions(acting, user))
                .sessions;
        });
}

CODER_USERS_INLINE void Caller::end_session(std::string_view user,
                                            std::string_view session_id) const {
    running_->call(operations::about::end_session, identity_, user,
                   [&](const operations::Acting& acting) {
                       operations::end_session(acting, user, session_id);
                   });
}

CODER_USERS_INLINE void Caller::end_sessions(std::string_view user) const {
    running_->call(
        operations::about::end_sessions, identity_, user,
        [&](const operations::Acting& acting) { operations::end_sessions(acting, user); });
}

CODER_USERS_INLINE void Caller::log_out() const {
    running_->call(login::about::log_out, identity_, "",
                   [](const operations::Acting& acting) { login::log_out(acting); });
}

CODER_USERS_INLINE std::string Caller::oidc_claims() const {
    return running_->call(
        login::about::get_claims, identity_, "",
        [](const operations::Acting& acting) { return login::last_claims(acting); });
}

CODER_USERS_INLINE std::vector<Organization> Caller::list_organizations() const {
    return running_->call(
        operations::about::list_organizations, identity_, "",
        [](const operations::Acting& acting) { return operations::list_organizations(acting); });
}

CODER_USERS_INLINE std::vector<Organization> Caller::list_organizations_of(
    std::string_view user) const {
    return running_->call(operations::about::list_organizations_of, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::list_organizations_of(acting, user);
                          });
}

namespace service {

/// Runs `fn(acting, organization)` as `about` with the organization of this name.
template <class Fn>
auto call_in(Running& running, const operations::Operation& about, const Identity& identity,
             std::string_view name, Fn&& fn) {
    return running.call(about, identity, "", [&](const operations::Acting& acting) {
        return fn(acting, operations::get_organization(acting, name));
    });
}

}  // namespace service

CODER_USERS_INLINE Organization Caller::find_organization(std::string_view organization) const {
    return service::call_in(*running_, operations::about::get_organization, identity_, organization,
                            [](const auto&, Organization found) { return found; });
}

CODER_USERS_INLINE Organization
Caller::create_organization(const CreateOrganization& wanted) const {
    return running_->call(operations::about::create_organization, identity_, "",
                          [&](const operations::Acting& acting) {
                              return operations::create_organization(acting, wanted);
                          });
}

CODER_USERS_INLINE Organization
Caller::update_organization(std::string_view organization, const UpdateOrganization& wanted) const {
    return service::call_in(*running_, operations::about::update_organization, identity_,
                            organization, [&](const auto& acting, const Organization& found) {
                                return operations::update_organization(acting, found, wanted);
                            });
}

CODER_USERS_INLINE void Caller::delete_organization(std::string_view organization) const {
    service::call_in(*running_, operations::about::delete_organization, identity_, organization,
                     [](const auto& acting, const Organization& found) {
                         operations::delete_organization(acting, found);
                     });
}

CODER_USERS_INLINE MemberPage Caller::list_members(std::string_view organization,
                                                   const FindUsers& which) const {
    return service::call_in(
        *running_, operations::about::list_members_by_page, identity_, organization,
        [&](const auto& acting, const Organization& found) {
            return operations::list_members(
                acting, operations::members_wanted(acting, found, service::as_request(which)));
        });
}

CODER_USERS_INLINE Member Caller::find_member(std::string_view organization,
                                              std::string_view user) const {
    return service::call_in(*running_, operations::about::get_member, identity_, organization,
                            [&](const auto& acting, const Organization& found) {
                                return operations::find_member(acting, found, user);
                            });
}

CODER_USERS_INLINE OrganizationMember Caller::add_member(std::string_view organization,
                                                         std::string_view user) const {
    return service::call_in(*running_, operations::about::add_member, identity_, organization,
                            [&](const auto& acting, const Organization& found) {
                                return operations::add_member(acting, found, user);
                            });
}

CODER_USERS_INLINE void Caller::remove_member(std::string_view organization,
                                              std::string_view user) const {
    service::call_in(*running_, operations::about::remove_member, identity_, organization,
                     [&](const auto& acting, const Organization& found) {
                         operations::remove_member(acting,
                                                   operations::find_member(acting, found, user));
                     });
}

CODER_USERS_INLINE std::vector<AssignableRole> Caller::list_member_roles(
    std::string_view organization) const {
    return service::call_in(*running_, operations::about::list_organization_roles, identity_,
                            organization, [](const auto& acting, const Organization& found) {
                                return operations::list_organization_roles(acting, found);
                            });
}

CODER_USERS_INLINE OrganizationMember
Caller::set_member_roles(std::string_view organization, std::string_view user,
                         const std::vector<std::string>& roles) const {
    return service::call_in(*running_, operations::about::set_member_roles, identity_, organization,
                            [&](const auto& acting, const Organization& found) {
                                return operations::set_member_roles(
                                    acting, operations::find_member(acting, found, user), roles);
                            });
}

CODER_USERS_INLINE AuditPage Caller::list_audit(const FindAudit& which) const {
    return running_->call(
        operations::about::list_audit, identity_, "", [&](const operations::Acting& acting) {
            const operations::AuditListPage page = operations::audit_page(
                acting, {which.query, std::to_string(which.limit), std::to_string(which.offset)});
            return operations::list_audit(acting, page, page.limit);
        });
}

}}  // namespace coder_users::v0
