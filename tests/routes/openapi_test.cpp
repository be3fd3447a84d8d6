// docs/contract/neighbours.md, "GET /openapi.json", against docs/contract/README.md, "Operations".
#include <map>
#include <set>

#include "openapi_document.hpp"
#include "operations.hpp"
#include "people.hpp"
#include "route_table.hpp"
#include "shape_check.hpp"

using namespace coder_users_test;
using Object = picojson::object;

namespace {

/// "GET /api/v2/users"
std::string described_name(const OperationRow& row) {
    const bool beside_the_api = row.path[0] == '!';
    return row.method + " " + (beside_the_api ? row.path.substr(1) : "/api/v2" + row.path);
}

const Value& document() { return openapi_document(); }

std::vector<DescribedOperation> all_operations() { return described_operations(document()); }

/// Collects every "$ref" of a document.
void collect_references(const Json& json, std::set<std::string>& found) {
    if (json.is<picojson::array>())
        for (const Json& each : json.get<picojson::array>()) collect_references(each, found);
    if (!json.is<Object>()) return;
    for (const auto& [key, value] : json.get<Object>()) {
        if (key == "$ref") found.insert(value.to_str());
        collect_references(value, found);
    }
}

Value resolved(const std::string& reference) {
    return coder_users_test::resolved(document(), reference);
}

}  // namespace

TEST_CASE("the API description has exactly the operations of the contract") {
    CHECK(document()["openapi"].text() == "3.1.0");
    CHECK(document()["info"]["version"].text() == coder_users::version);
    CHECK_FALSE(document()["info"]["title"].text().empty());
    std::set<std::string> found;
    for (const DescribedOperation& each : all_operations()) {
        INFO(each.name());
        CHECK(found.insert(each.name()).second);
    }
    std::set<std::string> expected;
    for (const OperationRow& row : operations()) expected.insert(described_name(row));
    for (const std::string& each : found) {
        INFO(each);
        CHECK(expected.count(each) == 1);
    }
    for (const std::string& each : expected) {
        INFO(each);
        CHECK(found.count(each) == 1);
    }
}

TEST_CASE("the ids of described operations are unique") {
    std::set<std::string> ids;
    for (const DescribedOperation& each : all_operations()) {
        INFO(each.name());
        CHECK(ids.insert(each.json["operationId"].text()).second);
        CHECK(each.json["operationId"].text().size() > 3);
        CHECK(each.json["summary"].text().size() > 3);
    }
}

TEST_CASE("every reference of the API description resolves") {
    std::set<std::string> references;
    collect_references(document().json(), references);
    CHECK(references.size() > 20);
    for (const std::string& each : references) {
        INFO(each);
        CHECK(
            (each.find("#/components/schemas/") == 0 || each.find("#/components/responses/") == 0));
        const Value target = resolved(each);
        const std::string type = target.has("type") ? target["type"].text() : "";
        CHECK((target.has("description") || type == "object" || type == "string"));
    }
    const Value all = document()["components"]["schemas"];
    for (const auto& [name, schema] : all.json().get<Object>()) {
        INFO(name);
        CHECK(references.count("#/components/schemas/" + name) == 1);  // none is unused
        const Value shape(schema);
        if (!shape.has("required")) continue;
        CHECK(shape["required"].size() > 0);
        for (std::size_t i = 0; i < shape["required"].size(); ++i)
            CHECK(shape["properties"].has(shape["required"][i].text()));
    }
}

TEST_CASE("parameters, answers and security of described operations") {
    for (const DescribedOperation& each : all_operations()) {
        INFO(each.name());
        std::set<std::string> in_path, declared;
        for (std::size_t at = 0; (at = each.path.find('{', at)) != std::string::npos; ++at)
            in_path.insert(each.path.substr(at + 1, each.path.find('}', at) - at - 1));
        const Value parameters = each.json["parameters"];
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const Value one = parameters[i];
            CHECK_FALSE(one["schema"]["type"].text().empty());
            if (one["in"].text() != "path") {
                CHECK(one["in"].text() == "query");
                continue;
            }
            CHECK(one["required"].text() == "true");
            CHECK(declared.insert(one["name"].text()).second);
        }
        CHECK(declared == in_path);
        int good = 0;
        const Value responses = each.json["responses"];
        for (const auto& [status, answer] : responses.json().get<Object>()) {
            INFO(status);
            good += status[0] == '2' || status[0] == '3';
            if (status[0] < '4') {
                CHECK(Value(answer).has("description"));
                continue;
            }
            const Value refusal = resolved(Value(answer)["$ref"].text());
            CHECK(refusal["description"].text().size() > 10);
            CHECK(refusal["content"]["application/json"]["schema"]["$ref"].text() ==
                  "#/components/schemas/MessageResponse");
        }
        const bool always_refuses = each.path == "/api/v2/users/oauth2/github/device" ||
                                    each.name() == "PUT /api/v2/users/{user}/quiet-hours";
        CHECK(good == (always_refuses ? 0 : 1));
        const std::set<std::string> logins{"/api/v2/users/login", "/api/v2/users/oidc/callback",
                                           "/api/v2/users/oauth2/github/callback"};
        const OperationRow* const row = operation_row(each.json["operationId"].text());
        REQUIRE(row);
        CHECK(each.json["security"].size() == (row->guarded() ? 3 : 0));
        CHECK(each.json["responses"].has("401") ==
              (row->guarded() || logins.count(each.path) == 1));
    }
    for (std::size_t i = 0; i < 3; ++i) {
        const Value scheme = document()["paths"]["/users"]["get"]["security"][i];
        REQUIRE(scheme.size() == 1);
        CHECK(document()["components"]["securitySchemes"].has(
            scheme.json().get<Object>().begin()->first));
    }
}

TEST_CASE("described refusals are those that gates can give") {
    const auto answers = [](const std::string& path, const std::string& method,
                            const std::string& status) {
        return document()["paths"][path][method]["responses"].has(status);
    };
    // The cross-origin rule holds on every path, but not for GET.
    CHECK(answers("/users/first", "post", "403"));
    CHECK_FALSE(answers("/users/first", "get", "403"));
    for (const std::string status : {"428", "429"}) {  // rate limits are for the API alone
        INFO(status);
        CHECK(answers("/", "get", status));
        CHECK(answers("/users/login", "post", status));
        CHECK_FALSE(answers("/healthz", "get", status));
        CHECK_FALSE(answers("/readyz", "get", status));
    }
}

TEST_CASE("every answer has an example of its shape, and texts their values") {
    std::map<std::string, Value> by_id;
    for (const DescribedOperation& each : all_operations())
        by_id.emplace(each.json["operationId"].text(), each.json);
    std::size_t examples = 0;
    for (const coder_users::http::Route& route : route_table()) {
        if (!route.reply || route.reply->properties.empty()) continue;
        INFO(route.operation_id());
        Value answer = by_id.at(route.operation_id())["responses"][std::to_string(route.success)];
        if (answer.has("$ref")) answer = resolved(answer["$ref"].text());
        Value schema = answer["content"]["application/json"]["schema"];
        if (route.reply_is_list) schema = schema["items"];
        const Value example = resolved(schema["$ref"].text())["example"];
        const coder_users::Release release = route.operation.answered_as({});
        CHECK(shape_error(example.json(), *route.reply, route.reply->name, release) == "");
        const auto& properties = route.reply->properties;
        CHECK(example.size() == static_cast<std::size_t>(std::count_if(
                                    properties.begin(), properties.end(),
                                    [&](const auto& each) { return each.is_in(release); })));
        ++examples;
    }
    CHECK(examples > 30);
    CHECK(document()["components"]["schemas"]["User"]["example"]["created_at"].text() ==
          "2019-08-24T14:15:22Z");
}

TEST_CASE("the server accepts every example of a body") {
    std::size_t examples = 0;
    const auto example_of = [](const DescribedOperation& operation) {
        const Value schema = operation.json["requestBody"]["content"]["application/json"]["schema"];
        return resolved(schema["$ref"].text())["example"].text();
    };
    std::map<std::string, DescribedOperation> by_name;
    for (const DescribedOperation& each : all_operations()) by_name.emplace(each.name(), each);
    const std::string set_up = example_of(by_name.at("POST /api/v2/users/first"));
    const std::string login = example_of(by_name.at("POST /api/v2/users/login"));
    for (const auto& [name, operation] : by_name) {
        if (!operation.json.has("requestBody")) continue;
        ++examples;
        INFO(name << " " << example_of(operation));
        TestServer server;
        const auto send = [&](const std::string& method, const std::string& path,
                              const std::string& token, const std::string& body) {
            return server.send(method, "!" + path, token, body);
        };
        const Answer made = send("POST", "/api/v2/users/first", "", set_up);
        CHECK(made.status == 201);
        if (operation.path == "/api/v2/users/first") continue;
        const Answer session = send("POST", "/api/v2/users/login", "", login);
        CHECK(session.status == 201);
        const std::string token = parse(session.body)["session_token"].text();
        server.create(token, "other");
        // roles are changed for others, a password for oneself
        std::string path = operation.path;
        const auto fill = [&](const std::string& parameter, const std::string& value) {
            const std::size_t at = path.find(parameter);
            if (at != std::string::npos) path.replace(at, parameter.size(), value);
        };
        fill("{user}", path.find("roles") == std::string::npos ? "me" : "other");
        fill("{organization}", parse(made.body)["organization_id"].text());
        const Answer answer = send(operation.method, path, token, example_of(operation));
        INFO(answer.body);
        if (operation.path == "/api/v2/users/otp/change-password")  // nobody was sent its code
            CHECK(answer.body == message("Incorrect email or one-time passcode."));
        else
            CHECK(answer.status / 100 == (name == "PUT /api/v2/users/{user}/quiet-hours" ? 4 : 2));
        CHECK(operation.json["responses"].has(std::to_string(answer.status)));
    }
    CHECK(examples >= 10);
}

TEST_CASE("the API description is public and the same for everybody") {
    const World world;
    const std::string body = world.server.send("GET", "/openapi.json").body;
    CHECK(body.back() == '\n');
    check_rows(world, {
                          {"an owner", "GET", "/openapi.json", world.owner, "", 200, body},
                          {"a bad key", "GET", "/openapi.json/", "nonsense", "", 200, body},
                          {"HEAD", "HEAD", "/openapi.json", "", "", 200, ""},
                          {"another method", "POST", "/openapi.json", "", "", 405, bad_method},
                      });
}
