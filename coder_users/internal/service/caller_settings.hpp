// Internal: may change at any time.
// Calls in the process about what users choose for themselves, and about their SSH keys.
#pragma once

#include <string_view>
#include <vector>

#include "coder_users/internal/operations/git_ssh_keys.hpp"
#include "coder_users/internal/operations/settings.hpp"
#include "coder_users/internal/service/service.hpp"

namespace coder_users { inline namespace v0 {

CODER_USERS_INLINE Appearance Caller::find_appearance(std::string_view user) const {
    return running_->call(
        operations::about::get_appearance, identity_, user,
        [&](const operations::Acting& acting) { return operations::get_appearance(acting, user); });
}

CODER_USERS_INLINE Appearance Caller::set_appearance(std::string_view user,
                                                     const Appearance& wanted) const {
    return running_->call(operations::about::set_appearance, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::set_appearance(acting, user, wanted).appearance;
                          });
}

CODER_USERS_INLINE Preferences Caller::find_preferences(std::string_view user) const {
    return running_->call(operations::about::get_preferences, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::get_preferences(acting, user);
                          });
}

CODER_USERS_INLINE Preferences Caller::set_preferences(std::string_view user,
                                                       const EditPreferences& wanted) const {
    return running_->call(operations::about::set_preferences, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::set_preferences(acting, user, wanted);
                          });
}

CODER_USERS_INLINE std::vector<NotificationPreference> Caller::list_notifications(
    std::string_view user) const {
    return running_->call(operations::about::get_notifications, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::get_notifications(acting, user);
                          });
}

CODER_USERS_INLINE std::vector<NotificationPreference> Caller::set_notifications(
    std::string_view user, const std::vector<NotificationChoice>& choices) const {
    return running_->call(operations::about::set_notifications, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::set_notifications(acting, user, choices);
                          });
}

CODER_USERS_INLINE Time Caller::next_quiet_hours(std::string_view user) const {
    return running_->call(operations::about::get_quiet_hours, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::get_quiet_hours(acting, user);
                          });
}

CODER_USERS_INLINE GitSshKey Caller::find_git_ssh_key(std::string_view user) const {
    return running_->call(operations::about::get_git_ssh_key, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::get_git_ssh_key(acting, user);
                          });
}

CODER_USERS_INLINE GitSshKey Caller::renew_git_ssh_key(std::string_view user) const {
    return running_->call(operations::about::renew_git_ssh_key, identity_, user,
                          [&](const operations::Acting& acting) {
                              return operations::renew_git_ssh_key(acting, user);
                          });
}

}}  // namespace coder_users::v0
