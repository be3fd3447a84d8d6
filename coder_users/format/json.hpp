// Strict JSON in: the one header that knows picojson.
#pragma once

#ifndef PICOJSON_USE_INT64
#error "PICOJSON_USE_INT64 comes from the CMake target: without it whole numbers are rounded"
#endif
#include <picojson.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/base/text.hpp"

namespace coder_users { inline namespace v0 { namespace format {

using Json = picojson::value;

/// The keys below each key of the document, in the order sent, repeated ones again: picojson sorts.
using KeyOrder = std::map<std::string, std::vector<std::string>>;

/// Why a text is not acceptable JSON. The text never quotes the input.
class JsonError : public std::runtime_error {
 public:
    explicit JsonError(const std::string& reason, int line = 1)
        : std::runtime_error(reason), line_(line) {}
    /// Of the text, from 1, where it is known.
    int line() const noexcept { return line_; }

 private:
    int line_;
};

inline constexpr std::size_t max_json_depth = 64;

// What picojson accepts against the grammar (leading zeros, "1.") or would pass on (bad UTF-8) is
// refused on the text itself; strings are only skipped here, picojson checks their escapes.
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

/// What becomes of a key that an object has twice.
enum class DuplicateKeys { last_counts, refused };

// picojson's callbacks, which build the value and stop at what its own context lets through. The
// reason goes through `failure`: picojson keeps no more than "false".
class StrictContext {
 public:
    StrictContext(Json& out, std::size_t depth, const char*& failure, KeyOrder& order,
                  DuplicateKeys duplicates)
        : out_(out), depth_(depth), failure_(failure), order_(order), duplicates_(duplicates) {}

    bool set_null() { return set(Json()); }
    bool set_bool(bool value) { return set(Json(value)); }
    bool set_int64(std::int64_t value) { return set(Json(value)); }
    bool set_number(double value) {
        // beyond the range of double only its being no integer matters
        constexpr double largest = (std::numeric_limits<double>::max)();
        return set(Json(value > largest ? largest : value < -largest ? -largest : value));
    }
    template <class Iterator>
    bool parse_string(picojson::input<Iterator>& in) {
        std::string text;
        if (!picojson::_parse_string(text, in)) return fail("invalid string");
        if (text.find('\0') != std::string::npos) return fail("NUL in a string");
        return set(Json(std::move(text)));
    }
    bool parse_array_start() { return enter(picojson::array_type); }
    template <class Iterator>
    bool parse_array_item(picojson::input<Iterator>& in, std::size_t) {
        auto& array = out_.get<picojson::array>();
        array.emplace_back();
        StrictContext item(array.back(), depth_, failure_, order_, duplicates_);
        return picojson::_parse(item, in);
    }
    bool parse_array_stop(std::size_t) { return true; }
    bool parse_object_start() { return enter(picojson::object_type); }
    template <class Iterator>
    bool parse_object_item(picojson::input<Iterator>& in, const std::string& key) {
        if (key.find('\0') != std::string::npos) return fail("NUL in a key");
        auto& object = out_.get<picojson::object>();
        if (duplicates_ == DuplicateKeys::refused && object.count(key) > 0)
            return fail("duplicate key");
        StrictContext item(object[key], depth_, failure_, order_, duplicates_);
        if (depth_ == 1) item.below_ = &(order_[key] = {});
        if (below_) below_->push_back(key);
        return picojson::_parse(item, in);
    }
    bool parse_object_stop() { return true; }

 private:
    bool set(Json value) {
        out_ = std::move(value);
        return true;
    }
    bool enter(int type) {
        if (depth_ == max_json_depth) return fail("nested too deeply");
        ++depth_;
        return set(Json(type, false));
    }
    bool fail(const char* reason) {
        failure_ = reason;
        return false;
    }

    Json& out_;
    std::size_t depth_;
    const char*& failure_;
    KeyOrder& order_;
    const DuplicateKeys duplicates_;
    std::vector<std::string>* below_ = nullptr;  // where the keys of this value are noted
};

/// The one JSON value that `text` is. Throws JsonError.
inline Json parse_json(std::string_view text, KeyOrder& order,
                       DuplicateKeys duplicates = DuplicateKeys::last_counts) {
    constexpr std::string_view white_space = " \t\r\n";
    if (trim(text, white_space).empty()) throw JsonError("EOF");
    check_json_text(text);
    Json value;
    const char* failure = "invalid JSON";
    StrictContext context(value, 0, failure, order, duplicates);
    picojson::input<const char*> in(text.data(), text.data() + text.size());
    if (!picojson::_parse(context, in)) throw JsonError(failure, in.line());
    const auto rest = static_cast<std::size_t>(text.data() + text.size() - in.cur());
    if (!trim(text.substr(text.size() - rest), white_space).empty())
        throw JsonError("text after the value");
    return value;
}

inline Json parse_json(std::string_view text,
                       DuplicateKeys duplicates = DuplicateKeys::last_counts) {
    KeyOrder order;
    return parse_json(text, order, duplicates);
}

}}}  // namespace coder_users::v0::format
