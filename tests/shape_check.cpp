#include "shape_check.hpp"

#include <cstdint>

#include "coder_users/internal/base/rfc3339.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/time.hpp"

namespace coder_users_test {

using coder_users::wire::ValueType;

bool is_uuid_text(const std::string& text) {
    return coder_users::parse_uuid(text) == text;  // only an id in lower case reads as itself
}
bool is_time_text(const std::string& text) {
    const auto time = coder_users::parse_rfc3339(text);
    return time && coder_users::to_rfc3339(*time) == text;
}

namespace {

/// Returns what is wrong with a value that is not an array; "" when nothing is.
std::string value_error(const Json& json, ValueType type, const Shape* of, const std::string& at,
                        Release release) {
    const bool text = json.is<std::string>();
    switch (type) {
        case ValueType::text:
            return text ? "" : at + " is no string";
        case ValueType::uuid:
            return text && is_uuid_text(json.get<std::string>()) ? "" : at + " is no uuid";
        case ValueType::time:
            return text && is_time_text(json.get<std::string>()) ? "" : at + " is no time";
        case ValueType::integer:
            return json.is<std::int64_t>() ? "" : at + " is no integer";
        case ValueType::flag:
            return json.is<bool>() ? "" : at + " is no boolean";
        case ValueType::object:
            return of                            ? shape_error(json, *of, at, release)
                   : json.is<picojson::object>() ? ""
                                                 : at + " is no object";
        case ValueType::any_object:
            return json.is<picojson::object>() ? "" : at + " is no object";
        case ValueType::object_or_null:
            return json.is<picojson::null>()
                       ? ""
                       : value_error(json, ValueType::object, of, at, release);
        case ValueType::map_of_texts:
            if (!json.is<picojson::object>()) return at + " is no object";
            for (const auto& [key, list] : json.get<picojson::object>()) {
                if (!list.is<picojson::array>()) return at + "." + key + " is no array";
                for (const Json& item : list.get<picojson::array>())
                    if (!item.is<std::string>()) return at + "." + key + "[] is no string";
            }
            return "";
        case ValueType::array:
            break;  // checked below
    }
    return at + " is of a type that this check does not know";
}

}  // namespace

std::string shape_error(const Json& json, const Shape& shape, const std::string& at,
                        Release release) {
    if (shape.type != ValueType::object) return value_error(json, shape.type, nullptr, at, release);
    if (!json.is<picojson::object>()) return at + " is no object";
    const auto& members = json.get<picojson::object>();
    if (shape.properties.empty()) return "";  // its keys are the request's, or none of ours
    for (const auto& property : shape.properties) {
        if (!property.is_in(release)) continue;
        const std::string where = at + "." + property.name;
        const auto found = members.find(property.name);
        if (found == members.end()) {
            if (property.optional) continue;
            return where + " is missing";
        }
        if (property.type != ValueType::array) {
            const std::string error =
                value_error(found->second, property.type, property.of, where, release);
            if (!error.empty()) return error;
            bool listed = property.values.empty();
            for (const char* value : property.values)
                listed = listed || found->second.get<std::string>() == value;
            if (!listed) return where + " is none of its values";
            continue;
        }
        if (!found->second.is<picojson::array>()) return where + " is no array";
        for (const Json& item : found->second.get<picojson::array>()) {
            const std::string error =
                value_error(item, property.item, property.of, where + "[]", release);
            if (!error.empty()) return error;
        }
    }
    for (const auto& [name, value] : members) {
        bool expected = false;
        for (const auto& property : shape.properties)
            expected = expected || (name == property.name && property.is_in(release));
        if (!expected) return at + "." + name + " does not belong there";
    }
    return "";
}

std::string shape_error(const std::string& body, const Shape& shape, bool list, Release release) {
    if (body.empty() || body.back() != '\n') return "no newline at the end";
    if (body.find('\n') + 1 != body.size()) return "a newline inside";
    try {
        const Json json = coder_users::wire::parse_json(body);
        if (!list) return shape_error(json, shape, shape.name, release);
        if (!json.is<picojson::array>()) return "no array";
        for (const Json& item : json.get<picojson::array>()) {
            const std::string error = shape_error(item, shape, shape.name, release);
            if (!error.empty()) return error;
        }
        return "";
    } catch (const coder_users::wire::JsonError& error) {
        return error.what();
    }
}

}  // namespace coder_users_test
