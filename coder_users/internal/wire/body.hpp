// Internal: may change at any time.
// Reads request bodies: which fields a body may have, of which type, and with which rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/text_field.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

enum class FieldType { text, flag, integer, uuid, texts, object };

struct Field {
    /// A text field with its rule.
    Field(const TextField& field)  // NOLINT(google-explicit-constructor)
        : name(field.name), type(FieldType::text), required(field.required), rule(field.rule) {}
    Field(const char* name_, FieldType type_, bool required_ = false, FieldRule rule_ = {})
        : name(name_), type(type_), required(required_), rule(rule_) {}

    const char* name;
    FieldType type;
    bool required = false;  ///< a text field must be present and not empty
    FieldRule rule = {};
};

/// The fields of a body, in the order in which broken rules are reported.
struct BodySchema {
    const char* name;
    std::vector<Field> fields;
    const char* example;  ///< a JSON document that passes all rules
};

/// The fields of a body that were sent. A field that is absent or null reads as empty.
class Body {
 public:
    const std::string& text(const std::string& name) const {
        static const std::string none;
        const Json* value = find(name);
        return value ? value->get<std::string>() : none;
    }
    bool flag(const std::string& name) const {
        const Json* value = find(name);
        return value && value->get<bool>();
    }
    std::optional<std::int64_t> integer(const std::string& name) const {
        const Json* value = find(name);
        return value ? std::optional<std::int64_t>(value->get<std::int64_t>()) : std::nullopt;
    }
    /// In lower case.
    std::optional<std::string> uuid(const std::string& name) const {
        const Json* value = find(name);
        return value ? parse_uuid(value->get<std::string>()) : std::nullopt;
    }
    std::vector<std::string> texts(const std::string& name) const {
        std::vector<std::string> list;
        if (const Json* value = find(name))
            for (const Json& item : value->get<picojson::array>())
                list.push_back(item.get<std::string>());
        return list;
    }

    /// The members of an object. A repeated key counts once: at its first position, with its last
    /// value.
    std::vector<std::pair<std::string, Json>> members(const std::string& name) const {
        std::vector<std::pair<std::string, Json>> list;
        const Json* value = find(name);
        const auto order = order_.find(name);
        if (!value || order == order_.end()) return list;
        std::set<std::string_view> seen;
        for (const std::string& key : order->second)
            if (seen.insert(key).second) list.emplace_back(key, value->get(key));
        return list;
    }

    void set(const std::string& name, Json value) { values_[name] = std::move(value); }
    void set(const std::string& name, const std::vector<std::string>& texts) {
        picojson::array list;
        for (const std::string& text : texts) list.emplace_back(text);
        set(name, Json(list));
    }
    void set_order(KeyOrder order) { order_ = std::move(order); }

 private:
    const Json* find(const std::string& name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? nullptr : &found->second;
    }
    std::map<std::string, Json> values_;
    KeyOrder order_;
};

inline bool has_type(const Json& value, FieldType type) {
    switch (type) {
        case FieldType::text:
            return value.is<std::string>();
        case FieldType::flag:
            return value.is<bool>();
        case FieldType::integer:
            return value.is<std::int64_t>();
        case FieldType::uuid:
            return value.is<std::string>() && parse_uuid(value.get<std::string>()).has_value();
        case FieldType::texts:
            if (!value.is<picojson::array>()) return false;
            for (const Json& item : value.get<picojson::array>())
                if (!item.is<std::string>()) return false;
            return true;
        case FieldType::object:
            return value.is<picojson::object>();
    }
    return false;
}

inline const char* type_name(FieldType type) {
    constexpr const char* names[] = {"a string", "a boolean",           "an integer of 64 bits",
                                     "a uuid",   "an array of strings", "an object"};
    return names[static_cast<std::size_t>(type)];
}

inline ApiError invalid_body(std::string detail) {
    return {400, "Request body must be valid JSON.", std::move(detail)};
}

/// Returns the value of a member; nullptr when it is absent or null. Throws for the wrong type.
inline const Json* typed_member(const picojson::object& members, const char* name, FieldType type) {
    const auto found = members.find(name);
    if (found == members.end() || found->second.is<picojson::null>()) return nullptr;
    if (!has_type(found->second, type))
        throw invalid_body("field \"" + std::string(name) + "\" must be " + type_name(type));
    return &found->second;
}

/// Throws the 400 that lists every broken rule.
inline void check_fields(const Body& body, const BodySchema& schema) {
    std::vector<Validation> broken;
    for (const Field& field : schema.fields)
        if (field.type == FieldType::text)
            add_broken_rule(broken, {field.name, field.required, field.rule},
                            body.text(field.name));
    refuse_broken_rules(std::move(broken));
}

/// Decodes a body. Throws ApiError 400 for invalid JSON and values of the wrong type. Operations
/// check the rules of the fields.
inline Body read_body(std::string_view text, const BodySchema& schema) {
    Body body;
    Json document;
    KeyOrder order;
    try {
        document = parse_json(text, order);
    } catch (const JsonError& error) {
        throw invalid_body(error.what());
    }
    if (!document.is<picojson::object>() && !document.is<picojson::null>())
        throw invalid_body("the document must be an object");
    if (document.is<picojson::object>()) {
        const auto& members = document.get<picojson::object>();
        for (const Field& field : schema.fields)
            if (const Json* value = typed_member(members, field.name, field.type))
                body.set(field.name, *value);
    }
    body.set_order(std::move(order));
    return body;
}

/// Decodes a body and checks its fields. Throws ApiError 400.
inline Body decode_body(std::string_view text, const BodySchema& schema) {
    Body body = read_body(text, schema);
    check_fields(body, schema);
    return body;
}

}}}  // namespace coder_users::v0::wire
