// JSON out: appends to one string, in the order of the calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "coder_users/base/text.hpp"
#include "coder_users/base/time.hpp"

namespace coder_users { inline namespace v0 { namespace format {

/// Which bytes stand for themselves in a JSON string, and are no part of a longer character.
inline constexpr std::array<bool, 256> plain_in_json = [] {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = true;
    for (const char c : {'"', '\\', '<', '>', '&'}) plain[static_cast<unsigned char>(c)] = false;
    return plain;
}();

/// Appends `text` as a JSON string. `<`, `>`, `&`, U+2028 and U+2029 are escaped; bytes that are
/// not UTF-8 become U+FFFD.
inline void append_json_string(std::string& out, std::string_view text) {
    const auto escape = [&](unsigned point) {
        out += "\\u";
        out += to_hex(static_cast<unsigned char>(point >> 8));
        out += to_hex(static_cast<unsigned char>(point));
    };
    out += '"';
    for (;;) {
        std::size_t plain = 0;
        while (plain < text.size() && plain_in_json[static_cast<unsigned char>(text[plain])])
            ++plain;
        out.append(text.data(), plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text.front();
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) {
            const std::string_view before = text;
            const std::int32_t point = take_code_point(text);
            if (point < 0)
                escape(0xfffd);
            else if (point == 0x2028 || point == 0x2029)
                escape(static_cast<unsigned>(point));
            else
                out += before.substr(0, before.size() - text.size());
            continue;
        }
        text.remove_prefix(1);
        if (c == '"' || c == '\\')
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if (c == '\t')
            out += "\\t";
        else
            escape(byte);
    }
    out += '"';
}

/// Writes values one after the other and sets the commas. Keys and values must alternate inside
/// objects; every begin needs its end.
class JsonWriter {
 public:
    JsonWriter() { out_.reserve(768); }  // most documents fit

    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }

    JsonWriter& key(std::string_view name) {
        comma();
        append_json_string(out_, name);
        out_ += ':';
        first_ = true;
        return *this;
    }
    JsonWriter& value(std::string_view text) {
        comma();
        append_json_string(out_, text);
        return *this;
    }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(Time time) {
        comma();
        out_ += '"';
        append_rfc3339(out_, time);
        out_ += '"';
        return *this;
    }
    JsonWriter& value(bool flag) {
        comma();
        out_ += flag ? "true" : "false";
        return *this;
    }
    JsonWriter& value(std::int64_t number) {
        comma();
        out_ += std::to_string(number);
        return *this;
    }
    /// A value that is JSON already.
    JsonWriter& raw(std::string_view json) {
        comma();
        out_ += json;
        return *this;
    }
    template <class Strings>
    JsonWriter& texts(const Strings& list) {
        begin_array();
        for (const auto& text : list) value(std::string_view(text));
        return end_array();
    }
    template <class Value>
    JsonWriter& member(std::string_view name, const Value& content) {
        return key(name).value(content);
    }

    /// The document so far; the writer is empty afterwards.
    std::string take() { return std::exchange(out_, {}); }

 private:
    void comma() {
        if (!first_) out_ += ',';
        first_ = false;
    }
    JsonWriter& open(char bracket) {
        comma();
        out_ += bracket;
        first_ = true;
        return *this;
    }
    JsonWriter& close(char bracket) {
        out_ += bracket;
        first_ = false;
        return *this;
    }

    std::string out_;
    bool first_ = true;
};

}}}  // namespace coder_users::v0::format
