// Internal: may change at any time.
// Reads JSON strictly. The only header that includes picojson.
#pragma once

#ifndef PICOJSON_USE_INT64
#error "PICOJSON_USE_INT64 comes from the CMake target: without it whole numbers are rounded"
#endif
#include <picojson.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

using Json = picojson::value;

/// Why a text is not valid JSON. The message never quotes the input.
class JsonError : public std::runtime_error {
 public:
    explicit JsonError(const std::string& reason, int line = 1)
        : std::runtime_error(reason), line_(line) {}
    /// The line of the text, counted from 1; 1 when it is not known.
    int line() const noexcept { return line_; }

 private:
    int line_;
};

inline constexpr std::size_t max_json_depth = 64;

// Refuses what picojson accepts against the grammar (leading zeros, "1.") and what it would pass on
// (invalid UTF-8). Skips strings, since picojson checks their escapes.
inline void check_json_text(std::string_view text) {
    if (!is_utf8(text)) throw JsonError("invalid UTF-8");
    const auto digits = [&](std::size_t& at) {
        const std::size_t first = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        return at - first;
    };
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '"') {
            for (++at; at < text.size() && text[at] != '"'; ++at)
                if (text[at] == '\\') ++at;
            ++at;
        } else if (text[at] == '-' || is_digit(text[at])) {
            if (text[at] == '-') ++at;
            const bool zero = at < text.size() && text[at] == '0';
            const std::size_t whole = digits(at);
            bool good = whole == 1 || (whole > 1 && !zero);
            if (at < text.size() && text[at] == '.') good = digits(++at) > 0 && good;
            if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
                ++at;
                if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
                good = digits(at) > 0 && good;
            }
            if (!good) throw JsonError("invalid number");
        } else {
            ++at;
        }
    }
}

// Takes the characters of a string from picojson: keeps them, or only looks for NUL.
class TextSink {
 public:
    explicit TextSink(std::string* kept) : kept_(kept) {}
    void push_back(char c) {
        has_nul_ |= c == '\0';
        if (kept_) kept_->push_back(c);
    }
    bool has_nul() const { return has_nul_; }

 private:
    std::string* const kept_;
    bool has_nul_ = false;
};

// Callbacks of picojson that check a value, keep nothing of it and stop at the first thing that is
// not allowed. They store the reason in `failure`, since picojson passes on only `false`.
class SkippingContext {
 public:
    /// `depth` is how many arrays and objects are around the value.
    SkippingContext(std::size_t depth, const char*& failure) : depth_(depth), failure_(failure) {}

    bool set_null() { return true; }
    bool set_bool(bool) { return true; }
    bool set_int64(std::int64_t) { return true; }
    bool set_number(double) { return true; }
    template <class Iterator>
    bool parse_string(picojson::input<Iterator>& in) {
        return read_string(nullptr, in);
    }
    bool parse_array_start() { return enter(); }
    template <class Iterator>
    bool parse_array_item(picojson::input<Iterator>& in, std::size_t) {
        return skip(in);
    }
    bool parse_array_stop(std::size_t) { return true; }
    bool parse_object_start() { return enter(); }
    template <class Iterator>
    bool parse_object_item(picojson::input<Iterator>& in, const std::string& key) {
        return check_key(key) && skip(in);
    }
    bool parse_object_stop() { return true; }

 protected:
    /// Reads or skips the string that `in` has begun.
    template <class Iterator>
    bool read_string(std::string* kept, picojson::input<Iterator>& in) {
        TextSink sink(kept);
        if (!picojson::_parse_string(sink, in)) return fail("invalid string");
        return !sink.has_nul() || fail("NUL in a string");
    }
    bool check_key(const std::string& key) {
        return key.find('\0') == std::string::npos || fail("NUL in a key");
    }
    /// Checks the value that follows and keeps nothing.
    template <class Iterator>
    bool skip(picojson::input<Iterator>& in) {
        in.skip_ws();
        const int first = in.getc();
        const bool number = first == '-' || (first >= '0' && first <= '9');
        if (number) return skip_number(in);
        in.ungetc();
        SkippingContext item(depth_, failure_);
        return picojson::_parse(item, in);
    }
    // picojson converts every number, which takes longer than all the rest. Only finds the end:
    // check_json_text() has seen that the number is good.
    template <class Iterator>
    static bool skip_number(picojson::input<Iterator>& in) {
        int next = 0;
        const auto digits = [&] {
            do next = in.getc();
            while (next >= '0' && next <= '9');
        };
        digits();
        if (next == '.') digits();
        if (next == 'e' || next == 'E') {
            next = in.getc();
            if (next != '+' && next != '-') in.ungetc();
            digits();
        }
        in.ungetc();
        return true;
    }
    bool enter() {
        if (depth_ == max_json_depth) return fail("nested too deeply");
        ++depth_;
        return true;
    }
    bool fail(const char* reason) {
        failure_ = reason;
        return false;
    }

    std::size_t depth_;
    const char*& failure_;
};

/// What to do with a key that an object has twice.
enum class DuplicateKeys { last_counts, refused };

// Callbacks of picojson that build the value.
class StrictContext : public SkippingContext {
 public:
    StrictContext(Json& out, std::size_t depth, const char*& failure, DuplicateKeys duplicates)
        : SkippingContext(depth, failure), out_(out), duplicates_(duplicates) {}

    /// Collects the keys of this value in the order sent, repeated ones included, since picojson
    /// sorts them.
    void collect_keys(std::vector<std::string>& keys) { keys_ = &keys; }

    bool set_null() { return set(Json()); }
    bool set_bool(bool value) { return set(Json(value)); }
    bool set_int64(std::int64_t value) { return set(Json(value)); }
    bool set_number(double value) {
        // the value no longer matters there, only that it is not an integer
        constexpr double largest = (std::numeric_limits<double>::max)();
        return set(Json(value > largest ? largest : value < -largest ? -largest : value));
    }
    template <class Iterator>
    bool parse_string(picojson::input<Iterator>& in) {
        std::string text;
        return read_string(&text, in) && set(Json(std::move(text)));
    }
    bool parse_array_start() { return enter() && set(Json(picojson::array_type, false)); }
    template <class Iterator>
    bool parse_array_item(picojson::input<Iterator>& in, std::size_t) {
        auto& array = out_.get<picojson::array>();
        array.emplace_back();
        StrictContext item(array.back(), depth_, failure_, duplicates_);
        return picojson::_parse(item, in);
    }
    bool parse_object_start() { return enter() && set(Json(picojson::object_type, false)); }
    template <class Iterator>
    bool parse_object_item(picojson::input<Iterator>& in, const std::string& key) {
        if (!check_key(key)) return false;
        auto& object = out_.get<picojson::object>();
        if (duplicates_ == DuplicateKeys::refused && object.count(key) > 0)
            return fail("duplicate key");
        if (keys_) keys_->push_back(key);
        StrictContext item(object[key], depth_, failure_, duplicates_);
        return picojson::_parse(item, in);
    }

 private:
    bool set(Json value) {
        out_ = std::move(value);
        return true;
    }

    Json& out_;
    const DuplicateKeys duplicates_;
    std::vector<std::string>* keys_ = nullptr;
};

/// Takes the one JSON value that `text` consists of through the callbacks that `make(failure)`
/// returns. Throws JsonError.
template <class Make>
void read_value(std::string_view text, const Make& make) {
    constexpr std::string_view white_space = " \t\r\n";
    if (trim(text, white_space).empty()) throw JsonError("EOF");
    check_json_text(text);
    const char* failure = "invalid JSON";
    auto context = make(failure);
    picojson::input<const char*> in(text.data(), text.data() + text.size());
    if (!picojson::_parse(context, in)) throw JsonError(failure, in.line());
    const auto rest = static_cast<std::size_t>(text.data() + text.size() - in.cur());
    if (!trim(text.substr(text.size() - rest), white_space).empty())
        throw JsonError("text after the value");
}

/// Reads the one JSON value that `text` consists of. Throws JsonError.
inline Json parse_json(std::string_view text,
                       DuplicateKeys duplicates = DuplicateKeys::last_counts) {
    Json value;
    read_value(text,
               [&](const char*& failure) { return StrictContext(value, 0, failure, duplicates); });
    return value;
}

inline bool is_object(const Json& json) { return json.is<picojson::object>(); }

/// Returns nullptr when `json` is no object or has no such member.
inline const Json* member(const Json& json, const std::string& name) {
    if (!is_object(json)) return nullptr;
    const auto& object = json.get<picojson::object>();
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &found->second;
}

/// Returns a string; nothing for any other type.
inline std::optional<std::string> text_member(const Json& json, const std::string& name) {
    const Json* value = member(json, name);
    if (!value || !value->is<std::string>()) return std::nullopt;
    return value->get<std::string>();
}

/// Returns a number without fraction and exponent; nothing for anything else.
inline std::optional<std::int64_t> integer_member(const Json& json, const std::string& name) {
    const Json* value = member(json, name);
    if (!value || !value->is<std::int64_t>()) return std::nullopt;
    return value->get<std::int64_t>();
}

/// Returns any number; nothing for other types.
inline std::optional<double> number_member(const Json& json, const std::string& name) {
    // picojson permanently turns an integer into a double when asked for a double.
    if (const auto integer = integer_member(json, name)) return static_cast<double>(*integer);
    const Json* value = member(json, name);
    if (!value || !value->is<double>()) return std::nullopt;
    return value->get<double>();
}

/// Whether the member is `true`.
inline bool flag_member(const Json& json, const std::string& name) {
    const Json* value = member(json, name);
    return value && value->is<bool>() && value->get<bool>();
}

/// Returns the elements of an array; nullptr for any other type.
inline const std::vector<Json>* elements(const Json* json) {
    return json && json->is<picojson::array>() ? &json->get<picojson::array>() : nullptr;
}

/// Returns the strings of an array; nothing for other types and when any element is no string.
inline std::optional<std::vector<std::string>> texts_in(const Json* json) {
    const auto* array = elements(json);
    if (!array) return std::nullopt;
    std::vector<std::string> texts;
    for (const Json& each : *array) {
        if (!each.is<std::string>()) return std::nullopt;
        texts.push_back(each.get<std::string>());
    }
    return texts;
}

inline bool is_null(const Json& json) { return json.is<picojson::null>(); }
inline bool is_text(const Json& json) { return json.is<std::string>(); }

/// The JSON type of a value.
inline const char* type_name(const Json& json) {
    return is_null(json)                ? "null"
           : json.is<bool>()            ? "boolean"
           : is_text(json)              ? "string"
           : json.is<picojson::array>() ? "array"
           : is_object(json)            ? "object"
                                        : "number";
}

/// Writes a value that was read, in the style of answers. Keys are sorted.
inline void write_json(JsonWriter& json, const Json& value) {
    if (value.is<picojson::object>()) {
        json.begin_object();
        for (const auto& [key, member] : value.get<picojson::object>())
            write_json(json.key(std::string_view(key)), member);
        json.end_object();
    } else if (value.is<picojson::array>()) {
        json.begin_array();
        for (const Json& each : value.get<picojson::array>()) write_json(json, each);
        json.end_array();
    } else if (value.is<std::string>()) {
        json.value(value.get<std::string>());
    } else {
        json.raw(value.serialize());
    }
}

/// Returns the members of both objects; those of `above` replace members of `below`.
inline Json laid_over(const Json& below, const Json& above) {
    picojson::object merged = below.get<picojson::object>();
    for (const auto& [name, value] : above.get<picojson::object>()) merged[name] = value;
    return Json(std::move(merged));
}

/// Returns the value at a path such as "users.0.username" of a JSON text: the content of a string,
/// or the JSON of another type. Nothing when there is none. Throws JsonError.
inline std::optional<std::string> text_at(std::string_view text, std::string_view path) {
    Json value = parse_json(text);
    for (const std::string_view step : split(path, '.')) {
        const std::string name(step);
        const bool index = !name.empty() && name.find_first_not_of("0123456789") == name.npos;
        Json next;
        if (value.is<picojson::object>() && value.contains(name))
            next = value.get(name);
        else if (value.is<picojson::array>() && index &&
                 value.contains(std::strtoul(name.c_str(), nullptr, 10)))
            next = value.get(std::strtoul(name.c_str(), nullptr, 10));
        else
            return std::nullopt;
        value = std::move(next);
    }
    return value.is<std::string>() ? value.get<std::string>() : value.serialize();
}

/// Returns the members of a JSON object of strings; nothing for any other text.
inline std::optional<std::vector<std::pair<std::string, std::string>>> read_texts(
    const std::string& text) {
    std::vector<std::pair<std::string, std::string>> members;
    try {
        const Json json = parse_json(text);
        if (!json.is<picojson::object>()) return std::nullopt;
        for (const auto& [name, value] : json.get<picojson::object>()) {
            if (!value.is<std::string>()) return std::nullopt;
            members.emplace_back(name, value.get<std::string>());
        }
    } catch (const JsonError&) {
        return std::nullopt;
    }
    return members;
}

}}}  // namespace coder_users::v0::wire
