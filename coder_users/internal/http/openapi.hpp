// Internal: may change at any time.
// Makes the OpenAPI 3.1 document from the route table.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/api.hpp"
#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/base/text.hpp"
#include "coder_users/internal/http/openapi_schemas.hpp"
#include "coder_users/internal/http/route.hpp"

namespace coder_users { inline namespace v0 { namespace http { namespace openapi {

/// Collects a shape and all shapes inside it by name.
inline void collect(std::map<std::string_view, const Shape*>& all, const Shape& shape,
                    Release release) {
    if (!all.emplace(shape.name, &shape).second) return;
    for (const wire::Property& each : shape.properties)
        if (each.of && each.is_in(release)) collect(all, *each.of, release);
}

/// The answer of the route at the release, or at the first one that has its operation.
inline LaterAnswer answer_of(const Route& route, Release release) {
    return route.answer_of(route.operation.answered_as(release));
}

/// The path as clients use it. All parameters that name a user are called `{user}`.
inline std::string public_path(const Route& route, std::string_view prefix) {
    std::string path = (route.outside_api ? "" : std::string(prefix)) + route.path;
    const std::size_t member = path.find("{member}");
    if (member != std::string::npos) path.replace(member, 8, "{user}");
    return path;
}

inline void write_parameters(JsonWriter& json, const Route& route) {
    const auto parameter = [&](const std::string& name, const char* in, ValueType type,
                               const char* description) {
        json.begin_object()
            .member("name", name)
            .member("in", in)
            .member("description", description);
        if (in == std::string_view("path")) json.member("required", true);
        json.key("schema");
        if (in == std::string_view("query") && type == ValueType::uuid)
            json.raw(R"({"anyOf":[{"type":"string","format":"uuid"},{"const":""}]})");
        else
            write_type(json, type);
        json.end_object();
    };
    json.key("parameters").begin_array();
    const std::string_view path = route.path;
    for (std::size_t at = 0; (at = path.find('{', at)) != std::string::npos; ++at) {
        std::string name(path.substr(at + 1, path.find('}', at) - at - 1));
        if (name == "member") name = "user";
        parameter(name, "path", ValueType::text,
                  name == "user"           ? "User ID, name, or me"
                  : name == "organization" ? "Organization ID, name, or default"
                  : name == "keyid"        ? "Key ID"
                  : name == "keyname"      ? "Key name"
                                           : "Organization name");
    }
    for (const QueryParameter& each : route.query)
        parameter(each.name, "query", each.type, each.description);
    json.end_array();
}

inline std::set<int> refusals(const Route& route) {
    std::set<int> statuses{400, 408, 413, 414, 415, 431, 500, 503};
    if (!route.outside_api) statuses.insert({428, 429});
    if (route.verb != Verb::get) statuses.insert(403);  // of the cross-origin rule
    if (route.guarded()) statuses.insert({401, 403});
    if (std::string_view(route.path).find('{') != std::string_view::npos) statuses.insert(404);
    statuses.insert(route.other_statuses.begin(), route.other_statuses.end());
    statuses.erase(route.success);  // of an operation that always refuses
    return statuses;
}

inline void write_content(JsonWriter& json, const Shape& shape, bool list) {
    json.key("content").begin_object().key("application/json").begin_object().key("schema");
    if (list) json.begin_object().member("type", "array").key("items");
    write_reference(json, shape);
    if (list) json.end_object();
    json.end_object().end_object();
}

inline void write_responses(JsonWriter& json, const Route& route, Release release) {
    const LaterAnswer answer = answer_of(route, release);
    json.key("responses").begin_object();
    json.key(std::to_string(answer.success)).begin_object().member("description", route.summary);
    if (answer.reply) write_content(json, *answer.reply, route.reply_is_list);
    json.end_object();
    for (const int status : refusals(route)) {
        json.key(std::to_string(status)).begin_object().member("description", "Refusal");
        write_content(json, wire::shapes::response, false);
        json.end_object();
    }
    json.end_object();
}

inline void write_operation(JsonWriter& json, const Route& route, Release release) {
    json.key(fold_ascii(to_string(route.verb)))
        .begin_object()
        .member("operationId", route.operation_id())
        .member("summary", route.summary);
    write_parameters(json, route);
    if (route.body) {
        json.key("requestBody").begin_object().member("required", true).key("content");
        json.begin_object().key("application/json").begin_object().key("schema").begin_object();
        json.member("$ref", "#/components/schemas/" + std::string(route.body->name));
        json.end_object().end_object().end_object().end_object();
    }
    write_responses(json, route, release);
    if (route.guarded()) json.key("security").raw(R"([{"token":[]},{"bearer":[]},{"cookie":[]}])");
    json.end_object();
}

inline void write_paths(JsonWriter& json, const std::vector<Route>& table, std::string_view prefix,
                        Release release) {
    std::map<std::string, std::vector<const Route*>> paths;
    for (const Route& route : table) paths[public_path(route, prefix)].push_back(&route);
    json.key("paths").begin_object();
    for (const auto& [path, routes] : paths) {
        json.key(path).begin_object();
        for (const Route* route : routes) write_operation(json, *route, release);
        json.end_object();
    }
    json.end_object();
}

inline void write_components(JsonWriter& json, const std::vector<Route>& table,
                             std::string_view cookie, Release release) {
    std::map<std::string_view, const Shape*> shapes;
    std::map<std::string_view, const wire::BodySchema*> bodies;
    collect(shapes, wire::shapes::response, release);
    for (const Route& route : table) {
        if (const Shape* const reply = answer_of(route, release).reply)
            collect(shapes, *reply, release);
        if (route.body) bodies.emplace(route.body->name, route.body);
    }
    json.key("components").begin_object().key("schemas").begin_object();
    for (const auto& [name, shape] : shapes) write_shape(json, *shape, release);
    for (const auto& [name, schema] : bodies) write_body_schema(json, *schema);
    json.end_object().key("securitySchemes");
    json.raw(R"({"token":{"type":"apiKey","in":"header","name":"Coder-Session-Token"},)"
             R"("bearer":{"type":"http","scheme":"bearer"},)"
             R"("cookie":{"type":"apiKey","in":"cookie","name":")" +
             std::string(cookie) + "\"}}");
    json.end_object();
}

/// `prefix` is the path under which clients find the routes, `cookie` the name of the session
/// cookie.
inline std::string document(const std::vector<Route>& table, std::string_view prefix,
                            std::string_view cookie, Release release = {}) {
    JsonWriter json;
    json.begin_object().member("openapi", "3.1.0").key("info").begin_object();
    json.member("title", "coder_users").member("version", version).end_object();
    write_paths(json, table, prefix, release);
    write_components(json, table, cookie, release);
    json.end_object();
    return json.take() += '\n';
}

}}}}  // namespace coder_users::v0::http::openapi
