// Internal: may change at any time.
// Puts "***" in the place of secrets in what clients and servers say, for records that people read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 {

/// The members of bodies, and parameters of queries, whose values are secret, in lower case.
inline constexpr std::string_view secret_names[] = {
    "password",      "old_password",  "hashed_password", "one_time_passcode",
    "session_token", "key",           "token",           "coder_session_token",
    "code",          "state",         "state_string",    "client_secret",
    "access_token",  "refresh_token", "id_token",        "code_verifier",
    "setup_code",
};

/// The headers, in lower case.
inline constexpr std::string_view secret_headers[] = {
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-setup-code",
};

/// The ends of other secret headers: of Coder-Session-Token, X-Control-Token, X-Api-Key.
inline constexpr std::string_view secret_header_ends[] = {"-token", "-key", "-secret"};

inline bool is_secret_name(std::string_view name) {
    return std::find(std::begin(secret_names), std::end(secret_names), fold_ascii(name)) !=
           std::end(secret_names);
}

inline bool is_secret_header(std::string_view folded) {
    return std::find(std::begin(secret_headers), std::end(secret_headers), folded) !=
               std::end(secret_headers) ||
           std::any_of(std::begin(secret_header_ends), std::end(secret_header_ends),
                       [&](std::string_view end) { return ends_with(folded, end); });
}

/// Masks the values of secret parameters of a query, which is still encoded, or of a URL.
inline std::string masked_query(std::string_view query) {
    constexpr std::string_view separators = "&;?#";
    std::string out;
    for (std::size_t at = 0; at < query.size();) {
        const std::size_t end = (std::min)(query.find_first_of(separators, at), query.size());
        const std::string_view pair = query.substr(at, end - at);
        const std::string_view name = pair.substr(0, pair.find('='));
        const bool secret = is_secret_name(name) || name.find('%') != std::string_view::npos;
        out += secret && name.size() < pair.size() ? std::string(name) + "=***" : std::string(pair);
        out += query.substr(end, 1);  // the separator
        at = end + 1;
    }
    return out;
}

inline std::string masked_header(std::string_view name, const std::string& value) {
    const std::string folded = fold_ascii(name);
    if (is_secret_header(folded)) return "***";
    return folded == "referer" ? masked_query(value) : value;
}

/// Reads JSON only as far as it must to find the members of objects, so that it also masks what is
/// cut short or is no JSON.
class JsonMask {
 public:
    explicit JsonMask(std::string_view text) : text_(text) {}

    std::string masked() {
        while (at_ < text_.size()) {
            if (text_[at_] != '"') {
                out_ += text_[at_++];
                continue;
            }
            const std::string_view string = take_string();
            out_ += string;
            if (!is_key() || !is_secret(string)) continue;
            copy_to(text_.find(':', at_) + 1);
            copy_to((std::min)(text_.find_first_not_of(" \t\r\n", at_), text_.size()));
            skip_value();
            out_ += "\"***\"";
        }
        return std::move(out_);
    }

 private:
    std::string_view take_string() {
        const std::size_t begin = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        at_ = (std::min)(at_ + 1, text_.size());
        return text_.substr(begin, at_ - begin);
    }
    bool is_key() const {
        const std::size_t next = text_.find_first_not_of(" \t\r\n", at_);
        return next != std::string_view::npos && text_[next] == ':';
    }
    // A name with escapes may be any.
    static bool is_secret(std::string_view string) {
        if (string.find('\\') != std::string_view::npos) return true;
        return string.size() >= 2 && is_secret_name(string.substr(1, string.size() - 2));
    }
    void copy_to(std::size_t end) {
        out_ += text_.substr(at_, end - at_);
        at_ = end;
    }
    void skip_value() {
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (depth == 0 && (c == ',' || c == '}' || c == ']')) return;
            if (c == '"') {
                take_string();
                continue;
            }
            if (c == '{' || c == '[') ++depth;
            if (c == '}' || c == ']') --depth;
            ++at_;
        }
    }

    const std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
};

/// Masks the secret members of a JSON text at any depth. What is no JSON and has the name of a
/// secret in it is masked as a whole.
inline std::string masked_body(std::string_view text) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";  // of UTF-8, which some clients send first
    const std::string_view trimmed =
        trim(starts_with(text, mark) ? text.substr(mark.size()) : text, " \t\r\n");
    if (starts_with(trimmed, "{") || starts_with(trimmed, "[")) return JsonMask(text).masked();
    const std::string folded = fold_ascii(text);
    for (const std::string_view name : secret_names)
        if (folded.find(name) != std::string::npos) return "***";
    return std::string(text);
}

}}  // namespace coder_users::v0
