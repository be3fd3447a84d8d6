// Internal: may change at any time.
// Reads the search text `q`: the grammar that all lists share, and the keys of users.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/host_roles.hpp"
#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/rules/paging.hpp"
#include "coder_users/model.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// One `key:value` in lower case, without the quotes around key and value.
struct QueryElement {
    std::string key;
    std::string value;
};

/// Whether words without a key become one value together, one value each, or are refused.
enum class BareWords { joined, separate, refused };

/// Splits at separators outside double quotes; a quote that is not closed reaches to the end.
inline std::vector<std::string_view> split_unquoted(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    bool quoted = false;
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted || text[i] != separator) continue;
        parts.push_back(text.substr(start, i - start));
        start = i + 1;
    }
    parts.push_back(text.substr(start));
    return parts;
}

/// Throws the 400 for the first key that occurs more than once.
inline void refuse_repeated_keys(const std::vector<QueryElement>& elements, const char* message) {
    std::map<std::string_view, std::size_t> counts;
    for (const QueryElement& element : elements) ++counts[element.key];
    for (const QueryElement& element : elements)
        if (const std::size_t count = counts[element.key]; count > 1)
            throw ApiError(
                400, message, {},
                {{"q", "Query parameter \"" + element.key + "\" provided more than once, found " +
                           std::to_string(count) + " times"}});
}

/// Returns the elements of `q` in the order of the text, all with different keys; words without a
/// key come last and get `default_key`. Throws a 400 with `message` for a text that breaks the
/// grammar.
inline std::vector<QueryElement> parse_query_elements(std::string_view q,
                                                      std::string_view default_key, BareWords bare,
                                                      const char* message) {
    const std::string text = fold_ascii(q);
    std::vector<QueryElement> elements;
    std::vector<std::string_view> words;
    const std::vector<std::string_view> tokens = split_unquoted(text, ' ');
    for (const std::string_view token : tokens) {
        if (token.empty()) continue;
        const auto refuse = [&](const char* why) {
            throw ApiError(400, message, {},
                           {{"q", "Query element \"" + std::string(token) + "\" " + why}});
        };
        if (token.front() == ':' || token.back() == ':') refuse("cannot start or end with ':'");
        const std::vector<std::string_view> parts = split_unquoted(token, ':');
        if (parts.size() > 2) refuse("can only contain 1 ':'");
        const std::string_view last = trim(parts.back(), "\"");
        if (parts.size() == 1) {
            words.push_back(last);
        } else {
            elements.push_back({std::string(trim(parts.front(), "\"")), std::string(last)});
        }
    }
    if (bare == BareWords::refused && !words.empty())
        throw ApiError(400, message, {},
                       {{"q", "invalid search term: " + std::string(words.front())}});
    const std::string joined = join(words, " ");
    if (bare == BareWords::joined && !words.empty()) words = {joined};
    for (const std::string_view word : words)
        elements.push_back({std::string(default_key), std::string(word)});
    refuse_repeated_keys(elements, message);
    return elements;
}

/// Returns "" for an absent key, too: an empty filter is not applied.
inline std::string value_of(const std::vector<QueryElement>& elements, std::string_view key) {
    for (const QueryElement& element : elements)
        if (element.key == key) return element.value;
    return {};
}

inline std::string query_param(std::string_view key) {
    return "Query param \"" + std::string(key) + '"';
}
inline Validation bad_query_values(std::string_view key, std::string_view bad) {
    return {std::string(key), query_param(key) + " has invalid values: " + std::string(bad)};
}
/// `layout` is the date format in the notation of Go's time package, as clients expect it.
inline Validation bad_query_time(std::string_view key, std::string_view layout,
                                 std::string_view value) {
    const std::string form(layout), text(value);
    return {std::string(key), query_param(key) + " must be a valid date format (" + form +
                                  "): parsing time \"" + text + "\" as \"" + form +
                                  "\": cannot parse \"" + text + '"'};
}

/// Adds errors for the unknown keys, sorted by name.
template <class Names>
void add_unknown_keys(std::vector<Validation>& errors, const std::vector<QueryElement>& elements,
                      const Names& known) {
    std::vector<std::string> unknown;
    for (const QueryElement& element : elements)
        if (std::find(std::begin(known), std::end(known), element.key) == std::end(known))
            unknown.push_back(element.key);
    std::sort(unknown.begin(), unknown.end());
    for (const std::string& key : unknown)
        errors.push_back({key, query_param(key) + " is not a valid query param"});
}

inline constexpr std::string_view rfc3339_layout = "2006-01-02T15:04:05.999999999Z07:00";

/// The time of a key; nothing when the key is absent, or wrong, which adds an error.
inline std::optional<Time> query_time(std::vector<Validation>& errors,
                                      const std::vector<QueryElement>& elements,
                                      std::string_view key) {
    const std::string value = value_of(elements, key);
    if (value.empty()) return std::nullopt;
    const auto time = parse_rfc3339(value);
    if (!time) errors.push_back(bad_query_time(key, rfc3339_layout, value));
    return time;
}

/// The uuid of a key; "" when the key is absent, or wrong, which adds an error.
inline std::string query_uuid(std::vector<Validation>& errors,
                              const std::vector<QueryElement>& elements, std::string_view key) {
    const std::string value = value_of(elements, key);
    if (value.empty()) return {};
    const auto id = parse_uuid(value);
    if (!id) errors.push_back({std::string(key), query_param(key) + " must be a valid uuid"});
    return id.value_or("");
}

/// Filters on users. A user must pass all of them; an empty filter is not applied.
struct UserSearch {
    std::string search;                ///< part of address or name, lower case, no wildcards
    std::vector<UserStatus> statuses;  ///< any of these passes
    std::vector<std::string> roles;    ///< any of these passes; empty if `member` is one
    std::optional<Time> last_seen_before;
    std::optional<Time> last_seen_after;
    std::string name;   ///< part of the full name, lower case, no wildcards
    std::string email;  ///< the whole address, lower case
    std::optional<Time> created_before;
    std::optional<Time> created_after;
    std::vector<LoginType> login_types;  ///< any of these passes
    std::optional<std::int64_t> github_id;
    std::optional<bool> service_account;
};

/// The enumerators in a comma list. Names that are none add an error.
template <class Enum>
std::vector<Enum> query_enumerators(std::vector<Validation>& errors,
                                    const std::vector<QueryElement>& elements,
                                    std::string_view key) {
    const std::string value = value_of(elements, key);
    std::vector<Enum> found;
    if (value.empty()) return found;
    std::vector<std::string_view> bad;
    const std::vector<std::string_view> names = split(value, ',');
    for (const std::string_view name : names) {
        if (const auto known = find_name<Enum>(names_of(Enum{}), name)) {
            if (std::find(found.begin(), found.end(), *known) == found.end())
                found.push_back(*known);
        } else {
            bad.push_back(name);
        }
    }
    if (!bad.empty()) errors.push_back(bad_query_values(key, join(bad, ",")));
    return found;
}

inline std::optional<bool> query_flag(std::vector<Validation>& errors,
                                      const std::vector<QueryElement>& elements,
                                      std::string_view key) {
    const std::string value = value_of(elements, key);
    if (value.empty()) return std::nullopt;
    if (value == "true" || value == "t" || value == "1") return true;
    if (value == "false" || value == "f" || value == "0") return false;
    errors.push_back({std::string(key), query_param(key) +
                                            " must be a valid boolean: strconv.ParseBool: " +
                                            parsing(value, "invalid syntax")});
    return std::nullopt;
}

/// Nothing for 0, too.
inline std::optional<std::int64_t> query_id(std::vector<Validation>& errors,
                                            const std::vector<QueryElement>& elements,
                                            std::string_view key) {
    using Limits = std::numeric_limits<std::int64_t>;
    const std::string text = value_of(elements, key);
    if (text.empty()) return std::nullopt;
    const auto [value, wrong] = parse_integer(text, (Limits::min)(), (Limits::max)());
    if (wrong)
        errors.push_back({std::string(key), query_param(key) +
                                                " must be a valid 64-bit integer: "
                                                "strconv.ParseInt: " +
                                                parsing(text, wrong)});
    return value == 0 ? std::nullopt : std::optional(value);
}

inline std::vector<std::string> query_roles(const std::string& value, const HostRoles& declared) {
    if (value.empty()) return {};
    const std::vector<std::string_view> names = split(value, ',');
    if (std::find(names.begin(), names.end(), "member") != names.end()) return {};
    // Keeps the query small however long the list is: only known roles matter, or one name that
    // nobody holds when there is none.
    std::vector<std::string> known;
    const auto add_if_named = [&](std::string_view role) {
        if (std::find(names.begin(), names.end(), role) != names.end()) known.emplace_back(role);
    };
    for (const SiteRole& role : site_roles) add_if_named(role.name);
    for (const HostRole& role : declared) add_if_named(role.name);
    if (known.empty()) known.emplace_back(names.front());
    return known;
}

/// Reads the `q` of GET /users. Throws a 400 with `message` that lists every mistake
/// (docs/contract/users.md, "Search text").
inline UserSearch parse_user_search(std::string_view q,
                                    const char* message = "Invalid user search query.",
                                    const HostRoles& declared = {}) {
    constexpr std::array<std::string_view, 12> keys{"search",
                                                    "status",
                                                    "role",
                                                    "last_seen_before",
                                                    "last_seen_after",
                                                    "name",
                                                    "login_type",
                                                    "github_com_user_id",
                                                    "created_before",
                                                    "created_after",
                                                    "service_account",
                                                    "email"};
    const auto elements = parse_query_elements(q, "search", BareWords::joined, message);
    std::vector<Validation> errors;
    UserSearch found;
    found.search = value_of(elements, "search");
    found.name = value_of(elements, "name");
    found.email = value_of(elements, "email");
    found.roles = query_roles(value_of(elements, "role"), declared);
    // The errors come in this order.
    found.statuses = query_enumerators<UserStatus>(errors, elements, "status");
    found.service_account = query_flag(errors, elements, "service_account");
    found.last_seen_after = query_time(errors, elements, "last_seen_after");
    found.last_seen_before = query_time(errors, elements, "last_seen_before");
    found.created_after = query_time(errors, elements, "created_after");
    found.created_before = query_time(errors, elements, "created_before");
    found.github_id = query_id(errors, elements, "github_com_user_id");
    found.login_types = query_enumerators<LoginType>(errors, elements, "login_type");
    add_unknown_keys(errors, elements, keys);
    if (!errors.empty()) throw ApiError(400, message, {}, std::move(errors));
    return found;
}

/// Filters on members of an organization. A member must pass all of them; an empty filter is not
/// applied.
struct MemberSearch {
    std::string user_id;
    std::optional<std::int64_t> github_id;  ///< of the account at GitHub
};

/// Reads the `q` of GET members. Throws the 400 that lists every mistake
/// (docs/contract/organizations.md, "GET /organizations/{organization}/members").
inline MemberSearch parse_member_search(std::string_view q) {
    constexpr const char* message = "Invalid organization member search query.";
    constexpr std::array<std::string_view, 3> keys{"user_id", "github_user_id", "include_system"};
    const auto elements = parse_query_elements(q, "", BareWords::refused, message);
    std::vector<Validation> errors;
    MemberSearch found;
    found.user_id = query_uuid(errors, elements, "user_id");
    found.github_id = query_id(errors, elements, "github_user_id");
    query_flag(errors, elements, "include_system");  // there are no users of the system
    add_unknown_keys(errors, elements, keys);
    if (!errors.empty()) throw ApiError(400, message, {}, std::move(errors));
    return found;
}

}}}  // namespace coder_users::v0::rules
