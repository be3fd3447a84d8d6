// Internal: may change at any time.
// Makes the target that a login redirects to a path on this server, whatever the request asked for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline bool has_broken_escape(std::string_view text) {
    for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1))
        if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0)
            return true;
    return false;
}

inline bool has_control_character(std::string_view text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    return false;
}

/// Whether the text can be the part of a URL after `//`: `user@host:port`.
inline bool is_url_authority(std::string_view text) {
    constexpr std::string_view others = "-._~!$&'()*+,;=:@[]%";
    for (const char c : text) {
        const bool plain = is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
        if (!plain && others.find(c) == std::string_view::npos) return false;
    }
    const std::string_view host = text.substr(text.rfind('@') + 1);  // npos + 1 is 0
    const std::size_t colon = host.find(':', host.rfind(']') + 1);
    return colon == std::string_view::npos ||
           host.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

/// The path, query and fragment of a URL or a relative reference; nothing when it cannot be parsed
/// or has a scheme other than http and https.
inline std::optional<std::string_view> after_authority(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon < text.find_first_of("/?#")) {  // npos compares as the largest value
        const std::string_view scheme = text.substr(0, colon);
        if (!same_folded(scheme, "http") && !same_folded(scheme, "https")) return std::nullopt;
        text.remove_prefix(colon + 1);
    }
    if (!starts_with(text, "//")) return text;
    text.remove_prefix(2);
    const std::size_t end = (std::min)(text.find_first_of("/?#"), text.size());
    if (!is_url_authority(text.substr(0, end))) return std::nullopt;
    return text.substr(end);
}

/// Returns a local path with its query, which never leads to another host and is safe in a Location
/// header and in a cookie. Applying it again changes nothing.
inline std::string local_redirect(std::string_view text) {
    constexpr std::string_view kept = "!#$%&'()*+-./:=?@[]_~";
    if (has_control_character(text) || has_broken_escape(text)) return "/";
    auto rest = after_authority(text);
    if (!rest) return "/";
    *rest = rest->substr(0, rest->find('#'));
    rest->remove_prefix((std::min)(rest->find_first_not_of("/\\"), rest->size()));
    std::string out = "/";
    for (const char c : *rest) {
        if (is_letter(c) || is_digit(c) || kept.find(c) != std::string_view::npos)
            out += c;
        else
            append_percent_encoded(out, c);
    }
    return out;
}

}}}  // namespace coder_users::v0::rules
