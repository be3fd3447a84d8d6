// Internal: may change at any time.
// Splits a text with many JSON objects, such as a seed, and knows the line of each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/reason.hpp"
#include "coder_users/internal/wire/body.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

struct LocatedText {
    std::string_view text;
    std::size_t line = 1;  ///< where the text begins
};

/// Returns the index after the object or array that begins at `begin`; npos when it does not end.
/// Looks only at brackets and strings.
inline std::size_t end_of_value(std::string_view text, std::size_t begin) {
    std::size_t depth = 0;
    for (std::size_t at = begin; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"') {
            for (++at; at < text.size() && text[at] != '"'; ++at)
                if (text[at] == '\\') ++at;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return std::string_view::npos;
}

/// Returns the objects of a JSON array or of JSON lines, in order. Throws LineError.
inline std::vector<LocatedText> objects_in(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    std::vector<LocatedText> found;
    std::size_t at = 0, line = 1;
    const auto skip_to = [&](std::size_t end) {
        const auto* const from = text.data();
        line += static_cast<std::size_t>(std::count(from + at, from + end, '\n'));
        at = end;
    };
    const auto skip_blank = [&] {
        skip_to((std::min)(text.find_first_not_of(blank, at), text.size()));
        return at < text.size() ? text[at] : '\0';
    };
    const bool array = skip_blank() == '[';
    if (array) skip_to(at + 1);
    for (char next = skip_blank(); next == '{'; next = skip_blank()) {
        const std::size_t end = end_of_value(text, at);
        if (end == std::string_view::npos) throw LineError(line, "the object does not end");
        found.push_back({text.substr(at, end - at), line});
        skip_to(end);
        if (!array) continue;
        if (skip_blank() == ']') break;
        if (at == text.size() || text[at] != ',') throw LineError(line, "expected , or ]");
        skip_to(at + 1);
        if (skip_blank() != '{') throw LineError(line, "expected {");
    }
    if (array && at < text.size() && text[at] == ']')
        skip_to(at + 1);
    else if (array)
        throw LineError(line, "the array does not end");
    if (skip_blank() != '\0' || at < text.size()) throw LineError(line, "expected {");
    return found;
}

/// Reads an object that has only fields of the schema. Throws LineError.
inline Body decode_located(const LocatedText& located, const BodySchema& schema) {
    Json object;
    try {
        object = parse_json(located.text);
    } catch (const JsonError& error) {
        throw LineError(located.line + static_cast<std::size_t>(error.line()) - 1, error.what());
    }
    for (const auto& [name, value] : object.get<picojson::object>())
        if (std::none_of(schema.fields.begin(), schema.fields.end(),
                         [&, &key = name](const Field& field) { return key == field.name; }))
            throw LineError(located.line, "unknown field \"" + name + '"');
    try {
        return read_body(located.text, schema);
    } catch (const ApiError& error) {
        throw LineError(located.line, reason_of(error));
    }
}

}}}  // namespace coder_users::v0::wire
