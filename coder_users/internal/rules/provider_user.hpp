// Internal: may change at any time.
// Checks and converts the names and addresses that a login provider sends
// (docs/contract/external_login.md, "OpenID Connect" and "Account of a login").
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/rules/fields.hpp"
#include "coder_users/internal/rules/names.hpp"
#include "coder_users/internal/rules/token.hpp"
#include "coder_users/internal/rules/token_names.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

/// Whether the part after the last `@` is one of the domains; true when `domains` is empty. A
/// domain may begin with `@`.
inline bool email_in_domains(std::string_view email, const std::vector<std::string>& domains) {
    if (domains.empty()) return true;
    const std::size_t at = email.rfind('@');
    if (at == std::string_view::npos) return false;
    return std::any_of(domains.begin(), domains.end(), [&](std::string_view domain) {
        if (starts_with(domain, "@")) domain.remove_prefix(1);
        return same_folded(domain, email.substr(at + 1));
    });
}

/// Whether the server takes this address of a user over. It need not satisfy valid_email(), since
/// the provider has accepted it.
inline bool acceptable_email(std::string_view email) {
    return !email.empty() && email.size() <= longest_email && is_printable(email);
}

/// The URL if the server takes it over, else "".
inline std::string acceptable_avatar(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!same_folded(url.substr(0, scheme.size()), scheme)) continue;
        const std::string_view rest = url.substr(scheme.size());
        const bool has_host = rest.find_first_of("/?#") != 0 && !rest.empty();
        if (has_host && url.size() <= longest_avatar_url && is_printable(url))
            return std::string(url);
    }
    return {};
}

/// A full name as the server takes it over: without white space at its ends, and no longer than
/// people may make theirs.
inline std::string acceptable_name(std::string_view name) {
    const std::string_view kept = shortened(trim_white_space(name), longest_real_name);
    return std::string(trim_white_space(kept));
}

/// Makes a valid user name from the name or address that the provider sends; a random one if
/// neither gives any.
inline std::string username_from(std::string_view name, std::string_view email,
                                 const Random& random) {
    if (valid_username(name)) return std::string(name);
    const std::string_view source = name.empty() ? email : name;
    std::string stripped;
    for (const char c : source.substr(0, source.rfind('@')))
        if (is_letter(c) || is_digit(c) || c == '-') stripped += c;
    if (valid_username(stripped)) return stripped;
    std::string made = random_name(random);
    made.erase(made.find_first_of("0123456789") + 1);  // keeps only the first digit
    std::replace(made.begin(), made.end(), '_', '-');
    return made;
}

/// A name for a user whose own name is taken: the name, cut so that the whole has at most 32 bytes,
/// with a random ending.
inline std::string alternative_username(std::string_view name, const Random& random) {
    constexpr std::size_t suffix_size = 7;
    name = name.substr(0, longest_username - 1 - suffix_size);
    while (ends_with(name, "-")) name.remove_suffix(1);
    return std::string(name) + '-' + random_base62(suffix_size, random);
}

}}}  // namespace coder_users::v0::rules
