// Internal: may change at any time.
// Decides which texts are user names and e-mail addresses (docs/contract/http.md, "User names" and
// "E-mail addresses").
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace rules {

inline constexpr std::size_t longest_username = 32;
inline constexpr std::size_t longest_email = 254;

/// Words that are paths below `/users`, where a user of that name could not be reached.
inline constexpr std::array<std::string_view, 8> reserved_usernames{
    "me", "first", "login", "logout", "authmethods", "roles", "oauth2", "oidc"};

/// Such words of later releases of Coder. Who was called so before keeps the name.
inline constexpr std::array<std::string_view, 5> later_reserved_usernames{
    "validate-password", "otp", "oidc-claims", "new", "create"};

template <std::size_t N>
bool is_reserved(const std::array<std::string_view, N>& words, std::string_view name) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return same_folded(word, name); });
}

/// Letters and digits with single dashes between them, at most 32 bytes.
inline bool has_form_of_name(std::string_view name) {
    if (name.empty() || name.size() > longest_username) return false;
    char before = '-';
    for (const char c : name) {
        if (c == '-' ? before == '-' : !is_letter(c) && !is_digit(c)) return false;
        before = c;
    }
    return before != '-';
}

/// What somebody may be called who has the name already: it has the form of a name and is none of
/// the older reserved words.
inline bool valid_stored_username(std::string_view name) {
    return has_form_of_name(name) && !is_reserved(reserved_usernames, name);
}

/// A new name, which is no reserved word at all.
inline bool valid_username(std::string_view name) {
    return valid_stored_username(name) && !is_reserved(later_reserved_usernames, name);
}

/// Words that are pages of organizations in Coder's dashboard.
inline constexpr std::array<std::string_view, 2> reserved_organization_names{"new", "create"};

inline bool valid_organization_name(std::string_view name) {
    return has_form_of_name(name) && !is_reserved(reserved_organization_names, name);
}

inline constexpr std::size_t longest_real_name = 128;

/// Unicode's White_Space.
inline constexpr bool is_white_space(std::int32_t point) {
    return (point >= 0x09 && point <= 0x0d) || point == 0x20 || point == 0x85 || point == 0xa0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
           point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

/// Removes white space at both ends, that beyond ASCII included.
inline std::string_view trim_white_space(std::string_view text) {
    std::string_view left = text, kept;
    const char* begin = nullptr;
    while (!left.empty()) {
        const std::string_view at = left;
        if (is_white_space(take_code_point(left))) continue;
        if (!begin) begin = at.data();
        kept = {begin, static_cast<std::size_t>(left.data() - begin)};
    }
    return kept;
}

/// A full name, for people to read: at most 128 bytes, without white space at either end.
inline bool valid_real_name(std::string_view name) {
    return name.size() <= longest_real_name && trim_white_space(name).size() == name.size();
}

inline constexpr std::size_t longest_organization_display_name = 64;

/// At most 64 bytes, without white space at either end.
inline bool valid_organization_display_name(std::string_view name) {
    return name.size() <= longest_organization_display_name &&
           trim_white_space(name).size() == name.size();
}

/// Replaces any character from U+00A0 on in the shape of an address: the rules treat all alike.
inline constexpr char beyond_ascii = '\x80';

/// The text with one byte for each character; nothing when no address may have one of them.
inline std::optional<std::string> email_shape(std::string_view text) {
    std::string shape;
    while (!text.empty()) {
        const std::int32_t point = take_code_point(text);
        if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return std::nullopt;
        shape += point < 0x7f ? static_cast<char>(point) : beyond_ascii;
    }
    return shape;
}

inline bool is_email_letter(char c) { return is_letter(c) || c == beyond_ascii; }

inline bool is_atom(std::string_view text) {
    constexpr std::string_view symbols = "!#$%&'*+-/=?^_`{|}~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_email_letter(c) || is_digit(c) || symbols.find(c) != std::string_view::npos;
    });
}

/// The index after the local part; nothing when the local part is missing or malformed.
inline std::optional<std::size_t> local_part_end(std::string_view shape) {
    if (shape.empty() || shape[0] != '"') {
        const std::size_t end = shape.find('@');
        const std::vector<std::string_view> atoms = split(shape.substr(0, end), '.');
        if (!std::all_of(atoms.begin(), atoms.end(), is_atom)) return std::nullopt;
        return end;
    }
    for (std::size_t i = 1; i < shape.size(); ++i) {
        if (shape[i] == '"') return i + 1;
        if (shape[i] == '\\') ++i;
    }
    return std::nullopt;
}

inline bool is_domain_label(std::string_view label) {
    const auto at_end = [](char c) { return is_email_letter(c) || is_digit(c); };
    return !label.empty() && at_end(label.front()) && at_end(label.back()) &&
           std::all_of(label.begin(), label.end(),
                       [&](char c) { return at_end(c) || c == '-' || c == '_' || c == '~'; });
}

inline bool is_email_domain(std::string_view shape) {
    if (ends_with(shape, ".")) shape.remove_suffix(1);
    const std::vector<std::string_view> labels = split(shape, '.');
    return labels.size() >= 2 && std::all_of(labels.begin(), labels.end(), is_domain_label) &&
           is_email_letter(labels.back().front()) && is_email_letter(labels.back().back());
}

inline bool valid_email(std::string_view text) {
    if (text.size() > longest_email) return false;
    const auto shape = email_shape(text);
    if (!shape) return false;
    const auto end = local_part_end(*shape);
    return end && *end < shape->size() && (*shape)[*end] == '@' &&
           is_email_domain(std::string_view(*shape).substr(*end + 1));
}

}}}  // namespace coder_users::v0::rules
