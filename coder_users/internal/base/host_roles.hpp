// Internal: may change at any time.
// The roles that a host declares beside the built-in ones.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 {

using HostRoles = std::vector<HostRole>;

/// The declared role with exactly this name, or nullptr.
inline const HostRole* host_role_named(const HostRoles& declared, std::string_view name) {
    const auto found = std::find_if(declared.begin(), declared.end(),
                                    [&](const HostRole& role) { return role.name == name; });
    return found == declared.end() ? nullptr : &*found;
}

/// Of any site role. One that is not declared any more is called by its name.
inline std::string_view site_role_display_name(std::string_view name, const HostRoles& declared) {
    const std::string_view built_in = display_name_of_role(name);
    if (!built_in.empty()) return built_in;
    const HostRole* const role = host_role_named(declared, name);
    return role && !role->display_name.empty() ? role->display_name : name;
}

}}  // namespace coder_users::v0
