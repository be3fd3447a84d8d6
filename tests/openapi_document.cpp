#include "openapi_document.hpp"

#include <cstdint>
#include <map>

#include "catch.hpp"
#include "coder_users/internal/base/text.hpp"
#include "shape_check.hpp"

namespace coder_users_test {

using Object = picojson::object;

const Value& openapi_document(int minor) {
    static std::map<int, Value> all;
    const auto known = all.find(minor);
    if (known != all.end()) return known->second;
    coder_users::Options options = in_memory();
    options.coder_version = "2." + std::to_string(minor);
    const Answer answer = TestServer(options).send("GET", "/openapi.json");
    REQUIRE(answer.status == 200);
    REQUIRE(answer.header("content-type") == "application/json; charset=utf-8");
    return all.emplace(minor, parse(answer.body)).first->second;  // read by the strict reader
}

std::vector<DescribedOperation> described_operations(const Value& document) {
    std::vector<DescribedOperation> list;
    const Value paths = document["paths"];
    for (const auto& [path, item] : paths.json().get<Object>()) {
        const Value described(item);
        std::string base =
            (described.has("servers") ? described : document)["servers"][0]["url"].text();
        if (base == "/") base.clear();
        for (const auto& [method, json] : item.get<Object>()) {
            if (method == "servers") continue;
            std::string upper;
            for (const char c : method) upper += static_cast<char>(c - 'a' + 'A');
            list.push_back({upper, base + path, Value(json)});
        }
    }
    return list;
}

namespace {

/// A member, without a copy; null when there is none.
const Json& member(const Json& json, const std::string& name) {
    static const Json none;
    return json.is<Object>() && json.contains(name) ? json.get(name) : none;
}

const Json& referred(const Json& document, const std::string& reference) {
    const Json* at = &document;
    const auto parts = coder_users::split(std::string_view(reference).substr(2), '/');
    for (const std::string_view part : parts) at = &member(*at, std::string(part));
    return *at;
}

std::string error_in(const Json& document, const Json& schema, const Json& json,
                     const std::string& at);

std::string object_error(const Json& document, const Json& schema, const Object& members,
                         const std::string& at) {
    const Json &required = member(schema, "required"), &properties = member(schema, "properties"),
               &others = member(schema, "additionalProperties");
    if (required.is<picojson::array>())
        for (const Json& name : required.get<picojson::array>())
            if (!members.count(name.to_str())) return at + "." + name.to_str() + " is missing";
    for (const auto& [name, value] : members) {
        const std::string where = at + "." + name;
        std::string error;
        if (const Json& property = member(properties, name); property.is<Object>())
            error = error_in(document, property, value, where);
        else if (others.is<Object>())
            error = error_in(document, others, value, where);
        else if (properties.is<Object>())
            error = where + " is not described";
        if (!error.empty()) return error;
    }
    return "";
}

std::string text_error(const Json& schema, const std::string& text, const std::string& at) {
    const std::string format = member(schema, "format").to_str();
    if (format == "uuid" && !is_uuid_text(text)) return at + " is no uuid";
    if (format == "date-time" && !is_time_text(text)) return at + " is no time";
    if (!schema.contains("enum")) return "";
    for (const Json& value : schema.get("enum").get<picojson::array>())
        if (value.to_str() == text) return "";
    return at + " is none of its values: " + text;
}

std::string error_in(const Json& document, const Json& schema, const Json& json,
                     const std::string& at) {
    if (schema.contains("$ref"))
        return error_in(document, referred(document, schema.get("$ref").to_str()), json, at);
    if (schema.contains("anyOf")) {
        std::string error;
        for (const Json& one : schema.get("anyOf").get<picojson::array>())
            if (error = error_in(document, one, json, at); error.empty()) break;
        return error;
    }
    const std::string type = member(schema, "type").to_str();
    const bool right = type == "object"    ? json.is<Object>()
                       : type == "array"   ? json.is<picojson::array>()
                       : type == "string"  ? json.is<std::string>()
                       : type == "integer" ? json.is<std::int64_t>()
                       : type == "boolean" ? json.is<bool>()
                       : type == "null"    ? json.is<picojson::null>()
                                           : false;
    if (!right) return at + " is not of type " + type;
    if (type == "object") return object_error(document, schema, json.get<Object>(), at);
    if (type == "string") return text_error(schema, json.get<std::string>(), at);
    if (type != "array") return "";
    for (const Json& item : json.get<picojson::array>()) {
        const std::string error = error_in(document, member(schema, "items"), item, at + "[]");
        if (!error.empty()) return error;
    }
    return "";
}

}  // namespace

Value resolved(const Value& document, const std::string& reference) {
    return Value(referred(document.json(), reference));
}

std::string schema_error(const Value& document, const Value& schema, const Json& json,
                         const std::string& at) {
    return error_in(document.json(), schema.json(), json, at);
}

}  // namespace coder_users_test
