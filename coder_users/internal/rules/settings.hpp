// Internal: may change at any time.
// Which values the settings of users may have (docs/contract/settings.md, "Settings").
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "coder_users/internal/base/fields.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/user_settings.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

template <class Values>
bool is_one_of(const Values& values, std::string_view text) {
    return std::find(values.begin(), values.end(), text) != values.end();
}

inline bool is_theme_mode(std::string_view text) { return is_one_of(theme_modes, text); }
inline bool is_theme_name(std::string_view text) { return is_one_of(theme_names, text); }

/// Whether this theme is chosen together with a mode of its own, which earlier clients do not know.
inline bool follows_the_system(std::string_view theme_preference) {
    return theme_preference == "auto" || theme_preference == "auto-protan-deuter" ||
           theme_preference == "auto-tritan";
}

/// Lists the values, without "", for a refusal.
inline std::string must_be_one_of(const v0::fields::Names& values) {
    std::vector<std::string_view> names(values.begin(), values.end());
    names.erase(std::remove(names.begin(), names.end(), ""), names.end());
    return "must be one of: " + join(names, ", ");
}

/// Whether `T` lists a setting of this name that may have this value.
template <class T>
bool is_setting_of(std::string_view name, std::string_view value) {
    bool good = false;
    v0::fields::for_each<T>([&](auto at) {
        constexpr const auto& field = at.field;
        using Value = typename std::decay_t<decltype(field)>::Value;
        if (field.name != name) return;
        if constexpr (std::is_same_v<Value, bool>)
            good = value == "true" || value == "false";
        else
            good = is_one_of(field.values, value);
    });
    return good;
}

/// Whether a user can have this setting. That of an import may be one that nobody can choose.
inline bool is_setting(std::string_view name, std::string_view value) {
    return is_setting_of<Appearance>(name, value) || is_setting_of<Preferences>(name, value);
}

}}}  // namespace coder_users::v0::rules
