// Internal: may change at any time.
// Writes the schemas of the OpenAPI document: the shapes of answers and the fields of bodies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/shapes.hpp"

namespace coder_users { inline namespace v0 { namespace http { namespace openapi {

using wire::Shape;
using wire::ValueType;

inline void write_reference(JsonWriter& json, const Shape& shape) {
    json.begin_object()
        .member("$ref", "#/components/schemas/" + std::string(shape.name))
        .end_object();
}

inline void write_type(JsonWriter& json, ValueType type,
                       const std::vector<const char*>& values = {}) {
    const char* format = nullptr;
    constexpr const char* names[] = {"string", "string", "string", "integer", "boolean",
                                     "object", "array",  "object", "object"};
    json.begin_object().member("type", names[static_cast<std::size_t>(type)]);
    if (type == ValueType::uuid) format = "uuid";
    if (type == ValueType::time) format = "date-time";
    if (type == ValueType::integer) format = "int64";
    if (format) json.member("format", format);
    if (!values.empty())
        json.key("enum").texts(std::vector<std::string>(values.begin(), values.end()));
    json.end_object();
}

inline void write_items(JsonWriter& json, const wire::Property& property) {
    json.begin_object().member("type", "array").key("items");
    if (property.of)
        write_reference(json, *property.of);
    else
        write_type(json, property.item);
    json.end_object();
}

inline void write_property(JsonWriter& json, const wire::Property& property) {
    json.key(property.name);
    switch (property.type) {
        case ValueType::object:
            return write_reference(json, *property.of);
        case ValueType::array:
            return write_items(json, property);
        case ValueType::object_or_null:
            json.begin_object().key("anyOf").begin_array();
            write_reference(json, *property.of);
            json.begin_object().member("type", "null").end_object().end_array().end_object();
            return;
        case ValueType::any_object:
            json.begin_object().member("type", "object").end_object();
            return;
        case ValueType::map_of_texts:
            json.raw(R"({"type":"object","additionalProperties":)"
                     R"({"type":"array","items":{"type":"string"}}})");
            return;
        default:
            return write_type(json, property.type, property.values);
    }
}

inline void write_example(JsonWriter& json, const Shape& shape, Release release);

inline void write_example(JsonWriter& json, ValueType type, const Shape* of, Release release) {
    if (of) return write_example(json, *of, release);
    json.raw(type == ValueType::uuid         ? R"("497f6eca-6276-4993-bfeb-53cbbbba6f08")"
             : type == ValueType::time       ? R"("2019-08-24T14:15:22Z")"
             : type == ValueType::integer    ? "0"
             : type == ValueType::flag       ? "true"
             : type == ValueType::any_object ? "{}"
             : type == ValueType::map_of_texts
                 ? R"({"497f6eca-6276-4993-bfeb-53cbbbba6f08":["string"]})"
                 : R"("string")");
}

/// Writes an example with all members, in the style of Coder's own pages.
inline void write_example(JsonWriter& json, const Shape& shape, Release release) {
    json.begin_object();
    for (const wire::Property& each : shape.properties) {
        if (!each.is_in(release)) continue;
        json.key(each.name);
        if (!each.values.empty()) {
            json.value(each.values.front());
        } else if (each.type == ValueType::array) {
            json.begin_array();
            write_example(json, each.item, each.of, release);
            json.end_array();
        } else {
            write_example(json, each.type, each.of, release);
        }
    }
    json.end_object();
}

inline void write_shape(JsonWriter& json, const Shape& shape, Release release) {
    if (shape.type != ValueType::object) return write_type(json.key(shape.name), shape.type);
    json.key(shape.name).begin_object().member("type", "object");
    if (&shape == &wire::shapes::authorizations)
        json.key("additionalProperties").begin_object().member("type", "boolean").end_object();
    if (!shape.properties.empty()) {
        json.key("properties").begin_object();
        for (const wire::Property& each : shape.properties)
            if (each.is_in(release)) write_property(json, each);
        json.end_object().key("required").begin_array();
        for (const wire::Property& each : shape.properties)
            if (each.is_in(release) && !each.optional) json.value(each.name);
        json.end_array().member("additionalProperties", false).key("example");
        write_example(json, shape, release);
    }
    json.end_object();
}

/// A field that is not required may be null, which means that it was not sent.
inline void write_field(JsonWriter& json, const wire::Field& field) {
    using wire::FieldType;
    constexpr const char* types[] = {"string", "boolean", "integer", "string",
                                     "array",  "object",  "array"};
    const char* type = types[static_cast<std::size_t>(field.type)];
    json.key(field.name).begin_object();
    if (field.required)
        json.member("type", type).member("minLength", std::int64_t{1});
    else
        json.key("type").texts(std::vector<std::string>{type, "null"});
    const std::string_view rule = field.rule.tag ? field.rule.tag : "";
    if (rule == "email") json.member("format", "email");
    if (rule == "username")
        json.member("pattern", "^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$")
            .member("maxLength", std::int64_t{32});
    if (field.rule.most > 0) json.member("maxLength", static_cast<std::int64_t>(field.rule.most));
    if (field.type == FieldType::uuid) json.member("format", "uuid");
    if (field.type == FieldType::integer) json.member("format", "int64");
    if (field.type == FieldType::texts)
        json.key("items").begin_object().member("type", "string").end_object();
    if (field.type == FieldType::uuids)
        json.key("items")
            .begin_object()
            .member("type", "string")
            .member("format", "uuid")
            .end_object();
    json.end_object();
}

inline void write_body_schema(JsonWriter& json, const wire::BodySchema& schema) {
    bool required = false;
    for (const wire::Field& each : schema.fields) required = required || each.required;
    json.key(schema.name).begin_object().key("type");
    if (required)
        json.value("object");
    else
        json.texts(std::vector<std::string>{"object", "null"});  // null: no field was sent
    json.key("properties").begin_object();
    for (const wire::Field& each : schema.fields) write_field(json, each);
    json.end_object().key("required").begin_array();
    for (const wire::Field& each : schema.fields)
        if (each.required) json.value(each.name);
    json.end_array().key("example").raw(schema.example).end_object();
}

}}}}  // namespace coder_users::v0::http::openapi
