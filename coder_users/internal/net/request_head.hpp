// Internal: may change at any time.
// The head of a request: its first line and its fields, and what these say about the body.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/refusal.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/base/url.hpp"

namespace coder_users { inline namespace v0 { namespace net {

struct FramingLimits {
    std::size_t line = 8192;   ///< the request line without its end
    std::size_t head = 32768;  ///< with lines, fields and all line ends
    std::size_t fields = 100;
    std::size_t body = 1048576;
};

/// What a head says about connection and body.
struct HeadFacts {
    bool http10 = false;
    std::size_t hosts = 0, lengths = 0, codings = 0;  ///< how often each of these fields occurs
    std::uint64_t length = 0;
    bool close = false, keep_alive = false;  ///< whether Connection asks for it
    bool encoded = false;
    bool expects_continue = false;
    bool whole = false;
};

/// The part of a head that has been read.
struct RequestHead : HeadFacts {
    Request request{"", "", {}, "", ""};  ///< method, target and headers
    std::size_t fields = 0;       ///< of `request`, whose further ones are of an earlier request
    std::optional<Url> url = {};  ///< set when the head is complete; empty: it cannot be decoded

    /// Adds a field, in memory of an earlier one.
    void add_field(std::string_view name, std::string_view value) {
        auto& headers = request.headers;
        if (fields == headers.size()) {
            headers.emplace_back(name, value);
        } else {
            headers[fields].first = name;
            headers[fields].second = value;
        }
        ++fields;
    }
    void drop_earlier_fields() { request.headers.resize(fields); }

    /// Forgets everything but memory for the next head, and that too unless it `may_keep` it.
    void start_again(bool may_keep) {
        static_cast<HeadFacts&>(*this) = HeadFacts();
        fields = 0;
        url.reset();
        std::string().swap(request.body);
        request.method.clear();
        request.target.clear();
        request.address.clear();
        if (may_keep && request.headers.capacity() <= kept_fields) return;
        request = Request{"", "", {}, "", ""};
    }

    static constexpr std::size_t kept_fields = 16;

    bool chunked() const { return codings > 0; }
    bool announces_body() const { return chunked() || length > 0; }
    bool stays_open() const { return !close && (!http10 || keep_alive); }
    bool ignores_body() const {
        const std::string& method = request.method;
        return url_lost() || method == "GET" || method == "HEAD" || method == "OPTIONS";
    }
    bool url_lost() const { return whole && !url; }
    /// The refusal of a bad body: a bad URL is reported first.
    Refusal instead_of(const Refusal& flaw) const { return url_lost() ? url_not_valid : flaw; }
};

inline constexpr std::array<bool, 256> may_be_in_token = [] {
    std::array<bool, 256> may{};
    for (std::size_t byte = 0; byte < 0x80; ++byte)
        may[byte] = is_letter(static_cast<char>(byte)) || is_digit(static_cast<char>(byte));
    for (const char c :
         {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
        may[static_cast<unsigned char>(c)] = true;
    return may;
}();

/// Whether the text is a token as in RFC 9110, such as a method or the name of a field.
inline bool is_token(std::string_view text) {
    for (const char c : text)
        if (!may_be_in_token[static_cast<unsigned char>(c)]) return false;
    return !text.empty();
}

inline bool is_request_target(std::string_view target, std::string_view method) {
    for (const char c : target)
        if (static_cast<unsigned char>(c) <= 0x20) return false;
    return starts_with(target, "/") || same_folded(target.substr(0, 7), "http://") ||
           same_folded(target.substr(0, 8), "https://") || (target == "*" && method == "OPTIONS");
}

/// Returns false for a malformed line. The caller has checked it for control bytes.
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

/// Adds the field and notes what it says about the body. Returns false for a malformed line. The
/// caller has checked it for control bytes.
inline bool read_field(std::string_view line, RequestHead& head) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos || !is_token(line.substr(0, colon))) return false;
    const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    head.add_field(name, value);

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

/// Checks a head whose lines are all well formed; returns its refusal or nothing. A URL that cannot
/// be decoded is not refused here if the body can be skipped, so that the connection stays open.
inline std::optional<Refusal> check_head(RequestHead& head, std::size_t max_body) {
    if (head.chunked() && (head.lengths > 0 || head.http10)) return not_http;
    if (head.hosts > 1 || (head.hosts == 0 && !head.http10)) return not_http;
    head.url = parse_url(head.request.target);
    head.whole = true;
    if (head.encoded && !head.url_lost()) return encoding_not_supported;
    if (head.length > max_body) return head.instead_of(body_too_large);
    return std::nullopt;
}

/// Whether the line of this request, if it were sent, would be longer than allowed.
inline bool line_is_too_long(const Request& request, const FramingLimits& limits) {
    constexpr std::size_t rest_of_line = 10;  // two spaces and the version
    return request.method.size() + request.target.size() + rest_of_line > limits.line;
}

/// Checks a request that did not come as bytes, and sets its URL.
inline std::optional<Refusal> check_request(const Request& request, const FramingLimits& limits,
                                            std::optional<Url>& url) {
    if (line_is_too_long(request, limits)) return line_too_long;
    url = parse_url(request.target);
    if (!url) return url_not_valid;
    for (const auto& [name, value] : request.headers)
        if (same_folded(name, "Content-Encoding")) {
            if (is_encoded(value)) return encoding_not_supported;
            break;
        }
    if (request.body.size() > limits.body) return body_too_large;
    return std::nullopt;
}

}}}  // namespace coder_users::v0::net
