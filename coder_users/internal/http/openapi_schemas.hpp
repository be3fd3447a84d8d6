// Internal: may change at any time.
// Writes the schemas of the OpenAPI document: the shapes of answers, the fields of bodies, and the
// lists of texts that both choose from.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/wire/body.hpp"
#include "coder_users/internal/wire/shapes.hpp"

namespace coder_users { inline namespace v0 { namespace http { namespace openapi {

using wire::Shape;
using wire::ValueType;

/// The release since which the shape has been as it is at `release`.
inline Release version_of(const Shape& shape, Release release) {
    Release latest;
    for (const wire::Property& each : shape.properties) {
        if (!each.is_in(release)) continue;
        latest = (std::max)(latest, each.since);
        if (each.of) latest = (std::max)(latest, version_of(*each.of, release));
    }
    return latest;
}

/// The name of a list of texts among the components: `login_type` chooses from `LoginType`.
inline std::string list_name(std::string_view member, const char* listed_as) {
    if (listed_as) return listed_as;
    std::string name;
    for (const std::string_view word : split(member, '_'))
        for (std::size_t i = 0; i < word.size(); ++i)
            name += i == 0 && is_lower(word[i]) ? static_cast<char>(word[i] - 'a' + 'A') : word[i];
    return name;
}

inline void write_reference(JsonWriter& json, std::string_view name) {
    json.begin_object().member("$ref", "#/components/schemas/" + std::string(name)).end_object();
}

inline void write_type(JsonWriter& json, ValueType type) {
    constexpr const char* names[] = {"string", "string", "string", "integer", "boolean",
                                     "object", "array",  "object", "object",  "object"};
    json.begin_object().member("type", names[static_cast<std::size_t>(type)]);
    if (type == ValueType::uuid) json.member("format", "uuid");
    if (type == ValueType::time) json.member("format", "date-time");
    if (type == ValueType::integer) json.member("format", "int64");
    json.end_object();
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

/// A field that is not required may be null, too. Generators make worse code of a type that says
/// so, and none sends null for what is absent.
inline void write_field(JsonWriter& json, const wire::Field& field, std::int64_t longest_lifetime) {
    using wire::FieldType;
    json.key(field.name);
    if (!field.values.empty()) return write_reference(json, list_name(field.name, field.listed_as));
    constexpr const char* types[] = {"string", "boolean", "integer", "string",
                                     "array",  "object",  "array",   "number"};
    json.begin_object();
    if (field.type != FieldType::any)
        json.member("type", types[static_cast<std::size_t>(field.type)]);
    if (field.meaning) json.member("description", field.meaning);
    if (field.required && field.type == FieldType::text) json.member("minLength", 1);
    const std::string_view rule = field.rule.tag ? field.rule.tag : "";
    if (rule == "email") json.member("format", "email");
    if (rule == "username")
        json.member("pattern", "^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$").member("maxLength", 32);
    if (field.rule.most > 0) json.member("maxLength", static_cast<std::int64_t>(field.rule.most));
    if (field.type == FieldType::uuid) json.member("format", "uuid");
    if (field.type == FieldType::integer)
        json.member("format", "int64").member("minimum", 0).member("maximum", longest_lifetime);
    if (field.type == FieldType::texts) write_type(json.key("items"), ValueType::text);
    if (field.type == FieldType::uuids) write_type(json.key("items"), ValueType::uuid);
    json.end_object();
}

inline void write_body_schema(JsonWriter& json, const wire::BodySchema& schema,
                              std::int64_t longest_lifetime) {
    json.begin_object().member("type", "object").key("properties").begin_object();
    for (const wire::Field& each : schema.fields) write_field(json, each, longest_lifetime);
    json.end_object();
    const auto required = [](const wire::Field& field) { return field.required; };
    if (std::any_of(schema.fields.begin(), schema.fields.end(), required)) {
        json.key("required").begin_array();
        for (const wire::Field& each : schema.fields)
            if (each.required) json.value(each.name);
        json.end_array();
    }
    json.key("example").raw(schema.example).end_object();
}

/// The schemas of a document. All are added before the first is referred to, because a shape gets
/// its name from which releases of it there are.
class Schemas {
 public:
    explicit Schemas(std::int64_t longest_lifetime) : longest_lifetime_(longest_lifetime) {}

    /// Adds the shape as it is at the release.
    void add(const Shape& shape, Release release) {
        if (!shapes_[shape.name].emplace(version_of(shape, release), &shape).second) return;
        for (const wire::Property& each : shape.properties) {
            if (!each.is_in(release)) continue;
            if (!each.values.empty()) add_list(each.name, each.listed_as, each.values);
            if (each.of) add(*each.of, release);
        }
    }
    void add(const wire::BodySchema& body) {
        if (!bodies_.emplace(body.name, &body).second) return;
        for (const wire::Field& each : body.fields)
            if (!each.values.empty()) add_list(each.name, each.listed_as, each.values);
    }

    /// Operations that are younger than the server answer as in a later release than others. The
    /// oldest of a shape has its plain name, another one a name such as `Organization_2_9`.
    std::string name_of(const Shape& shape, Release release) const {
        const Release version = version_of(shape, release);
        std::string name = shape.name;
        if (shapes_.at(name).begin()->first < version)
            name += '_' + std::to_string(version.major) + '_' + std::to_string(version.minor);
        return name;
    }

    void write(JsonWriter& json) const {
        json.key("schemas").begin_object();
        for (const auto& [name, versions] : shapes_)
            for (const auto& [version, shape] : versions)
                write_shape(json.key(name_of(*shape, version)), *shape, version);
        for (const auto& [name, body] : bodies_)
            write_body_schema(json.key(name), *body, longest_lifetime_);
        for (const auto& [name, texts] : lists_)
            json.key(name)
                .begin_object()
                .member("type", "string")
                .key("enum")
                .texts(texts)
                .end_object();
        json.end_object();
    }

 private:
    /// A list holds what any of its members may be.
    template <class Texts>
    void add_list(const char* member, const char* listed_as, const Texts& texts) {
        auto& all = lists_[list_name(member, listed_as)];
        for (const std::string_view text : texts)
            if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
    }

    /// Says nothing about further members: a client must bear those of a later release.
    void write_shape(JsonWriter& json, const Shape& shape, Release release) const {
        if (shape.type != ValueType::object) return write_type(json, shape.type);
        json.begin_object().member("type", "object");
        if (&shape == &wire::shapes::authorizations)
            json.key("additionalProperties").begin_object().member("type", "boolean").end_object();
        if (!shape.properties.empty()) {
            json.key("properties").begin_object();
            for (const wire::Property& each : shape.properties)
                if (each.is_in(release)) write_property(json.key(each.name), each, release);
            json.end_object().key("required").begin_array();
            for (const wire::Property& each : shape.properties)
                if (each.is_in(release) && !each.optional) json.value(each.name);
            json.end_array().key("example");
            write_example(json, shape, release);
        }
        json.end_object();
    }

    void write_property(JsonWriter& json, const wire::Property& property, Release release) const {
        if (!property.values.empty())
            return write_reference(json, list_name(property.name, property.listed_as));
        switch (property.type) {
            case ValueType::object:
                return write_reference(json, name_of(*property.of, release));
            case ValueType::array:
                json.begin_object().member("type", "array").key("items");
                if (property.of)
                    write_reference(json, name_of(*property.of, release));
                else
                    write_type(json, property.item);
                json.end_object();
                return;
            case ValueType::object_or_null:
                json.begin_object().key("anyOf").begin_array();
                write_reference(json, name_of(*property.of, release));
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
                return write_type(json, property.type);
        }
    }

    const std::int64_t longest_lifetime_;
    std::map<std::string, std::map<Release, const Shape*>> shapes_;
    std::map<std::string, const wire::BodySchema*> bodies_;
    std::map<std::string, std::vector<std::string_view>> lists_;
};

}}}}  // namespace coder_users::v0::http::openapi
