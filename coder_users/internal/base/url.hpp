// Internal: may change at any time.
// URLs: path segments and query parameters of request targets, percent-decoded once; host and port.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 {

inline int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    c = fold_ascii(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Whether decoding and checking would leave the text as it is.
inline bool is_plain_in_url(std::string_view text, bool plus_is_space) {
    return std::all_of(text.begin(), text.end(), [plus_is_space](char c) {
        return c > 0 && c != '%' && !(plus_is_space && c == '+');
    });
}

/// Decodes a percent-encoded text; in queries `+` is a space. Returns nothing for a broken escape,
/// and for a result that is not UTF-8 or holds NUL.
inline std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    if (is_plain_in_url(text, plus_is_space)) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    if (out.find('\0') != std::string::npos || !is_utf8(out)) return std::nullopt;
    return out;
}

inline void append_percent_encoded(std::string& out, char c) {
    constexpr char digits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
}

/// Encodes everything but letters, digits and `-._~`, for any part of a URL and for forms.
inline std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_letter(c) || is_digit(c) || std::string_view("-._~").find(c) != std::string::npos)
            out += c;
        else
            append_percent_encoded(out, c);
    }
    return out;
}

/// Writes `a=b&c=d` for a query or a form.
template <class Pairs>
std::string encode_parameters(const Pairs& pairs) {
    std::string out;
    for (const auto& [name, value] : pairs) {
        if (!out.empty()) out += '&';
        (out += percent_encode(name) += '=') += percent_encode(value);
    }
    return out;
}

/// A decoded request target. Repeated slashes count as one, and a slash at the end is ignored.
struct Url {
    std::vector<std::string> segments;
    std::vector<std::pair<std::string, std::string>> query;

    /// The first value of a parameter, which may be ""; nothing when it is absent.
    std::optional<std::string> parameter(std::string_view name) const {
        for (const auto& [key, value] : query)
            if (key == name) return value;
        return std::nullopt;
    }
};

/// The path and query of an origin-form or absolute-form (http, https) target, still encoded.
inline std::string_view origin_form(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!same_folded(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t path = target.find_first_of("/?");
        return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    }
    return target;
}

/// Host and port as a URL has them: an IPv6 address is in brackets.
inline std::string authority(const std::string& host, int port) {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// Returns nothing when the path or the query cannot be decoded.
inline std::optional<Url> parse_url(std::string_view text) {
    text = origin_form(text);
    Url url;
    const std::size_t mark = text.find('?');
    url.segments.reserve(8);
    std::string_view path = text.substr(0, mark);
    const bool plain = is_plain_in_url(path, false);
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        path.remove_prefix((std::min)(segment.size() + 1, path.size()));
        if (segment.empty()) continue;
        if (plain) {
            url.segments.emplace_back(segment);
            continue;
        }
        auto decoded = percent_decode(segment, false);
        if (!decoded) return std::nullopt;
        url.segments.push_back(std::move(*decoded));
    }
    if (mark == std::string_view::npos) return url;
    const std::vector<std::string_view> pairs = split(text.substr(mark + 1), '&');
    for (const std::string_view pair : pairs) {
        const std::size_t equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::optional<std::string>("")
                         : percent_decode(pair.substr(equals + 1), true);
        if (!name || !value) return std::nullopt;
        if (!pair.empty()) url.query.emplace_back(std::move(*name), std::move(*value));
    }
    return url;
}

}}  // namespace coder_users::v0
