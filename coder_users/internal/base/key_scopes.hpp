// Internal: may change at any time.
// What the scopes and the allow list of a key amount to.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/model.hpp"

namespace coder_users { inline namespace v0 {

inline constexpr std::string_view scope_of_all = "coder:all";
inline constexpr std::string_view scope_of_applications = "coder:application_connect";

/// The scopes that a key of one of the two old kinds has.
inline std::vector<std::string> scopes_of(KeyScope scope) {
    return {std::string(scope == KeyScope::all ? scope_of_all : scope_of_applications)};
}

/// Whether the server knows how to apply the limits of the key: without an allow list, either of
/// the two scopes. Any other key, such as a newer program may have stored, must not count at all.
inline bool limits_are_known(const ApiKey& key) {
    const bool unlisted = key.allow_list.size() == 1 && key.allow_list.front() == "*:*";
    return unlisted && (key.scopes == scopes_of(KeyScope::all) ||
                        key.scopes == scopes_of(KeyScope::application_connect));
}

/// Sets `scope` from what the key may do: `all` for nothing less than everything.
inline void derive_scope(ApiKey& key) {
    const bool full = limits_are_known(key) && key.scopes == scopes_of(KeyScope::all);
    key.scope = full ? KeyScope::all : KeyScope::application_connect;
}

}}  // namespace coder_users::v0
