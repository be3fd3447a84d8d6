// Internal: may change at any time.
// What the scopes of a key amount to.
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

inline bool has_word(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Sets `scope` from `scopes` (docs/contract/scopes.md, "Names of scopes").
inline void derive_scope(ApiKey& key) {
    key.scope = has_word(key.scopes, scope_of_applications) ? KeyScope::application_connect
                : has_word(key.scopes, scope_of_all)        ? KeyScope::all
                                                            : KeyScope::narrow;
}

}}  // namespace coder_users::v0
