// What callers may want to do, as the policy and hosts name it.
#pragma once

namespace coder_users { inline namespace v0 {

/// What a caller wants to do. The second group has no target.
enum class Action {
    read_user,        ///< see that the user exists
    edit_user,        ///< profile, appearance, password, Git SSH key
    manage_user,      ///< delete, suspend, activate
    read_user_roles,  ///< see the user's roles
    use_keys,         ///< see, make and delete the user's keys
    act_as_user,      ///< what nobody may do for another: login type, conversion

    create_users,
    read_all_users,    ///< not only the own row of a list
    read_all_keys,     ///< not only the own ones of a list
    assign_roles,      ///< change site roles at all; which ones depends on the caller's own
    assign_all_roles,  ///< every site role
    read_audit,
    ignore_rate_limits,
};

}}  // namespace coder_users::v0
