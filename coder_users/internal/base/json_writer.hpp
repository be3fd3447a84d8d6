// Internal: may change at any time.
// Writes JSON by appending to one string in the order of the calls.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/time.hpp"

namespace coder_users { inline namespace v0 {

/// Which bytes a JSON string holds unescaped and are a whole character by themselves.
inline constexpr std::array<bool, 256> plain_in_json = [] {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = true;
    for (const char c : {'"', '\\', '<', '>', '&'}) plain[static_cast<unsigned char>(c)] = false;
    return plain;
}();

/// How many bytes at the front of `text` are plain. May return up to seven too few; never too many.
inline std::size_t plain_prefix(std::string_view text) {
    // Looks at eight bytes at a time: the top bit of a byte is set if it is not plain, and may be
    // set for the bytes after such a byte. `<` and `>` differ in one bit, so one test finds both.
    constexpr std::uint64_t ones = 0x0101010101010101, tops = ones << 7;
    const auto below = [](std::uint64_t bytes, unsigned n) { return (bytes - ones * n) & ~bytes; };
    const auto has = [&](std::uint64_t bytes, char c) {
        return below(bytes ^ ones * static_cast<unsigned char>(c), 1);
    };
    std::size_t at = 0;
    for (; text.size() - at >= 8; at += 8) {
        std::uint64_t bytes;
        std::memcpy(&bytes, text.data() + at, sizeof bytes);
        const std::uint64_t odd = bytes | below(bytes, 0x20) | has(bytes, '"') | has(bytes, '\\') |
                                  has(bytes, '&') | has(bytes | ones * 2, '>');
        if (odd & tops) break;
    }
    while (at < text.size() && plain_in_json[static_cast<unsigned char>(text[at])]) ++at;
    return at;
}

/// Writes one value after the other and sets the commas. The caller alternates keys and values
/// inside objects and ends all that it begins. Strings get `<`, `>`, `&`, U+2028 and U+2029
/// escaped, and U+FFFD in place of bytes that are not UTF-8.
class JsonWriter {
 public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    /// `name` is a literal without characters that need an escape.
    template <std::size_t N>
    JsonWriter& key(const char (&name)[N]) {
        char* to = comma(room(N + 3));
        *to++ = '"';
        to = std::copy_n(name, N - 1, to);
        *to++ = '"';
        *to++ = ':';
        first_ = true;
        return ends_at(to);
    }
    JsonWriter& key(std::string_view name) {
        string(name);
        *room(1) = ':';
        ++size_;
        first_ = true;
        return *this;
    }
    JsonWriter& value(std::string_view text) {
        string(text);
        return *this;
    }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(Time time) {
        char* to = comma(room(rfc3339_size + 3));
        *to++ = '"';
        to = write_rfc3339(to, time);
        *to++ = '"';
        return ends_at(to);
    }
    JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
    JsonWriter& value(std::int64_t number) {
        constexpr std::size_t longest = 20;
        char* const to = comma(room(longest + 1));
        return ends_at(std::to_chars(to, to + longest, number).ptr);
    }
    JsonWriter& value(int number) { return value(std::int64_t{number}); }
    JsonWriter& value(const std::vector<std::string>& list) { return texts(list); }
    /// Writes the name of an enumerator.
    template <class Enum, std::enable_if_t<std::is_enum_v<Enum>, int> = 0>
    JsonWriter& value(Enum enumerator) {
        return value(to_string(enumerator));
    }
    /// Writes a value that already is JSON.
    JsonWriter& raw(std::string_view json) {
        char* const to = comma(room(json.size() + 1));
        return ends_at(std::copy(json.begin(), json.end(), to));
    }
    template <class Strings>
    JsonWriter& texts(const Strings& list) {
        begin_array();
        for (const auto& text : list) value(std::string_view(text));
        return end_array();
    }
    template <class Name, class Value>
    JsonWriter& member(const Name& name, const Value& content) {
        return key(name).value(content);
    }

    /// Returns the document so far and empties the writer.
    std::string take() {
        out_.resize(std::exchange(size_, 0));
        return std::exchange(out_, {});
    }

 private:
    // A document consists of many small pieces, so room is made once for each piece and not for
    // each byte. The bytes after size_ are unused.
    char* room(std::size_t bytes) {
        constexpr std::size_t most_documents = 768;
        if (out_.size() - size_ < bytes)
            out_.resize((std::max)({most_documents, 2 * out_.size(), size_ + bytes}));
        return &out_[size_];
    }
    JsonWriter& ends_at(const char* end) {
        size_ = static_cast<std::size_t>(end - out_.data());
        return *this;
    }

    char* comma(char* to) {
        if (!first_) *to++ = ',';
        first_ = false;
        return to;
    }
    JsonWriter& open(char bracket) {
        char* to = comma(room(2));
        *to++ = bracket;
        first_ = true;
        return ends_at(to);
    }
    JsonWriter& close(char bracket) {
        *room(1) = bracket;
        ++size_;
        first_ = false;
        return *this;
    }

    void string(std::string_view text) {
        char* to = comma(room(text.size() + 3));
        *to++ = '"';
        const std::size_t plain = plain_prefix(text);
        to = std::copy_n(text.begin(), plain, to);
        if (plain < text.size()) {
            ends_at(to);
            to = escaped(text.substr(plain));
        }
        *to++ = '"';
        ends_at(to);
    }

    /// Leaves room for the closing quotation mark.
    char* escaped(std::string_view text) {
        constexpr std::size_t longest = 6;
        char* to = room(text.size() + longest + 1);
        while (!text.empty()) {
            to = character(to, text);
            ends_at(to);
            to = room(text.size() + longest + 1);
        }
        return to;
    }

    static char* character(char* to, std::string_view& text) {
        const auto escape = [&](unsigned point) {
            for (const char c : {'\\', 'u'}) *to++ = c;
            for (const unsigned byte : {point >> 8, point & 0xff})
                for (const char c : hex_digits(static_cast<unsigned char>(byte))) *to++ = c;
            return to;
        };
        const std::string_view before = text;
        const std::int32_t point = take_code_point(text);
        if (point < 0) return escape(0xfffd);
        if (point == 0x2028 || point == 0x2029) return escape(static_cast<unsigned>(point));
        const char c = before.front();
        if (point >= 0x80 || is_plain(c))
            return std::copy_n(before.begin(), before.size() - text.size(), to);
        const auto short_form = [&](char letter) {
            *to++ = '\\';
            *to++ = letter;
            return to;
        };
        if (c == '"' || c == '\\') return short_form(c);
        if (c == '\n') return short_form('n');
        if (c == '\r') return short_form('r');
        if (c == '\t') return short_form('t');
        return escape(static_cast<unsigned>(point));
    }

    static bool is_plain(char c) { return plain_in_json[static_cast<unsigned char>(c)]; }

    std::string out_;
    std::size_t size_ = 0;  ///< length of the document; out_ is longer
    bool first_ = true;
};

}}  // namespace coder_users::v0
