// Internal: may change at any time.
// Text: ASCII folding, UTF-8 and splitting, all independent of the locale.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace coder_users { inline namespace v0 {

inline constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline constexpr bool is_letter(char c) { return is_lower(c) || is_upper(c); }

inline constexpr char fold_ascii(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Turns ASCII letters into lower case and leaves all other bytes: the only case folding of the
/// server.
inline std::string fold_ascii(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = fold_ascii(c);
    return out;
}

inline bool same_folded(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (a == b) return true;  // as most are that are equal at all
    for (std::size_t i = 0; i < a.size(); ++i)
        if (fold_ascii(a[i]) != fold_ascii(b[i])) return false;
    return true;
}

/// How many bytes at the front are neither below 0x20 nor 0x7f, as far as eight at a time tell: a
/// multiple of eight.
inline std::size_t printable_eights(std::string_view text) {
    constexpr std::uint64_t each = 0x0101010101010101;
    std::size_t count = 0;
    for (; text.size() - count >= sizeof each; count += sizeof each) {
        std::uint64_t bytes;
        std::memcpy(&bytes, text.data() + count, sizeof bytes);
        const std::uint64_t from_delete = bytes ^ each * 0x7f;  // 0 where it is
        const std::uint64_t low = (bytes - each * 0x20) & ~bytes;
        if ((low | ((from_delete - each) & ~from_delete)) & each * 0x80) break;
    }
    return count;
}

inline bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

inline bool ends_with(std::string_view text, std::string_view suffix) {
    return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

/// The text with a backslash before each `"` and `\\`.
inline std::string with_backslashes(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

/// Removes blanks and tabs at both ends.
inline std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Removes the given characters at both ends.
inline std::string_view trim(std::string_view text, std::string_view characters) {
    const std::size_t first = text.find_first_not_of(characters);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(characters) - first + 1);
}

/// Returns the parts between separators, at least one. The views point into `text`.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// The words between single spaces; none in an empty text.
inline std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> found;
    if (text.empty()) return found;
    for (const std::string_view word : split(text, ' ')) found.emplace_back(word);
    return found;
}

/// The beginning of `text`, at most `most` bytes; cuts no UTF-8 character apart.
inline std::string_view shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most;
    const auto inside = [&](std::size_t i) {
        return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80;
    };
    while (end > 0 && most - end < 3 && inside(end)) --end;
    return text.substr(0, inside(end) ? most : end);
}

/// As much of a client's User-Agent as is kept.
inline std::string_view kept_user_agent(std::string_view text) { return shortened(text, 512); }

template <class Strings>
std::string join(const Strings& parts, std::string_view separator) {
    std::string out;
    bool first = true;
    for (const auto& part : parts) {
        if (!first) out += separator;
        out += part;
        first = false;
    }
    return out;
}

inline constexpr std::array<std::array<char, 2>, 256> hex_of_bytes = [] {
    constexpr char digits[] = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = {digits[byte >> 4], digits[byte & 15]};
    return table;
}();

inline std::array<char, 2> hex_digits(unsigned char byte) { return hex_of_bytes[byte]; }

/// Two lower-case hex digits.
inline std::string to_hex(unsigned char byte) {
    const auto digits = hex_digits(byte);
    return {digits[0], digits[1]};
}

/// Removes the code point at the front of `text` and returns it. Where the bytes are not
/// well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF), removes one
/// and returns -1.
inline std::int32_t take_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t size = first < 0x80                     ? 1
                             : first >= 0xc2 && first <= 0xdf ? 2
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
    std::int32_t point = size == 1 ? first : first & (0xff >> (size + 1));
    bool good = size != 0 && size <= text.size();
    for (std::size_t i = 1; good && i < size; ++i) {
        good = (byte(i) & 0xc0) == 0x80;
        point = point << 6 | (byte(i) & 0x3f);
    }
    if (good && size == 3) good = point >= 0x800 && (point < 0xd800 || point > 0xdfff);
    if (good && size == 4) good = point >= 0x10000 && point <= 0x10ffff;
    text.remove_prefix(good ? size : 1);
    return good ? point : -1;
}

inline bool is_utf8(std::string_view text) {
    while (!text.empty())
        if (take_code_point(text) < 0) return false;
    return true;
}

/// The text with U+FFFD in the place of each byte that belongs to no character.
inline std::string as_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::string_view before = text;
        if (take_code_point(text) < 0)
            out += "\xef\xbf\xbd";
        else
            out += before.substr(0, before.size() - text.size());
    }
    return out;
}

/// Whether the text is UTF-8 without control characters, those from U+0080 to U+009F included.
inline bool is_printable(std::string_view text) {
    while (!text.empty()) {
        const std::int32_t point = take_code_point(text);
        if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return false;
    }
    return true;
}

/// The text with every occurrence of `secret`, in any letter case, replaced. `secret` must not be
/// empty.
inline std::string without(std::string text, std::string_view secret) {
    const std::string wanted = fold_ascii(secret);
    for (std::size_t at = 0; (at = fold_ascii(text).find(wanted, at)) != std::string::npos;)
        text.replace(at, wanted.size(), "***");
    return text;
}

}}  // namespace coder_users::v0
