// Reads a request body in the plain way, from the tree of its whole document, to compare with the
// reader that keeps only what a schema names.
#pragma once

#include <string>
#include <string_view>

#include "coder_users/errors.hpp"
#include "coder_users/internal/wire/body.hpp"

namespace coder_users_fuzz {

using namespace coder_users;
using wire::FieldType;
using wire::Json;

inline bool has_type(const Json& value, FieldType type) {
    if (type == FieldType::flag) return value.is<bool>();
    if (type == FieldType::integer) return value.is<std::int64_t>();
    if (type == FieldType::number) return value.is<std::int64_t>() || value.is<double>();
    if (type == FieldType::any) return true;
    if (type == FieldType::texts || type == FieldType::uuids) {
        const auto list = wire::texts_in(&value);
        return list && (type == FieldType::texts ||
                        std::all_of(list->begin(), list->end(), [](const std::string& each) {
                            return parse_uuid(each).has_value();
                        }));
    }
    if (type == FieldType::object) return wire::is_object(value);
    return wire::is_text(value) &&
           (type == FieldType::text || parse_uuid(value.get<std::string>()).has_value());
}

/// What a body says, field after field, or why it is refused: read from the tree.
inline std::string read_by_tree(std::string_view text, const wire::BodySchema& schema) {
    Json document;
    try {
        document = wire::parse_json(text);
    } catch (const wire::JsonError& error) {
        return std::string("refused: ") + error.what();
    }
    if (!wire::is_object(document) && !wire::is_null(document))
        return "refused: the document must be an object";
    std::string read;
    for (const wire::Field& field : schema.fields) {
        const Json* value = wire::member(document, field.name);
        if (!value || wire::is_null(*value)) continue;
        if (!has_type(*value, field.type))
            return "refused: field \"" + std::string(field.name) + "\" must be " +
                   wire::type_name(field.type);
        const bool uuid = field.type == FieldType::uuid;
        const Json kept = uuid ? Json(*parse_uuid(value->get<std::string>())) : *value;
        // The two ways tell these from "absent" in the tree alone.
        const std::string written = kept.serialize();
        if (written != "\"\"" && written != "false" && written != "[]" && written != "{}")
            read += std::string(field.name) + "=" + written + "\n";
    }
    return read;
}

inline Json field_of(const wire::Body& body, const wire::Field& field) {
    if (field.type == FieldType::text) return Json(body.text(field.name));
    if (field.type == FieldType::flag) return Json(body.flag(field.name));
    if (field.type == FieldType::integer) {
        const auto value = body.integer(field.name);
        return value ? Json(*value) : Json(false);
    }
    if (field.type == FieldType::uuid) return Json(body.uuid(field.name).value_or(""));
    if (field.type == FieldType::texts || field.type == FieldType::uuids) {
        picojson::array list;
        for (const std::string& each : body.texts(field.name)) list.emplace_back(each);
        return Json(list);
    }
    picojson::object members;
    for (const auto& [key, value] : body.members(field.name)) members[key] = value;
    return Json(members);
}

/// The same by the schema.
inline std::string read_by_schema(std::string_view text, const wire::BodySchema& schema) {
    std::string read;
    try {
        const wire::Body body = wire::read_body(text, schema);
        for (const wire::Field& field : schema.fields) {
            const std::string written = field_of(body, field).serialize();
            if (written != "\"\"" && written != "false" && written != "[]" && written != "{}")
                read += std::string(field.name) + "=" + written + "\n";
        }
    } catch (const ApiError& error) {
        return "refused: " + error.detail();
    }
    return read;
}

}  // namespace coder_users_fuzz
