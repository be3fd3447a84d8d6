// The head of a request: its first line and its fields, and what they say about the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/api.hpp"
#include "coder_users/base/text.hpp"
#include "coder_users/base/url.hpp"
#include "coder_users/server/refusal.hpp"

namespace coder_users { inline namespace v0 { namespace server {

/// What has been read of a head so far.
struct RequestHead {
    Request request{"", "", {}, "", ""};  ///< method, target and headers
    bool http10 = false;
    std::size_t hosts = 0, lengths = 0, codings = 0;  ///< how often the field came
    std::uint64_t length = 0;
    bool close = false, keep_alive = false;  ///< asked for by Connection
    bool encoded = false;
    bool expects_continue = false;
    bool url_lost = false;  ///< it cannot be decoded; looked at only where a body may follow

    bool chunked() const { return codings > 0; }
    bool announces_body() const { return chunked() || length > 0; }
    bool stays_open() const { return !close && (!http10 || keep_alive); }
    bool ignores_body() const {
        const std::string& method = request.method;
        return url_lost || method == "GET" || method == "HEAD" || method == "OPTIONS";
    }
    /// What is answered for a body that is no good: the URL comes first.
    Refusal instead_of(const Refusal& flaw) const { return url_lost ? url_not_valid : flaw; }
};

/// A token of RFC 9110: methods and field names.
inline bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    for (const char c : text)
        if (!is_letter(c) && !is_digit(c) && others.find(c) == others.npos) return false;
    return !text.empty();
}

inline bool is_request_target(std::string_view target, std::string_view method) {
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20) return false;
    return starts_with(target, "/") || same_folded(target.substr(0, 7), "http://") ||
           same_folded(target.substr(0, 8), "https://") || (target == "*" && method == "OPTIONS");
}

/// False: the line is malformed. As below, the caller has checked it for control bytes.
inline bool read_request_line(std::string_view line, RequestHead& head) {
    const std::size_t first = line.find(' '), last = line.rfind(' ');
    if (first == line.npos || first == last) return false;
    const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
    const std::string_view target = line.substr(first + 1, last - first - 1);
    if (!is_token(method) || !is_request_target(target, method)) return false;
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
    head.http10 = version == "HTTP/1.0";
    head.request.method = method;
    head.request.target = target;
    return true;
}

inline bool read_length(std::string_view value, std::uint64_t& length) {
    if (value.empty() || value.size() > 15) return false;
    length = 0;
    for (const char c : value) {
        if (!is_digit(c)) return false;
        length = length * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return true;
}

inline bool lists(std::string_view value, std::string_view item) {
    const auto items = split(value, ',');
    for (const std::string_view one : items)
        if (same_folded(trim(one), item)) return true;
    return false;
}

inline bool is_encoded(std::string_view value) {
    const auto codings = split(value, ',');
    for (const std::string_view coding : codings)
        if (!trim(coding).empty() && !same_folded(trim(coding), "identity")) return true;
    return false;
}

/// Keeps the field and notes what it says about framing. False: the line is malformed.
inline bool read_field(std::string_view line, RequestHead& head) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) return false;
    const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    head.request.headers.emplace_back(name, value);

    if (same_folded(name, "Host")) {
        ++head.hosts;
    } else if (same_folded(name, "Content-Length")) {
        return ++head.lengths == 1 && read_length(value, head.length);
    } else if (same_folded(name, "Transfer-Encoding")) {
        return ++head.codings == 1 && same_folded(value, "chunked");
    } else if (same_folded(name, "Content-Encoding")) {
        head.encoded = head.encoded || is_encoded(value);
    } else if (same_folded(name, "Connection")) {
        head.close = head.close || lists(value, "close");
        head.keep_alive = head.keep_alive || lists(value, "keep-alive");
    } else if (same_folded(name, "Expect")) {
        head.expects_continue = same_folded(value, "100-continue");
    }
    return true;
}

/// Why a head whose lines are all well formed is refused; nothing when it is good. A URL that
/// cannot be decoded is left to the routes as long as the body behind it can be got rid of: the
/// connection then stays open.
inline std::optional<Refusal> check_head(RequestHead& head, std::size_t max_body) {
    if (head.chunked() && (head.lengths > 0 || head.http10)) return not_http;
    if (head.hosts > 1 || (head.hosts == 0 && !head.http10)) return not_http;
    if (!head.announces_body() && !head.encoded) return std::nullopt;
    head.url_lost = !parse_target(head.request.target);
    if (head.encoded && !head.url_lost) return encoding_not_supported;
    if (head.length > max_body) return head.instead_of(body_too_large);
    return std::nullopt;
}

}}}  // namespace coder_users::v0::server
