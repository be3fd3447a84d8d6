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

/// What the document says that is not in the route table.
struct Setting {
    std::string_view base = "/api/v2";  ///< the path below which clients find the routes
    std::string_view cookie;            ///< the name of the session cookie
    std::int64_t longest_lifetime = 0;  ///< of tokens, in nanoseconds
    Release release = {};

    bool operator==(const Setting& other) const {
        return base == other.base && cookie == other.cookie &&
               longest_lifetime == other.longest_lifetime && !(release < other.release) &&
               !(other.release < release);
    }
};

struct Tag {
    const char* name;
    const char* description;
};

inline constexpr Tag tags[] = {
    {"Users", "People and service accounts: list, create, change, delete"},
    {"Authentication", "The first user, login by password and through providers, logout"},
    {"Keys", "Sessions, tokens, and the Git SSH key of a user"},
    {"Roles", "Site roles, and questions about what is allowed"},
    {"Settings", "What users have chosen for themselves"},
    {"Organizations", "Organizations"},
    {"Members", "Members of organizations, and their roles there"},
    {"Audit", "What was changed, when and by whom"},
    {"General", "The server itself"},
};

/// The beginnings of paths, without the `{user}` of those below `/users/{user}`. The longest that
/// fits says which tag an operation has.
inline std::string_view tag_of(const Route& route) {
    constexpr std::pair<std::string_view, const char*> starts[] = {
        {"/", "General"},
        {"/users", "Users"},
        {"/users/first", "Authentication"},
        {"/users/login", "Authentication"},
        {"/users/logout", "Authentication"},
        {"/users/authmethods", "Authentication"},
        {"/users/oauth2/", "Authentication"},
        {"/users/oidc", "Authentication"},
        {"/users/otp/", "Authentication"},
        {"/users/validate-password", "Authentication"},
        {"/users/roles", "Roles"},
        {"/users/{user}/convert-login", "Authentication"},
        {"/users/{user}/login-type", "Authentication"},
        {"/users/{user}/password", "Authentication"},
        {"/users/{user}/keys", "Keys"},
        {"/users/{user}/sessions", "Keys"},
        {"/users/{user}/gitsshkey", "Keys"},
        {"/users/{user}/roles", "Roles"},
        {"/users/{user}/organizations", "Organizations"},
        {"/users/{user}/appearance", "Settings"},
        {"/users/{user}/preferences", "Settings"},
        {"/users/{user}/notifications/", "Settings"},
        {"/users/{user}/quiet-hours", "Settings"},
        {"/users/{user}/autofill-parameters", "Settings"},
        {"/organizations", "Organizations"},
        {"/organizations/{organization}/members", "Members"},
        {"/organizations/{organization}/paginated-members", "Members"},
        {"/authcheck", "Roles"},
        {"/auth/scopes", "Keys"},
        {"/audit", "Audit"},
    };
    std::pair<std::string_view, std::string_view> longest;
    for (const auto& [start, tag] : starts)
        if (starts_with(route.path, start) && start.size() > longest.first.size())
            longest = {start, tag};
    return longest.second;
}

/// What the document calls the refusals with a status.
struct Refusal {
    int status;
    const char* name;
    const char* description;
};

inline constexpr Refusal refusals[] = {
    {400, "BadRequest", "The request breaks a rule, which the answer names"},
    {401, "Unauthorized", "There is no valid session"},
    {403, "Forbidden", "The caller may not do this"},
    {404, "NotFound", "It does not exist, or the caller may not see it"},
    {408, "RequestTimeout", "The request took too long to arrive"},
    {409, "Conflict", "It is in use or exists already"},
    {413, "ContentTooLarge", "The body is too large"},
    {414, "URITooLong", "The request line is too long"},
    {415, "UnsupportedMediaType", "The body has an encoding that is not supported"},
    {428, "PreconditionRequired", "Only an owner may pass the rate limits"},
    {429, "TooManyRequests", "A rate limit is reached"},
    {431, "HeaderTooLarge", "The head of the request is too large"},
    {500, "InternalError", "The server failed"},
    {503, "Unavailable", "The store does not answer, or the server is busy"},
};

inline std::set<int> refusals_of(const Route& route) {
    std::set<int> statuses{400, 408, 413, 414, 415, 431, 500, 503};
    if (!route.outside_api) statuses.insert({428, 429});
    if (route.verb != Verb::get) statuses.insert(403);  // of the cross-origin rule
    if (route.guarded()) statuses.insert({401, 403});
    if (std::string_view(route.path).find('{') != std::string_view::npos) statuses.insert(404);
    statuses.insert(route.other_statuses.begin(), route.other_statuses.end());
    return statuses;
}

inline void write_query_schema(JsonWriter& json, ValueType type) {
    if (type == ValueType::integer)
        json.raw(R"({"type":"integer","format":"int32","minimum":0,"maximum":2147483647})");
    else
        write_type(json, type);
}

inline void write_parameters(JsonWriter& json, const Route& route) {
    const auto parameter = [&](std::string_view name, const char* in, ValueType type,
                               std::string_view description) {
        const bool in_path = in == std::string_view("path");
        json.begin_object()
            .member("name", name)
            .member("in", in)
            .member("description", description);
        if (in_path) json.member("required", true);
        json.key("schema");
        in_path ? write_type(json, type) : write_query_schema(json, type);
        json.end_object();
    };
    json.key("parameters").begin_array();
    const std::string path = public_path(route);
    for (std::size_t at = 0; (at = path.find('{', at)) != std::string::npos; ++at) {
        const std::string_view name =
            std::string_view(path).substr(at + 1, path.find('}', at) - at - 1);
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

inline void write_content(JsonWriter& json, std::string_view schema, bool list) {
    json.key("content").begin_object().key("application/json").begin_object().key("schema");
    if (list) json.begin_object().member("type", "array").key("items");
    write_reference(json, schema);
    if (list) json.end_object();
    json.end_object().end_object();
}

inline void write_responses(JsonWriter& json, const Route& route, const Schemas& schemas,
                            Release release) {
    const LaterAnswer answer = route.answer_of(release);
    json.key("responses").begin_object();
    if (answer.success < 400) {  // some always refuse
        json.key(std::to_string(answer.success))
            .begin_object()
            .member("description", answer.success == 307   ? "A redirection"
                                   : answer.success == 204 ? "Done; there is nothing to tell"
                                                           : "Success");
        if (answer.reply)
            write_content(json, schemas.name_of(*answer.reply, release), route.reply_is_list);
        json.end_object();
    }
    const std::set<int> statuses = refusals_of(route);
    for (const Refusal& each : refusals)
        if (statuses.count(each.status))
            json.key(std::to_string(each.status))
                .begin_object()
                .member("$ref", "#/components/responses/" + std::string(each.name))
                .end_object();
    json.end_object();
}

/// What is not said elsewhere: what a key must cover, and that the answer is of a later release.
inline std::string description_of(const Route& route, Release served, Release answered) {
    std::string text = route.summary;
    text += '.';
    if (route.guarded()) {
        const operations::KeyNeeds& needs = route.operation.key_needs();
        std::string rights;
        for (const char* right : needs.rights)
            if (right) rights += (rights.empty() ? " " : ", ") + std::string(right);
        if (needs.full_power)
            text += " Needs a session, or a token with all scopes.";
        else if (rights.empty())
            text += " Needs a session or a token.";
        else
            text += " Needs a session, or a token whose scopes cover" + rights + '.';
    }
    if (served < answered) text += " Answers as Coder " + to_text(answered) + '.';
    return text;
}

inline void write_operation(JsonWriter& json, const Route& route, const Schemas& schemas,
                            Release served) {
    const Release answered = route.operation.answered_as(served);
    json.key(fold_ascii(to_string(route.verb)))
        .begin_object()
        .member("operationId", route.operation_id())
        .member("summary", route.summary)
        .member("description", description_of(route, served, answered))
        .key("tags")
        .begin_array()
        .value(tag_of(route))
        .end_array();
    write_parameters(json, route);
    if (route.body) {
        json.key("requestBody").begin_object().member("required", true);
        write_content(json, route.body->name, false);
        json.end_object();
    }
    write_responses(json, route, schemas, answered);
    json.key("security")
        .raw(route.guarded() ? R"([{"token":[]},{"bearer":[]},{"cookie":[]}])" : "[]");
    json.end_object();
}

inline void write_paths(JsonWriter& json, const std::vector<Route>& table, const Schemas& schemas,
                        Release served) {
    std::map<std::string, std::vector<const Route*>> paths;
    for (const Route& route : table) paths[public_path(route)].push_back(&route);
    json.key("paths").begin_object();
    for (const auto& [path, routes] : paths) {
        json.key(path).begin_object();
        if (routes.front()->outside_api)
            json.key("servers").raw(R"([{"url":"/","description":"Beside the API"}])");
        for (const Route* route : routes) write_operation(json, *route, schemas, served);
        json.end_object();
    }
    json.end_object();
}

inline Schemas schemas_of(const std::vector<Route>& table, const Setting& setting) {
    Schemas schemas(setting.longest_lifetime);
    schemas.add(wire::shapes::response, setting.release);
    for (const Route& route : table) {
        const Release release = route.operation.answered_as(setting.release);
        if (const Shape* const reply = route.answer_of(release).reply) schemas.add(*reply, release);
        if (route.body) schemas.add(*route.body);
    }
    return schemas;
}

inline void write_components(JsonWriter& json, const std::vector<Route>& table,
                             const Schemas& schemas, std::string_view cookie) {
    std::set<int> statuses;
    for (const Route& route : table) statuses.merge(refusals_of(route));
    json.key("components").begin_object();
    schemas.write(json);
    json.key("responses").begin_object();
    for (const Refusal& each : refusals) {
        if (!statuses.count(each.status)) continue;
        json.key(each.name).begin_object().member("description", each.description);
        write_content(json, wire::shapes::response.name, false);
        json.end_object();
    }
    json.end_object().key("securitySchemes");
    json.raw(R"({"token":{"type":"apiKey","in":"header","name":"Coder-Session-Token"},)"
             R"("bearer":{"type":"http","scheme":"bearer"},)"
             R"("cookie":{"type":"apiKey","in":"cookie","name":")" +
             std::string(cookie) + "\"}}");
    json.end_object();
}

inline void write_info(JsonWriter& json, Release release) {
    json.key("info")
        .begin_object()
        .member("title", "coder_users")
        .member("version", version)
        .member("description", "Users, keys, roles and organizations. Answers are those of Coder " +
                                   to_text(release) +
                                   ". A field of a request that is null counts as absent.")
        .key("license")
        .raw(R"({"name":"MIT","identifier":"MIT"})")
        .end_object();
}

inline void write_tags(JsonWriter& json, const std::vector<Route>& table) {
    std::set<std::string_view> used;
    for (const Route& route : table) used.insert(tag_of(route));
    json.key("tags").begin_array();
    for (const Tag& tag : tags)
        if (used.count(tag.name))
            json.begin_object()
                .member("name", tag.name)
                .member("description", tag.description)
                .end_object();
    json.end_array();
}

inline std::string document(const std::vector<Route>& table, const Setting& setting) {
    JsonWriter json;
    json.begin_object().member("openapi", "3.1.0");
    write_info(json, setting.release);
    json.key("servers").begin_array().begin_object();
    json.member("url", setting.base.empty() ? "/" : setting.base)
        .member("description", "Where this API is mounted")
        .end_object()
        .end_array();
    write_tags(json, table);
    const Schemas schemas = schemas_of(table, setting);
    write_paths(json, table, schemas, setting.release);
    write_components(json, table, schemas, setting.cookie);
    json.end_object();
    return json.take() += '\n';
}

}}}}  // namespace coder_users::v0::http::openapi
