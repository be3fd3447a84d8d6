// Internal: may change at any time.
// Reads request bodies: which fields a body may have, of which type, and with which rules.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "coder_users/errors.hpp"
#include "coder_users/internal/base/text_field.hpp"
#include "coder_users/internal/base/uuid.hpp"
#include "coder_users/internal/wire/json.hpp"

namespace coder_users { inline namespace v0 { namespace wire {

enum class FieldType { text, flag, integer, uuid, texts, object, uuids, number, any };

struct Field {
    /// A text field with its rule.
    Field(const TextField& field)  // NOLINT(google-explicit-constructor)
        : name(field.name), type(FieldType::text), required(field.required), rule(field.rule) {}
    Field(const char* name_, FieldType type_, bool required_ = false, FieldRule rule_ = {})
        : name(name_), type(type_), required(required_), rule(rule_) {}

    /// It takes no other texts than these, which descriptions call `listed_as`.
    template <std::size_t Size>
    Field one_of(const std::array<std::string_view, Size>& all,
                 const char* listed_as_ = nullptr) const {
        Field changed = *this;
        changed.values = {all.begin(), all.end()};
        changed.listed_as = listed_as_;
        return changed;
    }
    Field means(const char* text) const {
        Field changed = *this;
        changed.meaning = text;
        return changed;
    }

    const char* name;
    FieldType type;
    bool required = false;  ///< a text field must be present and not empty
    FieldRule rule = {};
    std::vector<std::string_view> values = {};  ///< the only texts that it takes; empty: any
    const char* listed_as = nullptr;  ///< what descriptions call `values`; nullptr: as the field
    const char* meaning = nullptr;    ///< for descriptions: what its name does not say
};

/// The fields of a body, in the order in which broken rules are reported.
struct BodySchema {
    const char* name;
    std::vector<Field> fields;
    const char* example;  ///< a JSON document that passes all rules
};

/// The strings of an array, each followed by NUL, which none of them holds: a string object for
/// each would take ten times the memory of the body.
struct Texts {
    std::string joined;
    std::size_t count = 0;
};

/// A JSON object, and its keys in the order sent, repeated ones included.
struct Members {
    Json object;
    std::vector<std::string> keys;
};

struct WrongType {};

/// What was sent for a field; std::monostate when it is absent or null.
using Sent = std::variant<std::monostate, WrongType, std::string, bool, std::int64_t, Texts,
                          Members, double>;

/// The fields of a body that were sent. A field that is absent or null reads as empty.
class Body {
 public:
    const std::string& text(const std::string& name) const {
        static const std::string none;
        const auto* value = find<std::string>(name);
        return value ? *value : none;
    }
    /// Nothing when it is absent or null.
    std::optional<std::string> sent_text(const std::string& name) const {
        const auto* value = find<std::string>(name);
        return value ? std::optional<std::string>(*value) : std::nullopt;
    }
    bool flag(const std::string& name) const {
        const auto* value = find<bool>(name);
        return value && *value;
    }
    std::optional<bool> sent_flag(const std::string& name) const {
        const auto* value = find<bool>(name);
        return value ? std::optional<bool>(*value) : std::nullopt;
    }
    std::optional<std::int64_t> integer(const std::string& name) const {
        const auto* value = find<std::int64_t>(name);
        return value ? std::optional<std::int64_t>(*value) : std::nullopt;
    }
    std::optional<double> number(const std::string& name) const {
        const auto* value = find<double>(name);
        return value ? std::optional<double>(*value) : std::nullopt;
    }
    /// A value of any type; nullptr when it is absent or null.
    const Json* any(const std::string& name) const {
        const auto* value = find<Members>(name);
        return value ? &value->object : nullptr;
    }
    /// In lower case.
    std::optional<std::string> uuid(const std::string& name) const {
        const auto* value = find<std::string>(name);
        return value ? parse_uuid(*value) : std::nullopt;
    }
    /// Strings, or uuids as they were sent.
    std::vector<std::string> texts(const std::string& name) const {
        std::vector<std::string> list;
        const auto* value = find<Texts>(name);
        if (!value) return list;
        list.reserve(value->count);
        for (std::size_t at = 0; at < value->joined.size();) {
            list.emplace_back(value->joined.c_str() + at);
            at += list.back().size() + 1;
        }
        return list;
    }

    /// Nothing when the array is absent or null.
    std::optional<std::vector<std::string>> sent_texts(const std::string& name) const {
        return find<Texts>(name) ? std::optional(texts(name)) : std::nullopt;
    }

    /// The members of an object. A repeated key counts once: at its first position, with its last
    /// value.
    std::vector<std::pair<std::string, Json>> members(const std::string& name) const {
        std::vector<std::pair<std::string, Json>> list;
        const auto* value = find<Members>(name);
        if (!value) return list;
        std::set<std::string_view> seen;
        for (const std::string& key : value->keys)
            if (seen.insert(key).second) list.emplace_back(key, value->object.get(key));
        return list;
    }

    void set(const std::string& name, Sent value) { values_[name] = std::move(value); }

 private:
    template <class Value>
    const Value* find(const std::string& name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? nullptr : std::get_if<Value>(&found->second);
    }
    std::map<std::string, Sent> values_;
};

inline const char* type_name(FieldType type) {
    constexpr const char* names[] = {"a string",
                                     "a boolean",
                                     "an integer of 64 bits",
                                     "a uuid",
                                     "an array of strings",
                                     "an object",
                                     "an array of uuids",
                                     "a number",
                                     "a value"};
    return names[static_cast<std::size_t>(type)];
}

inline ApiError invalid_body(std::string detail) {
    return {400, "Request body must be valid JSON.", std::move(detail)};
}

inline ApiError wrong_type(const char* name, FieldType type) {
    return invalid_body("field \"" + std::string(name) + "\" must be " + type_name(type));
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

// Callbacks of picojson for one item of an array of strings.
class TextItemContext : public SkippingContext {
 public:
    TextItemContext(Texts& list, std::size_t depth, const char*& failure)
        : SkippingContext(depth, failure), list_(list) {}

    template <class Iterator>
    bool parse_string(picojson::input<Iterator>& in) {
        if (!read_string(&list_.joined, in)) return false;
        list_.joined += '\0';
        ++list_.count;
        return true;
    }

 private:
    Texts& list_;
};

// Callbacks of picojson that keep a value if it has the type of its field, and else skip it.
class FieldContext : public SkippingContext {
 public:
    FieldContext(FieldType type, Sent& out, std::size_t depth, const char*& failure)
        : SkippingContext(depth, failure), type_(type), out_(out) {}

    bool set_null() { return keep(true, std::monostate()); }
    bool set_bool(bool value) { return keep(type_ == FieldType::flag, value); }
    bool set_int64(std::int64_t value) {
        if (type_ == FieldType::number) return set_number(static_cast<double>(value));
        return keep(type_ == FieldType::integer, value);
    }
    bool set_number(double value) { return keep(type_ == FieldType::number, value); }
    template <class Iterator>
    bool parse_string(picojson::input<Iterator>& in) {
        keep(type_ == FieldType::text || type_ == FieldType::uuid, std::string());
        auto* const text = std::get_if<std::string>(&out_);
        if (!read_string(text, in)) return false;
        if (type_ == FieldType::uuid && !parse_uuid(*text)) out_ = WrongType();
        return true;
    }
    bool parse_array_start() {
        return keep(type_ == FieldType::texts || type_ == FieldType::uuids, Texts()) && enter();
    }
    template <class Iterator>
    bool parse_array_item(picojson::input<Iterator>& in, std::size_t) {
        auto* const list = std::get_if<Texts>(&out_);
        if (!list) return skip(in);
        const std::size_t before = list->count, start = list->joined.size();
        TextItemContext item(*list, depth_, failure_);
        if (!picojson::_parse(item, in)) return false;
        const bool good = list->count > before &&
                          (type_ != FieldType::uuids || parse_uuid(list->joined.c_str() + start));
        return good || keep(true, WrongType());
    }
    bool parse_object_start() { return keep(true, WrongType()) && enter(); }

 private:
    bool keep(bool good, Sent value) {
        out_ = good ? std::move(value) : WrongType();
        return true;
    }

    const FieldType type_;
    Sent& out_;
};

// Callbacks of picojson that keep of a document what its schema names.
class BodyContext : public SkippingContext {
 public:
    enum class Document { null, object, other };

    BodyContext(const BodySchema& schema, std::vector<Sent>& out, Document& document,
                const char*& failure)
        : SkippingContext(0, failure), out_(out), document_(document) {
        document_ = Document::other;
        for (const Field& field : schema.fields) fields_.emplace_back(field.name, field.type);
    }

    bool set_null() {
        document_ = Document::null;
        return true;
    }
    bool parse_object_start() {
        document_ = Document::object;
        return enter();
    }
    template <class Iterator>
    bool parse_object_item(picojson::input<Iterator>& in, const std::string& key) {
        if (!check_key(key)) return false;
        for (std::size_t i = 0; i < fields_.size(); ++i)
            if (fields_[i].first == key) return read(in, fields_[i].second, out_[i]);
        return skip(in);
    }

 private:
    template <class Iterator>
    bool read(picojson::input<Iterator>& in, FieldType type, Sent& out) {
        out = std::monostate();  // gives back the memory of an earlier one
        if (type != FieldType::object && type != FieldType::any) {
            FieldContext value(type, out, depth_, failure_);
            return picojson::_parse(value, in);
        }
        Members members;
        StrictContext value(members.object, depth_, failure_, DuplicateKeys::last_counts);
        value.collect_keys(members.keys);
        if (!picojson::_parse(value, in)) return false;
        if (is_object(members.object) || (type == FieldType::any && !is_null(members.object)))
            out = std::move(members);
        else if (!is_null(members.object))
            out = WrongType();
        return true;
    }

    std::vector<std::pair<std::string_view, FieldType>> fields_;
    std::vector<Sent>& out_;
    Document& document_;
};

/// Decodes a body: keeps what the schema names and only checks the rest, so that a body costs no
/// more memory than its size. Throws ApiError 400 for invalid JSON and values of the wrong type.
/// Operations check the rules of the fields.
inline Body read_body(std::string_view text, const BodySchema& schema) {
    std::vector<Sent> sent(schema.fields.size());
    auto document = BodyContext::Document::other;
    try {
        read_value(text, [&](const char*& failure) {
            return BodyContext(schema, sent, document, failure);
        });
    } catch (const JsonError& error) {
        throw invalid_body(error.what());
    }
    if (document == BodyContext::Document::other)
        throw invalid_body("the document must be an object");
    Body body;
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const Field& field = schema.fields[i];
        if (std::holds_alternative<WrongType>(sent[i])) throw wrong_type(field.name, field.type);
        body.set(field.name, std::move(sent[i]));
    }
    return body;
}

/// Throws the 400 for a body that has other fields than those of the schema.
inline void refuse_unknown_fields(std::string_view text, const BodySchema& schema) {
    const Json document = parse_json(text);
    if (!is_object(document)) return;
    for (const auto& [name, value] : document.get<picojson::object>())
        if (std::none_of(schema.fields.begin(), schema.fields.end(),
                         [&, &key = name](const Field& field) { return key == field.name; }))
            throw invalid_body("unknown field \"" + name + '"');
}

/// Decodes a body and checks its fields. Throws ApiError 400.
inline Body decode_body(std::string_view text, const BodySchema& schema) {
    Body body = read_body(text, schema);
    check_fields(body, schema);
    return body;
}

}}}  // namespace coder_users::v0::wire
