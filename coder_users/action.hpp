// The actions that the rules of permission know, as a host asks about them with Service::may().
#pragma once

namespace coder_users { inline namespace v0 {

/// What a caller wants to do. The actions of the second group concern no particular user.
enum class Action {
    read_user,        ///< see that the user exists
    edit_user,        ///< see and change profile, settings, password and Git SSH key; see and end
                      ///< sessions
    manage_user,      ///< delete, suspend, activate, change the e-mail address
    read_user_roles,  ///< see the user's roles
    use_keys,         ///< see, make and delete the user's tokens, and its sessions by their ids
    choose_notifications,  ///< see and choose which notifications the user wants
    act_as_user,           ///< what nobody may do for somebody else: see the login type, convert it

    create_users,
    read_all_users,    ///< otherwise a list of users holds the caller's own row only
    read_all_keys,     ///< otherwise a list of tokens holds the caller's own only
    assign_roles,      ///< change site roles at all; which ones depends on the caller's own roles
    assign_all_roles,  ///< give and take every site role
    read_audit,
    read_deployment_config,  ///< see how the server is set up
    ignore_rate_limits,
};

}}  // namespace coder_users::v0
