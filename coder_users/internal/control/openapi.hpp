// Internal: may change at any time.
// Makes the OpenAPI 3.1 document of the control API from its table.
#pragma once

#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "coder_users/internal/base/json_writer.hpp"
#include "coder_users/internal/control/table.hpp"
#include "coder_users/internal/http/openapi.hpp"

namespace coder_users { inline namespace v0 { namespace control {
namespace openapi {

using http::openapi::Schemas;

inline std::set<int> refusals_of(const Row& row) {
    std::set<int> statuses{503};
    if (row.body || row.raw_body || !row.query.empty()) statuses.insert(400);
    if (!row.open) statuses.insert(401);
    statuses.insert(row.refusals.begin(), row.refusals.end());
    return statuses;
}

inline std::string tag_of(const Row& row) {
    const std::string_view path = row.path + 1;
    return std::string(path.substr(0, path.find_first_of("/.")));
}

inline void write_parameters(JsonWriter& json, const Row& row) {
    json.key("parameters").begin_array();
    if (std::string_view(row.path).find("{id}") != std::string_view::npos)
        json.raw(R"({"name":"id","in":"path","description":"Its id, or its name","required":true,)"
                 R"("schema":{"type":"string"}})");
    for (const http::QueryParameter& each : row.query) {
        json.begin_object()
            .member("name", each.name)
            .member("in", "query")
            .member("description", each.description);
        http::openapi::write_query_schema(json.key("schema"), each.type);
        json.end_object();
    }
    json.end_array();
}

inline void write_request_body(JsonWriter& json, const Row& row) {
    if (!row.body && !row.raw_body) return;
    json.key("requestBody").begin_object();
    if (row.body) {
        http::openapi::write_content(json, row.body->name, false);
    } else {
        json.key("content").raw(row.verb == http::Verb::put ? R"({"application/vnd.sqlite3":{}})"
                                                            : R"({"application/json":{}})");
    }
    json.end_object();
}

inline void write_responses(JsonWriter& json, const Row& row, const Schemas& schemas) {
    json.key("responses").begin_object();
    json.key(std::to_string(row.success))
        .begin_object()
        .member("description", row.success == 204 ? "Done; there is nothing to tell" : "Success");
    if (row.reply)
        http::openapi::write_content(json, schemas.name_of(*row.reply, Release()), false);
    else if (row.success == 200)
        json.key("content").raw(R"({"application/vnd.sqlite3":{}})");
    json.end_object();
    const std::set<int> statuses = refusals_of(row);
    for (const http::openapi::Refusal& each : http::openapi::refusals)
        if (statuses.count(each.status))
            json.key(std::to_string(each.status))
                .begin_object()
                .member("$ref", "#/components/responses/" + std::string(each.name))
                .end_object();
    json.end_object();
}

inline void write_row(JsonWriter& json, const Row& row, const Schemas& schemas) {
    json.key(fold_ascii(http::to_string(row.verb)))
        .begin_object()
        .member("operationId", row.id)
        .member("summary", row.summary)
        .key("tags")
        .begin_array()
        .value(tag_of(row))
        .end_array();
    write_parameters(json, row);
    write_request_body(json, row);
    write_responses(json, row, schemas);
    json.key("security").raw(row.open ? "[]" : R"([{"bearer":[]},{"token":[]}])");
    json.end_object();
}

inline void write_paths(JsonWriter& json, const std::vector<Row>& rows, const Schemas& schemas) {
    std::map<std::string, std::vector<const Row*>> paths;
    for (const Row& row : rows) paths[row.path].push_back(&row);
    json.key("paths").begin_object();
    for (const auto& [path, at_path] : paths) {
        json.key(std::string_view(path)).begin_object();
        for (const Row* row : at_path) write_row(json, *row, schemas);
        json.end_object();
    }
    json.end_object();
}

inline void write_components(JsonWriter& json, const Schemas& schemas) {
    json.key("components").begin_object();
    schemas.write(json);
    json.key("responses").begin_object();
    for (const http::openapi::Refusal& each : http::openapi::refusals) {
        json.key(each.name).begin_object().member("description", each.description);
        http::openapi::write_content(json, wire::shapes::response.name, false);
        json.end_object();
    }
    json.end_object().key("securitySchemes");
    json.raw(R"({"bearer":{"type":"http","scheme":"bearer"},)"
             R"("token":{"type":"apiKey","in":"header","name":"X-Control-Token"}})");
    json.end_object();
}

inline std::string document() {
    constexpr std::int64_t any_number = (std::numeric_limits<std::int64_t>::max)();
    Schemas schemas(any_number);
    schemas.add(wire::shapes::response, Release());
    for (const Row& row : table()) {
        if (row.reply) schemas.add(*row.reply, Release());
        if (row.body) schemas.add(*row.body);
    }
    JsonWriter json;
    json.begin_object()
        .member("openapi", "3.1.0")
        .key("info")
        .begin_object()
        .member("title", "coder_users test server")
        .member("version", version)
        .member("description", "Controls a server for tests. Only `coder-users test` has it.")
        .key("license")
        .raw(R"({"name":"MIT","identifier":"MIT"})")
        .end_object()
        .key("servers")
        .raw(R"([{"url":"/test/v1","description":"Beside the API"}])");
    write_paths(json, table(), schemas);
    write_components(json, schemas);
    json.end_object();
    return json.take() += '\n';
}

}  // namespace openapi

inline http::Reply get_openapi(Call&) {
    static const std::string document = openapi::document();
    return {200, document};
}

}}}  // namespace coder_users::v0::control
