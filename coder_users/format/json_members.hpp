// Looking into JSON that somebody else wrote: what is absent or of another type is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/format/json.hpp"

namespace coder_users { inline namespace v0 { namespace format {

inline bool is_object(const Json& json) { return json.is<picojson::object>(); }

/// nullptr when `json` is no object or has no such member.
inline const Json* member(const Json& json, const std::string& name) {
    if (!is_object(json)) return nullptr;
    const auto& object = json.get<picojson::object>();
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &found->second;
}

/// A string.
inline std::optional<std::string> text_member(const Json& json, const std::string& name) {
    const Json* value = member(json, name);
    if (!value || !value->is<std::string>()) return std::nullopt;
    return value->get<std::string>();
}

/// A number without fraction and exponent.
inline std::optional<std::int64_t> integer_member(const Json& json, const std::string& name) {
    const Json* value = member(json, name);
    if (!value || !value->is<std::int64_t>()) return std::nullopt;
    return value->get<std::int64_t>();
}

/// Any number.
inline std::optional<double> number_member(const Json& json, const std::string& name) {
    // picojson turns an integer into a double for good when it is asked for one.
    if (const auto integer = integer_member(json, name)) return static_cast<double>(*integer);
    const Json* value = member(json, name);
    if (!value || !value->is<double>()) return std::nullopt;
    return value->get<double>();
}

/// `true`.
inline bool flag_member(const Json& json, const std::string& name) {
    const Json* value = member(json, name);
    return value && value->is<bool>() && value->get<bool>();
}

/// The elements of an array; nullptr for anything else.
inline const std::vector<Json>* elements(const Json* json) {
    return json && json->is<picojson::array>() ? &json->get<picojson::array>() : nullptr;
}

/// The strings in an array; nothing when it is none or holds anything else.
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

/// What a value is, in the words of JSON.
inline const char* type_name(const Json& json) {
    return is_null(json)                ? "null"
           : json.is<bool>()            ? "boolean"
           : is_text(json)              ? "string"
           : json.is<picojson::array>() ? "array"
           : is_object(json)            ? "object"
                                        : "number";
}

/// The members of `above` in place of those of `below` with the same name. Both are objects.
inline Json laid_over(const Json& below, const Json& above) {
    picojson::object merged = below.get<picojson::object>();
    for (const auto& [name, value] : above.get<picojson::object>()) merged[name] = value;
    return Json(std::move(merged));
}

}}}  // namespace coder_users::v0::format
